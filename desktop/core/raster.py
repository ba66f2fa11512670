"""The raster functions of this machine: compiled by numba where it is there, NumPy's otherwise."""

from __future__ import annotations

try:
    from desktop.core.blend_kernels import blend_tile
    from desktop.core.brush_kernels import cover_dab, cover_stamp, erase, paint_color, paint_gray
    from desktop.core.fill_kernels import gradient_words, write_over
    from desktop.core.tile_kernels import fade, write_bgra, write_straight

    IS_COMPILED = True
except ImportError:
    from desktop.core.blend_arrays import blend_tile, fade, write_bgra, write_straight
    from desktop.core.brush_arrays import cover_dab, cover_stamp, erase, paint_color, paint_gray
    from desktop.core.fill_arrays import gradient_words, write_over

    IS_COMPILED = False

__all__ = [
    "IS_COMPILED",
    "blend_tile",
    "cover_dab",
    "cover_stamp",
    "erase",
    "fade",
    "gradient_words",
    "paint_color",
    "paint_gray",
    "write_bgra",
    "write_over",
    "write_straight",
]
