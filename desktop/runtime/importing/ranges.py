"""Value ranges of pictures in foreign networks, and how right a result looks under each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import ChannelOrder

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class ValueRange:
    """x = (p - mean) / std with p on 0..255, in red, green, blue."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def stated_for(self, order: ChannelOrder) -> tuple[list[float], list[float]]:
        """Mean and std in the order of the tensor's channels."""
        mean, std = list(self.mean), list(self.std) * (len(self.mean) // len(self.std))
        if order in ("L", "Y", "YN", "Lab_L"):
            return [float(np.mean(mean))], [float(np.mean(std))]
        return (mean[::-1], std[::-1]) if order == "BGR" else (mean, std)


RANGES: dict[str, ValueRange] = {
    "0..1": ValueRange((0.0,), (255.0,)),
    "0..255": ValueRange((0.0,), (1.0,)),
    "-1..1": ValueRange((127.5,), (127.5,)),
    "imagenet": ValueRange((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "-0.5..0.5": ValueRange((127.5,), (255.0,)),
    "0..100": ValueRange((0.0,), (2.55,)),
    "caffe": ValueRange((123.68, 116.779, 103.939), (1.0,)),
}
PICTURE_RANGES = ("0..1", "0..255", "-1..1", "imagenet", "-0.5..0.5")
LIGHTNESS_RANGES = ("0..100", "0..1", "-1..1")
MASK_RANGES = ("imagenet", "0..1", "-1..1", "-0.5..0.5", "0..255", "caffe")

# Ranges that families of networks were trained with; a guess that the strip of previews can correct.
FAMILIES: tuple[tuple[str, str], ...] = (
    ("-0.5..0.5", r"is-?net|rmbg|\bdis\b|dis[-_]"),
    ("-1..1", r"modnet|pp-?matt|human_?seg|vitmatte|fba|gfpgan|codeformer|restoreformer|gpen|deblurgan|cyclegan|"
     r"pix2pix|anime|cartoon|hayao|shinkai|paprika|face_?paint|funie|stargan|munit|ugatit|aot|"
     r"deepfill|migan|mi-gan|\bmat\b|mat_"),
    ("imagenet", r"u2net|skyseg|sky_seg|birefnet|deeplab|fcn|segformer|parsing|bisenet|midas|depth|silueta|saliency"),
    ("0..255", r"mosaic|candy|udnie|rain_?princess|pointil|la_?muse|\bhed\b|hed_|deoldify"),
    ("0..1", r"selfie|mediapipe|rvm|bgm|esrgan|swinir|nafnet|restormer|dncnn|ffdnet|scunet|zero_?-?dce|sci_|lama"),
)  # fmt: skip

# Percentiles that told the ranges of known models apart.
BYTES_ABOVE = 8.0
SIGNED_BELOW = -0.35
BORDER_SHARE = 0.08  # what a network makes of its own padding says nothing about the range
LIVELY_LEVELS = (3.0, 45.0)  # colours of photographs lie in between
FLAT_LEVELS = 6.0  # less contrast than this is no picture


def family_range(hints: str) -> str | None:
    """The range of the family that a file's name and notes point to."""
    return next((name for name, words in FAMILIES if re.search(words, hints, re.I)), None)


def range_of_values(values: NDArray[Any]) -> str:
    """The range that a network's answer is in."""
    finite = values[np.isfinite(values)].astype(np.float32)
    if finite.size == 0:
        return "0..1"
    low, high = np.percentile(finite, (1, 99))
    if high > BYTES_ABOVE:
        return "0..255"
    return "-1..1" if low < SIGNED_BELOW else "0..1"


def activation_of_mask(values: NDArray[Any]) -> tuple[str, str]:
    """Activation and range that turn a network's answer into a mask of 0..255."""
    finite = values[np.isfinite(values)].astype(np.float32)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if values.dtype.kind in "ui":
        return "none", "0..255" if high > 1 else "0..1"
    if low >= -0.02 and high <= 1.02:
        return "none", "0..1"
    return ("sigmoid", "0..1") if low < 0 else ("minmax", "0..1")


def wrongness(shown: NDArray[np.uint8], result: NDArray[np.float32], *, is_faithful: bool) -> float:
    """How wrong a result looks, 0 for right: clipped, flat, another structure or colour than what went in.

    `shown` (H, W, 3) 0..255, `result` (H', W', 3) in levels, not clipped. `is_faithful`: the network keeps the
    picture, so that structure and colour count in full.
    """
    if not np.isfinite(result).all():
        return 10.0
    height, width = shown.shape[:2]
    clipped = np.clip(result, 0, 255)
    beyond = float(np.abs(result - clipped).mean()) / 64
    small = cv2.resize(clipped, (width, height), interpolation=cv2.INTER_AREA)
    rows, columns = round(height * BORDER_SHARE), round(width * BORDER_SHARE)
    small = small[rows : height - rows, columns : width - columns]
    shown = shown[rows : height - rows, columns : width - columns]
    flat = 1.0 if float(small.std()) < FLAT_LEVELS else 0.0
    weight = 1.0 if is_faithful else 0.25
    structure = 1.0 - max(structure_match(shown, small), 0.0)
    color = float(np.abs(_blurred(small) - _blurred(shown.astype(np.float32))).mean()) / 64
    return min(beyond, 3.0) + flat + weight * (structure + color)


def wrong_liveliness(pixels: NDArray[np.uint8]) -> float:
    """How far the colours of a coloured photograph are from what photographs have, 0 for plausible."""
    low, high = LIVELY_LEVELS
    found = colorfulness(pixels)
    return max(low - found, 0) / low + max(found - high, 0) / high


def structure_match(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Correlation of the fine structure of two pictures (H, W, 3) or (H, W), -1..1."""
    a, b = _details(first), _details(second)
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-6 else 0.0


def colorfulness(pixels: NDArray[Any]) -> float:
    """Mean distance of the channels from their mean, in levels."""
    levels = pixels.astype(np.float32)
    return float(np.abs(levels - levels.mean(axis=2, keepdims=True)).mean())


def _details(pixels: NDArray[Any]) -> NDArray[np.float32]:
    gray = pixels.astype(np.float32)
    gray = gray @ LUMA if gray.ndim == 3 else gray
    details: NDArray[np.float32] = gray - cv2.GaussianBlur(gray, (0, 0), 3.0)
    return details


def _blurred(pixels: NDArray[Any]) -> NDArray[np.float32]:
    blurred: NDArray[np.float32] = cv2.GaussianBlur(pixels, (0, 0), 4.0)
    return blurred
