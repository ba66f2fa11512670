"""Gets the compiled kernels ready while the editor is in use already; NumPy stands in for them until then.

Loading them from the disk takes a thread a second. Where they must be compiled first, which takes the better part of a
minute, a process of its own does that: a compiling thread would hold the window's up for seconds.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import threading
from pathlib import Path

from desktop.core import raster
from desktop.core.warm_up import kernel_stamp, warm_up

HELPER_NICENESS = 5  # whoever paints meanwhile comes first

logger = logging.getLogger(__name__)


def start_kernels(stamp_file: Path) -> threading.Thread:
    """Paints with NumPy from now on, and with the compiled kernels as soon as the started thread has them."""
    raster.use_arrays()
    thread = threading.Thread(target=make_kernels_ready, args=(stamp_file,), name="kernels", daemon=True)
    thread.start()
    return thread


def make_kernels_ready(stamp_file: Path) -> None:
    """`stamp_file` says for which numba, processor and source files the kernels lie on the disk."""
    stamp = kernel_stamp()
    if stamp and _read(stamp_file) != stamp:
        _compile_in_helper()
    warm_up()
    raster.use_compiled()
    gc.freeze()  # the compiler's many objects stay
    _write(stamp_file, stamp)


def _compile_in_helper() -> None:
    helper = multiprocessing.get_context("spawn").Process(target=_compile, name="scumble-kernels", daemon=True)
    try:
        helper.start()
    except OSError as error:
        logger.info("No process for compiling, a thread does it: %s", error)
        return
    helper.join()
    if helper.exitcode is not None:  # the program may be ending, with the helper not yet collected
        helper.close()


def _compile() -> None:
    """In the helper: the kernels are on the disk when it ends."""
    if hasattr(os, "nice"):
        os.nice(HELPER_NICENESS)
    warm_up()


def _read(stamp_file: Path) -> str:
    try:
        return stamp_file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _write(stamp_file: Path, stamp: str) -> None:
    """A stamp that cannot be kept costs the next start some seconds of a process in the background."""
    try:
        stamp_file.parent.mkdir(parents=True, exist_ok=True)
        stamp_file.write_text(stamp, encoding="utf-8")
    except OSError as error:
        logger.info("%s cannot be written: %s", stamp_file, error)
