"""Laying finished tiles into the result, in the depth of the picture: no float copy of the whole ever exists."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.runner import Pixels
from desktop.runtime.tiling import PlacedTile, Span

BAND_ROWS = 256  # rows blended in one go, so that no temporary is as large as the picture

Planes = NDArray[np.float32]  # (3, H, W) float32, RGB 0..1


def lay_tile(result: Pixels, planes: Planes, placed: PlacedTile) -> None:
    """Write one tile into the first channels of `result` (H, W, C), crossing over to the tiles laid before.

    `planes` (as many as there are channels to write, mostly 3) is the network's whole output for the tile; what lies
    beyond the picture is dropped. Tiles must come in the order of their plan. Where tiles agree, the result is their
    rounded value; where they contradict each other completely, rounding at each crossing leaves it within two levels
    of the exact sum.
    """
    rows, columns = _counting(placed.rows), _counting(placed.columns)
    fresh_row, fresh_column = _first_fresh(placed.rows, rows), _first_fresh(placed.columns, columns)
    target = result[placed.rows.out_start : placed.rows.out_stop, placed.columns.out_start : placed.columns.out_stop]
    top = (slice(rows.start, fresh_row), columns)
    left = (slice(fresh_row, rows.stop), slice(columns.start, fresh_column))
    rest = (slice(fresh_row, rows.stop), slice(fresh_column, columns.stop))
    for area in (top, left):
        _cross_over(target[area], planes[(slice(None), *area)], placed.opacity(*area))
    _replace(target[rest], planes[(slice(None), *rest)])


def store_mask(target: NDArray[np.uint8], plane: NDArray[np.float32]) -> None:
    """(H, W) 0..1 → 0..255; NaN becomes 0."""
    for start in range(0, len(target), BAND_ROWS):
        levels = plane[start : start + BAND_ROWS] * np.float32(255)
        _store(target[start : start + BAND_ROWS], levels, 255.0)


def blend_under_mask(result: Pixels, base: Pixels, mask: NDArray[np.float32]) -> None:
    """Let `base` show through `result` where `mask` (H, W) 0..1 is below 1; alpha stays the result's."""
    for start in range(0, len(result), BAND_ROWS):
        band = slice(start, start + BAND_ROWS)
        _cross_under(result[band], base[band], mask[band])


def levels_of(pixels: Pixels) -> float:
    """The value of white: 255 or 65535."""
    return float(np.iinfo(pixels.dtype).max)


def _counting(span: Span) -> slice:
    """The part of the tile that has any weight."""
    counting = np.flatnonzero(span.weights)
    return slice(int(counting[0]), int(counting[-1]) + 1)


def _first_fresh(span: Span, counting: slice) -> int:
    """Where no earlier tile has written; earlier tiles lie before, so all that follows is fresh too."""
    touched = np.flatnonzero(span.earlier[counting])
    return int(counting.start) + (int(touched[-1]) + 1 if len(touched) else 0)


def _replace(target: Pixels, planes: Planes) -> None:
    """Round, limit and interleave in one go: OpenCV does it at twice the speed of NumPy."""
    if not target.size:
        return
    depth = cv2.CV_8U if target.dtype == np.uint8 else cv2.CV_16U
    levels = [cv2.multiply(plane, levels_of(target), dtype=depth) for plane in planes]
    if len(levels) == 1:
        target[..., 0] = levels[0]
        return
    pairs = [place for channel in range(len(levels)) for place in (channel, channel)]
    cv2.mixChannels(levels, [target], pairs)


def _cross_over(target: Pixels, planes: Planes, opacity: NDArray[np.float32]) -> None:
    white = levels_of(target)
    for channel in range(len(planes)):
        before = target[..., channel].astype(np.float32)
        _store(target[..., channel], before + (planes[channel] * np.float32(white) - before) * opacity, white)


def _cross_under(result: Pixels, base: Pixels, mask: NDArray[np.float32]) -> None:
    for channel in range(3):
        below = base[..., channel].astype(np.float32)
        _store(result[..., channel], below + (result[..., channel] - below) * mask, levels_of(result))


def _store(target: Pixels, plane: NDArray[np.float32], white: float) -> None:
    """Round, limit and cast; a NaN of the network becomes black instead of an arbitrary number."""
    np.rint(plane, out=plane)
    np.fmax(plane, 0, out=plane)
    np.fmin(plane, white, out=plane)
    target[...] = plane.astype(target.dtype)
