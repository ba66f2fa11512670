"""What a matte is good for: colours of the subject without the old background in them, and the shadow it throws.

Foreground colours are estimated by blurring (Forte 2021, "Approximate fast foreground colour estimation"): around every
soft pixel the mean colours of subject and background are known, and what is left of the pixel is shared between them.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Gray8, Pixels

NEAR_PX, FAR_PX = 6, 45  # radii: first where the colours come from at all, then those of the next hair
BAND_ROWS = 512  # rows worked on in one go, so that no temporary is as large as the picture
LEAST_ALPHA = 5 / 255  # what shows less than this keeps its colour: nobody sees it

Float = npt.NDArray[np.float32]


def foreground_colors(pixels: Pixels, alpha: Gray8) -> Pixels:
    """A copy of straight (H, W, 4) pixels whose colours under a soft `alpha` (H, W) are the subject's alone.

    Pixels that alpha shows whole or not at all, and all of the layer's own alpha, keep their bytes.
    """
    result = pixels.copy()
    soft = (alpha > 0) & (alpha < 255)
    for start in range(0, len(pixels), BAND_ROWS):
        stop = min(start + BAND_ROWS, len(pixels))
        if not soft[start:stop].any():
            continue
        first, last = max(start - 2 * FAR_PX, 0), min(stop + 2 * FAR_PX, len(pixels))
        band = slice(start - first, stop - first)
        colors = _estimated(pixels[first:last], alpha[first:last])[band]
        changed = soft[start:stop] & (alpha[start:stop] >= round(255 * LEAST_ALPHA))
        result[start:stop, :, :3][changed] = colors[changed]
    return result


def drop_shadow(alpha: Gray8, *, offset: tuple[int, int], softness_px: float) -> Gray8:
    """(H, W): where the shadow of a subject falls that stands out by `offset` (right, down), soft by `softness_px`."""
    height, width = alpha.shape
    moved = cv2.warpAffine(alpha, np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float32), (width, height))
    return cast(Gray8, cv2.GaussianBlur(moved, (0, 0), softness_px) if softness_px >= 0.5 else moved)


def blurred_behind(pixels: Pixels, alpha: Gray8, radius_px: float) -> Pixels:
    """The picture (H, W, 4) out of focus, as if the subject that `alpha` shows were not in it: it leaves no glow.

    What lies behind the subject is continued from around it. The layer's own alpha is kept.
    """
    share = min(1.0, 8.0 / max(radius_px, 1e-6))  # a blur has no detail: a smaller picture will do
    height, width = alpha.shape
    size = (max(round(width * share), 1), max(round(height * share), 1))
    colors = cv2.resize(np.ascontiguousarray(pixels[..., :3]), size, interpolation=cv2.INTER_AREA).astype(np.float32)
    shown = cv2.resize(np.ascontiguousarray(pixels[..., 3]), size, interpolation=cv2.INTER_AREA).astype(np.float32)
    subject = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    grown = cv2.dilate(subject, np.ones((3, 3), np.uint8))
    weight = np.clip(1 - 4 * grown, 0, 1) * (shown / np.float32(np.iinfo(pixels.dtype).max)) + np.float32(1e-5)
    sigma = radius_px * share
    blurred = _spread(colors, weight, sigma)
    found = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, 3)
    result = pixels.copy()
    result[..., :3] = np.clip(np.rint(found), 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    return result


def _spread(colors: Float, weight: Float, sigma: float) -> Float:
    """The weighted blur; where hardly anything has weight, that of ever wider blurs."""
    result: Float = np.broadcast_to(np.average(colors, axis=(0, 1), weights=np.dstack([weight] * 3)), colors.shape)
    for widening in (16.0, 4.0, 1.0):
        near = cv2.GaussianBlur(weight, (0, 0), max(sigma * widening, 0.3))[..., None]
        mean = cv2.GaussianBlur(colors * weight[..., None], (0, 0), max(sigma * widening, 0.3)) / near
        trust = np.clip(near * 4, 0, 1)
        result = (mean * trust + result * (1 - trust)).astype(np.float32)
    return result


def _estimated(pixels: Pixels, alpha: Gray8) -> npt.NDArray[Any]:
    """(H, W, 3) in the picture's levels: the subject's colours everywhere."""
    levels = np.float32(np.iinfo(pixels.dtype).max)
    image = pixels[..., :3].astype(np.float32) / levels
    share = (alpha.astype(np.float32) / np.float32(255))[..., None]
    subject, background = _blur_fusion(image, image, image, share, FAR_PX)
    subject, _ = _blur_fusion(image, subject, background, share, NEAR_PX)
    found: npt.NDArray[Any] = np.rint(subject * levels).astype(pixels.dtype)
    return found


def _blur_fusion(image: Float, subject: Float, background: Float, share: Float, radius: int) -> tuple[Float, Float]:
    size = (2 * radius + 1, 2 * radius + 1)
    near = cv2.blur(share, size)[..., None]
    subject = cv2.blur(subject * share, size) / (near + np.float32(1e-5))
    far = cv2.blur(1 - share, size)[..., None]
    background = cv2.blur(background * (1 - share), size) / (far + np.float32(1e-5))
    rest = image - share * subject - (1 - share) * background
    return np.clip(subject + share * rest, 0, 1).astype(np.float32), background.astype(np.float32)
