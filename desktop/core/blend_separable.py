"""Blending in numba, channel by channel: the separable modes of W3C Compositing and Blending Level 1.

An accumulator is (4, 256, 256) float32, premultiplied, planar. A source tile is (256, 256) words of straight RGBA, red
lowest: uint32 for 8 bits a channel, uint64 for 16. blend_kernels.py says what all these loops have in common.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from desktop.core.blend_modes import BlendMode

F, INT = np.float32, np.int32
ZERO, QUARTER, HALF, ONE, TWO = F(0), F(0.25), F(0.5), F(1), F(2)
TINY = F(1e-6)

_kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
_formula = njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_formula
def _multiply(cb, cs):
    return cb * cs


@_formula
def _screen(cb, cs):
    return cb + cs - cb * cs


@_formula
def _hard_light(cb, cs):
    lit = TWO * cs - ONE
    darker, lighter = TWO * cb * cs, cb + lit - cb * lit
    return darker if cs <= HALF else lighter


@_formula
def _overlay(cb, cs):
    lit = TWO * cb - ONE
    darker, lighter = TWO * cs * cb, cs + lit - cs * lit
    return darker if cb <= HALF else lighter


@_formula
def _darken(cb, cs):
    return min(cb, cs)


@_formula
def _lighten(cb, cs):
    return max(cb, cs)


@_formula
def _color_dodge(cb, cs):
    quotient = min(ONE, cb / max(ONE - cs, TINY))
    return ZERO if cb <= TINY else quotient


@_formula
def _color_burn(cb, cs):
    quotient = ONE - min(ONE, (ONE - cb) / max(cs, TINY))
    return ONE if cb >= ONE - TINY else quotient


@_formula
def _soft_light(cb, cs):
    cubic, root = ((F(16) * cb - F(12)) * cb + F(4)) * cb, np.sqrt(cb)
    curve = cubic if cb <= QUARTER else root
    darker = cb - (ONE - TWO * cs) * cb * (ONE - cb)
    lighter = cb + (TWO * cs - ONE) * (curve - cb)
    return darker if cs <= HALF else lighter


@_formula
def _difference(cb, cs):
    return abs(cb - cs)


@_formula
def _exclusion(cb, cs):
    return cb + cs - TWO * cb * cs


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
def _blend_normal(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            free = (ONE - below) * over
            red[x] += alpha * ((free + below) * r - red[x])
            green[x] += alpha * ((free + below) * g - green[x])
            blue[x] += alpha * ((free + below) * b - blue[x])
            cover[x] = below + alpha * free


@_kernel
def _blend_multiply(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _multiply(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _multiply(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _multiply(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_screen(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _screen(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _screen(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _screen(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_overlay(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _overlay(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _overlay(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _overlay(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_darken(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _darken(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _darken(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _darken(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_lighten(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _lighten(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _lighten(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _lighten(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_color_dodge(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _color_dodge(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _color_dodge(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _color_dodge(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_color_burn(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _color_burn(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _color_burn(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _color_burn(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_hard_light(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _hard_light(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _hard_light(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _hard_light(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_soft_light(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _soft_light(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _soft_light(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _soft_light(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_difference(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _difference(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _difference(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _difference(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


@_kernel
def _blend_exclusion(acc, tile, mask, area, depth, paint, over):
    for y in range(area[1], area[3]):
        red, green, blue, cover, pixels, shown = _lines(acc, tile, mask, area, y)
        for x in range(red.size):
            alpha, r, g, b = _source(pixels[x], shown[x], depth, paint)
            below = cover[x]
            inverse, free = ONE / max(below, TINY), (ONE - below) * over
            red[x] = _mix(red[x], alpha, below, free, r, _exclusion(_straight(red[x], inverse), r))
            green[x] = _mix(green[x], alpha, below, free, g, _exclusion(_straight(green[x], inverse), g))
            blue[x] = _mix(blue[x], alpha, below, free, b, _exclusion(_straight(blue[x], inverse), b))
            cover[x] = below + alpha * free


LOOPS: dict[BlendMode, Callable[..., None]] = {
    BlendMode.NORMAL: _blend_normal,
    BlendMode.MULTIPLY: _blend_multiply,
    BlendMode.SCREEN: _blend_screen,
    BlendMode.OVERLAY: _blend_overlay,
    BlendMode.DARKEN: _blend_darken,
    BlendMode.LIGHTEN: _blend_lighten,
    BlendMode.COLOR_DODGE: _blend_color_dodge,
    BlendMode.COLOR_BURN: _blend_color_burn,
    BlendMode.HARD_LIGHT: _blend_hard_light,
    BlendMode.SOFT_LIGHT: _blend_soft_light,
    BlendMode.DIFFERENCE: _blend_difference,
    BlendMode.EXCLUSION: _blend_exclusion,
}
