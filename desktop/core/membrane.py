"""A membrane over a hole: the smoothest values that join on to those around it (Laplace's equation, coarse to fine).

Healing and rims use it on differences, so that what is put into a picture takes on the colours of its place: the
gradients stay and only a smooth offset is added (Pérez et al. 2003, in the form of Georgiev 2004).
"""

from __future__ import annotations

import cv2
import numpy as np

from desktop.core.color import FloatPixels, Gray8

SMALLEST_SIDE_PX = 6
SWEEPS = 24  # at every size: the coarse answer is close already
FINAL_SWEEPS = 12
OVER = 1.6  # between 1 and 2; larger swings on small grids


def membrane(values: FloatPixels, hole: Gray8) -> FloatPixels:
    """`values` (H, W, C) with new ones where `hole` (H, W) is not 0, from those around it.

    What the values were inside the hole does not matter. All zero when there is nothing but hole.
    """
    inside = (hole > 0).astype(np.uint8)
    known = np.where(inside[..., None] > 0, np.float32(0), values).astype(np.float32)
    if not inside.any():
        return values.astype(np.float32)
    if inside.all():
        return np.zeros_like(known)
    return _solved(known, inside, FINAL_SWEEPS)


def _solved(known: FloatPixels, inside: Gray8, sweeps: int) -> FloatPixels:
    """`known` is 0 inside."""
    from desktop.core import patch_kernels

    height, width = inside.shape
    result = known.copy()
    if inside.all():
        return result
    if min(height, width) > SMALLEST_SIDE_PX:
        coarse, coarse_inside = _halved(known, inside)
        guess = _enlarged(_solved(coarse, coarse_inside, SWEEPS), width, height)
        result = np.where(inside[..., None] > 0, guess, known)
    else:
        mean = known.sum(axis=(0, 1)) / (inside == 0).sum()
        result = np.where(inside[..., None] > 0, mean, known).astype(np.float32)
        sweeps = 4 * SWEEPS
    result = np.ascontiguousarray(result, np.float32)
    patch_kernels.relax(result, inside, sweeps, np.float32(OVER))
    return result


def _halved(known: FloatPixels, inside: Gray8) -> tuple[FloatPixels, Gray8]:
    """Means of what is known of four pixels; a pixel is inside where none of the four is known."""
    height, width = inside.shape
    rows, columns = height % 2, width % 2
    if rows or columns:
        known = _deep(cv2.copyMakeBorder(known, 0, rows, 0, columns, cv2.BORDER_REPLICATE))
        inside = cv2.copyMakeBorder(inside, 0, rows, 0, columns, cv2.BORDER_REPLICATE).astype(np.uint8)
    weight = (inside == 0).astype(np.float32)
    weights = weight[0::2, 0::2] + weight[1::2, 0::2] + weight[0::2, 1::2] + weight[1::2, 1::2]
    sums = known[0::2, 0::2] + known[1::2, 0::2] + known[0::2, 1::2] + known[1::2, 1::2]
    return sums / np.maximum(weights, 1)[..., None], (weights == 0).astype(np.uint8)


def _enlarged(values: FloatPixels, width: int, height: int) -> FloatPixels:
    twice = _deep(cv2.resize(values, (values.shape[1] * 2, values.shape[0] * 2), interpolation=cv2.INTER_LINEAR))
    return twice[:height, :width]


def _deep(values: FloatPixels) -> FloatPixels:
    """OpenCV drops the last axis of one channel."""
    return values[..., None] if values.ndim == 2 else values
