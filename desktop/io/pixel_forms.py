"""Small pixel jobs between files and the program: to RGBA, off transparency, gray or not, upright. In strips, so that a
24-megapixel picture costs little beyond itself.
"""

from __future__ import annotations

import cv2
import numpy as np

from desktop.core.color import Pixels, max_level, to_depth8

ROWS = 128

_TURNS = {
    3: cv2.ROTATE_180,
    6: cv2.ROTATE_90_CLOCKWISE,
    8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def as_rgba(pixels: Pixels) -> Pixels:
    """(H, W), (H, W, 1..4): gray, gray with alpha, RGB or RGBA → RGBA; RGBA comes back as it is."""
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    count = planes.shape[2]
    if count == 4:
        return planes
    result = np.empty((*planes.shape[:2], 4), planes.dtype)
    result[..., :3] = planes[..., :1] if count < 3 else planes
    result[..., 3] = planes[..., 1] if count == 2 else max_level(planes.dtype)
    return result


def is_opaque(pixels: Pixels) -> bool:
    """True if alpha is full everywhere."""
    return bool((pixels[..., 3] == max_level(pixels.dtype)).all())


def is_really_gray(pixels: Pixels) -> bool:
    """True if red, green and blue are the same everywhere."""
    strips = (pixels[top : top + ROWS] for top in range(0, len(pixels), ROWS))
    return all(
        np.array_equal(strip[..., 0], strip[..., 1]) and np.array_equal(strip[..., 0], strip[..., 2])
        for strip in strips
    )


def depth8(pixels: Pixels) -> Pixels:
    """8-bit levels, strip by strip; 8-bit input comes back as it is."""
    if pixels.dtype == np.uint8:
        return pixels
    result = np.empty(pixels.shape, np.uint8)
    for top in range(0, len(pixels), ROWS):
        result[top : top + ROWS] = to_depth8(pixels[top : top + ROWS])
    return result


def flattened_on(pixels: Pixels, background: tuple[int, int, int]) -> Pixels:
    """8-bit RGBA on an opaque 8-bit colour; already opaque input comes back as it is."""
    if is_opaque(pixels):
        return pixels
    result = np.empty_like(pixels)
    paper = np.array(background, np.uint16)
    for top in range(0, len(pixels), ROWS):
        strip = pixels[top : top + ROWS].astype(np.uint16)
        alpha = strip[..., 3:]
        mixed = strip[..., :3] * alpha + paper * (255 - alpha) + 127
        result[top : top + ROWS, :, :3] = mixed // 255
    result[..., 3] = 255
    return result


def turned_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Applies an EXIF orientation, 1 to 8 (CIPA DC-008, 4.6.5)."""
    if orientation == 1:
        return pixels
    if orientation in _TURNS:
        return np.asarray(cv2.rotate(pixels, _TURNS[orientation]))
    if orientation in (2, 4):
        return np.asarray(cv2.flip(pixels, 1 if orientation == 2 else 0))
    across = np.asarray(cv2.transpose(pixels))
    return across if orientation == 5 else np.asarray(cv2.rotate(across, cv2.ROTATE_180))
