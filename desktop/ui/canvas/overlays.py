"""What is drawn over the picture: masks in red, the rim of the canvas."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.core.color import Rgba8
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TILE, TileMap, tiles_touched
from desktop.ui.canvas.picture import canvas_polygon, draw_pixels
from desktop.ui.canvas.view import View

MASK_OPACITY = 0.5
MASK_COLOR = (235, 40, 40)


class Overlay(Protocol):
    """Something drawn over the picture and beneath the brush; the painter works in device pixels."""

    def draw(self, painter: QPainter, ratio: float) -> None: ...


def draw_mask(painter: QPainter, view: View, tiles: TileMap, area: Rect, *, inverted: bool) -> None:
    """The mask's levels (or their opposite) as red over the image pixels of `area`."""
    if area.is_empty or (len(tiles) == 0 and (tiles.default == 0) != inverted):
        return
    level = view.level()
    step = 1 << level
    if (tiles.default == 0) != inverted:  # nothing shows beyond its tiles
        area = area.intersect(_grown(tiles.bounds(), 2 * step))
    source = Rect.from_edges(area.left // step, area.top // step, -(-area.right // step), -(-area.bottom // step))
    if source.is_empty:
        return
    levels = _halved_levels(tiles, source, level)
    image = _reds(inverted)[levels].view(np.uint8).reshape(source.height, source.width, 4)
    place = Rect(source.x * step, source.y * step, source.width * step, source.height * step)
    draw_pixels(painter, view, image, place, within=area)


def _reds(inverted: bool) -> npt.NDArray[np.uint32]:
    """For each level of a mask its red, premultiplied BGRA in one word."""
    levels = np.arange(256, dtype=np.uint16)
    alpha = (255 - levels if inverted else levels) * round(MASK_OPACITY * 256) >> 8
    channels = [alpha * value // 255 for value in reversed(MASK_COLOR)]
    return np.stack([*channels, alpha], axis=-1).astype(np.uint8).view(np.uint32)[:, 0]


def _grown(rect: Rect, by: int) -> Rect:
    return Rect.from_edges(rect.left - by, rect.top - by, rect.right + by, rect.bottom + by)


def draw_mask_alone(painter: QPainter, view: View, tiles: TileMap, area: Rect) -> None:
    """The mask's levels in grey, in the place of the picture: white shows, black hides."""
    if area.is_empty:
        return
    level = view.level()
    step = 1 << level
    source = Rect.from_edges(area.left // step, area.top // step, -(-area.right // step), -(-area.bottom // step))
    image = np.repeat(_halved_levels(tiles, source, level)[..., np.newaxis], 4, axis=2)
    image[..., 3] = 255
    place = Rect(source.x * step, source.y * step, source.width * step, source.height * step)
    draw_pixels(painter, view, image, place, within=area)


def draw_rim(painter: QPainter, view: View, size: Size, shade: QColor) -> None:
    """A thin line around the canvas."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(shade, 1))
    if view.is_square:
        left, top, width, height = view.rect_in_view(size.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawRect(QRectF(left - 1, top - 1, width + 1, height + 1))
    else:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPolygon(canvas_polygon(view, size))


def _halved_levels(tiles: TileMap, source: Rect, level: int) -> Rgba8:
    """Mask levels of a rectangle at a mip level; only tiles that exist cost time."""
    out = np.full((source.height, source.width), tiles.default, np.uint8)
    step = 1 << level
    full = Rect(source.x * step, source.y * step, source.width * step, source.height * step)
    side = TILE // step
    for (column, row), _ in tiles_touched(full):
        tile = tiles.tile(column, row)
        if tile is None or side == 0:
            continue
        small = tile[..., 0] if level == 0 else cv2.resize(tile[..., 0], (side, side), interpolation=cv2.INTER_AREA)
        placed = Rect(column * side, row * side, side, side)
        part = placed.intersect(source)
        out[part.top - source.y : part.bottom - source.y, part.left - source.x : part.right - source.x] = small[
            part.top - placed.y : part.bottom - placed.y, part.left - placed.x : part.right - placed.x
        ]
    return out
