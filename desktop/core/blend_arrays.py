"""Blending in NumPy, for platforms without numba: functions and formulas as in the compiled files.

Arrays of colour are (3, h, w) float32, straight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from desktop.core.blend_modes import BlendMode
from desktop.core.tiles import TILE, Area, TileKey

Colors: TypeAlias = npt.NDArray[np.float32]
Formula: TypeAlias = Callable[[Colors, Colors], Colors]

TINY = np.float32(1e-6)
_LUMA = np.array([0.3, 0.59, 0.11], np.float32)[:, None, None]


def _hard_light(below: Colors, source: Colors) -> Colors:
    lit = 2 * source - 1
    return np.where(source <= 0.5, 2 * below * source, below + lit - below * lit)


def _color_dodge(below: Colors, source: Colors) -> Colors:
    quotient = np.minimum(1, below / np.maximum(1 - source, TINY))
    return np.where(below <= TINY, np.float32(0), quotient)


def _color_burn(below: Colors, source: Colors) -> Colors:
    quotient = 1 - np.minimum(1, (1 - below) / np.maximum(source, TINY))
    return np.where(below >= 1 - TINY, np.float32(1), quotient)


def _soft_light(below: Colors, source: Colors) -> Colors:
    curve = np.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, np.sqrt(below))
    darker = below - (1 - 2 * source) * below * (1 - below)
    return np.where(source <= 0.5, darker, below + (2 * source - 1) * (curve - below))


def _vivid_light(below: Colors, source: Colors) -> Colors:
    burnt = 1 - np.minimum(1, (1 - below) / np.maximum(2 * source, TINY))
    dodged = np.minimum(1, below / np.maximum(2 - 2 * source, TINY))
    darker = np.where(below >= 1 - TINY, np.float32(1), burnt)
    lighter = np.where(below <= TINY, np.float32(0), dodged)
    return np.where(source <= 0.5, darker, lighter)


def _pin_light(below: Colors, source: Colors) -> Colors:
    return np.where(source <= 0.5, np.minimum(below, 2 * source), np.maximum(below, 2 * source - 1))


def _hard_mix(below: Colors, source: Colors) -> Colors:
    return np.where(below + source >= 1 - TINY, np.float32(1), np.float32(0))


def _divide(below: Colors, source: Colors) -> Colors:
    return np.where(below <= TINY, np.float32(0), np.minimum(1, below / np.maximum(source, TINY)))


def _luma(color: Colors) -> Colors:
    result: Colors = (color * _LUMA).sum(axis=0, keepdims=True)
    return result


def _with_luma(color: Colors, luma: Colors) -> Colors:
    shifted = color + (luma - _luma(color))
    low, high = shifted.min(axis=0, keepdims=True), shifted.max(axis=0, keepdims=True)
    from_below = np.where(low < 0, luma / np.maximum(luma - low, TINY), np.float32(1))
    from_above = np.where(high > 1, (1 - luma) / np.maximum(high - luma, TINY), np.float32(1))
    result: Colors = luma + (shifted - luma) * np.minimum(from_below, from_above)
    return result


def _spread(color: Colors) -> Colors:
    result: Colors = color.max(axis=0, keepdims=True) - color.min(axis=0, keepdims=True)
    return result


def _with_saturation(color: Colors, saturation: Colors) -> Colors:
    spread = _spread(color)
    scale = np.where(spread > TINY, saturation / np.maximum(spread, TINY), np.float32(0))
    result: Colors = (color - color.min(axis=0, keepdims=True)) * scale
    return result


def grain(area: Area, key: TileKey) -> Any:
    """The thresholds of dissolve for a part of a tile: (h, w) float32 in 0..1, a hash of the image coordinates."""
    x0, y0, x1, y1 = area
    x = (np.arange(x0, x1) + key[0] * TILE).astype(np.uint32)[None]
    y = (np.arange(y0, y1) + key[1] * TILE).astype(np.uint32)[:, None]
    h = x * np.uint32(0x9E3779B1) ^ y * np.uint32(0x85EBCA77)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = (h ^ (h >> np.uint32(12))) * np.uint32(0x297A2D39)
    bits = (h ^ (h >> np.uint32(15))) >> np.uint32(9)
    return (bits.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-23)


FORMULAS: dict[BlendMode, Formula] = {
    BlendMode.NORMAL: lambda below, source: source,
    BlendMode.MULTIPLY: lambda below, source: below * source,
    BlendMode.SCREEN: lambda below, source: below + source - below * source,
    BlendMode.OVERLAY: lambda below, source: _hard_light(source, below),
    BlendMode.DARKEN: np.minimum,
    BlendMode.LIGHTEN: np.maximum,
    BlendMode.COLOR_DODGE: _color_dodge,
    BlendMode.COLOR_BURN: _color_burn,
    BlendMode.HARD_LIGHT: _hard_light,
    BlendMode.SOFT_LIGHT: _soft_light,
    BlendMode.DIFFERENCE: lambda below, source: np.abs(below - source),
    BlendMode.EXCLUSION: lambda below, source: below + source - 2 * below * source,
    BlendMode.HUE: lambda below, source: _with_luma(_with_saturation(source, _spread(below)), _luma(below)),
    BlendMode.SATURATION: lambda below, source: _with_luma(_with_saturation(below, _spread(source)), _luma(below)),
    BlendMode.COLOR: lambda below, source: _with_luma(source, _luma(below)),
    BlendMode.LUMINOSITY: lambda below, source: _with_luma(below, _luma(source)),
    BlendMode.DISSOLVE: lambda below, source: source,
    BlendMode.LINEAR_BURN: lambda below, source: np.maximum(below + source - 1, 0),
    BlendMode.DARKER_COLOR: lambda below, source: np.where(_luma(source) < _luma(below), source, below),
    BlendMode.LINEAR_DODGE: lambda below, source: np.minimum(below + source, 1),
    BlendMode.LIGHTER_COLOR: lambda below, source: np.where(_luma(source) > _luma(below), source, below),
    BlendMode.VIVID_LIGHT: _vivid_light,
    BlendMode.LINEAR_LIGHT: lambda below, source: np.clip(below + 2 * source - 1, 0, 1),
    BlendMode.PIN_LIGHT: _pin_light,
    BlendMode.HARD_MIX: _hard_mix,
    BlendMode.SUBTRACT: lambda below, source: np.maximum(below - source, 0),
    BlendMode.DIVIDE: _divide,
}


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
    part = _part(acc, area)
    x0, y0, x1, y1 = area
    pixels = tile[y0:y1, x0:x1].astype(np.float32).transpose(2, 0, 1) / np.float32(np.iinfo(tile.dtype).max)
    alpha = pixels[3] * np.float32(opacity)
    if mask is not None:
        alpha = alpha * (mask[y0:y1, x0:x1] / np.float32(255))
    if mode is BlendMode.ERASE:
        part -= alpha * part
        return
    if mode is BlendMode.DISSOLVE:
        alpha = (alpha > grain(area, key)).astype(np.float32)
    below = part[3]
    straight = np.minimum(part[:3] / np.maximum(below, TINY), 1)
    mixed = FORMULAS[mode](straight, pixels[:3])
    free = np.zeros_like(below) if atop else 1 - below
    part[:3] += alpha * (free * pixels[:3] + below * mixed - part[:3])
    part[3] += alpha * free


def fade(acc: Any, before: Any, mask: Any | None, area: Area, *, opacity: float) -> None:
    part, old = _part(acc, area), _part(before, area)
    weight: Any = np.float32(opacity)
    if mask is not None:
        weight = weight * (mask[area[1] : area[3], area[0] : area[2]] / np.float32(255))
    part[:] = old + (part - old) * weight


def write_straight(acc: Any, out: Any, area: Area, out_x: int = 0, out_y: int = 0) -> None:
    part = _part(acc, area)
    levels = np.float32(np.iinfo(out.dtype).max)
    alpha = np.minimum(part[3], 1)
    color = np.minimum(part[:3] / np.maximum(alpha, TINY), 1)
    x0, y0, x1, y1 = area
    target = out[y0 - out_y : y1 - out_y, x0 - out_x : x1 - out_x]
    target[..., :3] = (color * levels + np.float32(0.5)).transpose(1, 2, 0).astype(out.dtype)
    target[..., 3] = (alpha * levels + np.float32(0.5)).astype(out.dtype)


def write_bgra(acc: Any, out: Any, area: Area) -> None:
    part = _part(acc, area)
    alpha = np.minimum(part[3], 1)
    x0, y0, x1, y1 = area
    target = out[y0:y1, x0:x1]
    for channel, plane in enumerate((part[2], part[1], part[0], alpha)):
        target[..., channel] = (np.minimum(plane, alpha) * 255 + np.float32(0.5)).astype(np.uint8)


def _part(acc: Any, area: Area) -> Any:
    x0, y0, x1, y1 = area
    return acc[:, y0:y1, x0:x1]
