"""Pointing at an object: clicks inside and outside it, a box around it, gathered until another object is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from desktop.core.geometry import Point, Rect, Size
from desktop.tools.gestures import Gesture, Modifier

OUTSIDE, INSIDE, CORNER, OTHER_CORNER = 0, 1, 2, 3  # as `runner.Request` wants them


@dataclass(frozen=True, slots=True)
class Clicks:
    """(x, y, label) in image pixels, oldest first, and at most one box."""

    points: tuple[tuple[float, float, int], ...] = ()
    box: Rect | None = None

    @property
    def is_empty(self) -> bool:
        return not self.points and self.box is None

    def with_point(self, point: Point, *, inside: bool) -> Clicks:
        return Clicks((*self.points, (point.x, point.y, INSIDE if inside else OUTSIDE)), self.box)

    def with_box(self, box: Rect) -> Clicks:
        return Clicks(self.points, box)

    def as_array(self) -> npt.NDArray[np.float32]:
        """(N, 3): what a request takes; a box is two of its corners."""
        rows: list[tuple[float, float, int]] = list(self.points)
        if self.box is not None:
            rows += [(self.box.left, self.box.top, CORNER), (self.box.right, self.box.bottom, OTHER_CORNER)]
        return np.array(rows, np.float32).reshape(-1, 3)


def point_at(
    size: Size,
    clicks: Clicks,
    take: Callable[[Clicks], None],
    show_box: Callable[[Rect | None], None],
    least_box_px: float,
) -> Gesture:
    """A click adds a point (outside the object with Alt), a drag of `least_box_px` or more a box for the last one."""
    event = yield
    start, inside = event.point, Modifier.ALT not in event.modifiers
    try:
        while event.pressed:
            show_box(_box(start, event.point, size) if _is_drag(start, event.point, least_box_px) else None)
            event = yield
    finally:
        show_box(None)
    if _is_drag(start, event.point, least_box_px):
        box = _box(start, event.point, size)
        if not box.is_empty:
            take(clicks.with_box(box))
    elif 0 <= start.x < size.width and 0 <= start.y < size.height:
        take(clicks.with_point(start, inside=inside))


def _is_drag(start: Point, end: Point, least_px: float) -> bool:
    return max(abs(end.x - start.x), abs(end.y - start.y)) >= least_px


def _box(start: Point, end: Point, size: Size) -> Rect:
    (left, right), (top, bottom) = sorted((start.x, end.x)), sorted((start.y, end.y))
    return Rect.from_edges(round(left), round(top), round(right), round(bottom)).intersect(size.rect())
