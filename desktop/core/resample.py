"""Enlarging and shrinking in premultiplied float32, with filters that widen as a picture shrinks: nothing is skipped.

The filters are Pillow's, in its 32-bit mode: OpenCV's bicubic and Lanczos skip pixels when they shrink. Pixel art has a
way of its own.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from PIL import Image

from desktop.core.color import FloatPixels, Pixels
from desktop.core.geometry import Size
from desktop.core.pixel_art import enlarged_pixel_art
from desktop.core.premultiply import levels_to_premultiplied, premultiplied_to_levels


class Resampling(Enum):
    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    AREA = "area"
    PIXEL_ART = "pixel-art"


FREE = tuple(how for how in Resampling if how not in (Resampling.AREA, Resampling.PIXEL_ART))  # that turn and bend too

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the source

WHOLE_WITHIN = 1e-4  # of a pixel

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
    if how is Resampling.PIXEL_ART:
        return _by_pixel_art(pixels, size, box or (0, 0, width, height))
    if channels == 4 and _is_opaque(pixels):
        colors = _resized(levels_to_premultiplied(pixels)[..., :3], size, how, box)
        values = np.concatenate([colors, np.ones((*colors.shape[:2], 1), np.float32)], axis=2)
    else:
        values = _resized(levels_to_premultiplied(pixels), size, how, box)
    return premultiplied_to_levels(values, pixels.dtype)


def _by_pixel_art(pixels: Pixels, size: Size, box: Box) -> Pixels:
    """By whole steps to the size that is wanted or beyond, and back to it by area; what shrinks shrinks by area."""
    left, top, right, bottom = box
    larger, times = enlarged_pixel_art(pixels, max(size.width / (right - left), size.height / (bottom - top)))
    wanted = tuple(edge * times for edge in box)
    x, y, end_x, end_y = (round(edge) for edge in wanted)
    is_whole = max(abs(edge - near) for edge, near in zip(wanted, (x, y, end_x, end_y), strict=True)) < WHOLE_WITHIN
    if is_whole and (end_x - x, end_y - y) == (size.width, size.height):
        return np.ascontiguousarray(larger[y:end_y, x:end_x])
    return resampled(larger, size, Resampling.AREA, (wanted[0], wanted[1], wanted[2], wanted[3]))


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
