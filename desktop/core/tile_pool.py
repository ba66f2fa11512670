"""Threads that run over tiles, and the accumulators each of them needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from desktop.core.color import Pixels
from desktop.core.step_back import step_back
from desktop.core.tiles import TILE

Accumulator: TypeAlias = npt.NDArray[np.float32]  # (4, 256, 256), premultiplied

Result = TypeVar("Result")


class Workspace:
    """The accumulators one thread needs, made once: depth 0 for the picture, more for groups inside groups.

    What they hold at first is undefined: whoever uses a part clears it, and a part of a pixel touches little memory.
    """

    def __init__(self) -> None:
        self._accumulators: list[Accumulator] = []
        self._flat: list[Pixels] = []

    def accumulator(self, depth: int) -> Accumulator:
        while len(self._accumulators) <= depth:
            self._accumulators.append(np.empty((4, TILE, TILE), np.float32))
        return self._accumulators[depth]

    def group_tile(self, depth: int) -> Pixels:
        while len(self._flat) <= depth:
            self._flat.append(np.empty((TILE, TILE, 4), np.uint16))
        return self._flat[depth]


class TilePool:
    """Runs a function over tiles in threads, each with a workspace of its own; one thread means the caller's."""

    def __init__(self, threads: int) -> None:
        self._spare: SimpleQueue[Workspace] = SimpleQueue()
        for _ in range(2 * max(threads, 1) + 1):
            self._spare.put(Workspace())
        self._threads = threads
        self._pool = ThreadPoolExecutor(max(threads, 1), thread_name_prefix="raster")
        # For work that nobody waits for: one core stays free for whoever goes on meanwhile.
        self._later = ThreadPoolExecutor(max(threads - 1, 1), thread_name_prefix="raster-later", initializer=step_back)

    @property
    def threads(self) -> int:
        return max(self._threads, 1)

    def __enter__(self) -> TilePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, work: Callable[[Any, Workspace], None], items: Sequence[Any], *, inline: bool = False) -> None:
        """Calls ``work(item, workspace)`` for every item; returns when all are done, raises the first error."""

        def with_workspace(item: Any) -> None:
            workspace = self._spare.get()
            try:
                work(item, workspace)
            finally:
                self._spare.put(workspace)

        if self._threads < 2 or inline or len(items) < 2:
            for item in items:
                with_workspace(item)
            return
        for _ in self._pool.map(with_workspace, items):
            pass

    def submit(self, work: Callable[[Workspace], Result]) -> Future[Result]:
        """Calls ``work(workspace)`` in a thread, soon."""

        def with_workspace() -> Result:
            workspace = self._spare.get()
            try:
                return work(workspace)
            finally:
                self._spare.put(workspace)

        return self._later.submit(with_workspace)

    def close(self) -> None:
        """Nobody waits for what was submitted and has not begun."""
        for pool in (self._pool, self._later):
            pool.shutdown(wait=False, cancel_futures=True)


def usable_cores() -> int:
    """Processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return os.cpu_count() or 1
