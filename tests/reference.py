"""The oracle of the compositing tests: W3C Compositing and Blending Level 1 in float64, written from its text."""

from __future__ import annotations

from typing import Any

import numpy as np

from desktop.core.blend_modes import BlendMode


def blend(mode: BlendMode, cb: Any, cs: Any) -> Any:
    """B(Cb, Cs) for float64 arrays (…, 3)."""
    name = mode.name.lower()
    if name in _NON_SEPARABLE:
        return _NON_SEPARABLE[name](cb, cs)
    return np.vectorize(_SEPARABLE[name], otypes=[np.float64])(cb, cs)


def composite(backdrop: Any, source: Any, mode: BlendMode, alpha: Any, *, atop: bool = False) -> Any:
    """Backdrop premultiplied float64 (H, W, 4); source straight (H, W, 4); alpha replaces the source's own."""
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
}
