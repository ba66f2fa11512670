"""Blending in numba, channel by channel: the modes that painters know from Photoshop and W3C does not have.

blend_kernels.py says what all these loops have in common. Hard mix, vivid light and divide have steps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from desktop.core.blend_modes import BlendMode

F, INT = np.float32, np.int32
ZERO, HALF, ONE, TWO = F(0), F(0.5), F(1), F(2)
TINY = F(1e-6)

_kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
_formula = njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_formula
def _linear_burn(cb, cs):
    return max(cb + cs - ONE, ZERO)


@_formula
def _linear_dodge(cb, cs):
    return min(cb + cs, ONE)


@_formula
def _vivid_light(cb, cs):
    """Colour burn with twice the darker half of the source, colour dodge with twice the lighter half."""
    burnt = ONE - min(ONE, (ONE - cb) / max(TWO * cs, TINY))
    dodged = min(ONE, cb / max(TWO - TWO * cs, TINY))
    darker = ONE if cb >= ONE - TINY else burnt
    lighter = ZERO if cb <= TINY else dodged
    return darker if cs <= HALF else lighter


@_formula
def _linear_light(cb, cs):
    return min(max(cb + TWO * cs - ONE, ZERO), ONE)


@_formula
def _pin_light(cb, cs):
    darker, lighter = min(cb, TWO * cs), max(cb, TWO * cs - ONE)
    return darker if cs <= HALF else lighter


@_formula
def _hard_mix(cb, cs):
    return ONE if cb + cs >= ONE - TINY else ZERO


@_formula
def _subtract(cb, cs):
    return max(cb - cs, ZERO)


@_formula
def _divide(cb, cs):
    quotient = min(ONE, cb / max(cs, TINY))
    return ZERO if cb <= TINY else quotient


@_formula
def _lines(acc, tile, mask, area, y):
    """The line y of everything, cut to the area: red, green, blue, alpha below, source, mask."""
    x0, x1 = area[0], area[2]
    return acc[0, y, x0:x1], acc[1, y, x0:x1], acc[2, y, x0:x1], acc[3, y, x0:x1], tile[y, x0:x1], mask[y, x0:x1]


@_formula
def _source(pixel, shown, depth, paint):
    """Alpha (with opacity and mask) and straight red, green, blue of a packed pixel, 0..1."""
    bits, levels = depth
    scale, opacity = paint
    red, green, blue = (
        F(INT(pixel & levels)),
        F(INT((pixel >> bits) & levels)),
        F(INT((pixel >> (bits + bits)) & levels)),
    )
    alpha = F(INT((pixel >> (bits + bits + bits)) & levels)) * scale * (F(INT(shown)) * opacity)
    return alpha, red * scale, green * scale, blue * scale


@_formula
def _mix(acc, alpha, below, free, cs, mixed):
    """W3C: (1 - αs)·αb·Cb + αs·(1 - αb)·Cs + αs·αb·B(Cb, Cs); `free` is 1 - αb, or 0 where alpha has to stay."""
    return acc + alpha * (free * cs + below * mixed - acc)


@_formula
def _straight(acc, inverse):
    return min(acc * inverse, ONE)


@_kernel
def _blend_linear_burn(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _linear_burn(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _linear_burn(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _linear_burn(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_linear_dodge(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _linear_dodge(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _linear_dodge(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _linear_dodge(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_vivid_light(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _vivid_light(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _vivid_light(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _vivid_light(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_linear_light(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _linear_light(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _linear_light(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _linear_light(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_pin_light(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _pin_light(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _pin_light(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _pin_light(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_hard_mix(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _hard_mix(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _hard_mix(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _hard_mix(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_subtract(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _subtract(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _subtract(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _subtract(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_divide(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _divide(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _divide(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _divide(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


LOOPS: dict[BlendMode, Callable[..., None]] = {
    BlendMode.LINEAR_BURN: _blend_linear_burn,
    BlendMode.LINEAR_DODGE: _blend_linear_dodge,
    BlendMode.VIVID_LIGHT: _blend_vivid_light,
    BlendMode.LINEAR_LIGHT: _blend_linear_light,
    BlendMode.PIN_LIGHT: _blend_pin_light,
    BlendMode.HARD_MIX: _blend_hard_mix,
    BlendMode.SUBTRACT: _blend_subtract,
    BlendMode.DIVIDE: _blend_divide,
}
