"""What lies beyond a picture's border, roughly: the blurred colours at the border go on at right angles to it."""

from __future__ import annotations

import cv2
import numpy as np

from desktop.core.color import FloatPixels, Gray8, Pixels
from desktop.core.premultiply import levels_to_premultiplied
from desktop.core.remove import Imagined, Watch

BLUR_SHARE = 1 / 96  # of the longer side: what goes on is where sky and ground are, not every leaf
LEAST_BLUR_PX = 1.0
LEAST_ALPHA = 1e-3


def smeared(pixels: Pixels, unknown: Gray8, watch: Watch) -> Imagined:
    """An `Imagine` for new sides: the box around what is known keeps its colours, blurred; outside its rim goes on."""
    watch(0.0)
    values = levels_to_premultiplied(pixels)
    known = (unknown == 0).astype(np.float32)
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    blur_px = max(max(unknown.shape) * BLUR_SHARE, LEAST_BLUR_PX)
    weight = (values[..., 3] * known)[top:bottom, left:right]
    color = np.ascontiguousarray((values[..., :3] * known[..., None])[top:bottom, left:right])
    soft = cv2.GaussianBlur(color, (0, 0), blur_px, borderType=cv2.BORDER_REPLICATE)
    share = cv2.GaussianBlur(weight, (0, 0), blur_px, borderType=cv2.BORDER_REPLICATE)
    inner = soft / np.maximum(share, LEAST_ALPHA)[..., None]
    height, width = unknown.shape
    room = (top, height - bottom, left, width - right)
    whole: FloatPixels = cv2.copyMakeBorder(inner.astype(np.float32), *room, cv2.BORDER_REPLICATE)
    return Imagined(np.clip(whole, 0, 1), 1.0)
