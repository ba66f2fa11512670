"""Enlarging and shrinking in premultiplied float32, with filters that widen as a picture shrinks: nothing is skipped.

The filters are Pillow's, in its 32-bit mode: OpenCV's bicubic and Lanczos skip pixels when they shrink.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from PIL import Image

from desktop.core.color import FloatPixels, Pixels
from desktop.core.geometry import Size
from desktop.core.premultiply import levels_to_premultiplied, premultiplied_to_levels


class Resampling(Enum):
    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    AREA = "area"


Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the source

_FILTERS = {
    Resampling.NEAREST: Image.Resampling.NEAREST,
    Resampling.BILINEAR: Image.Resampling.BILINEAR,
    Resampling.BICUBIC: Image.Resampling.BICUBIC,
    Resampling.LANCZOS: Image.Resampling.LANCZOS,
    Resampling.AREA: Image.Resampling.BOX,
}


def resampled(pixels: Pixels, size: Size, how: Resampling, box: Box | None = None) -> Pixels:
    """`pixels` (H, W, 4) straight or (H, W, 1), 8 or 16 bits, at another size; `box` takes a part of them.

    Nearest copies whole pixels, with the colour beneath alpha 0; the same size and no box gives the same bytes.
    """
    height, width, channels = pixels.shape
    if (size.width, size.height) == (width, height) and box in (None, (0, 0, width, height)):
        return pixels.copy()
    if how is Resampling.NEAREST:
        left, top, right, bottom = box or (0, 0, width, height)
        columns = _nearest(left, right, size.width, width)
        rows = _nearest(top, bottom, size.height, height)
        return np.ascontiguousarray(pixels[rows][:, columns])
    if channels == 4 and _is_opaque(pixels):
        colors = _resized(levels_to_premultiplied(pixels)[..., :3], size, how, box)
        values = np.concatenate([colors, np.ones((*colors.shape[:2], 1), np.float32)], axis=2)
    else:
        values = _resized(levels_to_premultiplied(pixels), size, how, box)
    return premultiplied_to_levels(values, pixels.dtype)


def _resized(values: FloatPixels, size: Size, how: Resampling, box: Box | None) -> FloatPixels:
    planes = []
    for channel in range(values.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(values[..., channel]))
        planes.append(np.asarray(plane.resize((size.width, size.height), _FILTERS[how], box)))
    return np.stack(planes, axis=2)


def _nearest(start: float, end: float, count: int, limit: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    places = start + (np.arange(count) + 0.5) * (end - start) / count
    return np.clip(np.floor(places), 0, limit - 1).astype(np.intp)


def _is_opaque(pixels: Pixels) -> bool:
    return bool((pixels[..., 3] == np.iinfo(pixels.dtype).max).all())
