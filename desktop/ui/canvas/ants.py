"""The line around the selection: found once for a version and a view, then its stripes only march.

What it costs depends on the pixels of the view, not on the size of the picture or the number of corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from desktop.core.color import Gray8
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TILE, TileMap, tiles_touched
from desktop.ui.canvas.view import View

HALF = 128  # the level at which something counts as selected, for the line only
STRIPE_PX = 8  # black and white together: lines drawn with both show on every ground
CELL_PX = 64  # what is painted again when the stripes march is made of squares of this side

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a line was found for."""

    tiles: TileMap
    view: View
    size: Size
    width: int
    height: int
    line_px: int

    def is_same(self, other: _Asked | None) -> bool:
        return other is not None and self.tiles is other.tiles and self._rest == other._rest

    @property
    def _rest(self) -> tuple[object, ...]:
        return self.view, self.size, self.width, self.height, self.line_px


class SelectionLine:
    """Device pixels of a view in which the selection passes one half, each with its place in the stripes."""

    def __init__(self) -> None:
        self.phase = 0
        self._asked: _Asked | None = None
        self._image, self._corner = QImage(), QPoint()
        self._region: QRegion | None = None

    def find(self, tiles: TileMap, view: View, size: Size, within: tuple[int, int], line_px: int) -> None:
        """Looks at a selection of a canvas of `size` in `within` device pixels of a view, unless it just did."""
        asked = _Asked(tiles, view, size, *within, line_px)
        if asked.is_same(self._asked):
            return
        self._asked, self._region = asked, None
        place = _place_in_view(asked)
        self._corner = QPoint(place.x, place.y)
        self._image = QImage() if place.is_empty else self._striped(place, self._edges(asked, place))

    def draw(self, painter: QPainter, part: QRect) -> None:
        """Draws what lies in a rectangle of the view."""
        part = part.intersected(QRect(self._corner, self._image.size()))
        if part.isEmpty():
            return
        self._image.setColorTable(_stripe_colors(self.phase))
        painter.drawImage(part.topLeft(), self._image, part.translated(-self._corner))

    def region(self) -> QRegion:
        """The squares of the view in which there is some of the line, in device pixels."""
        if self._region is None:
            self._region = _cells_with_some(self._image, self._corner)
        return self._region

    def _edges(self, asked: _Asked, place: Rect) -> Flags:
        """(height, width) of the place: selected pixels of the view beside ones that are not."""
        margin = asked.line_px
        inside = self._inside(asked, place.expanded(margin))
        cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
        core = cv2.erode(inside, cross, iterations=asked.line_px, borderType=cv2.BORDER_CONSTANT, borderValue=0)
        edges: Flags = (inside != core)[margin:-margin, margin:-margin]
        return edges

    def _inside(self, asked: _Asked, place: Rect) -> Gray8:
        """1 for each device pixel of the place that is selected."""
        step = min(1 << asked.view.level(), TILE)
        seen = asked.view.rect_in_image(place.left, place.top, place.right, place.bottom)
        seen = seen.intersect(asked.size.rect()).intersect(asked.tiles.bounds())
        source = Rect.from_edges(seen.left // step, seen.top // step, -(-seen.right // step), -(-seen.bottom // step))
        if source.is_empty:
            return np.zeros((place.height, place.width), np.uint8)
        levels = np.pad((_sampled(asked.tiles, source, step) >= HALF).astype(np.uint8), 1)
        to_source = _view_to_array(asked.view, place, source, step)
        selected: Gray8 = cv2.warpAffine(
            levels, to_source, (place.width, place.height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        )
        return selected

    def _striped(self, place: Rect, edges: Flags) -> QImage:
        """Colour numbers: 0 shows nothing, 1 to 8 are the diagonals of the stripes."""
        row = (np.arange(place.width + STRIPE_PX) % STRIPE_PX + 1).astype(np.uint8)
        rows = [row[start : start + place.width] for start in range(STRIPE_PX)]
        numbers = np.stack([rows[(place.x + place.y + y) % STRIPE_PX] for y in range(STRIPE_PX)])
        striped = np.tile(numbers, (-(-place.height // STRIPE_PX), 1))[: place.height] * edges
        image = QImage(striped.tobytes(), place.width, place.height, place.width, QImage.Format.Format_Indexed8)
        return image.copy()


def edge_runs(edges: Flags) -> list[tuple[int, int, int]]:
    """Rows of flags as (row, start, stop) of each unbroken run."""
    padded = np.pad(edges.astype(np.int8), ((0, 0), (1, 1)))
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, stops = np.nonzero(steps == -1)
    return list(zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True))


def _sampled(tiles: TileMap, source: Rect, step: int) -> Gray8:
    """Levels at the centres of squares of `step` pixels; `source` counts in these. Halving takes ten times as long."""
    out = np.full((source.height, source.width), tiles.default, np.uint8)
    side, middle = TILE // step, step // 2
    full = Rect(source.x * step, source.y * step, source.width * step, source.height * step)
    for (column, row), _ in tiles_touched(full):
        tile = tiles.tile(column, row)
        if tile is None:
            continue
        placed = Rect(column * side, row * side, side, side)
        part = placed.intersect(source)
        out[part.top - source.y : part.bottom - source.y, part.left - source.x : part.right - source.x] = tile[
            middle + (part.top - placed.y) * step : (part.bottom - placed.y) * step : step,
            middle + (part.left - placed.x) * step : (part.right - placed.x) * step : step,
            0,
        ]
    return out


def _place_in_view(asked: _Asked) -> Rect:
    """The device pixels of the view where the selection may be."""
    selected = asked.tiles.bounds().intersect(asked.size.rect())
    if selected.is_empty:
        return selected
    left, top, width, height = asked.view.rect_in_view(selected)
    around = Rect.from_edges(int(left) - 1, int(top) - 1, int(left + width) + 2, int(top + height) + 2)
    return around.intersect(Rect(0, 0, asked.width, asked.height))


def _view_to_array(view: View, place: Rect, source: Rect, step: int) -> npt.NDArray[np.float64]:
    """Centres of the place's pixels as places in the levels of `source` with one pixel of nothing around it."""
    across = np.array(view.direction_to_image(1.0, 0.0)) / step
    down = np.array(view.direction_to_image(0.0, 1.0)) / step
    first = view.view_to_image(place.x + 0.5, place.y + 0.5)
    start = np.array((first.x / step - source.x + 0.5, first.y / step - source.y + 0.5))
    return np.column_stack((across, down, start))


def _stripe_colors(phase: int) -> list[int]:
    dark, light = QColor(0, 0, 0).rgba(), QColor(255, 255, 255).rgba()
    stripes = [dark if (number - phase) % STRIPE_PX < STRIPE_PX // 2 else light for number in range(STRIPE_PX)]
    return [0, *stripes]


def _cells_with_some(image: QImage, corner: QPoint) -> QRegion:
    region = QRegion()
    if image.isNull():
        return region
    numbers = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    rows, columns = -(-image.height() // CELL_PX), -(-image.bytesPerLine() // CELL_PX)
    padded = np.zeros((rows * CELL_PX, columns * CELL_PX), np.uint8)
    padded[: image.height(), : image.width()] = numbers[:, : image.width()]
    cells = padded.reshape(rows * CELL_PX, columns, CELL_PX).max(axis=2).reshape(rows, CELL_PX, columns).max(axis=1)
    for row, start, stop in edge_runs(cells > 0):
        region += QRegion(corner.x() + start * CELL_PX, corner.y() + row * CELL_PX, (stop - start) * CELL_PX, CELL_PX)
    return region
