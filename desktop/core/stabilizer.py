"""Steadies a shaky hand: from the pen's samples to those the brush follows. Lengths are image pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from desktop.core.dynamics import PenSample
from desktop.core.geometry import Point

AVERAGE_STEP_PX = 1.0  # the average is taken in steps of this length, so that it does not depend on the event rate
LONGEST_STEPS = 4000  # a jump across a huge picture must not hold the window up


class Steadying(StrEnum):
    OFF = "off"
    AVERAGE = "average"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class StabilizerSettings:
    """`length_px`: the string's length, or the way over which the average forgets."""

    kind: Steadying = Steadying.OFF
    length_px: float = 30.0


UNSTEADIED = StabilizerSettings()


class Stabilizer:
    """Feed every sample to `add`, then ask `finish` for the rest of the way, so that no line ends short."""

    def __init__(self, settings: StabilizerSettings) -> None:
        self._settings = settings
        self._pen: PenSample | None = None
        self._brush: PenSample | None = None

    def add(self, sample: PenSample) -> list[PenSample]:
        """The samples that the brush follows now; the first one is the pen's own."""
        if self._settings.kind is Steadying.OFF or self._settings.length_px <= 0:
            return [sample]
        if self._pen is None or self._brush is None:
            self._pen = self._brush = sample
            return [sample]
        follow = self._averaged if self._settings.kind is Steadying.AVERAGE else self._pulled
        result = follow(self._pen, self._brush, sample)
        self._pen = sample
        if result:
            self._brush = result[-1]
        return result

    def finish(self) -> list[PenSample]:
        """The last piece, from the brush to the pen."""
        if self._pen is None or self._brush is None or self._pen.point == self._brush.point:
            return []
        self._brush = self._pen
        return [self._pen]

    def _pulled(self, _before: PenSample, brush: PenSample, pen: PenSample) -> list[PenSample]:
        """The brush hangs on a string: it moves only when the string is taut, straight towards the pen."""
        distance = _distance(brush.point, pen.point)
        if distance <= self._settings.length_px:
            return []
        share = 1.0 - self._settings.length_px / distance
        way = brush.towards(pen, share)
        return [replace(pen, point=way.point)]

    def _averaged(self, before: PenSample, brush: PenSample, pen: PenSample) -> list[PenSample]:
        """The mean of the pen's way, weighted less the longer it is past (exponentially, by length)."""
        length = _distance(before.point, pen.point)
        steps = min(max(math.ceil(length / AVERAGE_STEP_PX), 1), LONGEST_STEPS)
        keep = math.exp(-length / steps / self._settings.length_px)
        result, x, y = [], brush.point.x, brush.point.y
        for step in range(1, steps + 1):
            aim = before.towards(pen, step / steps)
            x, y = aim.point.x + (x - aim.point.x) * keep, aim.point.y + (y - aim.point.y) * keep
            result.append(replace(aim, point=Point(x, y)))
        return result


def _distance(a: Point, b: Point) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)
