"""Between stored levels (straight, 8 or 16 bits) and premultiplied float32 of 0..1, in which pixels are mixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.core.color import FloatPixels, Pixels, max_level

TINY = np.float32(1e-6)


def levels_to_premultiplied(pixels: Pixels) -> FloatPixels:
    """(H, W, 4) levels to premultiplied 0..1; (H, W, 1) of a mask only changes its range."""
    values = pixels.astype(np.float32)
    values *= np.float32(1 / max_level(pixels.dtype))
    if values.shape[2] == 4:
        values[..., :3] *= values[..., 3:]
    return values


def premultiplied_to_levels(values: FloatPixels, dtype: npt.DTypeLike) -> Pixels:
    """The way back, rounded once; colour is limited to alpha, and where nothing is left all is 0."""
    levels = np.float32(max_level(dtype))
    if values.shape[2] != 4:
        gray: Pixels = np.rint(np.clip(values, 0, 1) * levels).astype(dtype)
        return gray
    alpha = np.clip(values[..., 3:], 0, 1)
    color = np.clip(values[..., :3], 0, alpha) / np.maximum(alpha, TINY)
    result: Any = np.concatenate([np.minimum(color, 1), alpha], axis=2)
    result *= levels
    result[alpha[..., 0] * levels < 0.5] = 0
    rounded: Pixels = np.rint(result).astype(dtype)
    return rounded
