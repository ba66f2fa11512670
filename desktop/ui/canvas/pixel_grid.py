"""Lines between the pixels of a picture shown large: one device pixel wide, dark on light ground and light on dark."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.core.color import Rgba8
from desktop.core.geometry import Rect
from desktop.ui.canvas.overlays import edge_runs, lines_in_view
from desktop.ui.canvas.picture import Picture, wrapped_image
from desktop.ui.canvas.view import View

SHOWN_FROM = 8.0  # below 800 % the lines would hide what they divide
LINE_ALPHA = 90  # of 255: at least 45 levels away from the ground, whatever it is
CHECKER_LEVEL = 110  # what transparent pixels count as


def draw_pixel_grid(painter: QPainter, view: View, picture: Picture, part: QRect) -> None:
    """Over a part (device pixels) of the view; nothing below 800 %."""
    edges = (part.x(), part.y(), part.x() + part.width(), part.y() + part.height())
    shown = view.rect_in_image(*edges).expanded(1).intersect(picture.size.rect())
    if view.zoom < SHOWN_FROM or shown.is_empty:
        return
    is_light = _is_light(picture.pixels(shown))
    if not view.is_square:
        _draw_aslant(painter, view, shown, is_light)
        return
    left, top, width, height = (round(side) for side in view.rect_in_view(picture.size.rect()))
    area = part.intersected(QRect(left, top, width, height))
    if not area.isEmpty():
        painter.drawImage(area.topLeft(), wrapped_image(_lines(view, area, shown, is_light)))


def _lines(view: View, area: QRect, shown: Rect, is_light: npt.NDArray[np.bool_]) -> Rgba8:
    """The first device pixel of every row and column of image pixels, as seen in the view."""
    a, b, c, d, e, f = view.matrix()
    x, y = np.arange(area.x() - 1, area.x() + area.width()) + 0.5, np.arange(area.y() - 1, area.y() + area.height())
    y = y + 0.5
    if a:  # columns of the view are columns of the image, otherwise its rows
        across, down, lightness, first = (x - e) / a, (y - f) / d, is_light, (shown.x, shown.y)
    else:
        across, down, lightness, first = (x - e) / c, (y - f) / b, is_light.T, (shown.y, shown.x)
    columns, rows = np.floor(across).astype(int), np.floor(down).astype(int)
    is_line = (columns[1:] != columns[:-1])[np.newaxis, :] | (rows[1:] != rows[:-1])[:, np.newaxis]
    below = lightness[np.ix_(rows[1:] - first[1], columns[1:] - first[0])]
    pixels = np.zeros((area.height(), area.width(), 4), np.uint8)
    pixels[..., 3] = is_line * np.uint8(LINE_ALPHA)
    pixels[..., :3] = (is_line & ~below)[..., np.newaxis] * np.uint8(LINE_ALPHA)
    return pixels


def _draw_aslant(painter: QPainter, view: View, shown: Rect, is_light: npt.NDArray[np.bool_]) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for chosen, shade in ((is_light, QColor(0, 0, 0, LINE_ALPHA)), (~is_light, QColor(255, 255, 255, LINE_ALPHA))):
        upright = [(column, start, column, stop) for column, start, stop in edge_runs(chosen.T)]
        level = [(start, row, stop, row) for row, start, stop in edge_runs(chosen)]
        ends = np.array(upright + level, float).reshape(-1, 2, 2) + np.array((shown.x, shown.y))
        painter.setPen(QPen(shade, 1))
        painter.drawLines(lines_in_view(view, ends))


def _is_light(pixels: Rgba8) -> npt.NDArray[np.bool_]:
    """Premultiplied BGRA: whether a dark line stands out."""
    blue, green, red, alpha = (pixels[..., channel].astype(np.uint32) for channel in range(4))
    level = (114 * blue + 587 * green + 299 * red) // 1000 + (255 - alpha) * CHECKER_LEVEL // 255
    return level >= 128
