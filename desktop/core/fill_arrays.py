"""Filling in NumPy, for platforms without numba: the same functions and formulas as fill_kernels.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from desktop.core.blend_arrays import TINY, grain
from desktop.core.tiles import Area, TileKey

NARROWED, MARGIN = np.float32(0.98), np.float32(0.01)


def _place(along: Any, across: Any, shape: int) -> Any:
    turn = np.arctan2(across, along) / (2 * np.pi)
    shapes = (
        lambda: along,
        lambda: np.hypot(along, across),
        lambda: turn - np.floor(turn),
        lambda: np.abs(along),
        lambda: np.abs(along) + np.abs(across),
    )
    return shapes[shape]()


def _wrapped(place: Any, repeat: int) -> Any:
    if repeat == 2:
        return place - np.floor(place)
    if repeat == 1:
        half = place * 0.5
        return 1 - np.abs((half - np.floor(half)) * 2 - 1)
    return np.clip(place, 0, 1)


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
    x0, y0, x1, y1 = area
    dy = np.arange(y0, y1)[:, None] + 0.5 - start[1]
    dx = np.arange(x0, x1)[None] + 0.5 - start[0]
    place = _wrapped(_place(dx * axis[0] + dy * axis[1], dy * axis[0] - dx * axis[1], shape), repeat)
    words[y0:y1, x0:x1] = table[(place * (len(table) - 1) + 0.5).astype(np.int64)]


def write_over(acc: Any, out: Any, base: Any, shown: Any, area: Area, key: TileKey, *, dithers: bool) -> None:
    x0, y0, x1, y1 = area
    part, old, target = acc[:, y0:y1, x0:x1], base[y0:y1, x0:x1], out[y0:y1, x0:x1]
    top = np.iinfo(out.dtype).max
    levels = np.float32(top)
    rounding: Any = MARGIN + NARROWED * grain(area, key) if dithers else np.float32(0.5)
    alpha = np.minimum(part[3], 1)
    a = (alpha * levels + rounding).astype(np.int64)
    color = np.minimum((part[:3] * (levels / np.maximum(alpha, TINY)) + rounding).astype(np.int64), top)
    is_covered = shown[y0:y1, x0:x1] > 0
    target[..., :3] = np.where((is_covered & (a > 0))[..., None], color.transpose(1, 2, 0), old[..., :3])
    target[..., 3] = np.where(is_covered, a, old[..., 3])
