"""Measures the slots of Qt's event loop, and plays a script of simulated input inside it. Used by bench_pauses.py.

A slot is one round of the loop, from its first event to the last, without the sleep in between: so long nobody else
gets an answer. Slots shorter than `COUNTED_MS` did next to nothing and would only flatter the percentiles.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QAbstractEventDispatcher, QCoreApplication, QEvent, QEventLoop, QObject, Qt, QTimer

COUNTED_MS = 0.5
TICK_MS = 4  # a pen reports 250 times a second
PATIENCE_S = 240.0
SAMPLE_S = 0.002
LONG_MS = 20.0  # of a slot that is explained

Script: TypeAlias = Generator[Callable[[], bool] | None, None, None]  # yields: next tick, or when the condition holds


@dataclass
class Slots:
    """Milliseconds of each counted slot: on the clock, and without the time its thread waited for a processor."""

    wall_ms: list[float] = field(default_factory=list)
    own_ms: list[float] = field(default_factory=list)

    def add(self, wall_ms: float, own_ms: float) -> None:
        if wall_ms >= COUNTED_MS:
            self.wall_ms.append(wall_ms)
            self.own_ms.append(own_ms)

    def figures(self) -> dict[str, float | int]:
        wall, own = self.wall_ms or [0.0], self.own_ms or [0.0]
        return {
            "slots": len(self.wall_ms),
            "median_ms": float(np.median(wall)),
            "p99_ms": float(np.percentile(wall, 99)),
            "max_ms": max(wall),
            "own_p99_ms": float(np.percentile(own, 99)),
            "own_max_ms": max(own),
        }


class SlotMeter(QObject):
    """Measures the slots of the thread that makes it, inside a `with` block. `explain` says what long ones did."""

    def __init__(self, *, explain: bool = False) -> None:
        super().__init__()
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None
        self._dispatcher = dispatcher
        self.slots = Slots()
        self._start = 0.0
        self._waited = 0.0
        self._schedule = _schedule_file()
        self._watcher = _Watcher(self) if explain else None

    def __enter__(self) -> SlotMeter:
        application = QCoreApplication.instance()
        assert application is not None
        self._dispatcher.awake.connect(self._end)
        self._dispatcher.aboutToBlock.connect(self._end)
        application.installEventFilter(self)
        if self._watcher is not None:
            self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        application = QCoreApplication.instance()
        assert application is not None
        application.removeEventFilter(self)
        self._dispatcher.awake.disconnect(self._end)
        self._dispatcher.aboutToBlock.disconnect(self._end)
        self._end()
        if self._watcher is not None:
            self._watcher.stop()
        if self._schedule >= 0:
            os.close(self._schedule)

    @property
    def running_since(self) -> float:
        """When the slot in progress began; 0 between two."""
        return self._start

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._start == 0.0:
            self._waited = self._core_wait_ms()
            self._start = time.perf_counter()
        return False

    def _end(self) -> None:
        if self._start == 0.0:
            return
        start, self._start = self._start, 0.0
        wall = (time.perf_counter() - start) * 1000
        self.slots.add(wall, max(wall - (self._core_wait_ms() - self._waited), 0.0))

    def _core_wait_ms(self) -> float:
        """How long this thread was ready to run while other programs had the processors; 0 where nobody counts it."""
        if self._schedule < 0:
            return 0.0
        return int(os.pread(self._schedule, 96, 0).split()[1]) / 1e6


class _Watcher:
    """Looks every few milliseconds at what the measured thread does in a long slot. It costs time: not for figures."""

    def __init__(self, meter: SlotMeter) -> None:
        self._meter = meter
        self._watched = threading.get_ident()
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        seen: Counter[str] = Counter()
        slot = 0.0
        while not self._is_stopped.wait(SAMPLE_S):
            now = self._meter.running_since
            if now != slot:
                self._tell(slot, seen)
                slot, seen = now, Counter()
            if slot:
                seen[_stack_of(sys._current_frames()[self._watched])] += 1

    def _tell(self, slot: float, seen: Counter[str]) -> None:
        if not slot or seen.total() * SAMPLE_S * 1000 < LONG_MS:
            return
        print(f"  slot of more than {seen.total() * SAMPLE_S * 1000:.0f} ms", file=sys.stderr)
        for stack, count in seen.most_common(3):
            print(f"    {count:3} × {stack}", file=sys.stderr)


def play(script: Script, meter_of: Callable[[], SlotMeter], parent: QObject) -> Slots:
    """Runs a script tick by tick inside an event loop of its own and returns the loop's slots."""
    loop = QEventLoop()
    timer = QTimer(parent, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
    waits_for: list[Callable[[], bool]] = []
    deadline = time.monotonic() + PATIENCE_S
    failures: list[BaseException] = []

    def tick() -> None:
        try:
            if time.monotonic() > deadline:
                raise TimeoutError("the script waits for something that does not happen")
            if waits_for and not waits_for[0]():
                return
            waits_for.clear()
            condition = next(script)
            if condition is not None:
                waits_for.append(condition)
        except StopIteration:
            loop.quit()
        except Exception as error:  # noqa: BLE001 - raised again behind the loop
            failures.append(error)
            loop.quit()

    timer.timeout.connect(tick)
    timer.start()
    with meter_of() as meter:
        loop.exec()
    timer.stop()
    timer.deleteLater()
    if failures:
        raise failures[0]
    return meter.slots


def _schedule_file() -> int:
    """Where Linux counts what this thread waited for a processor; -1 elsewhere."""
    try:
        return os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
    except OSError:
        return -1


def _stack_of(frame: FrameType | None) -> str:
    """The innermost calls first."""
    calls = []
    while frame is not None and len(calls) < 9:
        calls.append(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(calls)
