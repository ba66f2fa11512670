"""Filling: the region a bucket reaches, and laying colours or gradients over tiles with a blend mode.

A region is a soft mask: levels 0..255 of the canvas, (H, W) uint8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core import raster
from desktop.core.blend_modes import BlendMode
from desktop.core.brush import area_in_tile
from desktop.core.color import Gray8, Pixels, max_level
from desktop.core.geometry import Rect
from desktop.core.gradients import GradientLine, gradient_tile
from desktop.core.tile_pool import Workspace
from desktop.core.tiles import TILE, TileEditor, TileKey, TileMap

STRIP_ROWS = 256  # what is compared at a time: stays in the cache


def flooded(
    pixels: Pixels, x: int, y: int, *, tolerance: float = 0.0, contiguous: bool = True, antialias: bool = True
) -> Gray8:
    """The region of a picture (H, W, 4) or mask (H, W, 1) whose pixels are like the one at (x, y).

    Tolerance is 0..1 of the range, for the worst channel of the premultiplied colour: what cannot be seen makes no
    difference. Contiguous regions are connected over edges (OpenCV's floodFill). Antialiasing adds a soft rim outside.
    """
    alike = _alike(pixels, pixels[y, x], tolerance)
    if contiguous:
        height, width = alike.shape
        marks = np.zeros((height + 2, width + 2), np.uint8)
        cv2.floodFill(alike, marks, (x, y), 255, flags=4 | cv2.FLOODFILL_MASK_ONLY | 255 << 8)
        alike = np.ascontiguousarray(marks[1:-1, 1:-1])
    if antialias:
        soft = cv2.GaussianBlur(alike, (3, 3), 0, borderType=cv2.BORDER_REPLICATE)
        alike = cv2.max(alike, soft)
    region: Gray8 = alike.astype(np.uint8, copy=False)
    return region


def _alike(pixels: Pixels, seed: npt.NDArray[Any], tolerance: float) -> Any:
    """255 where a pixel differs from the seed by no more than the tolerance."""
    reach = round(tolerance * max_level(pixels.dtype))
    result = np.empty(pixels.shape[:2], np.uint8)
    wanted = [int(level) for level in _premultiplied(seed.reshape(1, 1, -1)).reshape(-1)]
    low, high = [max(level - reach, 0) for level in wanted], [level + reach for level in wanted]
    for top in range(0, len(pixels), STRIP_ROWS):
        strip = _premultiplied(np.ascontiguousarray(pixels[top : top + STRIP_ROWS]))
        result[top : top + STRIP_ROWS] = cv2.inRange(strip, np.array(low, np.float64), np.array(high, np.float64))
    return result


def _premultiplied(strip: Pixels) -> Any:
    levels = max_level(strip.dtype)
    if strip.shape[2] == 1 or (strip[..., 3] == levels).all():
        return strip
    alpha = cv2.cvtColor(strip[..., 3], cv2.COLOR_GRAY2BGRA)
    alpha[..., 3] = levels
    return cv2.multiply(strip, alpha, scale=1 / levels)


@dataclass(frozen=True, slots=True)
class Laying:
    """How paint is laid: like a layer of its own over what is there."""

    mode: BlendMode = BlendMode.NORMAL
    opacity: float = 1.0
    keeps_alpha: bool = False
    dithers: bool = False


class SolidPaint:
    """One colour (sRGB 0..1) everywhere."""

    def __init__(self, color: tuple[float, float, float], dtype: np.dtype[Any]) -> None:
        top = max_level(dtype)
        levels = [round(channel * top) for channel in (*color, 1.0)]
        self._tile: Pixels = np.empty((TILE, TILE, 4), dtype)
        self._tile[:] = levels
        self._tile.flags.writeable = False

    def tile(self, key: TileKey, part: Rect) -> Pixels:
        return self._tile


class GradientPaint:
    """A gradient, in 16 bits whatever the document's depth: it is rounded once, when it is laid."""

    def __init__(self, line: GradientLine, table: npt.NDArray[np.uint64]) -> None:
        self._line, self._table = line, table

    def tile(self, key: TileKey, part: Rect) -> Pixels:
        tile: Pixels = np.empty((TILE, TILE, 4), np.uint16)
        gradient_tile(self._line, self._table, key, area_in_tile(key, part), tile)
        tile.flags.writeable = False
        return tile


class Paint(Protocol):
    """What is laid: straight RGBA of a tile, (256, 256, 4), of which only `part` is looked at."""

    def tile(self, key: TileKey, part: Rect) -> Pixels: ...


def lay_paint(
    editor: TileEditor,
    key: TileKey,
    part: Rect,
    paint: Paint,
    region: Gray8 | None,
    laying: Laying,
    workspace: Workspace,
) -> None:
    """Lays paint over a part (image pixels) of one tile as the editor found it; on masks its grey is the level.

    `region` is a tile of the soft mask that limits it, (256, 256). Different tiles may be laid in different threads
    once the editor's `writable` was asked for each.
    """
    if laying.keeps_alpha and laying.mode is BlendMode.ERASE:
        return
    area, target = area_in_tile(key, part), editor.writable(*key)
    base = editor.base.tile(*key)
    if base is None:
        base = np.full(target.shape, editor.base.default, target.dtype)
    shown = np.full((TILE, TILE), 255, np.uint8) if region is None else np.ascontiguousarray(region)
    is_mask = target.shape[2] == 1
    old = _read_only(_gray_as_color(base) if is_mask else base)
    acc = workspace.accumulator(0)
    acc[:, area[1] : area[3], area[0] : area[2]] = 0
    raster.blend_tile(BlendMode.NORMAL, acc, old, None, area, opacity=1.0)
    raster.blend_tile(
        laying.mode,
        acc,
        paint.tile(key, part),
        _read_only(shown),
        area,
        opacity=laying.opacity,
        atop=laying.keeps_alpha or is_mask,
        key=key,
    )
    out = np.empty((TILE, TILE, 4), target.dtype) if is_mask else target
    raster.write_over(acc, out, old, _read_only(shown), area, key, dithers=laying.dithers)
    if is_mask:
        x0, y0, x1, y1 = area
        target[y0:y1, x0:x1, 0] = np.rint(out[y0:y1, x0:x1, :3].mean(axis=-1))


def limited(region: Gray8 | None, selection: TileMap | None, key: TileKey, origin: Rect) -> Gray8 | None:
    """A tile of the region (whose upper left pixel is `origin`'s) times the selection; None where nothing limits."""
    tile = None if region is None else _tile_of(region, key, origin)
    if selection is None:
        return tile
    chosen = selection.tile(*key)
    if chosen is None:
        if selection.default == 255:
            return tile
        return np.full((TILE, TILE), selection.default, np.uint8)
    levels = chosen[..., 0]
    if tile is None:
        return levels
    product: Gray8 = cv2.multiply(tile, np.ascontiguousarray(levels), scale=1 / 255).astype(np.uint8, copy=False)
    return product


def _tile_of(region: Gray8, key: TileKey, origin: Rect) -> Gray8:
    tile = np.zeros((TILE, TILE), np.uint8)
    part = origin.intersect(Rect(key[0] * TILE, key[1] * TILE, TILE, TILE))
    x0, y0, x1, y1 = area_in_tile(key, part)
    left, top = part.x - origin.x, part.y - origin.y
    tile[y0:y1, x0:x1] = region[top : top + part.height, left : left + part.width]
    return tile


def _gray_as_color(gray: Pixels) -> Pixels:
    color: Pixels = np.repeat(gray, 4, axis=2)
    color[..., 3] = max_level(gray.dtype)
    return color


def _read_only(tile: Any) -> Any:
    view = tile.view()
    view.flags.writeable = False
    return view
