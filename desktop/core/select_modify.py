"""Changing a selection as a whole: grow, shrink, feather, border, smooth, invert. Soft in, soft out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import cv2
import numpy as np

from desktop.core.color import Gray8
from desktop.core.geometry import Rect

LARGEST_RADIUS_PX = 500
BAND_ROWS, MEDIAN_ROWS = 128, 256  # done at a time: what fits into the processor's memory, and how often one hears
WIDE_SIGMA_PX = 10.0  # from here on three boxes, whose time does not grow with their size, are as good as a Gaussian
LARGEST_MEDIAN_PX = 127  # of OpenCV's median for 8 bits: the side is at most 255

Tell: TypeAlias = Callable[[float], Any]  # hears how far it is, 0 to 1; may end the work by raising


def silent(_share: float) -> None:
    """Nobody asks."""


def grown(levels: Gray8, radius: float, tell: Tell = silent) -> Gray8:
    """Each pixel takes the largest level within a disc: a grey dilation, so that a soft rim stays as soft.

    Exact. A run of any length is covered by two runs of the next smaller power of two, which double as the disc's
    rows get wider (van Herk's idea with tables): the time grows with the radius, not with the disc's area.
    """
    if radius < 0.5:
        return levels
    reach, (height, width) = math.floor(radius), levels.shape
    runs = cv2.copyMakeBorder(levels, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    result, span = np.zeros_like(levels), 1  # `runs` holds the largest of so many pixels to the right
    for dy in range(reach, -1, -1):
        half = math.floor(math.sqrt(max(radius * radius - dy * dy, 0.0)))
        while 2 * span <= 2 * half + 1:
            np.maximum(runs[:, :-span], runs[:, span:], out=runs[:, :-span])
            span *= 2
        first, second = reach - half, reach + half + 1 - span
        for top in range(0, len(runs), BAND_ROWS):
            band = runs[top : top + BAND_ROWS]
            row = np.maximum(band[:, first : first + width], band[:, second : second + width])
            for start in {reach - dy, reach + dy}:
                above, below = max(top, start), min(top + len(band), start + height)
                if above < below:
                    part = result[above - start : below - start]
                    np.maximum(part, row[above - top : below - top], out=part)
        tell((reach - dy + 1) / (reach + 1))
    return result


def shrunk(levels: Gray8, radius: float, tell: Tell = silent) -> Gray8:
    """The opposite of growing. The array goes on beyond its border as it ends there, so canvas edges do not shrink."""
    reach = math.ceil(radius)
    around = cv2.copyMakeBorder(levels, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    inner: Gray8 = 255 - grown(255 - around, radius, tell)[reach:-reach, reach:-reach] if reach else levels
    return inner


def feathered(levels: Gray8, radius: float, tell: Tell = silent) -> Gray8:
    """A Gaussian rim that is visibly about twice `radius` wide."""
    if radius < 0.25:
        return levels
    sigma = radius / 2
    if sigma < WIDE_SIGMA_PX:
        blurred: Gray8 = cv2.GaussianBlur(levels, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        return blurred
    for number, side in enumerate(_box_sides(sigma), start=1):
        levels = cv2.blur(levels, (side, side), borderType=cv2.BORDER_REPLICATE)
        tell(number / 3)
    return levels


def _box_sides(sigma: float) -> list[int]:
    """Odd sides of three boxes whose variances, (side² - 1) / 12 each, add up to about that of the Gaussian."""
    smaller = math.floor((math.sqrt(4 * sigma * sigma + 1) - 1) / 2) * 2 + 1
    missing = 12 * sigma * sigma - 3 * (smaller * smaller - 1)
    wider = min(max(round(missing / (4 * smaller + 4)), 0), 3)
    return [smaller + 2] * wider + [smaller] * (3 - wider)


def bordered(levels: Gray8, width: float, tell: Tell = silent) -> Gray8:
    """A band of `width` pixels along the rim, half of it on each side."""
    outer = grown(levels, width / 2, lambda share: tell(share / 2))
    inner = shrunk(levels, width / 2, lambda share: tell(0.5 + share / 2))
    band: Gray8 = np.minimum(outer, 255 - inner)
    return band


def smoothed(levels: Gray8, radius: float, tell: Tell = silent) -> Gray8:
    """Corners rounded, specks and pinholes gone: the median of a square."""
    reach = min(round(radius), LARGEST_MEDIAN_PX)
    if reach < 1:
        return levels
    result = np.empty_like(levels)
    for top in range(0, len(levels), MEDIAN_ROWS):
        first, last = max(top - reach, 0), top + MEDIAN_ROWS + reach  # the median looks so far
        rows = cv2.medianBlur(np.ascontiguousarray(levels[first:last]), 2 * reach + 1)
        result[top : top + MEDIAN_ROWS] = rows[top - first : top - first + MEDIAN_ROWS]
        tell(min((top + MEDIAN_ROWS) / len(levels), 1.0))
    return result


def room_for(bounds: Rect, reach: float, canvas: Rect) -> Rect:
    """The part of the canvas in which a change that reaches so far can show."""
    return bounds.expanded(math.ceil(reach) + 1).intersect(canvas)
