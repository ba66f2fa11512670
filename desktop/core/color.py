"""Pixel array types and the few conversions between depths and alpha forms.

Colours are sRGB-encoded unless a name says else.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[Any]  # (H, W, C) uint8 or uint16
Rgba8: TypeAlias = npt.NDArray[np.uint8]  # (H, W, 4), straight alpha
Rgba16: TypeAlias = npt.NDArray[np.uint16]  # (H, W, 4), straight alpha
Gray8: TypeAlias = npt.NDArray[np.uint8]  # (H, W)
FloatPixels: TypeAlias = npt.NDArray[np.float32]

Depth: TypeAlias = Literal[8, 16]

LUMA = np.array((0.2126, 0.7152, 0.0722), np.float32)  # Rec. 709, of sRGB's primaries


def dtype_of_depth(depth: Depth) -> np.dtype[Any]:
    return np.dtype(np.uint8 if depth == 8 else np.uint16)


def max_level(dtype: npt.DTypeLike) -> int:
    """255 for uint8, 65535 for uint16."""
    return int(np.iinfo(dtype).max)


def to_depth16(pixels: Pixels) -> Pixels:
    """8-bit levels spread over 16 bits (×257, exact at both ends); 16-bit input is returned as it is."""
    return pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * np.uint16(257)


def to_depth8(pixels: Pixels) -> Pixels:
    """16-bit levels rounded to the nearest of 8 bits; 8-bit input is returned as it is."""
    if pixels.dtype == np.uint8:
        return pixels
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def to_depth(pixels: Pixels, depth: Depth) -> Pixels:
    return to_depth8(pixels) if depth == 8 else to_depth16(pixels)
