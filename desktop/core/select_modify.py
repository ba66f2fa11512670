"""Changing a selection as a whole: grow, shrink, feather, border, smooth, invert. Soft in, soft out."""

from __future__ import annotations

import math

import cv2
import numpy as np

from desktop.core.color import Gray8
from desktop.core.geometry import Rect

LARGEST_RADIUS_PX = 500
WIDE_SIGMA_PX = 10.0  # from here on three boxes, whose time does not grow with their size, are as good as a Gaussian
LARGEST_MEDIAN_PX = 127  # of OpenCV's median for 8 bits: the side is at most 255


def grown(levels: Gray8, radius: float) -> Gray8:
    """Each pixel takes the largest level within a disc: a grey dilation, so that a soft rim stays as soft.

    The disc is done row by row with OpenCV's running maximum: exact, and linear in the radius.
    """
    if radius < 0.5:
        return levels
    reach = math.floor(radius)
    padded = cv2.copyMakeBorder(levels, reach, reach, 0, 0, cv2.BORDER_CONSTANT, value=0)
    result = np.zeros_like(levels)
    wide: dict[int, Gray8] = {}
    for dy in range(-reach, reach + 1):
        half = math.floor(math.sqrt(max(radius * radius - dy * dy, 0.0)))
        if half not in wide:
            wide.clear()  # the rows of a disc come in pairs of equal width, from narrow to wide and back
            wide[half] = cv2.dilate(padded, np.ones((1, 2 * half + 1), np.uint8))
        start = reach + dy
        np.maximum(result, wide[half][start : start + len(levels)], out=result)
    return result


def shrunk(levels: Gray8, radius: float) -> Gray8:
    """The opposite of growing. The array goes on beyond its border as it ends there, so canvas edges do not shrink."""
    reach = math.ceil(radius)
    around = cv2.copyMakeBorder(levels, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    inner: Gray8 = 255 - grown(255 - around, radius)[reach:-reach, reach:-reach] if reach else levels
    return inner


def feathered(levels: Gray8, radius: float) -> Gray8:
    """A Gaussian rim that is visibly about twice `radius` wide."""
    if radius < 0.25:
        return levels
    sigma = radius / 2
    if sigma < WIDE_SIGMA_PX:
        blurred: Gray8 = cv2.GaussianBlur(levels, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        return blurred
    for side in _box_sides(sigma):
        levels = cv2.blur(levels, (side, side), borderType=cv2.BORDER_REPLICATE)
    return levels


def _box_sides(sigma: float) -> list[int]:
    """Odd sides of three boxes whose variances, (side² - 1) / 12 each, add up to about that of the Gaussian."""
    smaller = math.floor((math.sqrt(4 * sigma * sigma + 1) - 1) / 2) * 2 + 1
    missing = 12 * sigma * sigma - 3 * (smaller * smaller - 1)
    wider = min(max(round(missing / (4 * smaller + 4)), 0), 3)
    return [smaller + 2] * wider + [smaller] * (3 - wider)


def bordered(levels: Gray8, width: float) -> Gray8:
    """A band of `width` pixels along the rim, half of it on each side."""
    outer, inner = grown(levels, width / 2), shrunk(levels, width / 2)
    band: Gray8 = np.minimum(outer, 255 - inner)
    return band


def smoothed(levels: Gray8, radius: float) -> Gray8:
    """Corners rounded, specks and pinholes gone: the median of a square."""
    side = 2 * min(round(radius), LARGEST_MEDIAN_PX) + 1
    if side < 3:
        return levels
    median: Gray8 = cv2.medianBlur(levels, side)
    return median


def room_for(bounds: Rect, reach: float, canvas: Rect) -> Rect:
    """The part of the canvas in which a change that reaches so far can show."""
    return bounds.expanded(math.ceil(reach) + 1).intersect(canvas)
