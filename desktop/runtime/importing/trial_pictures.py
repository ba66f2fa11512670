"""The picture that a foreign model is tried on: the middle of the user's own, or a drawn one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

TRIED_PX = 384


def trial_picture(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """The middle of a picture (H, W, 3 or 4; 8 or 16 bits) as the small colour picture that models are tried on."""
    levels = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    height, width = levels.shape[:2]
    share = max(TRIED_PX / min(height, width), 1e-6) if min(height, width) > TRIED_PX else 1.0
    size = (max(round(width * share), TRIED_PX // 4), max(round(height * share), TRIED_PX // 4))
    small: NDArray[np.uint8] = cv2.resize(np.ascontiguousarray(levels[..., :3]), size, interpolation=cv2.INTER_AREA)
    left, top = max((small.shape[1] - TRIED_PX * 3 // 2) // 2, 0), max((small.shape[0] - TRIED_PX * 3 // 2) // 2, 0)
    return np.ascontiguousarray(small[top : top + TRIED_PX * 3 // 2, left : left + TRIED_PX * 3 // 2])


def drawn_picture(side: int = 256) -> NDArray[np.uint8]:
    """A picture with what photographs have: soft colours, edges, fine texture; the same every time."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    waves = np.stack([np.sin(6 * columns + 2), np.cos(5 * rows + columns), np.sin(4 * (rows + columns))], axis=2)
    picture = 128 + 70 * waves * np.array([1.0, 0.8, 0.6], np.float32)
    ring = (np.hypot(rows - 0.45, columns - 0.55) < 0.22)[..., None]
    picture = np.where(ring, picture * 0.4 + np.array([150.0, 70.0, 40.0], np.float32), picture)
    picture[int(side * 0.7) :, : side // 3] += 40
    grain = np.random.Generator(np.random.PCG64(7)).normal(0, 6, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)
