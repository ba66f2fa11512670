"""Arrays of one kind cut from large blocks: the system hands large blocks out in huge pages, small ones page by page.

Each first touch of a 4 KiB page costs about a microsecond, and several where the machine is a guest of another one;
a wide brush that reaches three new tiles touched 1,300. So a thread touches what will be wanted next.
"""

from __future__ import annotations

import _thread
import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

SLAB_BYTES = 8 << 20  # NumPy asks for huge pages from 4 MiB on
RESERVED = 8  # the tiles that a wide brush reaches in a step or two


class Slabs:
    """`take` an array of the shape, its contents undefined; `give` it back for the next one who takes.

    Blocks begin with one array and grow, so that who needs little takes little.
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._spare: list[npt.NDArray[Any]] = []
        self._count = 1  # in the next block
        self._most = max(SLAB_BYTES // (math.prod(shape) * self._dtype.itemsize), 1)
        self._ahead = Ahead(self._make_block)

    def take(self) -> npt.NDArray[Any]:
        """Several threads may call it at once."""
        try:
            array = self._spare.pop()
        except IndexError:
            array = self._next_block().pop()
        if len(self._spare) < self._count / 2:  # a brush may reach several tiles at once
            self._ahead.begin()
        return array

    def give(self, array: npt.NDArray[Any]) -> None:
        self._spare.append(array)

    def _make_block(self) -> None:
        self._spare[:0] = _touched(self._next_block())  # what was used lately comes first

    def _next_block(self) -> list[npt.NDArray[Any]]:
        slab = np.empty((self._count, *self._shape), self._dtype)
        self._count = min(2 * self._count, self._most)
        return list(slab)


class Reserve:
    """Arrays of one kind, each with memory of its own, of which some are touched before they are wanted."""

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._spare: list[npt.NDArray[Any]] = []
        self._ahead = Ahead(self._fill)

    def take(self) -> npt.NDArray[Any]:
        """Its contents are undefined."""
        array = self._spare.pop() if self._spare else np.empty(self._shape, self._dtype)
        if len(self._spare) <= RESERVED // 2:
            self._ahead.begin()
        return array

    def _fill(self) -> None:
        for _ in range(RESERVED - len(self._spare)):
            self._spare.extend(_touched([np.empty(self._shape, self._dtype)]))


class Ahead:
    """Does something in a thread of its own, once at a time."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._is_running = threading.Lock()

    def begin(self) -> None:
        if self._is_running.acquire(blocking=False):
            _thread.start_new_thread(self._run, ())  # `Thread.start` waits for it: milliseconds on a busy machine

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._is_running.release()


def _touched(arrays: list[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    for array in arrays:
        array[...] = 0  # lets other threads go on meanwhile
    return arrays
