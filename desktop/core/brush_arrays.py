"""Brush dabs in NumPy, for platforms without numba: the same functions and formulas as brush_kernels.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from desktop.core.tiles import Area

TINY = np.float32(1e-6)


def cover_dab(
    coverage: Any, area: Area, *, center: tuple[float, float], radius: float, hardness: float, flow: float
) -> None:
    x0, y0, x1, y1 = area
    core, edge = min(radius * hardness, max(radius - 0.5, 0.0)), radius + 0.5
    dx = np.arange(x0, x1, dtype=np.float32)[None, :] + np.float32(0.5 - center[0])
    dy = np.arange(y0, y1, dtype=np.float32)[:, None] + np.float32(0.5 - center[1])
    distance = np.sqrt(dx * dx + dy * dy)
    t = np.clip((max(edge, core + 1) - distance) / np.float32(max(edge - core, 1.0)), 0, 1).astype(np.float32)
    part = coverage[y0:y1, x0:x1]
    part += (1 - part) * (t * t * (3 - 2 * t) * np.float32(flow))


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
