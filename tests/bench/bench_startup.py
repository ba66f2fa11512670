"""From starting the process to a painted window, warm. Prints one JSON row per line.

Run ``python -m tests.bench.bench_startup [--runs 7]``; where GIMP is installed its start is timed beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """
import sys, time
from desktop.app import make_application, make_window
from desktop.options import OpenOptions
options = OpenOptions(size=(1280, 800))
application = make_application(options)
window = make_window(options)
window.show()
application.processEvents()
assert window.canvas.isVisible()
print("painted", flush=True)
import os
os._exit(0)
"""


def seconds_until(command: list[str], sign: str, env: dict[str, str]) -> float:
    """From starting `command` to the line `sign` on its standard output."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if sign in line:
                return time.perf_counter() - start
    raise RuntimeError(f"{command[0]} ended without “{sign}”")


def gimp_seconds(env: dict[str, str]) -> float:
    """GIMP until it can run a script, without its window: a lower bound of its start."""
    start = time.perf_counter()
    command = ["gimp", "-i", "-d", "-f", "-b", "(gimp-quit 0)"]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs: int = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SCUMBLE_HOME": str(Path(home) / "scumble")}
        ours = [sys.executable, "-c", SCRIPT]
        seconds_until(ours, "painted", env)  # fills the caches of the disk and of Python
        times = [seconds_until(ours, "painted", env) for _ in range(runs)]
        print_row("start to painted window, warm", times, gate_s=1.0)
        if shutil.which("gimp"):
            gimp_seconds(env)
            print_row("GIMP, start without a window", [gimp_seconds(env) for _ in range(runs)])


def print_row(what: str, times: list[float], gate_s: float | None = None) -> None:
    row = {"what": what, "median_s": round(statistics.median(times), 3), "max_s": round(max(times), 3)}
    if gate_s is not None:
        row["gate_s"] = gate_s
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
