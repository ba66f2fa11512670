"""What happens to an accumulator besides blending, in numba: fading a group back, and packing it into pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from desktop.core.blend_kernels import WHITE_MASK, packed
from desktop.core.tiles import Area

F, INT = np.float32, np.int32
HALF, ONE, TINY = F(0.5), F(1), F(1e-6)

_RGB = {1: (np.uint32(0), np.uint32(1), np.uint32(2)), 2: (np.uint64(0), np.uint64(1), np.uint64(2))}
_BGR = (np.uint32(2), np.uint32(1), np.uint32(0))

_kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_kernel
def _fade(acc, before, mask, area, opacity):
    for y in range(area[1], area[3]):
        shown = mask[y, area[0] : area[2]]
        for c in range(4):
            after, old = acc[c, y, area[0] : area[2]], before[c, y, area[0] : area[2]]
            for x in range(after.size):
                after[x] = old[x] + (after[x] - old[x]) * (F(INT(shown[x])) * opacity)


@_kernel
def _write(acc, out, area, origin, depth, order, levels, is_straight):
    """Packs the area; `order` is the place of red, green and blue in the word."""
    for y in range(area[1], area[3]):
        red, green, blue = acc[0, y, area[0] : area[2]], acc[1, y, area[0] : area[2]], acc[2, y, area[0] : area[2]]
        cover, line = acc[3, y, area[0] : area[2]], out[y - origin[1], area[0] - origin[0] : area[2] - origin[0]]
        for x in range(red.size):
            alpha = min(cover[x], ONE)
            scale = levels / max(alpha, TINY) if is_straight else levels
            a = INT(alpha * levels + HALF)
            top = INT(levels) if is_straight else a
            r = min(INT(red[x] * scale + HALF), top)
            g = min(INT(green[x] * scale + HALF), top)
            b = min(INT(blue[x] * scale + HALF), top)
            bits = depth[0]
            line[x] = (
                (out.dtype.type(r) << (bits * order[0]))
                | (out.dtype.type(g) << (bits * order[1]))
                | (out.dtype.type(b) << (bits * order[2]))
                | (out.dtype.type(a) << (bits + bits + bits))
            )


def fade(acc: Any, before: Any, mask: Any | None, area: Area, *, opacity: float) -> None:
    """Takes the accumulator back towards `before` where opacity times mask is less than one."""
    _fade(acc, before, WHITE_MASK if mask is None else mask, area, F(opacity / 255))


def write_straight(acc: Any, out: Any, area: Area, out_x: int = 0, out_y: int = 0) -> None:
    """Puts the area into `out` (H, W, 4) uint8 or uint16, straight; `out` starts at (out_x, out_y) of the tile."""
    words, depth, levels = packed(out)
    _write(acc, words, area, (out_x, out_y), depth, _RGB[out.dtype.itemsize], F(levels), True)


def write_bgra(acc: Any, out: Any, area: Area) -> None:
    """Puts the area into `out` (256, 256, 4) uint8, premultiplied, blue first: QImage's own ARGB32 order."""
    words, depth, levels = packed(out)
    _write(acc, words, area, (0, 0), depth, _BGR, F(levels), False)
