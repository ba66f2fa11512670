"""Photographs made dark, pale or tinted, for networks that mend tones; the plain ways of mending to compare with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.data import find_photos, read_photo

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Rgb32 = NDArray[np.float32]  # (H, W, 3), 0..1

LONG_SIDE_PX = 512
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def small_photos(folders: tuple[Path, ...], long_side_px: int = LONG_SIDE_PX) -> dict[str, Rgb8]:
    """Name → photograph, its longer side at most so long."""
    return {path.name: shrunk(read_photo(path), long_side_px) for path in find_photos(folders)}


def shrunk(pixels: Rgb8, long_side_px: int) -> Rgb8:
    share = long_side_px / max(pixels.shape[:2])
    size = (max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if share < 1 else pixels


def random_view(photo: Rgb8, side: int, rng: np.random.Generator) -> Rgb8:
    """A piece of the photograph squeezed into a square, perhaps mirrored."""
    height, width = (max(round(length * rng.uniform(0.55, 1)), 1) for length in photo.shape[:2])
    top, left = rng.integers(photo.shape[0] - height + 1), rng.integers(photo.shape[1] - width + 1)
    view = photo[top : top + height, left : left + width]
    view = view[:, ::-1] if rng.integers(2) else view
    return cv2.resize(np.ascontiguousarray(view), (side, side), interpolation=cv2.INTER_AREA)


def darkened(clean: Rgb8, rng: np.random.Generator) -> Rgb8:
    """As if the light had been too little: less of it in linear light, unevenly, with noise, stored by a camera."""
    light = (clean.astype(np.float32) / 255) ** 2.2
    light *= np.float32(np.exp(-rng.uniform(np.log(1.5), np.log(20))))
    if rng.random() < 0.4:
        light *= uneven_light(clean.shape[:2], rng)[..., None]
    light = light + rng.standard_normal(light.shape, dtype=np.float32) * np.sqrt(
        light * np.float32(np.exp(rng.uniform(np.log(1e-5), np.log(2e-3)))) + np.float32(1e-8)
    )
    dark = np.clip(light, 0, 1) ** np.float32(1 / 2.2)
    return stored(to_8bit(dark ** np.float32(np.exp(rng.normal(0, 0.12)))), rng)


def uneven_light(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """(H, W): a lamp or a window, brighter on one side by up to eight times."""
    coarse = cv2.GaussianBlur(rng.standard_normal((8, 8)).astype(np.float32), (0, 0), 1.6)
    field = cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    field = (field - field.min()) / max(float(np.ptp(field)), 1e-6)
    return np.exp((field - 0.5) * np.float32(rng.uniform(0, np.log(8)))).astype(np.float32)


def badly_taken(clean: Rgb8, rng: np.random.Generator) -> Rgb8:
    """Wrong exposure, wrong white, faded or too hard: what a button called auto is pressed for."""
    light = (clean.astype(np.float32) / 255) ** 2.2
    light *= np.float32(np.exp(rng.normal(-0.25, 0.6)))
    if rng.random() < 0.75:
        light *= np.exp(rng.normal(0, 0.14, 3)).astype(np.float32) * _warmth(rng)
    shown = np.clip(light, 0, 1) ** np.float32(1 / 2.2)
    if rng.random() < 0.5:
        shown = shown ** np.float32(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.5:
        black, white = rng.uniform(0, 0.16), rng.uniform(0.78, 1)
        shown = black + shown * np.float32(white - black)
    grain = np.float32(np.exp(rng.uniform(np.log(0.002), np.log(0.015))))
    return stored(to_8bit(shown + rng.standard_normal(shown.shape, dtype=np.float32) * grain), rng)


def stored(picture: Rgb8, rng: np.random.Generator) -> Rgb8:
    """As a camera stores it, by JPEG: exact ends of the tones, which would give away how it was spoilt, are gone."""
    quality = int(rng.integers(70, 96))
    kept = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(kept, cv2.IMREAD_COLOR)[..., ::-1])


def _warmth(rng: np.random.Generator) -> NDArray[np.float32]:
    warm = rng.normal(0, 0.16)
    return np.exp(np.array([warm, 0, -warm])).astype(np.float32)


def to_8bit(shown: Rgb32) -> Rgb8:
    return np.clip(np.rint(shown * 255), 0, 255).astype(np.uint8)


# The plain ways. Each takes a picture and one number, which is tuned on the very pictures that are measured.


def gamma_to_mean(picture: Rgb8, mean: float) -> Rgb8:
    """The power that brings the mean luma to MEAN."""
    small = shrunk(picture, 128).astype(np.float32) / 255
    found = 1.0
    for _ in range(12):
        luma = float((small**found @ LUMA).mean())
        found *= float(np.log(max(mean, 1e-3)) / np.log(min(max(luma, 1e-4), 0.999)))
        found = min(max(found, 0.1), 6.0)
    return to_8bit(np.linspace(0, 1, 256, dtype=np.float32) ** np.float32(found))[picture]


def clahe(picture: Rgb8, clip: float) -> Rgb8:
    """Contrast-limited adaptive equalisation of lightness, 8 × 8 fields."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clip, (8, 8)).apply(np.ascontiguousarray(lab[..., 0]))
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def auto_levels(picture: Rgb8, percent: float) -> Rgb8:
    """Each channel stretched from its darkest to its brightest, PERCENT of the pixels left out at both ends."""
    low, high = np.percentile(picture, (percent, 100 - percent), axis=(0, 1))
    return to_8bit((picture - low.astype(np.float32)) / np.maximum(high - low, 1).astype(np.float32))


def auto_contrast(picture: Rgb8, percent: float) -> Rgb8:
    """All channels stretched alike."""
    low, high = np.percentile(picture, (percent, 100 - percent))
    return to_8bit((picture - np.float32(low)) / np.float32(max(high - low, 1)))


def grey_world(picture: Rgb8, amount: float) -> Rgb8:
    """Gains in linear light that make the mean grey, AMOUNT of the way."""
    light = (picture.astype(np.float32) / 255) ** 2.2
    means = light.mean(axis=(0, 1)) + 1e-6
    return to_8bit(np.clip(light * (means.mean() / means) ** amount, 0, 1) ** np.float32(1 / 2.2))


Plain = Callable[[Rgb8, float], Rgb8]
PLAIN_WAYS: dict[str, tuple[Plain, tuple[float, ...]]] = {
    "gamma, best mean": (gamma_to_mean, (0.3, 0.35, 0.4, 0.45, 0.5)),
    "CLAHE, best limit": (clahe, (0.5, 1.0, 2.0, 4.0, 8.0)),
    "auto levels, best share": (auto_levels, (0.0, 0.1, 0.5, 1.0, 2.0)),
    "auto contrast, best share": (auto_contrast, (0.0, 0.1, 0.5, 1.0, 2.0)),
    "grey world, best amount": (grey_world, (0.25, 0.5, 0.75, 1.0)),
}
