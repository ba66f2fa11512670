"""Lines between the pixels of a picture shown large: one device pixel wide, dark on light ground and light on dark."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from desktop.core.color import Rgba8
from desktop.core.geometry import Rect
from desktop.ui.canvas.picture import Picture, draw_pixels, wrapped_image
from desktop.ui.canvas.view import View

SHOWN_FROM = 8.0  # below 800 % the lines would hide what they divide
LINE_ALPHA = 90  # of 255: at least 45 levels away from the ground, whatever it is
DARK, LIGHT = LINE_ALPHA << 24, LINE_ALPHA * 0x01010101  # premultiplied BGRA as one number
CHECKER_LEVEL = 110  # what transparent pixels count as

Shades: TypeAlias = npt.NDArray[np.uint32]  # one for each image pixel


def draw_pixel_grid(painter: QPainter, view: View, picture: Picture, part: QRect) -> None:
    """Over a part (device pixels) of the view; nothing below 800 %."""
    edges = (part.x(), part.y(), part.x() + part.width(), part.y() + part.height())
    shown = view.rect_in_image(*edges).expanded(1).intersect(picture.size.rect())
    if view.zoom < SHOWN_FROM or shown.is_empty:
        return
    shades = np.where(_is_light(picture.pixels(shown)), np.uint32(DARK), np.uint32(LIGHT))
    if not view.is_square:
        draw_pixels(painter, view, _enlarged_lines(shades, math.ceil(view.zoom)), shown, within=shown)
        return
    left, top, width, height = (round(side) for side in view.rect_in_view(picture.size.rect()))
    area = part.intersected(QRect(left, top, width, height))
    if not area.isEmpty():
        painter.drawImage(area.topLeft(), wrapped_image(_lines_in_view(view, area, shown, shades)))


def _lines_in_view(view: View, area: QRect, shown: Rect, shades: Shades) -> Rgba8:
    """The first device pixel of every row and column of image pixels, as seen in the view."""
    a, b, c, d, e, f = view.matrix()
    x = np.arange(area.x() - 1, area.x() + area.width()) + 0.5
    y = np.arange(area.y() - 1, area.y() + area.height()) + 0.5
    if a:  # columns of the view are columns of the image, otherwise its rows
        across, down = np.floor((x - e) / a) - shown.x, np.floor((y - f) / d) - shown.y
    else:
        across, down, shades = np.floor((x - e) / c) - shown.y, np.floor((y - f) / b) - shown.x, shades.T
    columns, rows = across.astype(int), down.astype(int)
    line_columns, line_rows = np.flatnonzero(np.diff(columns)), np.flatnonzero(np.diff(rows))
    columns, rows = columns[1:], rows[1:]
    pixels = np.zeros((len(rows), len(columns)), np.uint32)
    pixels[:, line_columns] = shades[:, columns[line_columns]][rows]
    pixels[line_rows] = shades[rows[line_rows]][:, columns]
    return pixels.view(np.uint8).reshape(*pixels.shape, 4)


def _enlarged_lines(shades: Shades, times: int) -> Rgba8:
    """The same in pixels enlarged a whole number of times."""
    pixels = np.zeros((shades.shape[0] * times, shades.shape[1] * times), np.uint32)
    pixels[::times] = shades.repeat(times, axis=1)
    pixels[:, ::times] = shades.repeat(times, axis=0)
    return pixels.view(np.uint8).reshape(*pixels.shape, 4)


def _is_light(pixels: Rgba8) -> npt.NDArray[np.bool_]:
    """Premultiplied BGRA: whether a dark line stands out."""
    blue, green, red, alpha = (pixels[..., channel].astype(np.uint32) for channel in range(4))
    level = (114 * blue + 587 * green + 299 * red) // 1000 + (255 - alpha) * CHECKER_LEVEL // 255
    return level >= 128
