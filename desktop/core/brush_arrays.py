"""Brush dabs in NumPy, for platforms without numba: the same functions and formulas as brush_kernels.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from desktop.core.tiles import Area

TINY = np.float32(1e-6)


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
    x0, y0, x1, y1 = area
    core: Any = np.float32(min(radius * hardness, max(radius - 0.5, 0.0)))
    dx = np.arange(x0, x1, dtype=np.float32)[None, :] + np.float32(0.5 - center[0])
    dy = np.arange(y0, y1, dtype=np.float32)[:, None] + np.float32(0.5 - center[1])
    cos, sin = np.float32(math.cos(math.radians(angle))), np.float32(math.sin(math.radians(angle)))
    stretch = np.float32(1 / roundness)
    u, v = (dx * cos + dy * sin, (dy * cos - dx * sin) * stretch) if roundness < 1 else (dx, dy)
    distance = np.sqrt(u * u + v * v)
    steep: Any = np.float32(1)
    if roundness < 1:
        steep = np.sqrt(u * u + v * v * stretch * stretch) / np.maximum(distance, TINY)
    edge = np.float32(radius) + np.float32(0.5) * steep
    reach = np.maximum(edge - core, steep)
    far = np.maximum(edge, core + 1) if roundness >= 1 else edge
    t = np.clip((far - distance) / reach, 0, 1).astype(np.float32)
    _add(coverage, area, t * t * (3 - 2 * t), flow, cap)


def cover_stamp(
    coverage: Any, area: Area, stamp: Any, *, left: float, top: float, flow: float, cap: float = 1.0
) -> None:
    x0, y0, x1, y1 = area
    x, y = math.floor(left), math.floor(top)
    fx, fy = np.float32(left - x), np.float32(top - y)
    here = np.s_[y0 - y : y1 - y, x0 - x : x1 - x]
    before = np.s_[y0 - y : y1 - y, x0 - x - 1 : x1 - x - 1]
    upper = np.s_[y0 - y - 1 : y1 - y - 1, x0 - x : x1 - x]
    corner = np.s_[y0 - y - 1 : y1 - y - 1, x0 - x - 1 : x1 - x - 1]
    below = stamp[here] + (stamp[before] - stamp[here]) * fx
    above = stamp[upper] + (stamp[corner] - stamp[upper]) * fx
    _add(coverage, area, below + (above - below) * fy, flow, cap)


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
    x0, y0, x1, y1 = area
    levels = np.float32(np.iinfo(tile.dtype).max)
    old = base[y0:y1, x0:x1].astype(np.float32)
    alpha = _strength(coverage, allowed, area, opacity)
    below = old[..., 3] / levels
    result = below if keeps_alpha else alpha + below * (1 - alpha)
    weight = alpha if keeps_alpha else alpha / np.maximum(result, TINY)
    painted = np.array(color, np.float32) * levels
    part = tile[y0:y1, x0:x1]
    part[..., :3] = (old[..., :3] + weight[..., None] * (painted - old[..., :3]) + np.float32(0.5)).astype(tile.dtype)
    part[..., 3] = (result * levels + np.float32(0.5)).astype(tile.dtype)


def erase(tile: Any, base: Any, coverage: Any, allowed: Any | None, area: Area, *, opacity: float) -> None:
    x0, y0, x1, y1 = area
    old = base[y0:y1, x0:x1]
    part = tile[y0:y1, x0:x1]
    part[..., :3] = old[..., :3]
    keep = 1 - _strength(coverage, allowed, area, opacity)
    part[..., 3] = (old[..., 3].astype(np.float32) * keep + np.float32(0.5)).astype(tile.dtype)


def paint_gray(
    tile: Any, base: Any, coverage: Any, allowed: Any | None, area: Area, *, level: float, opacity: float
) -> None:
    x0, y0, x1, y1 = area
    old = base[y0:y1, x0:x1, 0].astype(np.float32)
    painted = old + _strength(coverage, allowed, area, opacity) * (np.float32(level * 255) - old)
    tile[y0:y1, x0:x1, 0] = (painted + np.float32(0.5)).astype(np.uint8)


def _strength(coverage: Any, allowed: Any | None, area: Area, opacity: float) -> Any:
    x0, y0, x1, y1 = area
    strength = coverage[y0:y1, x0:x1] * np.float32(opacity)
    return strength if allowed is None else strength * (allowed[y0:y1, x0:x1] / np.float32(255))


def _add(coverage: Any, area: Area, strength: Any, flow: float, cap: float) -> None:
    part = coverage[area[1] : area[3], area[0] : area[2]]
    part += np.maximum(np.float32(cap) - part, 0) * (strength * np.float32(flow))
