"""Small pictures of layers and masks, made from their tiles in a thread; only tiles that changed cost time."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from desktop.core.color import Rgba8, to_depth8
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.layers import Layer, LayerId, RasterLayer
from desktop.core.tiles import TILE, TileMap, tiles_touched
from desktop.tools.painting import Plane
from desktop.ui.background import Background
from desktop.ui.state import EditorState

ThumbKey = tuple[LayerId, Plane]

SAMPLES = 8  # of each side of a thumbnail's pixel: all of a large layer would take 30 ms
AT_ONCE = 8  # thumbnails made between two looks at what is wanted now


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A picture and the tiles it was made of."""

    tiles: TileMap
    canvas: Size
    pixels: Rgba8


class Thumbnails(QObject):
    """The pictures of a document's layers. A missing one is made in a thread; an old one is shown until then."""

    made = Signal()

    def __init__(self, state: EditorState, background: Background, side_px: int, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._background = state, background
        self._side_px = side_px
        self._known: dict[ThumbKey, tuple[Thumbnail, QPixmap]] = {}
        self._wanted: dict[ThumbKey, tuple[TileMap, float]] = {}
        self._round = 0  # answers for a document that is no longer shown are dropped
        self._is_working = False
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._make_wanted)

    def clear(self) -> None:
        self._known.clear()
        self._wanted.clear()
        self._round += 1

    @property
    def is_complete(self) -> bool:
        """True when no picture that was asked for is still to come."""
        return not self._wanted and not self._is_working

    def pixmap(self, layer: Layer, plane: Plane, pixel_ratio: float) -> QPixmap | None:
        document, tiles = self._state.document, _tiles_of(layer, plane)
        if document is None or tiles is None:
            return None
        known = self._known.get((layer.id, plane))
        if known is None or known[0].tiles is not tiles or known[0].canvas != document.size:
            self._wanted[(layer.id, plane)] = (tiles, pixel_ratio)
            self._timer.start()
        return None if known is None else known[1]

    def _make_wanted(self) -> None:
        document, turn = self._state.document, self._round
        if document is None or self._is_working or not self._wanted:
            return
        batch = {key: self._wanted.pop(key) for key in list(self._wanted)[:AT_ONCE]}
        before = {key: self._known[key][0] for key in batch if key in self._known}
        self._is_working = True

        def work() -> dict[ThumbKey, Thumbnail]:
            return {
                key: thumbnail_of(tiles, document.size, round(self._side_px * ratio), before.get(key))
                for key, (tiles, ratio) in batch.items()
            }

        def done(found: dict[ThumbKey, Thumbnail]) -> None:
            self._is_working = False
            if turn == self._round:
                for key, one in found.items():
                    self._known[key] = (one, pixmap_of(one.pixels, batch[key][1]))
                self.made.emit()
            if self._wanted:
                self._timer.start()

        def failed(_error: UserError) -> None:
            done({})

        self._background.run(work, on_done=done, on_error=failed, name="thumbnails")


def thumbnail_of(tiles: TileMap, canvas: Size, side_px: int, before: Thumbnail | None = None) -> Thumbnail:
    """The canvas part of a layer (straight RGBA) or mask (gray), its longer side `side_px`; (h, w, channels).

    Tiles that are those of `before` are taken from its picture.
    """
    scale = side_px / max(canvas.width, canvas.height)
    width, height = max(round(canvas.width * scale), 1), max(round(canvas.height * scale), 1)
    blank = min(tiles.default, 255)
    if before is None or not _is_like(before, tiles, canvas, (height, width, tiles.channels)):
        out, before = np.full((height, width, tiles.channels), blank, np.uint8), None
    else:
        out = before.pixels.copy()
    for key, part in tiles_touched(canvas.rect()):
        tile = tiles.tile(*key)
        if before is not None and tile is before.tiles.tile(*key):
            continue
        left, right = _span(part.left, part.right, scale, width)
        top, bottom = _span(part.top, part.bottom, scale, height)
        inside = part.translated(-key[0] * TILE, -key[1] * TILE)
        place = (slice(top, bottom), slice(left, right))
        out[place] = blank if tile is None else _shrunk(tile, inside, right - left, bottom - top)
    return Thumbnail(tiles, canvas, out)


def pixmap_of(pixels: Rgba8, pixel_ratio: float) -> QPixmap:
    """(h, w, 4) or (h, w, 1) as a pixmap of its own memory."""
    height, width, channels = pixels.shape
    data = np.ascontiguousarray(pixels)
    layout = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_Grayscale8
    pixmap = QPixmap.fromImage(QImage(data.data, width, height, width * channels, layout).copy())
    pixmap.setDevicePixelRatio(pixel_ratio)
    return pixmap


def _is_like(before: Thumbnail, tiles: TileMap, canvas: Size, shape: tuple[int, int, int]) -> bool:
    return before.canvas == canvas and before.pixels.shape == shape and before.tiles.default == tiles.default


def _span(start: int, stop: int, scale: float, limit: int) -> tuple[int, int]:
    first = min(int(start * scale), limit - 1)
    return first, min(max(round(stop * scale), first + 1), limit)


def _shrunk(tile: Rgba8, inside: Rect, width: int, height: int) -> Rgba8:
    step = max(min(inside.width // width, inside.height // height) // SAMPLES, 1)
    part = to_depth8(tile[inside.top : inside.bottom : step, inside.left : inside.right : step])
    small = cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=cv2.INTER_AREA)
    shaped: Rgba8 = small.reshape(height, width, tile.shape[2])
    return shaped


def _tiles_of(layer: Layer, plane: Plane) -> TileMap | None:
    if plane is Plane.MASK:
        return None if layer.mask is None else layer.mask.tiles
    return layer.tiles if isinstance(layer, RasterLayer) else None
