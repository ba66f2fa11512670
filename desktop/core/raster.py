"""The raster functions of this machine: compiled by numba where it is there, NumPy's otherwise.

Whoever must not wait for the compiler calls `use_arrays` first and `use_compiled` when warm_up.py is through: both
work on the same arrays with the same formulas, so the change may come in the middle of a stroke.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from desktop.core import blend_arrays, brush_arrays, fill_arrays

_ARRAYS: dict[str, Callable[..., Any]] = {
    "blend_tile": blend_arrays.blend_tile,
    "cover_dab": brush_arrays.cover_dab,
    "cover_stamp": brush_arrays.cover_stamp,
    "erase": brush_arrays.erase,
    "fade": blend_arrays.fade,
    "gradient_words": fill_arrays.gradient_words,
    "paint_color": brush_arrays.paint_color,
    "paint_gray": brush_arrays.paint_gray,
    "write_bgra": blend_arrays.write_bgra,
    "write_over": fill_arrays.write_over,
    "write_straight": blend_arrays.write_straight,
}

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
    "use_arrays",
    "use_compiled",
    "write_bgra",
    "write_over",
    "write_straight",
]

_COMPILED: dict[str, Callable[..., Any]] = {name: globals()[name] for name in _ARRAYS}


def use_arrays() -> None:
    """NumPy's functions from now on: slower, but there at once."""
    globals().update(_ARRAYS)


def use_compiled() -> None:
    """The machine's own functions from now on; those that are not compiled yet keep their first caller waiting."""
    globals().update(_COMPILED)
