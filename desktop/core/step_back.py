"""Threads that work beside the window's give way to it where both want the same processor."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

NICENESS = 5


def step_back() -> None:
    """Called in a thread, once: it and those it starts come after the window's. Only Linux has it by thread."""
    if sys.platform == "linux":
        with suppress(OSError):
            of_window = os.getpriority(os.PRIO_PROCESS, os.getpid())  # the first thread's
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), of_window + NICENESS)
