"""Shapes as values: what a shape layer was drawn from, and the corners of polygons and stars. Nothing here draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from desktop.core.affine import IDENTITY, Affine
from desktop.core.effect_values import color_of_text
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Point, Rect

MITRE_REACH = 4.0  # a pointed corner reaches so many half line widths beyond its point at most
ARROW_WIDTHS = 4.0  # length of an arrow head, in line widths
LEAST_ARROW_PX = 8.0
WIDTHS_PX, RADII_PX, SIDES, INNERS = (0.5, 500.0), (0.0, 2000.0), (3, 60), (0.05, 0.95)
LARGEST_PLACE_PX = 1_000_000


class ShapeKind(StrEnum):
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LINE = "line"
    POLYGON = "polygon"
    STAR = "star"


class Arrows(StrEnum):
    """Which ends of a line have heads."""

    NONE = "none"
    END = "end"
    START = "start"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class ShapeStyle:
    """How a shape is drawn. Image pixels; colours as "#rrggbb". A line is always stroked and never filled.

    `inner` is how far the inner corners of a star are from its middle, as a share of the outer ones.
    """

    kind: ShapeKind = ShapeKind.RECTANGLE
    fills: bool = True
    fill: str = "#3b6fb6"
    strokes: bool = False
    stroke: str = "#000000"
    stroke_px: float = 4.0
    radius_px: float = 0.0
    sides: int = 5
    inner: float = 0.5
    arrows: Arrows = Arrows.NONE

    @property
    def is_line(self) -> bool:
        return self.kind is ShapeKind.LINE

    @property
    def has_fill(self) -> bool:
        return self.fills and not self.is_line

    @property
    def has_stroke(self) -> bool:
        return self.strokes or self.is_line


@dataclass(frozen=True, slots=True)
class ShapeContent:
    """What the pixels of a shape layer were made of: opposite corners of its box, or the ends of a line.

    All lengths are those before `affine`, which the shape is drawn through, its lines too. `bounds` is where the pixels
    lay when they were made: so far the layer has been moved since.
    """

    style: ShapeStyle = ShapeStyle()
    x1: float = 0.0
    y1: float = 0.0
    x2: float = 0.0
    y2: float = 0.0
    bounds: Rect = EMPTY_RECT
    affine: Affine = IDENTITY

    @property
    def start(self) -> Point:
        return Point(self.x1, self.y1)

    @property
    def end(self) -> Point:
        return Point(self.x2, self.y2)

    def between(self, start: Point, end: Point) -> ShapeContent:
        return replace(self, x1=start.x, y1=start.y, x2=end.x, y2=end.y)

    def transformed(self, affine: Affine) -> ShapeContent:
        """Drawn through one more map; where its pixels lie is not known then."""
        if affine.only_moves:
            return replace(self.moved(affine.x0, affine.y0), bounds=EMPTY_RECT)
        return replace(self, affine=self.affine.then(affine), bounds=EMPTY_RECT)

    def moved(self, dx: float, dy: float) -> ShapeContent:
        if self.affine != IDENTITY:
            return replace(self, affine=self.affine.moved(dx, dy))
        return self.between(self.start.translated(dx, dy), self.end.translated(dx, dy))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return min(self.x1, self.x2), min(self.y1, self.y2), max(self.x1, self.x2), max(self.y1, self.y2)

    def reach(self) -> Rect:
        """A rectangle that everything drawn lies in."""
        margin = 1.0
        if self.style.has_stroke:
            margin += self.style.stroke_px / 2 * MITRE_REACH
            if self.style.is_line and self.style.arrows is not Arrows.NONE:
                margin = max(margin, arrow_px(self.style) + 1)
        left, top, right, bottom = self.box
        return self.affine.bounds(left - margin, top - margin, right + margin, bottom + margin)


def corners_of(content: ShapeContent) -> list[Point]:
    """The corners of a polygon or star in the ellipse of its box, clockwise from the top."""
    left, top, right, bottom = content.box
    middle_x, middle_y, a, b = (left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2
    is_star = content.style.kind is ShapeKind.STAR
    count = content.style.sides * (2 if is_star else 1)
    corners = []
    for number in range(count):
        turn = 2 * math.pi * number / count
        share = content.style.inner if is_star and number % 2 else 1.0
        corners.append(Point(middle_x + a * share * math.sin(turn), middle_y - b * share * math.cos(turn)))
    return corners


def arrow_px(style: ShapeStyle) -> float:
    """How long an arrow head is; it is as wide."""
    return max(style.stroke_px * ARROW_WIDTHS, LEAST_ARROW_PX)


def checked_shape(content: ShapeContent) -> ShapeContent:
    """The same content. UserError says what of it cannot be."""
    style = content.style
    limits: Mapping[str, tuple[float, tuple[float, float]]] = {
        "width": (style.stroke_px, WIDTHS_PX),
        "radius": (style.radius_px, RADII_PX),
        "sides": (style.sides, SIDES),
        "inner": (style.inner, INNERS),
        **{name: (getattr(content, name), (-LARGEST_PLACE_PX, LARGEST_PLACE_PX)) for name in ("x1", "y1", "x2", "y2")},
    }
    for name, (value, (least, most)) in limits.items():
        if not (math.isfinite(value) and least <= value <= most):
            raise UserError("text.bad_value", name=name, wanted=f"a number from {least:g} to {most:g}", value=value)
    color_of_text(style.fill)
    color_of_text(style.stroke)
    if not content.affine.is_sound:
        raise UserError("text.bad_transform")
    if not (style.has_fill or style.has_stroke):
        raise UserError("shape.invisible")
    return content
