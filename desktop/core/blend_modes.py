"""The names of the blend modes; their formulas live in three files beside blend_kernels.py (numba) and in
blend_arrays.py (NumPy)."""

from __future__ import annotations

from enum import Enum


class BlendMode(Enum):
    """The sixteen modes of W3C "Compositing and Blending Level 1" and what painters expect beside them.

    The value is the name in files and settings.
    """

    NORMAL = "normal"
    MULTIPLY = "multiply"
    SCREEN = "screen"
    OVERLAY = "overlay"
    DARKEN = "darken"
    LIGHTEN = "lighten"
    COLOR_DODGE = "color-dodge"
    COLOR_BURN = "color-burn"
    HARD_LIGHT = "hard-light"
    SOFT_LIGHT = "soft-light"
    DIFFERENCE = "difference"
    EXCLUSION = "exclusion"
    HUE = "hue"
    SATURATION = "saturation"
    COLOR = "color"
    LUMINOSITY = "luminosity"
    DISSOLVE = "dissolve"
    ERASE = "erase"
    LINEAR_BURN = "linear-burn"
    DARKER_COLOR = "darker-color"
    LINEAR_DODGE = "linear-dodge"
    LIGHTER_COLOR = "lighter-color"
    VIVID_LIGHT = "vivid-light"
    LINEAR_LIGHT = "linear-light"
    PIN_LIGHT = "pin-light"
    HARD_MIX = "hard-mix"
    SUBTRACT = "subtract"
    DIVIDE = "divide"


_M = BlendMode
# As lists show them, a line between two families: plain, darken, lighten, contrast, difference, colour.
BLEND_FAMILIES: tuple[tuple[BlendMode, ...], ...] = (
    (_M.NORMAL, _M.DISSOLVE, _M.ERASE),
    (_M.DARKEN, _M.MULTIPLY, _M.COLOR_BURN, _M.LINEAR_BURN, _M.DARKER_COLOR),
    (_M.LIGHTEN, _M.SCREEN, _M.COLOR_DODGE, _M.LINEAR_DODGE, _M.LIGHTER_COLOR),
    (_M.OVERLAY, _M.SOFT_LIGHT, _M.HARD_LIGHT, _M.VIVID_LIGHT, _M.LINEAR_LIGHT, _M.PIN_LIGHT, _M.HARD_MIX),
    (_M.DIFFERENCE, _M.EXCLUSION, _M.SUBTRACT, _M.DIVIDE),
    (_M.HUE, _M.SATURATION, _M.COLOR, _M.LUMINOSITY),
)
