"""Brush dynamics: what the pen and the hand do (sensors) changes what the brush does (targets), each by a curve.

No pixels here: `core.brush` asks for the factors of a dab and paints it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from desktop.core.geometry import Point

FULL_TILT_DEGREES = 60.0  # what tablets report at most
FULL_SPEED_PX_PER_MS = 4.0  # a quick stroke of the arm over a screen
SPEED_SMOOTHING_MS = 30.0  # tablets report unevenly; shorter than this is noise
TABLE_STEPS = 256
FLAT_SLOPE = 1e-9  # of a curve; dividing by less leaves the range of numbers


class Sensor(StrEnum):
    PRESSURE = "pressure"
    TILT = "tilt"
    TILT_DIRECTION = "tilt-direction"
    ROTATION = "rotation"
    SPEED = "speed"
    DIRECTION = "direction"


class Target(StrEnum):
    SIZE = "size"
    OPACITY = "opacity"
    FLOW = "flow"
    ANGLE = "angle"
    ROUNDNESS = "roundness"
    SCATTER = "scatter"


@dataclass(frozen=True, slots=True)
class PenSample:
    """One report of the pen: place in image pixels, pressure 0..1, tilt and barrel rotation in degrees, time in ms."""

    point: Point
    pressure: float = 1.0
    tilt_x: float = 0.0
    tilt_y: float = 0.0
    rotation: float = 0.0
    time_ms: float = 0.0

    def towards(self, other: PenSample, share: float) -> PenSample:
        """The sample between this one (0) and another (1)."""

        def mixed(before: float, after: float) -> float:
            return before + (after - before) * share

        return PenSample(
            Point(mixed(self.point.x, other.point.x), mixed(self.point.y, other.point.y)),
            mixed(self.pressure, other.pressure),
            mixed(self.tilt_x, other.tilt_x),
            mixed(self.tilt_y, other.tilt_y),
            self.rotation + _shorter_turn(self.rotation, other.rotation) * share,
            mixed(self.time_ms, other.time_ms),
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """A smooth line through points of the unit square that never overshoots them (Fritsch and Carlson 1980)."""

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))

    def value(self, x: float) -> float:
        position = min(max(x, 0.0), 1.0) * TABLE_STEPS
        index = min(int(position), TABLE_STEPS - 1)
        table = _table_of(self)
        return float(table[index] + (table[index + 1] - table[index]) * (position - index))

    def values(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The exact line at many places, flat outside the first and last point."""
        return _monotone_cubic(self.points, np.asarray(x, np.float64))

    @staticmethod
    def through(points: Iterable[tuple[float, float]]) -> Curve:
        """A curve through any points: clipped to the square, in order, at least 1 % apart."""
        kept: list[tuple[float, float]] = []
        for x, y in sorted((min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y in points):
            if not kept or x - kept[-1][0] >= 0.01:
                kept.append((x, y))
        return Curve(tuple(kept)) if len(kept) > 1 else IDENTITY


IDENTITY = Curve()


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A sensor drives a target. Angle is turned by the curve's value of a full turn, everything else is multiplied."""

    sensor: Sensor
    target: Target
    curve: Curve = IDENTITY


@dataclass(frozen=True, slots=True)
class Motion:
    """How the pen moves at a dab: degrees (0 is to the right, clockwise) and pixels a millisecond."""

    direction: float = 0.0
    speed: float = 0.0


@dataclass(frozen=True, slots=True)
class Factors:
    """What the dynamics make of a dab; `turn` in degrees."""

    size: float = 1.0
    opacity: float = 1.0
    flow: float = 1.0
    roundness: float = 1.0
    scatter: float = 1.0
    turn: float = 0.0


def factors_of(dynamics: tuple[Dynamic, ...], sample: PenSample, motion: Motion) -> Factors:
    """Several sensors on one target multiply; turns add up."""
    if not dynamics:
        return Factors()
    product = dict.fromkeys(Target, 1.0)
    turn = 0.0
    for dynamic in dynamics:
        value = dynamic.curve.value(sensed(dynamic.sensor, sample, motion))
        if dynamic.target is Target.ANGLE:
            turn += 360.0 * value
        else:
            product[dynamic.target] *= value
    return Factors(
        product[Target.SIZE],
        product[Target.OPACITY],
        product[Target.FLOW],
        product[Target.ROUNDNESS],
        product[Target.SCATTER],
        turn,
    )


def sensed(sensor: Sensor, sample: PenSample, motion: Motion) -> float:
    """A sensor's value, 0..1; directions are shares of a full turn."""
    if sensor is Sensor.PRESSURE:
        return sample.pressure
    if sensor is Sensor.TILT:
        return min(math.hypot(sample.tilt_x, sample.tilt_y) / FULL_TILT_DEGREES, 1.0)
    if sensor is Sensor.TILT_DIRECTION:
        return (math.degrees(math.atan2(sample.tilt_y, sample.tilt_x)) % 360.0) / 360.0
    if sensor is Sensor.ROTATION:
        return (sample.rotation % 360.0) / 360.0
    if sensor is Sensor.SPEED:
        return min(motion.speed / FULL_SPEED_PX_PER_MS, 1.0)
    return (motion.direction % 360.0) / 360.0


class SpeedMeter:
    """Smooths the speed over time, not over events: a way reported in more steps measures the same."""

    def __init__(self) -> None:
        self._speed = 0.0
        self._target = 0.0
        self._duration = 0.0

    def begin(self, length_px: float, duration_ms: float) -> None:
        """A straight piece of the way."""
        self._speed = self.at(1.0)
        self._duration = max(duration_ms, 0.0)
        if duration_ms > 0:
            self._target = length_px / duration_ms

    def at(self, share: float) -> float:
        """The speed at a share of the piece."""
        left = math.exp(-share * self._duration / SPEED_SMOOTHING_MS)
        return self._target + (self._speed - self._target) * left


@lru_cache(maxsize=256)
def _table_of(curve: Curve) -> tuple[float, ...]:
    return tuple(curve.values(np.linspace(0, 1, TABLE_STEPS + 1)).tolist())


def _monotone_cubic(points: tuple[tuple[float, float], ...], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    xs = np.array([point[0] for point in points])
    ys = np.array([point[1] for point in points])
    widths, slopes = np.diff(xs), np.diff(ys) / np.diff(xs)
    tangents = np.concatenate([slopes[:1], (slopes[:-1] + slopes[1:]) / 2, slopes[-1:]])
    tangents[1:-1][slopes[:-1] * slopes[1:] <= 0] = 0.0
    for i, slope in enumerate(slopes):
        if abs(slope) < FLAT_SLOPE:
            tangents[i] = tangents[i + 1] = 0.0
            continue
        steepness = math.hypot(tangents[i] / slope, tangents[i + 1] / slope)
        if steepness > 3:
            tangents[i] *= 3 / steepness
            tangents[i + 1] *= 3 / steepness
    clipped = np.clip(x, xs[0], xs[-1])
    piece = np.clip(np.searchsorted(xs, clipped, side="right") - 1, 0, len(widths) - 1)
    width = widths[piece]
    t = (clipped - xs[piece]) / width
    result: npt.NDArray[np.float64] = (
        (1 + 2 * t) * (1 - t) ** 2 * ys[piece]
        + t * (1 - t) ** 2 * width * tangents[piece]
        + t**2 * (3 - 2 * t) * ys[piece + 1]
        + t**2 * (t - 1) * width * tangents[piece + 1]
    )
    return np.clip(result, 0.0, 1.0)


def _shorter_turn(before: float, after: float) -> float:
    return (after - before + 180.0) % 360.0 - 180.0
