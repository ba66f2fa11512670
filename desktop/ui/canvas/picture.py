"""The visible picture: gathers the compositor's tiles of one level and draws them without seams.

Tiles that are not at hand are composited in threads; far levels, which need many, are put together in short slices
between events, so nothing blocks.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPolygonF, QTransform

from desktop.core.color import Rgba8
from desktop.core.compositor import AT_ONCE_S, Compositor
from desktop.core.edits import OpenDocument
from desktop.core.geometry import EMPTY_RECT, Rect, Size
from desktop.core.layers import LayerId
from desktop.core.tile_jobs import MOST_AT_ONCE
from desktop.core.tile_pyramid import ViewKey
from desktop.core.tiles import TILE, TileKey, tiles_touched
from desktop.ui.canvas.screen_tiles import ScreenTiles
from desktop.ui.canvas.view import NEAREST_FROM, View

FRAME_WORK_S = 0.008  # of the pointer and the compositor together: half a frame, painting it is the other
LEAST_AT_ONCE_S = 0.001
SLICE_MS = 5.0  # work between two events: a third of a frame
PAINT_MS = 4.0  # tiles halved while painting a frame; the rest comes in slices
CHECKER_PX = 8
QUARTER_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, -90: cv2.ROTATE_90_COUNTERCLOCKWISE}
MARGIN_PX = 2  # neighbours that smooth scaling looks at


def wrapped_image(pixels: Rgba8) -> QImage:
    """A QImage over premultiplied BGRA memory that numpy owns; keep the array as long as the image."""
    height, width = pixels.shape[:2]
    assert pixels.flags.c_contiguous
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)


class Picture:
    """One document as the canvas shows it."""

    def __init__(self, open_document: OpenDocument) -> None:
        self._document = open_document
        self._compositor = Compositor(open_document)
        self._screen = ScreenTiles()
        self._work: Iterator[Rect | None] | None = None
        self._left: deque[TileKey] = deque()  # of the work
        self._work_key: tuple[int, tuple[TileKey, ...]] = (0, ())
        self._holes: set[ViewKey] = set()  # painted without their tiles; whoever makes those, they are to be painted

    @property
    def size(self) -> Size:
        return self._document.shown.size

    def close(self) -> None:
        self._compositor.close()

    def set_screen_profile(self, profile: bytes | None) -> None:
        """The colours to convert to while drawing; None leaves them as they are."""
        self._screen.set_screen(profile)

    def set_active_layer(self, layer_id: LayerId | None) -> None:
        self._compositor.set_active_layer(layer_id)

    @property
    def is_stale(self) -> bool:
        """True while parts still show what was there before a change."""
        return self._compositor.is_stale

    def refresh(self, visible: Rect, *, spent_s: float = 0.0) -> list[Rect]:
        """Shows what changed as far as it is composited by now; returns where, in image pixels.

        What the frame took until now is taken off what is composited at once; without an edit the threads do most.
        """
        wish = AT_ONCE_S if self._document.is_editing else AT_ONCE_S / 2
        at_once_s = min(max(FRAME_WORK_S - spent_s, LEAST_AT_ONCE_S), wish)
        changed = self._compositor.refresh_soon(first=visible, at_once_s=at_once_s)
        for rect in changed:
            self._screen.update(rect)
        return changed

    def draw(self, painter: QPainter, view: View, left: int, top: int, right: int, bottom: int) -> bool:
        """Draws the device pixels of a rectangle of the view. False when some tiles are still to come."""
        level = view.level()
        step = 1 << level
        shown = view.rect_in_image(left, top, right, bottom).intersect(self.size.rect())
        if shown.is_empty:
            return True
        size = Size(-(-self.size.width // step), -(-self.size.height // step))
        source = Rect.from_edges(
            shown.left // step - MARGIN_PX,
            shown.top // step - MARGIN_PX,
            -(-shown.right // step) + MARGIN_PX,
            -(-shown.bottom // step) + MARGIN_PX,
        ).intersect(size.rect())
        pixels, missing = self._gathered(level, source)
        self._holes.update((level, *key) for key in missing)
        place = Rect(source.x * step, source.y * step, source.width * step, source.height * step)
        draw_pixels(painter, view, pixels, place, within=self.size.rect())
        return not missing

    def pixels(self, rect: Rect) -> Rgba8:
        """Premultiplied BGRA of image pixels inside the picture, as they are shown now."""
        return self._gathered(0, rect)[0]

    def work_slice(self, view: View, visible: Rect) -> tuple[Rect, bool]:
        """Puts missing tiles together for a few milliseconds; returns what became ready and whether all is there.

        What is ready is empty when there is nothing to do before the threads have made more.
        """
        level = view.level()
        keys = tuple(key for key, _ in tiles_touched(_at_level(visible.intersect(self.size.rect()), level)))
        wanted = {(level, *key) for key in keys}
        if self._work is None or self._work_key != (level, keys):
            self._left = deque(keys)
            self._holes &= wanted
            self._work, self._work_key = self._missing(level, self._left), (level, keys)
        self._request(level, self._left)
        ready = EMPTY_RECT
        stop = time.perf_counter() + SLICE_MS / 1000
        for rect in self._work:
            if rect is not None:
                ready = ready.union(rect)
            if rect is None or time.perf_counter() > stop:
                return ready, False
        self._work = None
        return ready, self._holes.isdisjoint(wanted)

    def overview(self, side_px: int, budget_s: float) -> Rgba8 | None:
        """The whole picture at the first level that is no larger; None while tiles are missing when the time is up."""
        level, size = 0, self.size
        while max(size.width, size.height) > side_px:
            level += 1
            size = Size(-(-self.size.width >> level), -(-self.size.height >> level))
        stop = time.perf_counter() + budget_s
        left = deque(key for key, _ in tiles_touched(size.rect()))
        self._request(level, left)
        for rect in self._missing(level, left):
            if rect is None or time.perf_counter() > stop:
                return None
        pixels, missing = self._gathered(level, size.rect())
        return None if missing else pixels

    def _gathered(self, level: int, source: Rect) -> tuple[Rgba8, list[TileKey]]:
        """The pixels of a rectangle at a level, and the tiles that would take too long: those stay transparent."""
        pixels = np.empty((source.height, source.width, 4), np.uint8)
        stop = time.perf_counter() + PAINT_MS / 1000
        self._screen.set_document(self._document.shown.icc_profile)
        touched = list(tiles_touched(source))
        if level == 0:
            self._compositor.prepare_quick([key for key, _ in touched])
        missing: list[TileKey] = []
        for (column, row), part in touched:
            place = pixels[part.top - source.y : part.bottom - source.y, part.left - source.x : part.right - source.x]
            is_late = time.perf_counter() > stop or not self._has_children(level, column, row)
            if is_late and not self._compositor.has_tile(level, column, row):
                place[:] = 0
                missing.append((column, row))
                continue
            tile = self._compositor.tile(level, column, row)
            if time.perf_counter() > stop and not self._screen.is_ready((level, column, row), tile):
                place[:] = 0
                missing.append((column, row))
                continue
            tile = self._screen.shown((level, column, row), tile)
            x, y = part.left - column * TILE, part.top - row * TILE
            place[:] = tile[y : y + part.height, x : x + part.width]
        return pixels, missing

    def _has_children(self, level: int, column: int, row: int) -> bool:
        if level == 0:
            return False
        return all(self._compositor.has_tile(level - 1, *child) for child in self._children(level, column, row))

    def _children(self, level: int, column: int, row: int) -> list[TileKey]:
        """The tiles one level down that lie inside the picture."""
        step = TILE << (level - 1)
        return [
            (column * 2 + dx, row * 2 + dy)
            for dy in (0, 1)
            for dx in (0, 1)
            if (column * 2 + dx) * step < self.size.width and (row * 2 + dy) * step < self.size.height
        ]

    def _request(self, level: int, keys: Iterable[TileKey]) -> None:
        """Has the threads make level-0 tiles that the tiles of a level need."""
        needed = itertools.chain.from_iterable(self._needed(level, key) for key in keys)
        self._compositor.request(itertools.islice(needed, MOST_AT_ONCE))

    def _needed(self, level: int, key: TileKey) -> Iterator[TileKey]:
        if self._compositor.has_tile(level, *key):
            return
        if level == 0:
            yield key
            return
        for child in self._children(level, *key):
            yield from self._needed(level - 1, child)

    def _missing(self, level: int, left: deque[TileKey]) -> Iterator[Rect | None]:
        """Makes the tiles one after the other: yields each one's rectangle, an empty one on the way, None to wait."""
        side = TILE << level
        while left:
            key = (level, *left[0])
            is_new = not self._compositor.has_tile(*key)
            if is_new:
                yield from self._made(level, left[0])
            tile = self._compositor.tile(*key)
            if not self._screen.is_ready(key, tile):
                self._screen.shown(key, tile)
                is_new = True
            if is_new or key in self._holes:  # the threads may have made it, or somebody else who looked
                self._holes.discard(key)
                yield Rect(key[1] * side, key[2] * side, side, side)
            left.popleft()

    def _made(self, level: int, key: TileKey) -> Iterator[Rect | None]:
        while level == 0 and not self._compositor.has_tile(0, *key):
            self._compositor.request([key])
            yield None
        if self._compositor.has_tile(level, *key):
            return
        for child in self._children(level, *key):
            yield from self._made(level - 1, child)
        self._compositor.tile(level, *key)
        yield EMPTY_RECT


def draw_pixels(painter: QPainter, view: View, pixels: Rgba8, place: Rect, *, within: Rect) -> None:
    """Premultiplied BGRA where `place` (image pixels) lies in the view, cut off at `within` if the view lies aslant.

    Squares of pixels from 200 % on, filtered below; 100 % in quarter turns is exact.
    """
    scale = view.zoom * place.width / pixels.shape[1]
    if view.is_square:
        is_smooth = abs(scale - 1) > 1e-6 and view.zoom < NEAREST_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        painter.drawImage(QRectF(*view.rect_in_view(place)), wrapped_image(_oriented(pixels, view)))
        return
    if view.zoom >= NEAREST_FROM:  # enlarged first, then filtered: squares with smooth edges
        times = math.ceil(scale)
        pixels = np.repeat(np.repeat(pixels, times, axis=0), times, axis=1)
    shown = place.intersect(within)
    sharp = pixels.shape[1] / place.width
    painter.save()
    painter.setTransform(QTransform(*view.matrix()), True)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    part = QRectF((shown.x - place.x) * sharp, (shown.y - place.y) * sharp, shown.width * sharp, shown.height * sharp)
    painter.drawImage(QRectF(shown.x, shown.y, shown.width, shown.height), wrapped_image(pixels), part)
    painter.restore()


def _oriented(pixels: Rgba8, view: View) -> Rgba8:
    """Mirrored and turned in quarters as the view is."""
    if view.is_upright:
        return pixels
    mirrored = cv2.flip(pixels, 1) if view.flipped else pixels
    turn = QUARTER_TURNS.get(round(view.rotation))
    return mirrored if turn is None else cv2.rotate(mirrored, turn)


def draw_checkerboard(painter: QPainter, area: QRectF, light: str, dark: str) -> None:
    """Squares that stay put on the screen, in device pixels, where the picture is transparent."""
    painter.fillRect(area, QBrush(_checker(light, dark)))


def draw_canvas_ground(painter: QPainter, area: QRectF, view: View, size: Size, shades: tuple[str, str]) -> None:
    """The checkerboard of the part of the canvas that lies in an area of the view."""
    if view.is_square:
        draw_checkerboard(painter, area.intersected(QRectF(*view.rect_in_view(size.rect()))), *shades)
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(_checker(*shades)))
    painter.drawPolygon(canvas_polygon(view, size))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def canvas_polygon(view: View, size: Size) -> QPolygonF:
    """The canvas in device pixels."""
    return QPolygonF([QPointF(x, y) for x, y in view.corners_in_view(size.rect())])


@cache
def _checker(light: str, dark: str) -> QImage:
    side = CHECKER_PX * 2
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor(light))
    painter = QPainter(image)
    painter.fillRect(0, 0, CHECKER_PX, CHECKER_PX, QColor(dark))
    painter.fillRect(CHECKER_PX, CHECKER_PX, CHECKER_PX, CHECKER_PX, QColor(dark))
    painter.end()
    return image


def _at_level(rect: Rect, level: int) -> Rect:
    return Rect.from_edges(rect.left >> level, rect.top >> level, -(-rect.right >> level), -(-rect.bottom >> level))
