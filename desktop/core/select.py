"""Selections as soft shapes: rectangle, ellipse, polygon; how a shape meets the selection there is.

A selection is a `TileMap` of one channel, 0..255, default 0; None where nothing limits. Nothing here ever thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Gray8
from desktop.core.geometry import EMPTY_RECT, Point, Rect
from desktop.core.tiles import TileEditor, TileMap

STRIP_ROWS = 256
SUBSAMPLES = 4  # along each axis, for the rims of polygons


class Joined(Enum):
    """How a new selection meets the one there is."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


@dataclass(frozen=True, eq=False)
class Shape:
    """Levels (rect.height, rect.width) 0..255 of a part of the canvas; nothing is selected around it."""

    rect: Rect
    levels: Gray8


NOTHING = Shape(EMPTY_RECT, np.zeros((0, 0), np.uint8))


def rectangle(first: Point, last: Point, canvas: Rect, *, antialias: bool = True) -> Shape:
    """The rectangle between two corners; a pixel that is covered in part is selected in part."""
    (left, right), (top, bottom) = sorted((first.x, last.x)), sorted((first.y, last.y))
    if not antialias:
        left, right, top, bottom = (float(round(edge)) for edge in (left, right, top, bottom))
    rect = _whole_pixels(left, top, right, bottom).intersect(canvas)
    if rect.is_empty:
        return NOTHING
    across = _covered(rect.left, rect.width, left, right)
    down = _covered(rect.top, rect.height, top, bottom)
    return Shape(rect, np.rint(down[:, None] * across[None] * 255).astype(np.uint8))


def ellipse(first: Point, last: Point, canvas: Rect, *, antialias: bool = True) -> Shape:
    """The ellipse in the rectangle between two corners, with a rim of one pixel."""
    (left, right), (top, bottom) = sorted((first.x, last.x)), sorted((first.y, last.y))
    rect = _whole_pixels(left, top, right, bottom).intersect(canvas)
    if rect.is_empty:
        return NOTHING
    a, b = max((right - left) / 2, 0.5), max((bottom - top) / 2, 0.5)
    x = ((np.arange(rect.left, rect.right) + 0.5 - (left + right) / 2) / a).astype(np.float32)
    y = ((np.arange(rect.top, rect.bottom) + 0.5 - (top + bottom) / 2) / b).astype(np.float32)
    levels = np.empty((rect.height, rect.width), np.uint8)
    for start in range(0, rect.height, STRIP_ROWS):
        rows = y[start : start + STRIP_ROWS, None]
        value = rows * rows + x[None] ** 2  # 1 on the rim
        slope = 2 * np.sqrt((x[None] / np.float32(a)) ** 2 + (rows / np.float32(b)) ** 2)
        inside = (1 - value) / np.maximum(slope, np.float32(1e-6))  # distance to the rim in pixels, near enough to it
        share = np.clip(inside + 0.5, 0, 1) if antialias else (inside > 0)
        levels[start : start + STRIP_ROWS] = np.rint(share * np.float32(255))
    return Shape(rect, levels)


def polygon(points: Sequence[Point], canvas: Rect, *, antialias: bool = True) -> Shape:
    """What a closed line goes around, by the even-odd rule; for lassos and polygons."""
    if len(points) < 3:
        return NOTHING
    corners = np.array([(point.x, point.y) for point in points], np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    rect = _whole_pixels(low[0], low[1], high[0], high[1]).intersect(canvas)
    if rect.is_empty:
        return NOTHING
    fine = SUBSAMPLES if antialias else 1
    levels = np.empty((rect.height, rect.width), np.uint8)
    for start in range(0, rect.height, STRIP_ROWS):
        rows = min(STRIP_ROWS, rect.height - start)
        drawn = np.zeros((rows * fine, rect.width * fine), np.uint8)
        placed = (corners - (rect.left, rect.top + start)) * fine - 0.5
        cv2.fillPoly(drawn, [np.rint(placed).astype(np.int32)], 255)
        size = (rect.width, rows)
        levels[start : start + rows] = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA) if fine > 1 else drawn
    return Shape(rect, levels)


def joined(before: TileMap | None, shape: Shape, how: Joined) -> TileMap | None:
    """The selection after a shape met the one before; None when nothing is left of it.

    Where there was none before, there is nothing to take from or to meet: the shape counts alone, or nothing does.
    """
    if how is Joined.REPLACE or (before is None and how is Joined.ADD):
        after = _as_tiles(shape)
    elif before is None:
        after = _as_tiles(shape) if how is Joined.INTERSECT else TileMap(1)
    elif shape.rect.is_empty:
        after = TileMap(1) if how is Joined.INTERSECT else before
    else:
        old = before.read(shape.rect)[..., 0]
        if how is Joined.INTERSECT:
            after = _as_tiles(Shape(shape.rect, np.minimum(old, shape.levels)))
        else:
            new = np.maximum(old, shape.levels) if how is Joined.ADD else np.minimum(old, 255 - shape.levels)
            editor = TileEditor(before)
            editor.write(shape.rect, new[..., None])
            after = editor.finish()
    return None if after.content_bounds().is_empty else after


def _as_tiles(shape: Shape) -> TileMap:
    return TileMap(1) if shape.rect.is_empty else TileMap.from_array(shape.levels, shape.rect.x, shape.rect.y)


def _whole_pixels(left: float, top: float, right: float, bottom: float) -> Rect:
    """All pixels that are touched."""
    return Rect.from_edges(int(np.floor(left)), int(np.floor(top)), int(np.ceil(right)), int(np.ceil(bottom)))


def _covered(start: int, count: int, low: float, high: float) -> npt.NDArray[np.float64]:
    """How much of each of `count` pixels from `start` on lies between two edges, 0..1."""
    edges = np.arange(start, start + count)
    share: npt.NDArray[np.float64] = np.clip(np.minimum(edges + 1, high) - np.maximum(edges, low), 0, 1)
    return share
