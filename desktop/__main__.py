"""`python -m desktop`, the command `scumble`, and the entry of the frozen program.

The worker process imports this file again when it starts, so nothing heavy may be imported at the top.
"""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    multiprocessing.freeze_support()  # in a frozen program, the worker process branches off here
    if getattr(sys, "frozen", False):
        from desktop.frozen import bring_kernels

        bring_kernels()
    from desktop.cli import run_command_line

    return run_command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
