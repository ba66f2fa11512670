"""Small pictures of layers and masks, made from their tiles; only tiles that exist cost time."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtGui import QImage, QPixmap

from desktop.core.color import Rgba8, to_depth8
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TILE, TileMap, tiles_touched

SAMPLES = 8  # of each side of a thumbnail's pixel: all of a large layer would take 30 ms


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
