"""The scale of a ruler: which ticks show at a zoom, and what part of the picture lies under it. No widget."""

from __future__ import annotations

import math
from dataclasses import dataclass

from desktop.ui.canvas.view import View
from desktop.ui.units import Unit

CLOSEST_TICKS_PX = 5.0
CLOSEST_LABELS_PX = 58.0
FAR_PX = 1000.0  # how far apart the view is probed for its direction
STRAIGHT = 1e-6  # a ruler along which the other coordinate changes more than this has no scale

DIVISIONS = {1: (10, 5, 2), 2: (10, 4, 2), 5: (5,)}  # of a step 1, 2 or 5 times a power of ten, finest first
INCH_DIVISIONS = (8, 4, 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """`rank` 0 has a label, 1 is the half of the way between two of them, 2 is any other."""

    place: float  # in units
    rank: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """Units under a ruler: those at its first device pixel, and how many each further one adds (mirrored: below 0)."""

    start: float
    per_pixel: float

    def place_of(self, value: float) -> float:
        """The device pixel of the ruler where a value is."""
        return (value - self.start) / self.per_pixel

    def in_units(self, pixels_per_unit: float, origin: float) -> Scale:
        """The same for image pixels counted from `origin` in another unit."""
        return Scale((self.start - origin) / pixels_per_unit, self.per_pixel / pixels_per_unit)


@dataclass(frozen=True, slots=True)
class RulerAxis:
    """What a ruler measures: image x or y, in image pixels."""

    is_across: bool
    scale: Scale


def axis_along(view: View, *, is_top: bool) -> RulerAxis | None:
    """What the upper (or left) edge of the view runs along; None where the picture is turned to an odd angle."""
    start = view.view_to_image(0, 0)
    end = view.view_to_image(FAR_PX, 0) if is_top else view.view_to_image(0, FAR_PX)
    dx, dy = end.x - start.x, end.y - start.y
    if abs(dy) <= STRAIGHT * abs(dx):
        return RulerAxis(True, Scale(start.x, dx / FAR_PX))
    if abs(dx) <= STRAIGHT * abs(dy):
        return RulerAxis(False, Scale(start.y, dy / FAR_PX))
    return None


def ticks(scale: Scale, length_px: float, unit: Unit, ratio: float = 1.0) -> list[Tick]:
    """Every tick on a ruler of `length_px` device pixels, `ratio` of which make one point of the screen."""
    per_pixel = abs(scale.per_pixel)
    step, division = _step(per_pixel * CLOSEST_LABELS_PX * ratio, per_pixel * CLOSEST_TICKS_PX * ratio, unit)
    ends = sorted((scale.start, scale.start + scale.per_pixel * length_px))
    small = step / division
    first, last = math.floor(ends[0] / step) * division, math.ceil(ends[1] / small)
    return [_tick(number, small, division) for number in range(first, last + 1)]


def _tick(number: int, small: float, division: int) -> Tick:
    place = number * small
    if number % division == 0:
        return Tick(place, 0, _text(place))
    return Tick(place, 1 if number % division * 2 == division else 2)


def _step(label_gap: float, tick_gap: float, unit: Unit) -> tuple[float, int]:
    """The smallest round step between labels that leaves them room, and into how many parts it can be cut."""
    if unit is Unit.INCH and label_gap <= 1:
        step, divisions = 2.0 ** math.ceil(math.log2(label_gap)), INCH_DIVISIONS
    else:
        power = 10.0 ** math.floor(math.log10(label_gap))
        mantissa = next((number for number in (1, 2, 5) if number * power >= label_gap), 10)
        power, mantissa = (power * 10, 1) if mantissa == 10 else (power, mantissa)
        step, divisions = mantissa * power, DIVISIONS[mantissa]
    if unit is Unit.PIXEL:
        step, tick_gap = max(step, 1.0), max(tick_gap, 1.0)
    return step, next((parts for parts in divisions if step / parts >= tick_gap * (1 - 1e-9)), 1)


def _text(value: float) -> str:
    return "0" if abs(value) < 1e-9 else f"{value:.12g}"
