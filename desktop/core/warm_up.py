"""Compiles every kernel, or loads it from numba's cache on the disk, so that nobody at the canvas waits for it.

A kernel is compiled once for each combination of array types; here are all that the program uses (a test paints with
everything and finds none missing).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.blend_modes import BlendMode
from desktop.core.tiles import TILE

KERNEL_FILES = (
    "blend_separable",
    "blend_light",
    "blend_whole",
    "blend_kernels",
    "tile_kernels",
    "brush_kernels",
    "fill_kernels",
    "patch_kernels",
)
_AREA = (0, 0, 1, 1)


def warm_up() -> None:
    """Calls each kernel on one pixel. What is painted most comes first."""
    if importlib.util.find_spec("numba") is None:
        return
    from desktop.core import blend_kernels, tile_kernels

    acc = np.zeros((4, TILE, TILE), np.float32)
    for dtype in (np.uint8, np.uint16):
        blend_kernels.blend_tile(BlendMode.NORMAL, acc, _read_only(dtype), None, _AREA, opacity=1.0)
        tile_kernels.write_straight(acc, _writable(dtype), _AREA)
    tile_kernels.write_bgra(acc, _writable(np.uint8), _AREA)
    tile_kernels.fade(acc, acc, None, _AREA, opacity=1.0)
    _warm_brush()
    for mode in BlendMode:
        for dtype in (np.uint8, np.uint16):
            blend_kernels.blend_tile(mode, acc, _read_only(dtype), None, _AREA, opacity=1.0)
    _warm_fills(acc)
    _warm_patches()


def kernel_stamp() -> str:
    """Changes when kernels on the disk would be of no use: with numba, the processor, and the kernels' own files."""
    if importlib.util.find_spec("numba") is None:
        return ""
    import numba
    from llvmlite import binding  # type: ignore[import-untyped]

    newest = max(path.stat().st_mtime_ns for path in map(_file_of, KERNEL_FILES) if path.exists())
    parts = (numba.__version__, binding.get_host_cpu_name(), numba.config.CACHE_DIR, str(_file_of("")), str(newest))
    return " ".join(parts)


def _warm_brush() -> None:
    from desktop.core import brush_kernels

    coverage = np.zeros((TILE, TILE), np.float32)
    for roundness in (1.0, 0.5):
        brush_kernels.cover_dab(
            coverage, _AREA, center=(0.5, 0.5), radius=2.0, hardness=0.5, flow=1.0, roundness=roundness
        )
    stamp = np.zeros((4, 4), np.float32)
    stamp.flags.writeable = False
    brush_kernels.cover_stamp(coverage, _AREA, stamp, left=-1.0, top=-1.0, flow=1.0)
    for dtype in (np.uint8, np.uint16):
        tile, base = _writable(dtype), _read_only(dtype)
        brush_kernels.paint_color(tile, base, coverage, None, _AREA, color=(0.0, 0.0, 0.0), opacity=1.0)
        brush_kernels.erase(tile, base, coverage, None, _AREA, opacity=1.0)
    gray, base = _writable(np.uint8, 1), _read_only(np.uint8, 1)
    brush_kernels.paint_gray(gray, base, coverage, None, _AREA, level=1.0, opacity=1.0)


def _warm_fills(acc: Any) -> None:
    from desktop.core import fill_kernels

    words, table = np.zeros((TILE, TILE), np.uint64), np.zeros((4, 4), np.uint16).view(np.uint64)[:, 0]
    fill_kernels.gradient_words(words, table, _AREA, start=(0.0, 0.0), axis=(1.0, 0.0), shape=0, repeat=0)
    shown = _read_only(np.uint8, 1)[..., 0]
    for dtype in (np.uint8, np.uint16):
        fill_kernels.write_over(acc, _writable(dtype), _read_only(dtype), shown, _AREA, (0, 0), dithers=False)


def _warm_patches() -> None:
    from desktop.core.remove import removed

    pixels, mask = np.full((16, 16, 4), 255, np.uint8), np.zeros((16, 16), np.uint8)
    mask[8, 8] = 255
    removed(pixels, mask)


def _writable(dtype: Any, channels: int = 4) -> Any:
    return np.zeros((TILE, TILE, channels), dtype)


def _read_only(dtype: Any, channels: int = 4) -> Any:
    """numba compiles writable and read-only arrays apart."""
    tile = _writable(dtype, channels)
    tile.flags.writeable = False
    return tile


def _file_of(name: str) -> Path:
    return Path(__file__).parent / (f"{name}.py" if name else "")
