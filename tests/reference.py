"""The oracle of the compositing tests: W3C Compositing and Blending Level 1 and the other modes in float64,
written from their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from desktop.core.blend_modes import BlendMode


def blend(mode: BlendMode, cb: Any, cs: Any) -> Any:
    """B(Cb, Cs) for float64 arrays (…, 3)."""
    name = mode.name.lower()
    if name == "dissolve":
        return cs
    if name in _NON_SEPARABLE:
        return _NON_SEPARABLE[name](cb, cs)
    return np.vectorize(_SEPARABLE[name], otypes=[np.float64])(cb, cs)


def composite(backdrop: Any, source: Any, mode: BlendMode, alpha: Any, *, atop: bool = False) -> Any:
    """Backdrop premultiplied float64 (H, W, 4); source straight (H, W, 4); alpha replaces the source's own."""
    if mode is BlendMode.ERASE:
        return backdrop * (1 - alpha[..., None])
    if mode is BlendMode.DISSOLVE:
        alpha = (alpha > thresholds(*alpha.shape)).astype(np.float64)
    ab, a = backdrop[..., 3:4], alpha[..., None]
    cb = np.divide(backdrop[..., :3], ab, out=np.zeros_like(backdrop[..., :3]), where=ab > 0)
    cb = np.clip(cb, 0, 1)
    mixed = (1 - ab) * source[..., :3] + ab * blend(mode, cb, source[..., :3])
    if atop:
        color = ab * (a * blend(mode, cb, source[..., :3]) + (1 - a) * cb)
        return np.concatenate([color, ab], axis=-1)
    color = (1 - a) * backdrop[..., :3] + a * mixed
    return np.concatenate([color, a + ab * (1 - a)], axis=-1)


def _hard_light(b: float, s: float) -> float:
    return 2 * b * s if s <= 0.5 else _screen(b, 2 * s - 1)


def _screen(b: float, s: float) -> float:
    return b + s - b * s


def _dodge(b: float, s: float) -> float:
    if b == 0:
        return 0.0
    return 1.0 if s == 1 else min(1.0, b / (1 - s))


def _burn(b: float, s: float) -> float:
    if b > 1 - 1e-9:
        return 1.0
    return 0.0 if s == 0 else 1 - min(1.0, (1 - b) / s)


def _soft_light(b: float, s: float) -> float:
    if s <= 0.5:
        return b - (1 - 2 * s) * b * (1 - b)
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else b**0.5
    return b + (2 * s - 1) * (d - b)


def _vivid_light(b: float, s: float) -> float:
    return _burn(b, 2 * s) if s <= 0.5 else _dodge(b, 2 * s - 1)


def _pin_light(b: float, s: float) -> float:
    return min(b, 2 * s) if s <= 0.5 else max(b, 2 * s - 1)


def _divide(b: float, s: float) -> float:
    if b == 0:
        return 0.0
    return 1.0 if b >= s else b / s


def thresholds(height: int, width: int) -> Any:
    """Dissolve's thresholds of a picture at the origin, one pixel at a time in whole numbers."""
    return np.array([[_threshold(x, y) for x in range(width)] for y in range(height)])


def _threshold(x: int, y: int) -> float:
    word = 2**32
    h = (x * 0x9E3779B1 % word) ^ (y * 0x85EBCA77 % word)
    h = (h ^ h >> 15) * 0x2C1B3C6D % word
    h = (h ^ h >> 12) * 0x297A2D39 % word
    return (((h ^ h >> 15) >> 9) + 0.5) / 2**23


_SEPARABLE = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": _screen,
    "overlay": lambda b, s: _hard_light(s, b),
    "darken": min,
    "lighten": max,
    "color_dodge": _dodge,
    "color_burn": _burn,
    "hard_light": _hard_light,
    "soft_light": _soft_light,
    "difference": lambda b, s: abs(b - s),
    "exclusion": lambda b, s: b + s - 2 * b * s,
    "linear_burn": lambda b, s: max(0.0, b + s - 1),
    "linear_dodge": lambda b, s: min(1.0, b + s),
    "vivid_light": _vivid_light,
    "linear_light": lambda b, s: min(1.0, max(0.0, b + 2 * s - 1)),
    "pin_light": _pin_light,
    "hard_mix": lambda b, s: float(b + s >= 1),
    "subtract": lambda b, s: max(0.0, b - s),
    "divide": _divide,
}


def _lum(c: Any) -> float:
    return float(0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2])


def _clip_color(c: Any) -> Any:
    lum, low, high = _lum(c), min(c), max(c)
    if low < 0:
        c = [lum + (v - lum) * lum / (lum - low) for v in c]
    if high > 1:
        c = [lum + (v - lum) * (1 - lum) / (high - lum) for v in c]
    return c


def _set_lum(c: Any, lum: float) -> Any:
    shift = lum - _lum(c)
    return _clip_color([v + shift for v in c])


def _sat(c: Any) -> float:
    return float(max(c) - min(c))


def _set_sat(c: Any, saturation: float) -> Any:
    order = sorted(range(3), key=lambda i: c[i])
    low, middle, high = order
    result = [0.0, 0.0, 0.0]
    if c[high] > c[low]:
        result[middle] = (c[middle] - c[low]) * saturation / (c[high] - c[low])
        result[high] = saturation
    return result


def _per_pixel(function: Any) -> Any:
    def apply(cb: Any, cs: Any) -> Any:
        flat = [function(b, s) for b, s in zip(cb.reshape(-1, 3), cs.reshape(-1, 3), strict=True)]
        return np.array(flat, np.float64).reshape(cb.shape)

    return apply


_NON_SEPARABLE = {
    "hue": _per_pixel(lambda b, s: _set_lum(_set_sat(s, _sat(b)), _lum(b))),
    "saturation": _per_pixel(lambda b, s: _set_lum(_set_sat(b, _sat(s)), _lum(b))),
    "color": _per_pixel(lambda b, s: _set_lum(s, _lum(b))),
    "luminosity": _per_pixel(lambda b, s: _set_lum(b, _lum(s))),
    "darker_color": _per_pixel(lambda b, s: s if _lum(s) < _lum(b) else b),
    "lighter_color": _per_pixel(lambda b, s: s if _lum(s) > _lum(b) else b),
}
