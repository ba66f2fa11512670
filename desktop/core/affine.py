"""Maps of the plane that keep lines straight and parallel: what a text or a shape is drawn through."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from desktop.core.geometry import Point, Rect

FLATTEST = 1e-6  # of a determinant; flatter ones have no way back
LARGEST = 1e6  # of every number


@dataclass(frozen=True, slots=True)
class Affine:
    """(x, y) comes to lie at (xx * x + xy * y + x0, yx * x + yy * y + y0), in image pixels."""

    xx: float = 1.0
    xy: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    x0: float = 0.0
    y0: float = 0.0

    @staticmethod
    def of_matrix(matrix: npt.NDArray[np.float64]) -> Affine:
        """From the first two rows of a (3, 3) matrix whose last one is 0, 0, 1."""
        (xx, xy, x0), (yx, yy, y0) = ([float(number) for number in row] for row in matrix[:2])
        return Affine(xx, xy, yx, yy, x0, y0)

    @property
    def determinant(self) -> float:
        return self.xx * self.yy - self.xy * self.yx

    @property
    def scale(self) -> float:
        """How much longer lengths become, on average over all directions."""
        return math.sqrt(abs(self.determinant))

    @property
    def is_sound(self) -> bool:
        """Whether its numbers are finite, of a sane size, and have a way back."""
        numbers = (self.xx, self.xy, self.yx, self.yy, self.x0, self.y0)
        is_sane = all(math.isfinite(number) and abs(number) <= LARGEST for number in numbers)
        return is_sane and abs(self.determinant) >= FLATTEST

    @property
    def only_moves(self) -> bool:
        return (self.xx, self.xy, self.yx, self.yy) == (1.0, 0.0, 0.0, 1.0)

    def point(self, point: Point) -> Point:
        return Point(
            self.xx * point.x + self.xy * point.y + self.x0,
            self.yx * point.x + self.yy * point.y + self.y0,
        )

    def way(self, dx: float, dy: float) -> tuple[float, float]:
        """Where a step leads."""
        return self.xx * dx + self.xy * dy, self.yx * dx + self.yy * dy

    def bounds(self, left: float, top: float, right: float, bottom: float) -> Rect:
        """Whole pixels around a rectangle."""
        places = [self.point(Point(x, y)) for x in (left, right) for y in (top, bottom)]
        xs, ys = [place.x for place in places], [place.y for place in places]
        return Rect.from_edges(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))

    def then(self, other: Affine) -> Affine:
        """This map first, the other one after it."""
        xx, yx = other.way(self.xx, self.yx)
        xy, yy = other.way(self.xy, self.yy)
        place = other.point(Point(self.x0, self.y0))
        return Affine(xx, xy, yx, yy, place.x, place.y)

    def moved(self, dx: float, dy: float) -> Affine:
        return replace(self, x0=self.x0 + dx, y0=self.y0 + dy)

    def inverse(self) -> Affine:
        """ZeroDivisionError for what is flat."""
        by = self.determinant
        turned = Affine(self.yy / by, -self.xy / by, -self.yx / by, self.xx / by)
        x0, y0 = turned.way(-self.x0, -self.y0)
        return replace(turned, x0=x0, y0=y0)


IDENTITY = Affine()
