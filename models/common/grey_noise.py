"""Noise of scientific and medical pictures of one grey channel, for training and for measuring.

Magnetic resonance gives the magnitude of a complex signal (Rician noise: Gudbjartsson and Patz, 1995), X-rays, electron
and light microscopes count particles (Poisson). Everything takes and returns float32 (H, W) in 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]  # (H, W), 0..1
Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Spoil = Callable[[Grey, np.random.Generator], Grey]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
LARGEST_16 = 65535
DETAIL_SIGMA_PX = 5.0
DETAIL_GAIN = 1.2
LOUD_DETAIL = 0.12  # contrast beyond that is left as it is: edges get no halos

# Modified Shepp-Logan phantom (Toft 1996): value, half axes, middle, turn in degrees
PHANTOM = (
    (1.0, 0.69, 0.92, 0.0, 0.0, 0.0),
    (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (-0.2, 0.11, 0.31, 0.22, 0.0, -18.0),
    (-0.2, 0.16, 0.41, -0.22, 0.0, 18.0),
    (0.1, 0.21, 0.25, 0.0, 0.35, 0.0),
    (0.1, 0.046, 0.046, 0.0, 0.1, 0.0),
    (0.1, 0.046, 0.046, 0.0, -0.1, 0.0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0.0),
    (0.1, 0.023, 0.023, 0.0, -0.606, 0.0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0.0),
)


def rician(clean: Grey, rng: np.random.Generator, sigma: float) -> Grey:
    real, imaginary = rng.standard_normal((2, *clean.shape), dtype=np.float32) * np.float32(sigma)
    return np.hypot(clean + real, imaginary)


def poisson(clean: Grey, rng: np.random.Generator, photons: float, read: float = 0.0) -> Grey:
    """PHOTONS is what white is counted as; READ the deviation of what the electronics add."""
    counted = rng.poisson(np.maximum(clean, 0) * photons).astype(np.float32) / np.float32(photons)
    return counted + rng.standard_normal(clean.shape, dtype=np.float32) * np.float32(read)


def gaussian(clean: Grey, rng: np.random.Generator, sigma: float) -> Grey:
    return clean + rng.standard_normal(clean.shape, dtype=np.float32) * np.float32(sigma)


def in_16_bits(grey: Grey) -> Grey:
    """As a file of 16 bits holds it."""
    return (np.rint(np.clip(grey, 0, 1) * LARGEST_16) / LARGEST_16).astype(np.float32)


def random_noise(clean: Grey, rng: np.random.Generator) -> Grey:
    """One of a tenth clean, a third each Rician and counted, the rest Gaussian; a quarter of it is a little coarse."""
    kind = rng.random()
    if kind < 0.1:
        return in_16_bits(clean)
    sigma = float(np.exp(rng.uniform(np.log(0.002), np.log(0.16))))
    if kind < 0.45:
        noisy = rician(clean, rng, sigma)
    elif kind < 0.8:
        noisy = poisson(clean, rng, float(np.exp(rng.uniform(np.log(20), np.log(50_000)))), rng.uniform(0, 0.01))
    else:
        noisy = gaussian(clean, rng, sigma)
    if rng.random() < 0.25:
        noisy = clean + coarser(noisy - clean, rng.uniform(0.3, 0.7))
    return in_16_bits(noisy)


def coarser(noise: Grey, sigma_px: float) -> Grey:
    """As strong as before, but no longer independent from pixel to pixel: interpolated, or filtered by the machine."""
    taps = cv2.getGaussianKernel(5, sigma_px)
    return cv2.GaussianBlur(noise, (5, 5), sigma_px) / np.float32((taps**2).sum())


NAMED_NOISES: dict[str, Spoil] = {
    "Rician 2 %": partial(rician, sigma=0.02),
    "Rician 8 %": partial(rician, sigma=0.08),
    "3,000 counts": partial(poisson, photons=3000.0),
    "100 counts": partial(poisson, photons=100.0),
    "white 0.5 %": partial(gaussian, sigma=0.005),
}  # fixed kinds for measuring; counts are those of white


def grey_of(block: Rgb8) -> Grey:
    """Halved, so that a grey is the mean of four pixels and three colours: finer than the 8 bits it comes from."""
    grey = block.astype(np.float32) @ LUMA / 255
    return cv2.resize(grey, (block.shape[1] // 2, block.shape[0] // 2), interpolation=cv2.INTER_AREA)


def random_scene(block: Rgb8, rng: np.random.Generator) -> Grey:
    """A clean grey picture of half the block's size: of another tone, turned negative, or a body in black air."""
    grey = grey_of(block)
    if rng.random() < 0.2:
        grey = ellipses(grey.shape, rng) * (0.8 + 0.2 * grey)
    if rng.random() < 0.3:
        grey = 1 - grey
    grey = np.clip(grey, 0, 1) ** np.float32(np.exp(rng.uniform(-0.7, 0.7)))  # a power of -1e-8 is no number
    low, high = sorted(rng.uniform(0, 1, 2)) if rng.random() < 0.4 else (0.0, 1.0)
    grey = low + grey * max(high - low, 0.05)
    if rng.random() < 0.25:
        grey = grey * body(grey.shape, rng)
    return grey.astype(np.float32)


def ellipses(shape: tuple[int, ...], rng: np.random.Generator) -> Grey:
    """Flat ellipses over each other, their rims as sharp as pixels allow or a little soft."""
    sheet = np.full((shape[0] * 2, shape[1] * 2), rng.uniform(0, 1), np.float32)
    for _ in range(rng.integers(3, 14)):
        middle = tuple(int(place) for place in rng.uniform(0, 2 * shape[0], 2))
        axes = tuple(int(half) for half in rng.uniform(2, shape[0] * 0.7, 2))
        cv2.ellipse(sheet, middle, axes, rng.uniform(0, 180), 0, 360, float(rng.uniform(0, 1)), -1)
    sheet = cv2.resize(sheet, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(sheet, (0, 0), rng.uniform(0.4, 1.5)) if rng.random() < 0.5 else sheet


def body(shape: tuple[int, ...], rng: np.random.Generator) -> Grey:
    """1 in a large soft-rimmed ellipse, 0 around it."""
    mask = np.zeros(shape, np.float32)
    middle = tuple(int(place) for place in rng.uniform(0, shape[0], 2))
    axes = tuple(int(half) for half in rng.uniform(shape[0] * 0.3, shape[0] * 0.9, 2))
    cv2.ellipse(mask, middle, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 2.0))


def phantom(side: int) -> Grey:
    """The modified Shepp-Logan phantom, (side, side), its sides smoothed by drawing it four times as fine."""
    axis = (np.arange(4 * side) + 0.5) / (2 * side) - 1
    x, y = np.meshgrid(axis, -axis)
    sheet = np.zeros_like(x)
    for value, across, down, left, top, degrees in PHANTOM:
        turn = np.deg2rad(degrees)
        u = (x - left) * np.cos(turn) + (y - top) * np.sin(turn)
        v = (y - top) * np.cos(turn) - (x - left) * np.sin(turn)
        sheet += value * ((u / across) ** 2 + (v / down) ** 2 <= 1)
    return cv2.resize(sheet.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA).clip(0, 1)


def missing_contrast(clean: Grey) -> Grey:
    """What is added where local contrast is to be raised: small differences to the surroundings, large ones left."""
    around = cv2.GaussianBlur(clean, (0, 0), DETAIL_SIGMA_PX, borderType=cv2.BORDER_REFLECT_101)
    difference = clean - around
    return DETAIL_GAIN * difference * np.exp(-((difference / LOUD_DETAIL) ** 2))
