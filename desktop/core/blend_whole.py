"""Blending in numba, whole pixels at a time: W3C's four modes of hue, darker and lighter colour, dissolve, erase.

blend_kernels.py says what all these loops have in common. Dissolve takes the place of the tile in the image as well:
which pixels it shows hangs on nothing but their coordinates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from desktop.core.blend_modes import BlendMode

F, INT = np.float32, np.int32
ZERO, HALF, ONE = F(0), F(0.5), F(1)
TINY = F(1e-6)
GRAIN_STEP = F(2.0**-23)  # float32 holds 23 bits and the half exactly
K1, K2, K3, K4 = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0x2C1B3C6D), np.uint32(0x297A2D39)
LUMA_R, LUMA_G, LUMA_B = F(0.3), F(0.59), F(0.11)

_kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
_formula = njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_formula
def _luma(r, g, b):
    return LUMA_R * r + LUMA_G * g + LUMA_B * b


@_formula
def _with_luma(r, g, b, luma):
    """W3C SetLum with ClipColor."""
    shift = luma - _luma(r, g, b)
    r, g, b = r + shift, g + shift, b + shift
    low, high = min(r, g, b), max(r, g, b)
    from_below, from_above = luma / max(luma - low, TINY), (ONE - luma) / max(high - luma, TINY)
    scale = min(from_below if low < ZERO else ONE, from_above if high > ONE else ONE)
    return luma + (r - luma) * scale, luma + (g - luma) * scale, luma + (b - luma) * scale


@_formula
def _with_saturation(r, g, b, saturation):
    """W3C SetSat: least becomes 0, greatest becomes `saturation`, the middle keeps its place."""
    low, high = min(r, g, b), max(r, g, b)
    quotient = saturation / max(high - low, TINY)
    scale = quotient if high - low > TINY else ZERO
    return (r - low) * scale, (g - low) * scale, (b - low) * scale


@_formula
def _spread(r, g, b):
    return max(r, g, b) - min(r, g, b)


@_formula
def _hue(br, bg, bb, sr, sg, sb):
    r, g, b = _with_saturation(sr, sg, sb, _spread(br, bg, bb))
    return _with_luma(r, g, b, _luma(br, bg, bb))


@_formula
def _saturation(br, bg, bb, sr, sg, sb):
    r, g, b = _with_saturation(br, bg, bb, _spread(sr, sg, sb))
    return _with_luma(r, g, b, _luma(br, bg, bb))


@_formula
def _color(br, bg, bb, sr, sg, sb):
    return _with_luma(sr, sg, sb, _luma(br, bg, bb))


@_formula
def _luminosity(br, bg, bb, sr, sg, sb):
    return _with_luma(br, bg, bb, _luma(sr, sg, sb))


@_formula
def _darker_color(br, bg, bb, sr, sg, sb):
    takes_source = _luma(sr, sg, sb) < _luma(br, bg, bb)
    return (sr if takes_source else br), (sg if takes_source else bg), (sb if takes_source else bb)


@_formula
def _lighter_color(br, bg, bb, sr, sg, sb):
    takes_source = _luma(sr, sg, sb) > _luma(br, bg, bb)
    return (sr if takes_source else br), (sg if takes_source else bg), (sb if takes_source else bb)


@_formula
def _grain(x, y):
    """A threshold between 0 and 1 that hangs on the place alone (a hash of two rounds; blend_arrays has the same)."""
    h = np.uint32(np.uint32(x) * K1) ^ np.uint32(np.uint32(y) * K2)
    h = np.uint32((h ^ (h >> 15)) * K3)
    h = np.uint32((h ^ (h >> 12)) * K4)
    return (F(INT((h ^ (h >> 15)) >> 9)) + HALF) * GRAIN_STEP


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
def _blend_hue(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            br, bg, bb = _straight(red[x], inverse), _straight(green[x], inverse), _straight(blue[x], inverse)
            mr, mg, mb = _hue(br, bg, bb, r, g, b)
            red[x] = _mix(red[x], alpha, below, free, r, mr)
            green[x] = _mix(green[x], alpha, below, free, g, mg)
            blue[x] = _mix(blue[x], alpha, below, free, b, mb)
            cover[x] = below + alpha * free


@_kernel
def _blend_saturation(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            br, bg, bb = _straight(red[x], inverse), _straight(green[x], inverse), _straight(blue[x], inverse)
            mr, mg, mb = _saturation(br, bg, bb, r, g, b)
            red[x] = _mix(red[x], alpha, below, free, r, mr)
            green[x] = _mix(green[x], alpha, below, free, g, mg)
            blue[x] = _mix(blue[x], alpha, below, free, b, mb)
            cover[x] = below + alpha * free


@_kernel
def _blend_color(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            br, bg, bb = _straight(red[x], inverse), _straight(green[x], inverse), _straight(blue[x], inverse)
            mr, mg, mb = _color(br, bg, bb, r, g, b)
            red[x] = _mix(red[x], alpha, below, free, r, mr)
            green[x] = _mix(green[x], alpha, below, free, g, mg)
            blue[x] = _mix(blue[x], alpha, below, free, b, mb)
            cover[x] = below + alpha * free


@_kernel
def _blend_luminosity(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            br, bg, bb = _straight(red[x], inverse), _straight(green[x], inverse), _straight(blue[x], inverse)
            mr, mg, mb = _luminosity(br, bg, bb, r, g, b)
            red[x] = _mix(red[x], alpha, below, free, r, mr)
            green[x] = _mix(green[x], alpha, below, free, g, mg)
            blue[x] = _mix(blue[x], alpha, below, free, b, mb)
            cover[x] = below + alpha * free


@_kernel
def _blend_darker_color(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            br, bg, bb = _straight(red[x], inverse), _straight(green[x], inverse), _straight(blue[x], inverse)
            mr, mg, mb = _darker_color(br, bg, bb, r, g, b)
            red[x] = _mix(red[x], alpha, below, free, r, mr)
            green[x] = _mix(green[x], alpha, below, free, g, mg)
            blue[x] = _mix(blue[x], alpha, below, free, b, mb)
            cover[x] = below + alpha * free


@_kernel
def _blend_lighter_color(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            br, bg, bb = _straight(red[x], inverse), _straight(green[x], inverse), _straight(blue[x], inverse)
            mr, mg, mb = _lighter_color(br, bg, bb, r, g, b)
            red[x] = _mix(red[x], alpha, below, free, r, mr)
            green[x] = _mix(green[x], alpha, below, free, g, mg)
            blue[x] = _mix(blue[x], alpha, below, free, b, mb)
            cover[x] = below + alpha * free


@_kernel
def _blend_dissolve(acc, tile, mask, area, depth, paint, over, origin):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        left, row = origin[0] + area[0], origin[1] + y
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            free = (ONE - below) * over
            solid = ONE if alpha > _grain(left + x, row) else ZERO
            red[x] += solid * ((free + below) * r - red[x])
            green[x] += solid * ((free + below) * g - green[x])
            blue[x] += solid * ((free + below) * b - blue[x])
            cover[x] = below + solid * free


@_kernel
def _blend_erase(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, _r, _g, _b = _source(pixels[x], shown[x], depth, paint)
            red[x] -= alpha * red[x]
            green[x] -= alpha * green[x]
            blue[x] -= alpha * blue[x]
            cover[x] -= alpha * cover[x]


LOOPS: dict[BlendMode, Callable[..., None]] = {
    BlendMode.HUE: _blend_hue,
    BlendMode.SATURATION: _blend_saturation,
    BlendMode.COLOR: _blend_color,
    BlendMode.LUMINOSITY: _blend_luminosity,
    BlendMode.DARKER_COLOR: _blend_darker_color,
    BlendMode.LIGHTER_COLOR: _blend_lighter_color,
    BlendMode.ERASE: _blend_erase,
}

blend_dissolve = _blend_dissolve
