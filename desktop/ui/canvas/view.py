"""Where the picture lies in the view: zoom, rotation, mirroring, offset in device pixels. Pure geometry, no widget."""

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
_QUARTERS = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), -90.0: (0.0, -1.0)}  # cosine and sine


@dataclass(frozen=True, slots=True)
class View:
    """`zoom` device pixels per image pixel; the image's first corner is at (left, top) device pixels of the view.

    Around that corner the image is mirrored left-right if `flipped`, then turned clockwise by `rotation` degrees,
    -180 < rotation <= 180. Only what is shown turns, never the document.
    """

    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0
    rotation: float = 0.0
    flipped: bool = False

    @staticmethod
    def fitted(
        image: Size, view: Size, margin_px: float = FIT_MARGIN_PX, *, rotation: float = 0.0, flipped: bool = False
    ) -> View:
        """The whole image in the middle; never larger than 100 %."""
        turned = View(1.0, rotation=rotation, flipped=flipped)
        _, _, width, height = turned.rect_in_view(image.rect())
        room = (max(view.width - 2 * margin_px, 16), max(view.height - 2 * margin_px, 16))
        zoom = min(room[0] / width, room[1] / height, 1.0)
        return replace(turned, zoom=max(zoom, MIN_ZOOM)).centered(image, view)

    # how it is turned

    @property
    def is_upright(self) -> bool:
        """Neither turned nor mirrored."""
        return self.rotation == 0 and not self.flipped

    @property
    def is_square(self) -> bool:
        """Rows and columns of the image run along those of the screen."""
        return self.rotation % 90 == 0

    def turned_at(self, x: float, y: float, rotation: float) -> View:
        """Another rotation with the image point under (x, y) held in place."""
        return self.scaled(self.zoom, rotation).holding(self.view_to_image(x, y), x, y)

    def mirrored_at(self, x: float) -> View:
        """What is shown, mirrored left-right at the device column x."""
        mirrored = replace(self, rotation=_normalized(-self.rotation), flipped=not self.flipped)
        return mirrored._at(2 * x - self.left, self.top)

    # points and directions

    def matrix(self) -> tuple[float, float, float, float, float, float]:
        """x' = a x + c y + e, y' = b x + d y + f from the image to the view as (a, b, c, d, e, f), as QTransform."""
        cos, sin = _cos_sin(self.rotation)
        across = -self.zoom if self.flipped else self.zoom
        return across * cos, across * sin, -self.zoom * sin, self.zoom * cos, self.left, self.top

    def view_to_image(self, x: float, y: float) -> Point:
        return Point(*self.direction_to_image(x - self.left, y - self.top))

    def image_to_view(self, point: Point) -> tuple[float, float]:
        a, b, c, d, left, top = self.matrix()
        return a * point.x + c * point.y + left, b * point.x + d * point.y + top

    def direction_to_image(self, dx: float, dy: float) -> tuple[float, float]:
        """A step of the view, in device pixels, as a step of the image."""
        cos, sin = _cos_sin(self.rotation)
        across, down = (dx * cos + dy * sin) / self.zoom, (dy * cos - dx * sin) / self.zoom
        return (-across if self.flipped else across), down

    def direction_to_view(self, dx: float, dy: float) -> tuple[float, float]:
        a, b, c, d, _, _ = self.matrix()
        return a * dx + c * dy, b * dx + d * dy

    def angle_in_image(self, degrees: float) -> float:
        """A clockwise angle on the screen as one of the image."""
        turned = degrees - self.rotation
        return -turned if self.flipped else turned

    def axis_in_image(self, dx: int, dy: int) -> tuple[int, int]:
        """The axis of the image that lies nearest to one of the screen: where an arrow key points."""
        across, down = self.direction_to_image(dx, dy)
        if abs(across) >= abs(down):
            return (1 if across > 0 else -1), 0
        return 0, (1 if down > 0 else -1)

    # moving

    def centered(self, image: Size, view: Size) -> View:
        left, top, width, height = self.rect_in_view(image.rect())
        return self._at(self.left - left + (view.width - width) / 2, self.top - top + (view.height - height) / 2)

    def panned(self, dx: float, dy: float) -> View:
        return self._at(self.left + dx, self.top + dy)

    def zoomed_at(self, x: float, y: float, zoom: float) -> View:
        """Another zoom with the image point under (x, y) held in place."""
        return self.scaled(zoom, self.rotation).holding(self.view_to_image(x, y), x, y)

    def scaled(self, zoom: float, rotation: float) -> View:
        """Another zoom and rotation about the image's first corner."""
        return replace(self, zoom=min(max(zoom, MIN_ZOOM), MAX_ZOOM), rotation=_normalized(rotation))

    def holding(self, anchor: Point, x: float, y: float) -> View:
        """Moved so that an image point lies at (x, y)."""
        dx, dy = self.direction_to_view(anchor.x, anchor.y)
        return self._at(x - dx, y - dy)

    def kept_in_sight(self, image: Size, view: Size) -> View:
        """Moved as little as needed for a quarter of the view, or of the image, to stay visible."""
        left, top, _, _ = self.rect_in_view(image.rect())
        (least_x, most_x), (least_y, most_y) = self.places_in_sight(image, view)
        dx, dy = min(max(left, least_x), most_x) - left, min(max(top, least_y), most_y) - top
        return self if dx == dy == 0 else self._at(self.left + dx, self.top + dy)

    def places_in_sight(self, image: Size, view: Size) -> tuple[tuple[float, float], tuple[float, float]]:
        """Least and most of the left edge, then of the upper one, of the rectangle around the image."""
        _, _, width, height = self.rect_in_view(image.rect())
        keep_x, keep_y = min(view.width, width) / 4, min(view.height, height) / 4
        return (keep_x - width, view.width - keep_x), (keep_y - height, view.height - keep_y)

    # rectangles

    def level(self) -> int:
        """The mip level to draw from: the smallest that is not shown enlarged."""
        return 0 if self.zoom >= 1 else max(0, math.floor(math.log2(1 / self.zoom) + 1e-9))

    def corners_in_view(self, rect: Rect) -> tuple[tuple[float, float], ...]:
        """The four corners of image pixels in device pixels, in order around the rectangle."""
        corners = ((rect.left, rect.top), (rect.right, rect.top), (rect.right, rect.bottom), (rect.left, rect.bottom))
        return tuple(self.image_to_view(Point(x, y)) for x, y in corners)

    def rect_in_view(self, rect: Rect) -> tuple[float, float, float, float]:
        """Left, top, width, height in device pixels of the upright rectangle around image pixels."""
        a, b, c, d, e, f = self.matrix()
        left, top = a * rect.x + c * rect.y + e, b * rect.x + d * rect.y + f
        across, down = (a * rect.width, c * rect.height), (b * rect.width, d * rect.height)
        return (
            left + min(across[0], 0) + min(across[1], 0),
            top + min(down[0], 0) + min(down[1], 0),
            abs(across[0]) + abs(across[1]),
            abs(down[0]) + abs(down[1]),
        )

    def rect_in_image(self, left: float, top: float, right: float, bottom: float) -> Rect:
        """The upright rectangle of image pixels around what a rectangle of the view touches."""
        corners = [self.view_to_image(x, y) for x in (left, right) for y in (top, bottom)]
        columns, rows = [corner.x for corner in corners], [corner.y for corner in corners]
        return Rect.from_edges(
            math.floor(min(columns)), math.floor(min(rows)), math.ceil(max(columns)), math.ceil(max(rows))
        )

    def _at(self, left: float, top: float) -> View:
        """On whole device pixels, so that 100 % stays sharp; a picture turned aslant is not sharp anyway."""
        if self.is_square:
            left, top = float(round(left)), float(round(top))
        return replace(self, left=left, top=top)


def next_zoom(zoom: float, direction: int) -> float:
    """The next round zoom in (+1) or out (-1)."""
    if direction > 0:
        return next((step for step in ZOOM_STEPS if step > zoom * 1.01), MAX_ZOOM)
    return next((step for step in reversed(ZOOM_STEPS) if step < zoom * 0.99), MIN_ZOOM)


def _normalized(degrees: float) -> float:
    """The same direction in -180 < degrees <= 180."""
    return 180.0 - (180.0 - degrees) % 360.0


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Exact for quarter turns."""
    quarter = _QUARTERS.get(degrees)
    return quarter or (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
