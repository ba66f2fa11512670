"""Bringing a small soft mask to the size of a large picture, so that its rim follows the picture's own edges.

The fast guided filter (He, Sun 2015): at a middle size the mask is fitted as a linear function of the colours around,
and only where the rim runs is that function applied to the full picture. What is clearly in or out stays untouched.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.runner import Pixels

Plane = NDArray[np.float32]  # (H, W)

GUIDE_PX = 768  # the longer side at which mask and colours are compared
REACH = 1.25  # cells of the small mask that the comparison looks around
EPSILON = 4e-4  # of colours in 0..1: edges weaker than 2 % are no edges
VEIL = 0.06  # of the mask: the fit leaves some percent of veil, which is taken away
TILE_PX = 256
CERTAIN = 0.01  # nearer than this to nothing or to all needs no edge


def mask_along_edges(mask: Plane, pixels: Pixels) -> Plane:
    """(h, w) in 0..1 that covers the picture `pixels` (H, W, 3|4), 8 or 16 bits → (H, W) in 0..1."""
    height, width = pixels.shape[:2]
    share = min(GUIDE_PX / max(height, width), 1.0)
    size = max(round(width * share), 1), max(round(height * share), 1)
    white = np.float32(np.iinfo(pixels.dtype).max)
    guide = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)[..., :3] / white
    rough: Plane = np.clip(cv2.resize(mask, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    radius = max(math.ceil(REACH * max(size[0] / mask.shape[1], size[1] / mask.shape[0])), 2)
    fit = _linear_fit(guide.astype(np.float32), rough, radius)
    result: Plane = cv2.resize(rough, (width, height), interpolation=cv2.INTER_LINEAR)
    reach = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    has_rim = cv2.dilate(((rough > CERTAIN) & (rough < 1 - CERTAIN)).astype(np.uint8), reach)
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            rows, columns = slice(top, min(top + TILE_PX, height)), slice(left, min(left + TILE_PX, width))
            if _part(has_rim, rows, columns, (height, width)).any():
                result[rows, columns] = _applied(fit, pixels, rows, columns, white)
    return result


def _linear_fit(guide: NDArray[np.float32], mask: Plane, radius: int) -> NDArray[np.float32]:
    """(h, w, 4): mask ≈ the first three · colour + the last, around every pixel."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(planes: NDArray[np.float32]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = cv2.blur(planes, size, borderType=cv2.BORDER_REFLECT)
        return found

    means, mean_mask = mean(guide), mean(mask)
    shared = mean(guide * mask[..., None]) - means * mean_mask[..., None]
    own = mean(guide * guide) - means * means + np.float32(EPSILON)
    turned, mean_turned = guide[..., [1, 2, 0]], means[..., [1, 2, 0]]
    mixed = mean(guide * turned) - means * mean_turned  # red with green, green with blue, blue with red
    (rr, gg, bb), (rg, gb, rb) = (np.moveaxis(planes, 2, 0) for planes in (own, mixed))
    inverse = (
        (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg),
        (rb * gb - rg * bb, rr * bb - rb * rb, rg * rb - rr * gb),
        (rg * gb - rb * gg, rg * rb - rr * gb, rr * gg - rg * rg),
    )
    determinant = rr * inverse[0][0] + rg * inverse[0][1] + rb * inverse[0][2]
    r, g, b = np.moveaxis(shared, 2, 0)
    slope = np.dstack([(row[0] * r + row[1] * g + row[2] * b) / determinant for row in inverse])
    offset = mean_mask - (slope * means).sum(axis=2)
    return mean(np.dstack([slope, offset]).astype(np.float32))


def _applied(fit: NDArray[np.float32], pixels: Pixels, rows: slice, columns: slice, white: np.float32) -> Plane:
    height, width = pixels.shape[:2]
    across, down = fit.shape[1] / width, fit.shape[0] / height
    place = np.array(
        [[across, 0, (columns.start + 0.5) * across - 0.5], [0, down, (rows.start + 0.5) * down - 0.5]], np.float32
    )
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fitted: Any = cv2.warpAffine(fit, place, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    colour = pixels[rows, columns, :3].astype(np.float32) / white
    found = (fitted[..., :3] * colour).sum(axis=2) + fitted[..., 3]
    stretched: Plane = np.clip((found - VEIL) / (1 - 2 * VEIL), 0, 1).astype(np.float32)
    return stretched


def _part(plane: NDArray[np.uint8], rows: slice, columns: slice, size: tuple[int, int]) -> NDArray[np.uint8]:
    """What of a small plane lies under these rows and columns of the picture of SIZE (height, width)."""
    down, across = plane.shape[0] / size[0], plane.shape[1] / size[1]
    return plane[
        int(rows.start * down) : math.ceil(rows.stop * down) + 1,
        int(columns.start * across) : math.ceil(columns.stop * across) + 1,
    ]
