"""Points, sizes and rectangles in image pixels; y points down, right and bottom edges are exclusive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A position in image pixels; (0.5, 0.5) is the centre of the first pixel."""

    x: float
    y: float

    def translated(self, dx: float, dy: float) -> Point:
        return Point(self.x + dx, self.y + dy)


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        return self.width <= 0 or self.height <= 0

    def rect(self) -> Rect:
        return Rect(0, 0, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Rect:
    x: int
    y: int
    width: int
    height: int

    @staticmethod
    def from_edges(left: int, top: int, right: int, bottom: int) -> Rect:
        """The rectangle between four edges; empty when they cross."""
        if right <= left or bottom <= top:
            return EMPTY_RECT
        return Rect(left, top, right - left, bottom - top)

    @property
    def left(self) -> int:
        return self.x

    @property
    def top(self) -> int:
        return self.y

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def area(self) -> int:
        return 0 if self.is_empty else self.width * self.height

    @property
    def is_empty(self) -> bool:
        return self.width <= 0 or self.height <= 0

    # The next two run some thousand times a frame: they go without properties, and make no second rectangle alike.

    def intersect(self, other: Rect) -> Rect:
        x, y, other_x, other_y = self.x, self.y, other.x, other.y
        right, bottom, other_right, other_bottom = (
            x + self.width,
            y + self.height,
            other_x + other.width,
            other_y + other.height,
        )
        if x >= other_x and y >= other_y and right <= other_right and bottom <= other_bottom:
            return self if right > x and bottom > y else EMPTY_RECT
        left, top = (x if x > other_x else other_x), (y if y > other_y else other_y)
        right, bottom = (
            (right if right < other_right else other_right),
            (bottom if bottom < other_bottom else other_bottom),
        )
        if right <= left or bottom <= top:
            return EMPTY_RECT
        return Rect(left, top, right - left, bottom - top)

    def union(self, other: Rect) -> Rect:
        """The smallest rectangle around both; an empty one does not count."""
        x, y, width, height = self.x, self.y, self.width, self.height
        if width <= 0 or height <= 0:
            return other
        other_x, other_y, other_width, other_height = other.x, other.y, other.width, other.height
        if other_width <= 0 or other_height <= 0:
            return self
        right, bottom, other_right, other_bottom = x + width, y + height, other_x + other_width, other_y + other_height
        if x <= other_x and y <= other_y and right >= other_right and bottom >= other_bottom:
            return self
        left, top = (x if x < other_x else other_x), (y if y < other_y else other_y)
        return Rect(left, top, max(right, other_right) - left, max(bottom, other_bottom) - top)

    def translated(self, dx: int, dy: int) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def expanded(self, margin: int) -> Rect:
        return Rect.from_edges(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def contains(self, other: Rect) -> bool:
        return other.is_empty or self.intersect(other) == other

    def contains_point(self, point: Point) -> bool:
        return self.left <= point.x < self.right and self.top <= point.y < self.bottom


EMPTY_RECT = Rect(0, 0, 0, 0)


def union_of(rects: Iterable[Rect]) -> Rect:
    """The smallest rectangle around all of them."""
    result = EMPTY_RECT
    for rect in rects:
        result = result.union(rect)
    return result


def rest_of(rect: Rect, hole: Rect) -> list[Rect]:
    """What is left of a rectangle without another: at most four rectangles that do not overlap."""
    inside = rect.intersect(hole)
    if inside.is_empty:
        return [] if rect.is_empty else [rect]
    parts = (
        Rect.from_edges(rect.left, rect.top, rect.right, inside.top),
        Rect.from_edges(rect.left, inside.bottom, rect.right, rect.bottom),
        Rect.from_edges(rect.left, inside.top, inside.left, inside.bottom),
        Rect.from_edges(inside.right, inside.top, rect.right, inside.bottom),
    )
    return [part for part in parts if not part.is_empty]
