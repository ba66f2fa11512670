"""Work of a gesture that may take longer than a frame."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

INLINE_PIXELS = 1_000_000  # a region this large is found in ten milliseconds

Value = TypeVar("Value")


def later(work: Callable[[], Value], area: int) -> Future[Value]:
    """The result of work in a thread of its own; small work is done at once, and its errors raised."""
    if area <= INLINE_PIXELS:
        done: Future[Value] = Future()
        done.set_result(work())
        return done
    pool = ThreadPoolExecutor(1, thread_name_prefix="gesture")
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future
