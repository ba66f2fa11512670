"""Pixels that two processes see at once: arrays in mapped files, in memory (/dev/shm) where there is room.

A file's name lives only until the other side has opened it, so a kill at any later instant leaves nothing behind; what
a kill in between leaves is found by its name and removed by the next start.
"""

from __future__ import annotations

import itertools
import math
import mmap
import os
import re
import secrets
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from desktop.core.errors import UserError
from desktop.runtime.runner import Array

NAME_PREFIX = "scumble-pixels"
MEMORY_FOLDER = Path("/dev/shm")
MEMORY_SHARE = 0.4  # of the available memory, for one array: the network needs some too; larger ones go to the disk
_NAME = re.compile(NAME_PREFIX + r"-(\d+)-\d+\.tmp")
_WRITE_ROWS = 1024
_ZEROS = bytes(1 << 20)


@dataclass(frozen=True)
class SharedPixels:
    """What has to be told to the other process: it opens the same array by this."""

    path: Path
    shape: tuple[int, ...]
    dtype: str

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


class PixelShare:
    """Makes shared arrays in the first of `folders` that has room, and forgets their names. Any thread may use it."""

    def __init__(self, folders: tuple[Path, ...] | None = None) -> None:
        self._folders = folders or sharing_folders()
        self._numbers = itertools.count(secrets.randbits(48))  # a process may have several runners
        self._lock = threading.Lock()
        self._under_way_bytes = 0  # arrays that are being made and are not yet missing in the available memory

    def put(self, pixels: Array) -> SharedPixels:
        """A copy that another process can open. UserError when no folder has room."""
        return self._make(pixels.shape, pixels.dtype.name, pixels)

    def room_for(self, shape: tuple[int, ...], dtype: str) -> SharedPixels:
        """An array to be written by the other process; the room is really there, not only promised."""
        return self._make(shape, dtype, None)

    def _make(self, shape: tuple[int, ...], dtype: str, pixels: Array | None) -> SharedPixels:
        for folder in self._folders:
            shared = SharedPixels(folder / f"{NAME_PREFIX}-{os.getpid()}-{next(self._numbers)}.tmp", shape, dtype)
            if not self._begins(shared):
                continue
            try:
                _write(shared, pixels)
            except OSError:  # full, missing, or not ours to write: the next folder may do
                forget(shared)
            else:
                return shared
            finally:
                self._ends(shared)
        size_mb = -(-shared.size_bytes // 1_000_000)
        raise UserError("model.no_shared_memory", size_mb=size_mb, folders=", ".join(map(str, self._folders)))

    def _begins(self, shared: SharedPixels) -> bool:
        """False where it would take too much of the memory."""
        with self._lock:
            available = psutil.virtual_memory().available - self._under_way_bytes
            if shared.path.parent == MEMORY_FOLDER and shared.size_bytes > available * MEMORY_SHARE:
                return False
            self._under_way_bytes += shared.size_bytes
            return True

    def _ends(self, shared: SharedPixels) -> None:
        with self._lock:
            self._under_way_bytes -= shared.size_bytes


def sharing_folders() -> tuple[Path, ...]:
    """Where pixels may be put: memory first, then the disk."""
    temporary = Path(tempfile.gettempdir())
    return (MEMORY_FOLDER, temporary) if sys.platform == "linux" and MEMORY_FOLDER.is_dir() else (temporary,)


def open_for_reading(shared: SharedPixels) -> Array:
    with shared.path.open("rb") as file:
        return _mapped(file.fileno(), shared, mmap.ACCESS_READ)


def open_for_writing(shared: SharedPixels) -> Array:
    """Changes are seen by both sides. The memory is freed with the last array on it."""
    with shared.path.open("r+b") as file:
        return _mapped(file.fileno(), shared, mmap.ACCESS_WRITE)


def forget(shared: SharedPixels) -> None:
    """Remove the name; arrays already opened live on (on Windows the name stays until they are gone)."""
    try:
        shared.path.unlink(missing_ok=True)
    except OSError:
        assert sys.platform == "win32", f"cannot remove {shared.path}"


def remove_leftovers(folders: tuple[Path, ...] | None = None) -> list[Path]:
    """Remove files of programs that are no longer running; returns what was removed."""
    removed = []
    for folder in folders or sharing_folders():
        for path in folder.glob(f"{NAME_PREFIX}-*.tmp"):
            named = _NAME.fullmatch(path.name)
            if named is None or psutil.pid_exists(int(named[1])):
                continue
            try:
                path.unlink()
            except OSError:  # another user's, or already gone
                continue
            removed.append(path)
    return removed


def _write(shared: SharedPixels, pixels: Array | None) -> None:
    descriptor = os.open(shared.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        if pixels is None:
            _reserve(file.fileno(), shared.size_bytes)
            return
        for start in range(0, len(pixels), _WRITE_ROWS):
            _write_all(descriptor, np.ascontiguousarray(pixels[start : start + _WRITE_ROWS]).data.cast("B"))


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _reserve(descriptor: int, size_bytes: int) -> None:
    """Take the room now: writing to a mapped file on a full disk would end the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size_bytes)
        return
    for start in range(0, size_bytes, len(_ZEROS)):
        _write_all(descriptor, memoryview(_ZEROS)[: size_bytes - start])


def _mapped(descriptor: int, shared: SharedPixels, access: int) -> Array:
    memory = mmap.mmap(descriptor, shared.size_bytes, access=access)
    return np.frombuffer(memory, shared.dtype).reshape(shared.shape)
