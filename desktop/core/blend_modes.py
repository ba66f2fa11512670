"""The names of the blend modes; their formulas live in blend_kernels.py (numba) and blend_arrays.py (NumPy)."""

from __future__ import annotations

from enum import Enum


class BlendMode(Enum):
    """The sixteen modes of W3C "Compositing and Blending Level 1"; the value is the name in files and settings."""

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

    @property
    def svg_op(self) -> str:
        """The name OpenRaster uses."""
        return "svg:src-over" if self is BlendMode.NORMAL else f"svg:{self.value}"
