"""Runs of which only the newest counts: while one is on its way, a later wish of the same kind takes the next place.

For work that follows the hand. One run at a time; what is more urgent goes first and stops what is less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import UserError
from desktop.runtime.runner import Failed, Finished, Job, Outcome, Progress, Request, Result, Runner
from desktop.ui.background import Background


class Wish(IntEnum):
    """What a run is for, the most urgent first."""

    PICTURE = 0
    ENCODE = 1
    NEIGHBOURS = 2
    MAP = 3
    DIRECTIONS = 4
    STAMPS = 5
    WALK = 6


@dataclass(frozen=True, slots=True)
class _Order:
    request: Request
    prepare: Callable[[Result], Any]
    on_done: Callable[[Any], None]
    on_error: Callable[[UserError], None]


class LatestRuns(QObject):
    """The runner is started by the first run. `changed` when runs begin and when none is left."""

    changed = Signal()

    def __init__(self, make_runner: Callable[[], Runner], background: Background) -> None:
        super().__init__(background)
        self._make_runner, self._background = make_runner, background
        self._runner: Runner | None = None
        self._waiting: dict[Wish, _Order] = {}
        self._running: tuple[Wish, _Order, Job] | None = None
        self._is_closed = False

    @property
    def is_busy(self) -> bool:
        return self._running is not None

    def ask(
        self,
        wish: Wish,
        request: Request,
        *,
        prepare: Callable[[Result], Any],
        on_done: Callable[[Any], None],
        on_error: Callable[[UserError], None],
    ) -> None:
        """`prepare` sees the result in the runner's thread; what it returns goes to `on_done` in this one."""
        self._waiting[wish] = _Order(request, prepare, on_done, on_error)
        if self._running is not None and wish < self._running[0]:
            self._put_back()
        self._start_next()

    def forget(self, *wishes: Wish) -> None:
        """What these runs were for is gone; one on its way is stopped."""
        for wish in wishes:
            self._waiting.pop(wish, None)
        if self._running is not None and self._running[0] in wishes:
            self._running[2].cancel()
            self._running = None
            self._start_next()

    def close(self) -> None:
        self._is_closed = True
        self._waiting.clear()
        self._running = None
        if self._runner is not None:
            self._runner.close()

    def _put_back(self) -> None:
        """Stops the run on its way; it is asked for again later unless it has been replaced meanwhile."""
        assert self._running is not None
        wish, order, job = self._running
        self._waiting.setdefault(wish, order)
        self._running = None
        job.cancel()

    def _start_next(self) -> None:
        if self._running is not None or self._is_closed:
            return
        if not self._waiting:
            self.changed.emit()
            return
        wish = min(self._waiting)
        order = self._waiting.pop(wish)
        if self._runner is None:
            self._runner = self._make_runner()
        call = self._background.call

        def done(outcome: Outcome) -> None:
            answer = _answer(outcome, order)
            call(lambda: self._take(order, answer))

        job = self._runner.submit(order.request, on_progress=_ignore, on_done=done)
        self._running = (wish, order, job)
        self.changed.emit()

    def _take(self, order: _Order, answer: Callable[[], None] | None) -> None:
        """Nothing comes of a run that was stopped or put back, even if it ended in time."""
        if self._running is None or self._running[1] is not order:
            return
        self._running = None
        self._start_next()
        if answer is not None:
            answer()


def _answer(outcome: Outcome, order: _Order) -> Callable[[], None] | None:
    """What to tell the one who asked; nothing after a cancel."""
    if isinstance(outcome, Finished):
        try:
            made = order.prepare(outcome.result)
        except UserError as error:
            failure = error
            return lambda: order.on_error(failure)
        return lambda: order.on_done(made)
    if isinstance(outcome, Failed):
        return lambda: order.on_error(outcome.error)
    return None


def _ignore(_progress: Progress) -> None:
    pass
