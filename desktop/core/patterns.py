"""Patterns that repeat without a seam: made by formulas, and laid by a bucket."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from desktop.core.color import Pixels, Rgba8, dtype_of_depth, to_depth
from desktop.core.geometry import Rect
from desktop.core.tiles import TILE, TileKey

SIDE_PX = 64

Plane: TypeAlias = npt.NDArray[np.float64]


class Pattern(Enum):
    """Black on transparency, but for the grain, which is grey."""

    CHECKS = "checks"
    STRIPES = "stripes"
    DOTS = "dots"
    BRICKS = "bricks"
    GRAIN = "grain"


def pattern_pixels(pattern: Pattern) -> Rgba8:
    """(64, 64, 4), straight; the same bytes on every call."""
    return _MAKERS[pattern]()


class PatternPaint:
    """A picture (H, W, 4), repeated from the upper left corner of the canvas, in a depth."""

    def __init__(self, pixels: Pixels, dtype: np.dtype[np.generic]) -> None:
        self._pixels = to_depth(pixels, 8 if dtype == dtype_of_depth(8) else 16)

    def tile(self, key: TileKey, part: Rect) -> Pixels:
        height, width = self._pixels.shape[:2]
        rows = (np.arange(TILE) + key[1] * TILE) % height
        columns = (np.arange(TILE) + key[0] * TILE) % width
        tile: Pixels = np.ascontiguousarray(self._pixels[rows][:, columns])
        tile.flags.writeable = False
        return tile


def _ink(shares: Plane) -> Rgba8:
    pixels = np.zeros((SIDE_PX, SIDE_PX, 4), np.uint8)
    pixels[..., 3] = np.rint(np.clip(shares, 0, 1) * 255)
    return pixels


def _grid() -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int, int], np.dtype[np.float64]]
]:
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX] + 0.5
    return x, y


def _checks() -> Rgba8:
    x, y = _grid()
    return _ink(((x // 16 + y // 16) % 2).astype(np.float64))


def _stripes() -> Rgba8:
    """Slanted, with a rim of one pixel."""
    x, y = _grid()
    return _ink(3.5 - np.abs((x + y) % 16 - 8))


def _dots() -> Rgba8:
    x, y = _grid()
    return _ink(4.5 - np.hypot(x % 16 - 8, y % 16 - 8))


def _bricks() -> Rgba8:
    """Joints: level every 16 pixels, upright ones in turn."""
    x, y = _grid()
    upright = (x + np.where(y // 16 % 2, 16, 0)) % 32 < 2
    return _ink(((y % 16 < 2) | upright).astype(np.float64))


def _grain() -> Rgba8:
    levels = np.random.Generator(np.random.PCG64(7)).integers(64, 192, (SIDE_PX, SIDE_PX, 1), np.uint8)
    return np.concatenate([levels, levels, levels, np.full_like(levels, 255)], axis=2)


_MAKERS: dict[Pattern, Callable[[], Rgba8]] = {
    Pattern.CHECKS: _checks,
    Pattern.STRIPES: _stripes,
    Pattern.DOTS: _dots,
    Pattern.BRICKS: _bricks,
    Pattern.GRAIN: _grain,
}
