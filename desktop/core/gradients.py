"""Gradients as values: stops along a line, the shapes they take, and the tiles they fill. No layers here."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from desktop.core import raster
from desktop.core.geometry import Point
from desktop.core.tiles import TILE, Area, TileKey

TABLE_STEPS = 65_536  # colours along the line: as many as 16 bits can tell apart
TOP = 65_535
LEAST_MIDDLE = 0.02  # nearer to a stop the change would be a step
MOST_STOPS = 32

Color: TypeAlias = tuple[float, float, float]  # sRGB 0..1


class GradientShape(Enum):
    LINEAR = "linear"
    RADIAL = "radial"
    ANGLE = "angle"
    REFLECTED = "reflected"
    DIAMOND = "diamond"


class GradientRepeat(Enum):
    """What lies beyond the ends of the line."""

    NONE = "none"
    MIRROR = "mirror"
    REPEAT = "repeat"


class GradientPreset(Enum):
    TO_BACKGROUND = "to-background"
    TO_TRANSPARENT = "to-transparent"
    BLACK_WHITE = "black-white"
    SPECTRUM = "spectrum"


@dataclass(frozen=True, slots=True)
class Stop:
    """A colour with an opacity at a place of 0..1 on the line.

    `middle` is where, on the way to the next stop (0..1), half of that way's change is done.
    """

    position: float
    color: Color
    opacity: float = 1.0
    middle: float = 0.5


@dataclass(frozen=True, slots=True)
class Gradient:
    """Stops in order of their places; between two, colour and opacity change in sRGB values, evenly or to a middle."""

    stops: tuple[Stop, ...]

    def reversed(self) -> Gradient:
        middles = [*(1 - stop.middle for stop in self.stops[-2::-1]), 0.5]
        turned = zip(self.stops[::-1], middles, strict=True)
        return Gradient(tuple(Stop(1 - stop.position, stop.color, stop.opacity, middle) for stop, middle in turned))

    def colors(self, steps: int) -> npt.NDArray[np.float64]:
        """Straight RGBA (steps, 4) in 0..1 at even places from 0 to 1."""
        places = self._evened(np.linspace(0, 1, steps))
        positions = [stop.position for stop in self.stops]
        columns = list(zip(*((*stop.color, stop.opacity) for stop in self.stops), strict=True))
        return np.stack([np.interp(places, positions, column) for column in columns], axis=-1)

    def color_at(self, place: float) -> tuple[float, float, float, float]:
        """Straight RGBA at a place of 0..1."""
        row = self.colors(2049)[round(min(max(place, 0.0), 1.0) * 2048)]
        return float(row[0]), float(row[1]), float(row[2]), float(row[3])

    def _evened(self, places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Places moved so that even steps between two stops follow their middle: t ** (log 0.5 / log middle)."""
        moved = places.copy()
        for stop, after in itertools.pairwise(self.stops):
            length = after.position - stop.position
            if stop.middle == 0.5 or length <= 0:
                continue
            inside = (places > stop.position) & (places < after.position)
            share = (places[inside] - stop.position) / length
            middle = min(max(stop.middle, LEAST_MIDDLE), 1 - LEAST_MIDDLE)
            moved[inside] = stop.position + length * share ** (math.log(0.5) / math.log(middle))
        return moved

    def table(self) -> npt.NDArray[np.uint64]:
        """`TABLE_STEPS` packed 16-bit RGBA words."""
        levels = np.rint(self.colors(TABLE_STEPS) * TOP).astype(np.uint16)
        table: npt.NDArray[np.uint64] = levels.view(np.uint64)[:, 0]
        return table


def preset_gradient(preset: GradientPreset, foreground: Color, background: Color) -> Gradient:
    if preset is GradientPreset.TO_BACKGROUND:
        return Gradient((Stop(0, foreground), Stop(1, background)))
    if preset is GradientPreset.TO_TRANSPARENT:
        return Gradient((Stop(0, foreground), Stop(1, foreground, 0)))
    if preset is GradientPreset.BLACK_WHITE:
        return Gradient((Stop(0, (0, 0, 0)), Stop(1, (1, 1, 1))))
    wheel = ((1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0, 0))
    return Gradient(tuple(Stop(index / 6, color) for index, color in enumerate(wheel)))


@dataclass(frozen=True, slots=True)
class GradientLine:
    """Where a gradient lies: from the place of the first stop to that of the last, in image pixels."""

    start: Point
    end: Point
    shape: GradientShape = GradientShape.LINEAR
    repeat: GradientRepeat = GradientRepeat.NONE

    @property
    def length_px(self) -> float:
        return math.hypot(self.end.x - self.start.x, self.end.y - self.start.y)


def gradient_tile(line: GradientLine, table: npt.NDArray[np.uint64], key: TileKey, area: Area, out: Any) -> None:
    """Puts the gradient's 16-bit RGBA into a part of `out` (256, 256, 4) uint16; `table` is `Gradient.table()`."""
    length_squared = max(line.length_px, 1e-3) ** 2
    raster.gradient_words(
        out.view(np.uint64)[..., 0],
        table,
        area,
        start=(line.start.x - key[0] * TILE, line.start.y - key[1] * TILE),
        axis=((line.end.x - line.start.x) / length_squared, (line.end.y - line.start.y) / length_squared),
        shape=_SHAPES.index(line.shape),
        repeat=_REPEATS.index(line.repeat),
    )


_SHAPES = tuple(GradientShape)  # the kernels know these by number
_REPEATS = tuple(GradientRepeat)
