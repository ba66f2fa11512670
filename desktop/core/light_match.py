"""The light of one picture on the subject of another: its colour and its strength, as gains of red, green and blue.

The colour of a light is estimated as the p-norm of what it shines on (shades of grey: Finlayson, Trezzi 2004), its
strength as the mean of logarithms. Gains act on linear light (von Kries 1902), so each channel gets one table.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Gray8, Pixels

NORM = 6.0
SIDE_PX = 256  # a light is seen in small pictures too
TINT_SHARE, STRENGTH_SHARE = 0.6, 0.35  # of the difference: a subject keeps its own colours
TINTS, STRENGTHS = (0.75, 1.33), (0.7, 1.4)  # what nobody takes for another subject
GAMMA = 2.2
FAINTEST = 1e-3

Gains = npt.NDArray[np.float64]  # (3,)


def light_gains(before: Pixels, behind: Pixels, alpha: Gray8) -> Gains:
    """What a subject cut out of `before` by `alpha` (H, W) is multiplied by, in linear light, to fit `behind`.

    Both pictures are straight RGBA; only what surrounds the subject says what light it stood in. Ones where that is
    nothing.
    """
    old, new = _light(before, 255 - alpha), _light(behind, np.full(behind.shape[:2], 255, np.uint8))
    if old is None or new is None:
        return np.ones(3)
    tint = np.clip((new[0] / old[0]) ** TINT_SHARE, *TINTS)
    strength = np.clip((new[1] / old[1]) ** STRENGTH_SHARE, *STRENGTHS)
    return cast(Gains, tint / tint.mean() * strength)


def lit(pixels: Pixels, gains: Gains) -> Pixels:
    """A copy of straight RGBA pixels with the gains on their colours; alpha keeps its bytes."""
    top = int(np.iinfo(pixels.dtype).max)
    linear = (np.arange(top + 1) / top) ** GAMMA
    result = pixels.copy()
    for channel, gain in enumerate(gains):
        table = np.rint(np.clip(linear * gain, 0, 1) ** (1 / GAMMA) * top).astype(pixels.dtype)
        result[..., channel] = table[pixels[..., channel]]
    return result


def _light(pixels: Pixels, weight: Gray8) -> tuple[Gains, float] | None:
    """(colour with a mean of one, strength) of the light where `weight` is; None where there is nothing."""
    share = min(SIDE_PX / max(pixels.shape[:2]), 1)
    size = (max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float64) / np.iinfo(pixels.dtype).max
    counted = cv2.resize(weight, size, interpolation=cv2.INTER_AREA).astype(np.float64) / 255 * small[..., 3]
    if counted.mean() < FAINTEST:
        return None
    linear: npt.NDArray[Any] = np.maximum(small[..., :3] ** GAMMA, FAINTEST)
    norms = (((linear**NORM) * counted[..., None]).sum(axis=(0, 1)) / counted.sum()) ** (1 / NORM)
    strength = float(np.exp((np.log(linear.mean(axis=2)) * counted).sum() / counted.sum()))
    return norms / norms.mean(), strength
