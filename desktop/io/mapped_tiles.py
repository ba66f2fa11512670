"""Tiles that live on disk: read-only arrays over memory-mapped scratch files, which the system may page out.

To every user such a tile is an array like any other; it costs page cache instead of the program's own memory.
"""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path
from threading import Lock

import numpy as np

from desktop.core.color import Pixels
from desktop.core.errors import UserError
from desktop.core.tiles import Placer
from desktop.io.atomic import FULL_DISK

SEGMENT_BYTES = 64 << 20  # one nameless file each: its room on disk is free again when its last tile is gone


class MappedTiles:
    """`place(pixels)` keeps tiles in memory up to a budget, and on disk from there on. Any thread may call it."""

    def __init__(self, folder: Path | None, budget_bytes: int = 0) -> None:
        self._folder = folder
        self._left_bytes = budget_bytes
        self._lock = Lock()
        self._segment: mmap.mmap | None = None
        self._used = 0

    def place(self, pixels: Pixels) -> Pixels:
        """The same pixels, read-only: the array itself, or one on disk. OSError when the disk is full."""
        with self._lock:
            if pixels.nbytes <= self._left_bytes:
                self._left_bytes -= pixels.nbytes
                return pixels
            return self._placed(pixels)

    def _placed(self, pixels: Pixels) -> Pixels:
        if self._segment is None or self._used + pixels.nbytes > len(self._segment):
            self._close_segment()
            self._segment = _new_segment(self._folder, max(SEGMENT_BYTES, pixels.nbytes))
            self._used = 0
        place = np.frombuffer(self._segment, pixels.dtype, pixels.size, self._used).reshape(pixels.shape)
        place[:] = pixels
        place.flags.writeable = False
        self._used += pixels.nbytes + -pixels.nbytes % 64
        return place

    def _close_segment(self) -> None:
        """Its pages leave the program's memory; whoever reads a tile gets them back from the cache or the disk."""
        if self._segment is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._segment.madvise(mmap.MADV_DONTNEED)
        self._segment = None


def placing_for(path: Path, place: Placer) -> Placer:
    """`place`, for the tiles of a file that is being opened: UserError where it has no room for them."""

    def placed(pixels: Pixels) -> Pixels:
        try:
            return place(pixels)
        except OSError as error:
            key = "document.scratch_full" if error.errno in FULL_DISK else "document.no_scratch"
            reason = error.strerror or str(error)
            raise UserError(key, path=path, folder=error.filename, reason=reason) from error

    return placed


def _new_segment(folder: Path | None, length: int) -> mmap.mmap:
    """Room on disk is taken before it is mapped: a full disk has to be an error here, not a crash later."""
    from desktop.io import journal_file

    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, prefix="scumble-") as file:
            journal_file.reserve(file, 0, length)
            return mmap.mmap(file.fileno(), length)
    except OSError as error:  # the file has no name that would say anything: the folder has
        raise OSError(error.errno, error.strerror, str(folder or tempfile.gettempdir())) from error
