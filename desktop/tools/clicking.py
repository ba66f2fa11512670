"""Pointing at an object: clicks in and outside it, a box around it, rough strokes over it, until another is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.geometry import Point, Rect, Size
from desktop.tools.gestures import Gesture, Modifier, PointerEvent

LEAST_BOX_SCREEN_PX = 6.0  # what moves less is a click
STROKE_RADIUS_SCREEN_PX = 10.0
CLICKS_OF_STROKE = 5
MASK_PX = 1024  # the longer side of a rough mask: networks see less
NO_POINT, OUTSIDE, INSIDE, CORNER, OTHER_CORNER = -1, 0, 1, 2, 3  # as `runner.Request` wants them


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line painted roughly over what is meant, or over what is not; in image pixels."""

    points: tuple[Point, ...]
    radius_px: float
    inside: bool

    def clicks(self) -> list[tuple[float, float, int]]:
        """Some places along the line, for networks that know nothing but clicks."""
        places = np.linspace(0, len(self.points) - 1, min(CLICKS_OF_STROKE, len(self.points))).round().astype(int)
        label = INSIDE if self.inside else OUTSIDE
        return [(self.points[place].x, self.points[place].y, label) for place in dict.fromkeys(places.tolist())]


@dataclass(frozen=True, slots=True)
class Clicks:
    """(x, y, label) in image pixels, oldest first, at most one box, and strokes, oldest first."""

    points: tuple[tuple[float, float, int], ...] = ()
    box: Rect | None = None
    strokes: tuple[Stroke, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.points and self.box is None and not self.strokes

    def with_point(self, point: Point, *, inside: bool) -> Clicks:
        return replace(self, points=(*self.points, (point.x, point.y, INSIDE if inside else OUTSIDE)))

    def with_box(self, box: Rect) -> Clicks:
        return replace(self, box=box)

    def with_stroke(self, stroke: Stroke) -> Clicks:
        return replace(self, strokes=(*self.strokes, stroke))

    def one_less(self) -> Clicks:
        """Without the last click; without clicks, the last stroke; without either, nothing."""
        if self.points:
            return replace(self, points=self.points[:-1])
        return replace(self, strokes=self.strokes[:-1]) if self.strokes else Clicks()

    def as_array(self, *, takes_mask: bool = True) -> npt.NDArray[np.float32]:
        """(N, 3): what a request takes; a box is two of its corners, a stroke some clicks unless a mask is taken."""
        rows: list[tuple[float, float, int]] = list(self.points)
        for stroke in self.strokes:
            rows += [] if takes_mask and stroke.inside else stroke.clicks()
        if self.box is not None:
            rows += [(self.box.left, self.box.top, CORNER), (self.box.right, self.box.bottom, OTHER_CORNER)]
        return np.array(rows or [(0, 0, NO_POINT)], np.float32)

    def rough_mask(self, size: Size) -> npt.NDArray[np.uint8] | None:
        """(h, w): what the strokes cover, in the picture's proportions; None without a stroke over what is meant."""
        if not any(stroke.inside for stroke in self.strokes):
            return None
        share = min(MASK_PX / max(size.width, size.height), 1.0)
        mask = np.zeros((max(round(size.height * share), 1), max(round(size.width * share), 1)), np.uint8)
        for stroke in self.strokes:
            line = np.rint([(point.x * share, point.y * share) for point in stroke.points]).astype(np.int32)
            width = max(round(2 * stroke.radius_px * share), 1)
            cv2.polylines(mask, [line], False, 255 if stroke.inside else 0, width, cv2.LINE_AA)
        return mask


def point_at(
    size: Size,
    clicks: Clicks,
    take: Callable[[Clicks], None],
    show: Callable[[Rect | Stroke | None], None],
    screen_px: float,
) -> Gesture:
    """A click adds a point (outside the object with Alt), a drag a box for the last one, with Shift a rough stroke.

    `screen_px`: a pixel of the screen, in pixels of the image.
    """
    event = yield
    start, inside = event.point, Modifier.ALT not in event.modifiers
    if Modifier.SHIFT in event.modifiers:
        yield from _painted(event, clicks, take, show, STROKE_RADIUS_SCREEN_PX * screen_px)
        return
    least_box_px = LEAST_BOX_SCREEN_PX * screen_px
    try:
        while event.pressed:
            show(_box(start, event.point, size) if _is_drag(start, event.point, least_box_px) else None)
            event = yield
    finally:
        show(None)
    if _is_drag(start, event.point, least_box_px):
        box = _box(start, event.point, size)
        if not box.is_empty:
            take(clicks.with_box(box))
    elif 0 <= start.x < size.width and 0 <= start.y < size.height:
        take(clicks.with_point(start, inside=inside))


def _painted(
    event: PointerEvent,
    clicks: Clicks,
    take: Callable[[Clicks], None],
    show: Callable[[Rect | Stroke | None], None],
    radius_px: float,
) -> Gesture:
    inside, points = Modifier.ALT not in event.modifiers, [event.point]
    try:
        while event.pressed:
            show(Stroke(tuple(points), radius_px, inside))
            event = yield
            if event.point != points[-1]:
                points.append(event.point)
    finally:
        show(None)
    take(clicks.with_stroke(Stroke(tuple(points), radius_px, inside)))


def _is_drag(start: Point, end: Point, least_px: float) -> bool:
    return max(abs(end.x - start.x), abs(end.y - start.y)) >= least_px


def _box(start: Point, end: Point, size: Size) -> Rect:
    (left, right), (top, bottom) = sorted((start.x, end.x)), sorted((start.y, end.y))
    return Rect.from_edges(round(left), round(top), round(right), round(bottom)).intersect(size.rect())
