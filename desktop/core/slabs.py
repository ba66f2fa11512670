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
        self._ahead = Ahead(self._spare)

    def take(self) -> npt.NDArray[Any]:
        """Several threads may call it at once."""
        try:
            array = self._spare.pop()
        except IndexError:
            array = self._next_block().pop()
        if len(self._spare) < self._count / 2:  # a brush may reach several tiles at once
            self._ahead.begin(self._next_block)
        return array

    def give(self, array: npt.NDArray[Any]) -> None:
        self._spare.append(array)

    def _next_block(self) -> list[npt.NDArray[Any]]:
        slab = np.empty((self._count, *self._shape), self._dtype)
        self._count = min(2 * self._count, self._most)
        return list(slab)


class Reserve:
    """Arrays of one kind, each with memory of its own, of which some are touched before they are wanted."""

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._spare: list[npt.NDArray[Any]] = []
        self._ahead = Ahead(self._spare)

    def take(self) -> npt.NDArray[Any]:
        """Its contents are undefined."""
        array = self._spare.pop() if self._spare else self._new()
        if len(self._spare) <= RESERVED // 2:
            self._ahead.begin(lambda: [self._new() for _ in range(RESERVED - len(self._spare))])
        return array

    def _new(self) -> npt.NDArray[Any]:
        return np.empty(self._shape, self._dtype)


class Ahead:
    """Touches arrays in a thread of its own, one batch at a time, and puts them below the spare ones.

    Who wants them makes them: what a passing thread asks for, the system's allocator keeps in an arena of that thread.
    """

    def __init__(self, spare: list[npt.NDArray[Any]]) -> None:
        self._spare = spare
        self._is_running = threading.Lock()

    def begin(self, make: Callable[[], list[npt.NDArray[Any]]]) -> None:
        if self._is_running.acquire(blocking=False):
            # not `Thread.start`, which waits for the thread: milliseconds on a busy machine
            _thread.start_new_thread(self._run, (make(),))

    def _run(self, arrays: list[npt.NDArray[Any]]) -> None:
        try:
            for array in arrays:
                array[...] = 0  # lets other threads go on meanwhile
            self._spare[:0] = arrays  # what was used lately comes first
        finally:
            self._is_running.release()
