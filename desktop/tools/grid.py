"""The grid over a picture: where its lines are, and how many of them show at a zoom. No pixels of the document."""

from __future__ import annotations

import math
from dataclasses import dataclass

from desktop.core.geometry import Point

EVERY_64_PX, CORNER = Point(64.0, 64.0), Point(0.0, 0.0)
CLOSEST_LINES_PX = 6.0  # on the screen; closer lines would be a grey veil
LARGEST_SPACING_PX = 10_000
MOST_SUBDIVISIONS = 64


@dataclass(frozen=True, slots=True)
class GridLine:
    position_px: float
    is_major: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """Lines every `spacing` image pixels from `offset` on, each gap cut into `subdivisions`. The colour is #rrggbb."""

    spacing: Point = EVERY_64_PX
    subdivisions: int = 4
    offset: Point = CORNER
    color: str = "#808080"

    def step_px(self, *, is_vertical: bool, scale: float) -> float:
        """The gap between the lines that show at `scale` screen pixels per image pixel.

        Subdivisions go first; then every second, fourth, … of the lines stays.
        """
        spacing = self._spacing(is_vertical)
        if spacing / self.subdivisions * scale >= CLOSEST_LINES_PX:
            return spacing / self.subdivisions
        doublings = max(0, math.ceil(math.log2(CLOSEST_LINES_PX / (spacing * scale))))
        return spacing * float(2**doublings)

    def lines(self, start: float, stop: float, *, is_vertical: bool, scale: float) -> list[GridLine]:
        """The lines that show from image pixel `start` to `stop`."""
        step, offset = self.step_px(is_vertical=is_vertical, scale=scale), self._offset(is_vertical)
        thinned = step >= self._spacing(is_vertical)
        first, last = math.ceil((start - offset) / step), math.floor((stop - offset) / step)
        return [
            GridLine(offset + number * step, thinned or number % self.subdivisions == 0)
            for number in range(first, last + 1)
        ]

    def nearest(self, position: float, *, is_vertical: bool, scale: float) -> float:
        """The line that shows nearest to a position."""
        step, offset = self.step_px(is_vertical=is_vertical, scale=scale), self._offset(is_vertical)
        return offset + round((position - offset) / step) * step

    def _spacing(self, is_vertical: bool) -> float:
        return self.spacing.x if is_vertical else self.spacing.y

    def _offset(self, is_vertical: bool) -> float:
        return self.offset.x if is_vertical else self.offset.y
