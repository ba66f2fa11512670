"""One journal file, open for appending: memory-mapped, so that what was written survives the program's sudden end.

The page cache belongs to the system, not to the program: a record is safe from SIGKILL once it is in the mapping.
Room is reserved on disk before it is mapped; without that a full disk would end the program with SIGBUS.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from desktop.io.journal_records import HEADER, SIGNATURE, RecordKind, checksum, header_of

FIRST_BYTES = 1 << 20
MOST_BYTES = 64 << 20  # added at once
_ZEROS = bytes(1 << 20)


class JournalFile:
    """Appends records; `size` is where the next one goes. OSError when the disk is full: nothing is half written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file: BinaryIO = path.open("x+b")
        self._map: mmap.mmap | None = None
        self._window: Any = np.empty(0, np.uint8)
        self._start = self._end = 0  # of the window, in the file
        try:
            self._write_at(self._room(len(SIGNATURE)), [SIGNATURE])
        except OSError:
            self.remove()
            raise
        self.size = len(SIGNATURE)

    def append(self, kind: RecordKind, parts: Sequence[Any]) -> int:
        """Writes one record and returns the bytes it takes."""
        views = [memoryview(part).cast("B") for part in parts if len(part)]
        length, payload_sum = 0, 0
        for view in views:
            length += len(view)
            payload_sum = checksum(view, payload_sum)
        at = self._room(HEADER.size + length)
        self._write_at(at + HEADER.size, views)
        self._write_at(at, [header_of(kind, payload_sum, length)])
        self.size += HEADER.size + length
        return HEADER.size + length

    def read(self, offset: int, length: int) -> bytes:
        """Bytes written earlier."""
        self._file.seek(offset)
        return self._file.read(length)

    def close(self) -> None:
        self._unmap()
        self._file.close()

    def remove(self) -> None:
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _write_at(self, at: int, parts: Sequence[Any]) -> None:
        """`at` counts from the window's start."""
        for part in parts:
            content = np.frombuffer(part, np.uint8)  # numpy copies without holding up other threads
            self._window[at : at + len(content)] = content
            at += len(content)

    def _room(self, length: int) -> int:
        """The place of the next record in the window, which holds `length` bytes from there on."""
        if self.size + length > self._end:
            self._map_window(length)
        return self.size - self._start

    def _map_window(self, length: int) -> None:
        """Moves the window on; it stays as it is when there is no room."""
        grown = max(min(max(self.size, FIRST_BYTES), MOST_BYTES), length)
        start = self.size - self.size % mmap.ALLOCATIONGRANULARITY
        end = self.size + grown
        end += -end % mmap.ALLOCATIONGRANULARITY
        reserve(self._file, self._end, end)
        mapped = mmap.mmap(self._file.fileno(), end - start, offset=start)
        self._unmap()
        self._map, self._window = mapped, np.frombuffer(mapped, np.uint8)
        self._start, self._end = start, end

    def _unmap(self) -> None:
        self._window = np.empty(0, np.uint8)
        if self._map is not None:
            self._map.close()
            self._map = None


def reserve(file: IO[bytes], start: int, end: int) -> None:
    """Takes room on disk from `start` to `end`; the new bytes are zero. OSError when there is none."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), start, end - start)
        return
    file.seek(start)
    for at in range(start, end, len(_ZEROS)):
        file.write(_ZEROS[: end - at])
    file.flush()
