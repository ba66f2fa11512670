"""Photographs out of focus and shaken, for training what sharpens them and for measuring it.

Everything takes and returns RGB uint8 crops (H, W, 3) and draws from the generator it is given. Light is blurred, not
levels: the kernels are applied to linear values, as a lens and a hand do, and sensor noise and JPEG come after.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.compressing import grainy
from models.common.degrade import jpeg

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Kernel = NDArray[np.float32]  # (odd side, odd side), its sum is 1
MakeKernel = Callable[[np.random.Generator], Kernel]

KERNEL_PX = 25  # side of every kernel: no blur reaches farther than twelve pixels
FINER = 4  # kernels are drawn this much larger, then shrunk
GAMMA = 2.2
SHAKE_STEPS = 24
UNTOUCHED_SHARE = 0.4


def disc_kernel(radius_px: float) -> Kernel:
    """Out of focus: the picture of the lens's opening."""
    sheet = np.zeros((KERNEL_PX * FINER, KERNEL_PX * FINER), np.uint8)
    middle = KERNEL_PX * FINER // 2
    cv2.circle(sheet, (middle, middle), max(round(radius_px * FINER), 1), 255, -1)
    return _shrunk(sheet)


def gaussian_kernel(sigma_px: float) -> Kernel:
    taps = cv2.getGaussianKernel(KERNEL_PX, sigma_px).astype(np.float32)
    return taps @ taps.T


def line_kernel(length_px: float, angle: float) -> Kernel:
    """Moved straight while the shutter was open; ANGLE in radians."""
    along = np.array([np.cos(angle), np.sin(angle)]) * length_px / 2
    return _along(np.stack([-along, along]))


def shake_kernel(length_px: float, rng: np.random.Generator) -> Kernel:
    """A hand that trembles: a way of about this length that turns as it goes."""
    turns = np.cumsum(rng.normal(0, 0.35, SHAKE_STEPS)) + rng.uniform(0, 2 * np.pi)
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * rng.uniform(0.3, 1.7, (SHAKE_STEPS, 1))
    way = np.cumsum(steps, axis=0) * length_px / SHAKE_STEPS
    return _along(way - way.mean(axis=0))


def blurred(clean: Rgb8, kernel: Kernel) -> Rgb8:
    light = (clean.astype(np.float32) / 255) ** GAMMA
    seen = cv2.filter2D(light, -1, kernel, borderType=cv2.BORDER_REFLECT_101).clip(0, 1)
    return np.clip(np.rint(seen ** (1 / GAMMA) * 255), 0, 255).astype(np.uint8)


def random_blur(untouched: Rgb8, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    """(blurred, clean): well over a third of the pictures is sharp, with grain or JPEG as they may be, and must stay.

    Nothing is blurred by less than a pixel: such pictures look like soft ones, and those are to be left alone.
    """
    kind = rng.random()
    if kind < UNTOUCHED_SHARE:
        clean = untouched if rng.random() < 0.4 else grainy(untouched, rng)
        clean = jpeg(clean, int(rng.integers(80, 100))) if rng.random() < 0.4 else clean
        return clean, clean
    kind = (kind - UNTOUCHED_SHARE) / (1 - UNTOUCHED_SHARE)
    if kind < 0.3:
        kernel = disc_kernel(rng.uniform(1.0, 3.5))
    elif kind < 0.5:
        kernel = gaussian_kernel(rng.uniform(0.7, 2.2))
    elif kind < 0.75:
        kernel = line_kernel(rng.uniform(3, 11), rng.uniform(0, np.pi))
    else:
        kernel = shake_kernel(rng.uniform(4, 14), rng)
    quality = None if rng.random() < 0.4 else int(rng.integers(80, 99))
    return _taken(blurred(untouched, kernel), rng.uniform(0, 3), quality, rng), untouched


def _fixed(clean: Rgb8, rng: np.random.Generator, *, make: MakeKernel) -> tuple[Rgb8, Rgb8]:
    return _taken(blurred(clean, make(rng)), 1.0, 92, rng), clean


NAMED_BLURS: dict[str, Callable[[Rgb8, np.random.Generator], tuple[Rgb8, Rgb8]]] = {
    "out of focus, radius 1.5": partial(_fixed, make=lambda rng: disc_kernel(1.5)),
    "out of focus, radius 3": partial(_fixed, make=lambda rng: disc_kernel(3.0)),
    "moved by 8 pixels": partial(_fixed, make=lambda rng: line_kernel(8.0, rng.uniform(0, np.pi))),
    "shaken, 10 pixels of way": partial(_fixed, make=lambda rng: shake_kernel(10.0, rng)),
}  # fixed kinds for measuring, with noise of one level and JPEG at quality 92: each gives (blurred, clean)


def _taken(pixels: Rgb8, noise: float, quality: int | None, rng: np.random.Generator) -> Rgb8:
    grain = rng.standard_normal(pixels.shape, dtype=np.float32) * noise
    return jpeg(np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8), quality)


def _along(way: NDArray[np.float64]) -> Kernel:
    """A stroke along points (N, 2) about the middle, in pixels."""
    sheet = np.zeros((KERNEL_PX * FINER, KERNEL_PX * FINER), np.uint8)
    points = np.clip((way + KERNEL_PX / 2) * FINER, 0, KERNEL_PX * FINER - 1)
    cv2.polylines(sheet, [np.rint(points).astype(np.int32)], False, 255, FINER)
    return _shrunk(sheet)


def _shrunk(sheet: NDArray[np.uint8]) -> Kernel:
    kernel = cv2.resize(sheet, (KERNEL_PX, KERNEL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    return kernel / kernel.sum()
