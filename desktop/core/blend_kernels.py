"""Blending in numba: one compiled loop per mode over a part of one tile, without the GIL. The loops live in three files
by the kind of their formulas: blend_separable.py, blend_light.py, blend_whole.py.

Three things make them vectorise (up to six times faster than the plain form, measured): lines are slices, so
that an index is known not to be negative; pixels are whole words, not four strided bytes; all numbers stay float32.
numba's disk cache cannot hold closures, so each mode is a function of its own at module level; and it looks only at
the date of the file a loop stands in, so each file holds its formulas, and the four helpers of every loop as well (a
test keeps them alike).
A value within `TINY` of a step counts as on it: premultiplied float32 cannot tell 1 from 0.9999999.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from desktop.core import blend_light, blend_separable, blend_whole
from desktop.core.blend_modes import BlendMode
from desktop.core.tiles import Area, TileKey

F = np.float32
ZERO, ONE = F(0), F(1)
TILE_PX = 256

BLEND_LOOPS = {**blend_separable.LOOPS, **blend_light.LOOPS, **blend_whole.LOOPS}

WHITE_MASK = np.full((TILE_PX, TILE_PX), 255, np.uint8)
WHITE_MASK.flags.writeable = False
_WORD = {1: np.uint32, 2: np.uint64}


def packed(pixels: Any) -> tuple[Any, tuple[Any, Any], int]:
    """(H, W, 4) as (H, W) words, with bits and mask of a channel as such words, and the top level."""
    item = pixels.dtype.itemsize
    word, levels = _WORD[item], 256**item - 1
    return pixels.view(word)[..., 0], (word(8 * item), word(levels)), levels


def blend_tile(
    mode: BlendMode,
    acc: Any,
    tile: Any,
    mask: Any | None,
    area: Area,
    *,
    opacity: float,
    atop: bool = False,
    key: TileKey = (0, 0),
) -> None:
    """Blends a read-only tile (256, 256, 4) uint8 or uint16 onto the accumulator; mask is (256, 256) uint8, read-only.

    `atop` keeps the accumulator's alpha (clipping; erasing takes from it all the same). `key` is the tile's place.
    """
    words, depth, levels = packed(tile)
    paint = (F(1 / levels), F(opacity / 255))
    shown, over = WHITE_MASK if mask is None else mask, ZERO if atop else ONE
    if mode is BlendMode.DISSOLVE:
        origin = (key[0] * TILE_PX, key[1] * TILE_PX)
        blend_whole.blend_dissolve(acc, words, shown, area, depth, paint, over, origin)
    else:
        BLEND_LOOPS[mode](acc, words, shown, area, depth, paint, over)
