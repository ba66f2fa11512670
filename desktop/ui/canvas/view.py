"""Where the picture lies in the view: zoom and offset in device pixels. Pure geometry, no widget."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from desktop.core.geometry import Point, Rect, Size

MIN_ZOOM, MAX_ZOOM = 1 / 128, 64.0
ZOOM_STEPS = tuple(
    sorted(
        {
            1 / 64,
            1 / 32,
            1 / 16,
            1 / 12,
            1 / 8,
            1 / 6,
            1 / 4,
            1 / 3,
            1 / 2,
            2 / 3,
            1,
            1.5,
            2,
            3,
            4,
            6,
            8,
            12,
            16,
            32,
            64,
        }
    )
)
FIT_MARGIN_PX = 24
NEAREST_FROM = 2.0  # from 200 % on, pixels are shown as squares


@dataclass(frozen=True, slots=True)
class View:
    """`zoom` device pixels per image pixel; the image's corner is at (left, top) device pixels of the view."""

    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @staticmethod
    def fitted(image: Size, view: Size, margin_px: float = FIT_MARGIN_PX) -> View:
        """The whole image in the middle; never larger than 100 %."""
        room = (max(view.width - 2 * margin_px, 16), max(view.height - 2 * margin_px, 16))
        zoom = min(room[0] / image.width, room[1] / image.height, 1.0)
        return View(max(zoom, MIN_ZOOM)).centered(image, view)

    def centered(self, image: Size, view: Size) -> View:
        return replace(
            self,
            left=float(round((view.width - image.width * self.zoom) / 2)),
            top=float(round((view.height - image.height * self.zoom) / 2)),
        )

    def view_to_image(self, x: float, y: float) -> Point:
        return Point((x - self.left) / self.zoom, (y - self.top) / self.zoom)

    def image_to_view(self, point: Point) -> tuple[float, float]:
        return point.x * self.zoom + self.left, point.y * self.zoom + self.top

    def panned(self, dx: float, dy: float) -> View:
        """Whole device pixels, so that 100 % stays sharp."""
        return replace(self, left=float(round(self.left + dx)), top=float(round(self.top + dy)))

    def zoomed_at(self, x: float, y: float, zoom: float) -> View:
        """Another zoom with the image point under (x, y) held in place."""
        zoom = min(max(zoom, MIN_ZOOM), MAX_ZOOM)
        anchor = self.view_to_image(x, y)
        return View(zoom, float(round(x - anchor.x * zoom)), float(round(y - anchor.y * zoom)))

    def kept_in_sight(self, image: Size, view: Size) -> View:
        """Moved as little as needed for a quarter of the view, or of the image, to stay visible."""
        keep_x = min(view.width, image.width * self.zoom) / 4
        keep_y = min(view.height, image.height * self.zoom) / 4
        left = min(max(self.left, keep_x - image.width * self.zoom), view.width - keep_x)
        top = min(max(self.top, keep_y - image.height * self.zoom), view.height - keep_y)
        return replace(self, left=float(round(left)), top=float(round(top)))

    def level(self) -> int:
        """The mip level to draw from: the smallest that is not shown enlarged."""
        return 0 if self.zoom >= 1 else max(0, math.floor(math.log2(1 / self.zoom) + 1e-9))

    def rect_in_view(self, rect: Rect) -> tuple[float, float, float, float]:
        """Left, top, width, height of image pixels in device pixels."""
        left, top = self.image_to_view(Point(rect.x, rect.y))
        return left, top, rect.width * self.zoom, rect.height * self.zoom

    def rect_in_image(self, left: float, top: float, right: float, bottom: float) -> Rect:
        """The image pixels that a rectangle of the view touches."""
        start, end = self.view_to_image(left, top), self.view_to_image(right, bottom)
        return Rect.from_edges(math.floor(start.x), math.floor(start.y), math.ceil(end.x), math.ceil(end.y))


def next_zoom(zoom: float, direction: int) -> float:
    """The next round zoom in (+1) or out (-1)."""
    if direction > 0:
        return next((step for step in ZOOM_STEPS if step > zoom * 1.01), MAX_ZOOM)
    return next((step for step in reversed(ZOOM_STEPS) if step < zoom * 0.99), MIN_ZOOM)
