"""Filling in numba: a gradient's colours for a part of a tile, and writing blended paint over old pixels, dithered.

numba's cache looks only at the date of this file, so `_grain` stands here as well as in blend_whole.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from desktop.core.blend_kernels import packed
from desktop.core.tiles import TILE, Area, TileKey

F, INT = np.float32, np.int32
ZERO, HALF, ONE, TINY = F(0), F(0.5), F(1), F(1e-6)
GRAIN_STEP = F(2.0**-23)
K1, K2, K3, K4 = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0x2C1B3C6D), np.uint32(0x297A2D39)
NARROWED = F(0.98)  # thresholds keep off 0 and 1, so that a level which needs no dither stays what it is
MARGIN = F(0.01)
RADIAL, ANGLE, REFLECTED, DIAMOND = 1, 2, 3, 4  # in the order of GradientShape; 0 is linear
MIRROR, REPEAT = 1, 2  # in the order of GradientRepeat; 0 is none

_kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
_formula = njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_formula
def _place(along, across, shape):
    if shape == RADIAL:
        return math.sqrt(along * along + across * across)
    if shape == ANGLE:
        turn = math.atan2(across, along) / (2 * math.pi)
        return turn - math.floor(turn)
    if shape == REFLECTED:
        return abs(along)
    if shape == DIAMOND:
        return abs(along) + abs(across)
    return along


@_formula
def _wrapped(place, repeat):
    if repeat == REPEAT:
        return place - math.floor(place)
    if repeat == MIRROR:
        half = place * 0.5
        return 1.0 - abs((half - math.floor(half)) * 2.0 - 1.0)
    return min(max(place, 0.0), 1.0)


@_kernel
def _gradient(words, table, area, start, axis, shape, repeat):
    last = table.size - 1
    for y in range(area[1], area[3]):
        line = words[y, area[0] : area[2]]
        dy = y + 0.5 - start[1]
        for x in range(line.size):
            dx = area[0] + x + 0.5 - start[0]
            place = _place(dx * axis[0] + dy * axis[1], dy * axis[0] - dx * axis[1], shape)
            line[x] = table[int(_wrapped(place, repeat) * last + 0.5)]


@_formula
def _grain(x, y):
    h = np.uint32(np.uint32(x) * K1) ^ np.uint32(np.uint32(y) * K2)
    h = np.uint32((h ^ (h >> 15)) * K3)
    h = np.uint32((h ^ (h >> 12)) * K4)
    return (F(INT((h ^ (h >> 15)) >> 9)) + HALF) * GRAIN_STEP


@_kernel
def _write_over(acc, words, base, shown, area, depth, levels, dithers, origin):
    bits, top = depth
    shift = bits + bits + bits
    for y in range(area[1], area[3]):
        red, green, blue = acc[0, y, area[0] : area[2]], acc[1, y, area[0] : area[2]], acc[2, y, area[0] : area[2]]
        cover, line = acc[3, y, area[0] : area[2]], words[y, area[0] : area[2]]
        old, covered = base[y, area[0] : area[2]], shown[y, area[0] : area[2]]
        for x in range(line.size):
            if covered[x] == 0:
                line[x] = old[x]
                continue
            rounding = MARGIN + NARROWED * _grain(origin[0] + area[0] + x, origin[1] + y) if dithers else HALF
            alpha = min(cover[x], ONE)
            a = INT(alpha * levels + rounding)
            if a == 0:
                line[x] = old[x] & ~(top << shift)
                continue
            scale, limit = levels / max(alpha, TINY), INT(levels)
            r = min(INT(red[x] * scale + rounding), limit)
            g = min(INT(green[x] * scale + rounding), limit)
            b = min(INT(blue[x] * scale + rounding), limit)
            line[x] = (
                words.dtype.type(r)
                | (words.dtype.type(g) << bits)
                | (words.dtype.type(b) << (bits + bits))
                | (words.dtype.type(a) << shift)
            )


def gradient_words(
    words: Any,
    table: Any,
    area: Area,
    *,
    start: tuple[float, float],
    axis: tuple[float, float],
    shape: int,
    repeat: int,
) -> None:
    """words (256, 256) uint64 = the table's word at each pixel's place; `axis` is the line over its length squared."""
    _gradient(words, table, area, start, axis, shape, repeat)


def write_over(acc: Any, out: Any, base: Any, shown: Any, area: Area, key: TileKey, *, dithers: bool) -> None:
    """Puts the accumulator into `out` where `shown` (256, 256) uint8 is above 0, and `base` elsewhere.

    What becomes transparent keeps its colour. Dithering spreads a level's fraction over neighbours, always alike.
    """
    words, depth, levels = packed(out)
    old, _, _ = packed(base)
    _write_over(acc, words, old, shown, area, depth, F(levels), dithers, (key[0] * TILE, key[1] * TILE))
