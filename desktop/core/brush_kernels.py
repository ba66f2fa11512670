"""Brush dabs in numba: a dab adds to the stroke's coverage, which is then painted once over the tile's old pixels.

Coverage is (256, 256) float32, 0..1, one per tile and stroke: opacity limits the stroke, nothing is rounded twice.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from desktop.core.blend_kernels import WHITE_MASK, packed
from desktop.core.tiles import Area

F, INT = np.float32, np.int32
ZERO, HALF, ONE, TWO, THREE, TINY = F(0), F(0.5), F(1), F(2), F(3), F(1e-6)

_kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_kernel
def _cover(coverage, area, center, radius, core, flow, cap):
    ramp = ONE / max(radius - core, ONE)
    edge = max(radius, core + ONE)
    for y in range(area[1], area[3]):
        line = coverage[y, area[0] : area[2]]
        dy = F(y) + HALF - center[1]
        first = F(area[0]) + HALF - center[0]
        for x in range(line.size):
            dx = F(INT(x)) + first
            t = min(max((edge - np.sqrt(dx * dx + dy * dy)) * ramp, ZERO), ONE)
            line[x] += max(cap - line[x], ZERO) * (t * t * (THREE - TWO * t) * flow)


@_kernel
def _cover_ellipse(coverage, area, center, radius, core, flow, cap, turn):
    """`turn`: cosine and sine of the long axis, and how much longer it is than the short one."""
    cos, sin, stretch = turn
    for y in range(area[1], area[3]):
        line = coverage[y, area[0] : area[2]]
        dy = F(y) + HALF - center[1]
        first = F(area[0]) + HALF - center[0]
        for x in range(line.size):
            dx = F(INT(x)) + first
            u, v = dx * cos + dy * sin, (dy * cos - dx * sin) * stretch
            d = np.sqrt(u * u + v * v)
            steep = np.sqrt(u * u + v * v * stretch * stretch) / max(d, TINY)  # of d, per pixel
            edge = radius + HALF * steep
            t = min(max((edge - d) / max(edge - core, steep), ZERO), ONE)
            line[x] += max(cap - line[x], ZERO) * (t * t * (THREE - TWO * t) * flow)


@_kernel
def _cover_stamp(coverage, area, stamp, origin, share, flow, cap):
    """`origin`: the tile's pixel under the stamp's first; `share`: how far the stamp lies beyond it, 0..1."""
    fx, fy = share
    for y in range(area[1], area[3]):
        line = coverage[y, area[0] : area[2]]
        row, column = y - origin[1], area[0] - origin[0]
        upper, lower = stamp[row - 1, column - 1 : column + line.size], stamp[row, column - 1 : column + line.size]
        for x in range(line.size):
            above = upper[x + 1] + (upper[x] - upper[x + 1]) * fx
            below = lower[x + 1] + (lower[x] - lower[x + 1]) * fx
            line[x] += max(cap - line[x], ZERO) * ((below + (above - below) * fy) * flow)


@_kernel
def _paint(words, base, coverage, allowed, area, depth, color, opacity, levels, keeps_alpha):
    for y in range(area[1], area[3]):
        line, old = words[y, area[0] : area[2]], base[y, area[0] : area[2]]
        covered, free = coverage[y, area[0] : area[2]], allowed[y, area[0] : area[2]]
        for x in range(line.size):
            bits, top = depth
            pixel = old[x]
            alpha = covered[x] * (F(INT(free[x])) * opacity)
            below = F(INT((pixel >> (bits + bits + bits)) & top)) / levels
            result = below if keeps_alpha else alpha + below * (ONE - alpha)
            weight = alpha if keeps_alpha else alpha / max(result, TINY)
            r, g, b = F(INT(pixel & top)), F(INT((pixel >> bits) & top)), F(INT((pixel >> (bits + bits)) & top))
            r += weight * (color[0] - r)
            g += weight * (color[1] - g)
            b += weight * (color[2] - b)
            line[x] = (
                words.dtype.type(INT(r + HALF))
                | (words.dtype.type(INT(g + HALF)) << bits)
                | (words.dtype.type(INT(b + HALF)) << (bits + bits))
                | (words.dtype.type(INT(result * levels + HALF)) << (bits + bits + bits))
            )


@_kernel
def _erase(words, base, coverage, allowed, area, depth, opacity):
    for y in range(area[1], area[3]):
        line, old = words[y, area[0] : area[2]], base[y, area[0] : area[2]]
        covered, free = coverage[y, area[0] : area[2]], allowed[y, area[0] : area[2]]
        for x in range(line.size):
            bits, top = depth
            shift = bits + bits + bits
            keep = ONE - covered[x] * (F(INT(free[x])) * opacity)
            alpha = F(INT((old[x] >> shift) & top)) * keep
            line[x] = (old[x] & ~(top << shift)) | (words.dtype.type(INT(alpha + HALF)) << shift)


@_kernel
def _paint_gray(gray, base, coverage, allowed, area, level, opacity):
    for y in range(area[1], area[3]):
        line, old = gray[y, area[0] : area[2]], base[y, area[0] : area[2]]
        covered, free = coverage[y, area[0] : area[2]], allowed[y, area[0] : area[2]]
        for x in range(line.size):
            value = F(INT(old[x]))
            line[x] = np.uint8(INT(value + covered[x] * (F(INT(free[x])) * opacity) * (level - value) + HALF))


def cover_dab(
    coverage: Any,
    area: Area,
    *,
    center: tuple[float, float],
    radius: float,
    hardness: float,
    flow: float,
    cap: float = 1.0,
    angle: float = 0.0,
    roundness: float = 1.0,
) -> None:
    """Adds a round dab, up to `cap`; `center` in tile pixels, edge one pixel soft at hardness 1, all falling at 0.

    With a roundness below 1 it is an ellipse whose long axis is turned clockwise by `angle` degrees.
    """
    core = min(radius * hardness, max(radius - 0.5, 0.0))
    middle = (F(center[0]), F(center[1]))
    if roundness >= 1.0:
        _cover(coverage, area, middle, F(radius + 0.5), F(core), F(flow), F(cap))
        return
    turn = (F(math.cos(math.radians(angle))), F(math.sin(math.radians(angle))), F(1 / roundness))
    _cover_ellipse(coverage, area, middle, F(radius), F(core), F(flow), F(cap), turn)


def cover_stamp(
    coverage: Any, area: Area, stamp: Any, *, left: float, top: float, flow: float, cap: float = 1.0
) -> None:
    """Adds a stamp (H, W) float32 whose rim is zero, up to `cap`; its upper left corner is at (left, top) of the tile.

    `area` must lie at least one pixel inside the stamp.
    """
    x, y = math.floor(left), math.floor(top)
    _cover_stamp(coverage, area, stamp, (x, y), (F(left - x), F(top - y)), F(flow), F(cap))


def paint_color(
    tile: Any,
    base: Any,
    coverage: Any,
    allowed: Any | None,
    area: Area,
    *,
    color: tuple[float, float, float],
    opacity: float,
    keeps_alpha: bool = False,
) -> None:
    """tile = colour (0..1) over `base` with coverage × opacity × `allowed` (a selection, uint8) as alpha."""
    words, depth, levels = packed(tile)
    old, _, _ = packed(base)
    painted = (F(color[0] * levels), F(color[1] * levels), F(color[2] * levels))
    free = WHITE_MASK if allowed is None else allowed
    _paint(words, old, coverage, free, area, depth, painted, F(opacity / 255), F(levels), keeps_alpha)


def erase(tile: Any, base: Any, coverage: Any, allowed: Any | None, area: Area, *, opacity: float) -> None:
    """Takes alpha away; the colour beneath stays."""
    words, depth, _ = packed(tile)
    old, _, _ = packed(base)
    _erase(words, old, coverage, WHITE_MASK if allowed is None else allowed, area, depth, F(opacity / 255))


def paint_gray(
    tile: Any, base: Any, coverage: Any, allowed: Any | None, area: Area, *, level: float, opacity: float
) -> None:
    """Paints a level 0..1 on a mask tile (256, 256, 1) uint8."""
    free = WHITE_MASK if allowed is None else allowed
    _paint_gray(tile[..., 0], base[..., 0], coverage, free, area, F(level * 255), F(opacity / 255))
