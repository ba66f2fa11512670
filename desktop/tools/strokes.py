"""From pointer events to a stroke: straight lines with Shift, the stabiliser, and one painting a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from desktop.core.brush import BrushSettings
from desktop.core.dynamics import PenSample
from desktop.core.geometry import Point, Rect
from desktop.core.stabilizer import Stabilizer
from desktop.tools.gestures import Gesture, Modifier, PointerEvent

AXIS_AFTER_PX = 4.0  # a hand's first pixels say little about where it wants to go


class PaintsAlong(Protocol):
    """What a stroke of any brush does: collects the pen's places, and paints what is due."""

    def add(self, sample: PenSample) -> None: ...

    def paint(self) -> Iterable[Rect]: ...

    def finish(self) -> None: ...


@dataclass
class LastStroke:
    """Where the last stroke of a document ended, so that Shift and a click join it by a straight line."""

    end: Point | None = None


def follow(
    event: PointerEvent,
    stroke: PaintsAlong,
    settings: BrushSettings,
    announce: Callable[[Rect], None],
    last: LastStroke,
) -> Gesture:
    """Paints from the press that `event` is to the release; `announce` gets what changed, once a frame."""
    stabilizer, ruler = Stabilizer(settings.stabilizer), _Ruler()
    if Modifier.SHIFT in event.modifiers and last.end is not None:
        stroke.add(replace(_sample_of(event), point=last.end))
        stroke.add(_sample_of(event))
    while event.pressed:
        for sample in stabilizer.add(ruler.held(event)):
            stroke.add(sample)
        if not event.more_follow:
            _announce_all(stroke, announce)
        event = yield
    for sample in [*stabilizer.add(ruler.held(event)), *stabilizer.finish()]:
        stroke.add(sample)
    stroke.finish()
    _announce_all(stroke, announce)
    last.end = ruler.held(event).point


class _Ruler:
    """While Shift is held the pen stays on an upright or level line through the place where that began."""

    def __init__(self) -> None:
        self._origin: Point | None = None
        self._is_level: bool | None = None

    def held(self, event: PointerEvent) -> PenSample:
        sample = _sample_of(event)
        if Modifier.SHIFT not in event.modifiers:
            self._origin, self._is_level = None, None
            return sample
        if self._origin is None:
            self._origin = sample.point
        dx, dy = sample.point.x - self._origin.x, sample.point.y - self._origin.y
        if self._is_level is None:
            if max(abs(dx), abs(dy)) < AXIS_AFTER_PX:
                return replace(sample, point=self._origin)
            self._is_level = abs(dx) >= abs(dy)
        if self._is_level:
            return replace(sample, point=Point(sample.point.x, self._origin.y))
        return replace(sample, point=Point(self._origin.x, sample.point.y))


def _announce_all(stroke: PaintsAlong, announce: Callable[[Rect], None]) -> None:
    for rect in stroke.paint():
        announce(rect)


def _sample_of(event: PointerEvent) -> PenSample:
    return PenSample(event.point, event.pressure, *event.tilt, event.rotation, float(event.time_ms))
