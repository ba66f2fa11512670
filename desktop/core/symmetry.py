"""Symmetric painting: every dab again at its mirrored or turned places."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from desktop.core.geometry import Point

MOST_SPOKES = 32


class SymmetryKind(StrEnum):
    OFF = "off"
    VERTICAL = "vertical"  # an upright axis: left and right
    HORIZONTAL = "horizontal"
    BOTH = "both"
    RADIAL = "radial"


@dataclass(frozen=True, slots=True)
class Copy:
    """One place of a dab: turned around the centre by `turn` degrees, then mirrored left-right if `mirrored`."""

    turn: float = 0.0
    mirrored: bool = False

    def point(self, point: Point, center: Point) -> Point:
        dx, dy = point.x - center.x, point.y - center.y
        if self.turn:
            cos, sin = _cos_sin(self.turn)
            dx, dy = dx * cos - dy * sin, dx * sin + dy * cos
        return Point(center.x + (-dx if self.mirrored else dx), center.y + dy)

    def angle(self, degrees: float) -> float:
        """The angle of a tip there; a mirrored tip is flipped before it is turned."""
        turned = degrees + self.turn
        return -turned if self.mirrored else turned


@dataclass(frozen=True, slots=True)
class Symmetry:
    """`center` in image pixels, None where the middle of the picture is meant; `spokes` count for the radial kind."""

    kind: SymmetryKind = SymmetryKind.OFF
    center: Point | None = None
    spokes: int = 6

    def around(self, middle: Point) -> Symmetry:
        """The same with a centre: its own, or the middle given."""
        return self if self.center is not None else replace(self, center=middle)

    def copies(self) -> tuple[Copy, ...]:
        """All places, the pen's own first."""
        own = Copy()
        if self.kind is SymmetryKind.VERTICAL:
            return own, Copy(mirrored=True)
        if self.kind is SymmetryKind.HORIZONTAL:
            return own, Copy(180.0, mirrored=True)
        if self.kind is SymmetryKind.BOTH:
            return own, Copy(mirrored=True), Copy(180.0, mirrored=True), Copy(180.0)
        if self.kind is SymmetryKind.RADIAL:
            return tuple(Copy(360.0 * i / self.spokes) for i in range(self.spokes))
        return (own,)

    def axes(self) -> tuple[float, ...]:
        """The directions of the lines to draw through the centre, in degrees; radial ones are half lines."""
        if self.kind is SymmetryKind.VERTICAL:
            return 90.0, 270.0
        if self.kind is SymmetryKind.HORIZONTAL:
            return 0.0, 180.0
        if self.kind is SymmetryKind.BOTH:
            return 0.0, 90.0, 180.0, 270.0
        if self.kind is SymmetryKind.RADIAL:
            return tuple(360.0 * i / self.spokes - 90.0 for i in range(self.spokes))
        return ()


NO_SYMMETRY = Symmetry()


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Exact at quarter turns, so that mirrored pixels are the same pixels."""
    exact = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}
    radians = math.radians(degrees)
    return exact.get(degrees % 360.0) or (math.cos(radians), math.sin(radians))
