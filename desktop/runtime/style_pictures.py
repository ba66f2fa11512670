"""What may serve as a style: a picture with something in it."""

from __future__ import annotations

import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.runner import Pixels

SMALLEST_PX = 16  # below, there is no stroke to see
ONE_COLOR = 2 / 255  # of the range: no channel differs by more
LOOKED_AT_PX = 512  # along each side


def check_style_picture(pixels: Pixels) -> None:
    """(H, W, 3 | 4). UserError: it is too small, or all of what is visible has one colour."""
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_PX:
        raise UserError("styles.picture_too_small", width=width, height=height, least=SMALLEST_PX)
    some = pixels[:: max(height // LOOKED_AT_PX, 1), :: max(width // LOOKED_AT_PX, 1)]
    colors = some[..., :3][some[..., 3] > 0] if pixels.shape[2] == 4 else some.reshape(-1, 3)
    spread = np.ptp(colors.astype(np.float32), axis=0).max() if len(colors) else 0.0
    if spread <= ONE_COLOR * np.iinfo(pixels.dtype).max:
        raise UserError("styles.picture_one_color")
