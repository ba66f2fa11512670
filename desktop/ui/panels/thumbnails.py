"""Small pictures of layers and masks, made from their tiles; only tiles that exist cost time."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from desktop.core.color import Rgba8, to_depth8
from desktop.core.geometry import Rect, Size
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.core.tiles import TILE, TileMap, tiles_touched
from desktop.tools.painting import Plane
from desktop.ui.state import EditorState

ThumbKey = tuple[LayerId, Plane]

SAMPLES = 8  # of each side of a thumbnail's pixel: all of a large layer would take 30 ms


class Thumbnails(QObject):
    """The pictures of a document's layers. A missing one is made between events; an old one is shown until then."""

    made = Signal()

    def __init__(self, state: EditorState, side_px: int, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self._side_px = side_px
        self._known: dict[ThumbKey, tuple[TileMap, QPixmap]] = {}
        self._wanted: dict[ThumbKey, float] = {}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._make_next)

    def clear(self) -> None:
        self._known.clear()
        self._wanted.clear()

    def pixmap(self, layer: Layer, plane: Plane, pixel_ratio: float) -> QPixmap | None:
        tiles = _tiles_of(layer, plane)
        if self._state.document is None or tiles is None:
            return None
        known = self._known.get((layer.id, plane))
        if known is None or known[0] is not tiles:
            self._wanted[(layer.id, plane)] = pixel_ratio
            self._timer.start()
        return None if known is None else known[1]

    def _make_next(self) -> None:
        document = self._state.document
        if document is None or not self._wanted:
            return
        key = next(iter(self._wanted))
        pixel_ratio = self._wanted.pop(key)
        tiles = _tiles_of(document.layer(key[0]), key[1]) if document.has_layer(key[0]) else None
        if tiles is not None:
            pixels = thumbnail_of(tiles, document.size, round(self._side_px * pixel_ratio))
            self._known[key] = (tiles, pixmap_of(pixels, pixel_ratio))
            self.made.emit()
        if self._wanted:
            self._timer.start()


def thumbnail_of(tiles: TileMap, canvas: Size, side_px: int) -> Rgba8:
    """The canvas part of a layer (straight RGBA) or mask (gray), its longer side `side_px`; (h, w, channels)."""
    scale = side_px / max(canvas.width, canvas.height)
    width, height = max(round(canvas.width * scale), 1), max(round(canvas.height * scale), 1)
    out = np.full((height, width, tiles.channels), min(tiles.default, 255), np.uint8)
    for key, part in tiles_touched(canvas.rect()):
        tile = tiles.tile(*key)
        if tile is None:
            continue
        left, right = _span(part.left, part.right, scale, width)
        top, bottom = _span(part.top, part.bottom, scale, height)
        inside = part.translated(-key[0] * TILE, -key[1] * TILE)
        out[top:bottom, left:right] = _shrunk(tile, inside, right - left, bottom - top)
    return out


def pixmap_of(pixels: Rgba8, pixel_ratio: float) -> QPixmap:
    """(h, w, 4) or (h, w, 1) as a pixmap of its own memory."""
    height, width, channels = pixels.shape
    data = np.ascontiguousarray(pixels)
    layout = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_Grayscale8
    pixmap = QPixmap.fromImage(QImage(data.data, width, height, width * channels, layout).copy())
    pixmap.setDevicePixelRatio(pixel_ratio)
    return pixmap


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
    return None if isinstance(layer, GroupLayer) else layer.tiles
