"""Selecting by colour: how like chosen colours every pixel looks, as soft levels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Gray8, Pixels, max_level
from desktop.core.errors import UserError

ROWS_AT_ONCE = 256
MOST_COLORS = 64
TOLERANCES = (0.0, 100.0)
LAB_RANGE = 1.0  # CIE Lab differences for each step of the tolerance
LEAST_WIDTH = 0.75  # of the soft zone, so that equal colours are whole and noise of one level is nearly

Color = tuple[float, float, float]  # sRGB 0..1


def color_range(pixels: Pixels, colors: Sequence[Color], tolerance: float, *, inverted: bool = False) -> Gray8:
    """Straight (H, W, 4) of 8 or 16 bits to levels (H, W): 255 for what looks like one of the colours.

    CIE 1976 differences in Lab: all within half the tolerance, nothing beyond one and a half of it. Transparent
    pixels are selected by as much as they are opaque.
    """
    if not 1 <= len(colors) <= MOST_COLORS:
        raise UserError("select.no_colors", limit=MOST_COLORS)
    if not TOLERANCES[0] <= tolerance <= TOLERANCES[1]:
        raise UserError("text.bad_value", name="tolerance", wanted="a number from 0 to 100", value=tolerance)
    wanted = _lab(np.array(colors, np.float32)[None])[0]
    top = np.float32(1 / max_level(pixels.dtype))
    levels = np.empty(pixels.shape[:2], np.uint8)
    for first in range(0, pixels.shape[0], ROWS_AT_ONCE):
        rows = pixels[first : first + ROWS_AT_ONCE].astype(np.float32) * top
        like = _likeness(_lab(np.ascontiguousarray(rows[..., :3])), wanted, tolerance * LAB_RANGE)
        like = (1 - like if inverted else like) * rows[..., 3]
        levels[first : first + ROWS_AT_ONCE] = np.rint(like * 255)
    return levels


def _likeness(
    lab: npt.NDArray[np.float32], wanted: npt.NDArray[np.float32], tolerance: float
) -> npt.NDArray[np.float32]:
    nearest = np.full(lab.shape[:2], np.inf, np.float32)
    for color in wanted:
        away = lab - color
        np.minimum(nearest, np.einsum("hwc,hwc->hw", away, away), out=nearest)
    width = np.float32(max(tolerance, LEAST_WIDTH))
    return np.clip(np.float32(1.5) - np.sqrt(nearest) / width, 0, 1)


def _lab(rgb: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    lab: npt.NDArray[np.float32] = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    return lab
