"""Photographs as JPEG leaves them, for training and for measuring: by any quality, once or twice, colour halved or not.

Everything takes and returns RGB uint8 crops (H, W, 3) and draws from the generator it is given. Pillow's encoder is
libjpeg's, which most cameras' and sites' files are near; Photoshop's tables come from Pillow's presets.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

GRID_PX = 16  # blocks of eight, of which colour at half size takes two by two
TABLES = ("web_low", "web_medium", "web_high", "low", "medium", "high")  # Photoshop's, as Pillow knows them
SAMPLINGS = (0, 1, 2)  # Pillow's numbers: colour at full size, halved across, halved both ways
SAMPLING_SHARES = (0.3, 0.15, 0.55)


def through_jpeg(pixels: Rgb8, quality: int | str, *, sampling: int = 2) -> Rgb8:
    """Through one JPEG file; QUALITY is libjpeg's number or the name of one of Pillow's tables."""
    coded = io.BytesIO()
    Image.fromarray(pixels).save(coded, "JPEG", quality=quality, subsampling=sampling)
    coded.seek(0)
    return np.asarray(Image.open(coded).convert("RGB"))


def twice_through_jpeg(pixels: Rgb8, first: int | str, second: int | str, *, moved: tuple[int, int]) -> Rgb8:
    """A second time with the blocks elsewhere, as after cropping: MOVED rows and columns."""
    rows, columns = moved
    padded = np.pad(through_jpeg(pixels, first), ((rows, 0), (columns, 0), (0, 0)), mode="reflect")
    return through_jpeg(padded, second)[rows:, columns:]


def random_compression(untouched: Rgb8, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    """(compressed, clean): a sixth of the pictures is left as it was, a tenth nearly so, for clean ones must stay.

    Half of them get some grain, which then is part of the clean picture: photographs in packages have less of it than
    those of people, and a network that never saw clean grain takes it away.
    """
    clean = untouched if rng.random() < 0.5 else grainy(untouched, rng)
    kind = rng.random()
    if kind < 0.15:
        return clean, clean
    if kind < 0.25:
        return through_jpeg(clean, int(rng.integers(90, 100)), sampling=_sampling(rng)), clean
    if kind < 0.35:
        return through_jpeg(clean, TABLES[rng.integers(len(TABLES))], sampling=_sampling(rng)), clean
    if kind < 0.5:
        moved = (0, 0) if rng.random() < 0.3 else tuple(int(offset) for offset in rng.integers(0, GRID_PX, 2))
        first, second = int(rng.integers(10, 91)), int(rng.integers(10, 91))
        return twice_through_jpeg(clean, first, second, moved=moved), clean
    return through_jpeg(clean, int(rng.integers(8, 91)), sampling=_sampling(rng)), clean


def grainy(pixels: Rgb8, rng: np.random.Generator) -> Rgb8:
    """With grain of up to four levels, a little coarser than pixels in half of them, mostly the same in all colours."""
    height, width = pixels.shape[:2]
    grain = rng.standard_normal((height, width, 1 if rng.random() < 0.7 else 3), dtype=np.float32)
    if rng.random() < 0.5:
        grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.4, 0.9)).reshape(height, width, -1)
        grain /= grain.std() + 1e-6
    return np.clip(np.rint(pixels + grain * rng.uniform(0, 4)), 0, 255).astype(np.uint8)


def _sampling(rng: np.random.Generator) -> int:
    return int(rng.choice(SAMPLINGS, p=SAMPLING_SHARES))


def _quality(clean: Rgb8, rng: np.random.Generator, *, quality: int, sampling: int = 2) -> tuple[Rgb8, Rgb8]:
    return through_jpeg(clean, quality, sampling=sampling), clean


def _cropped(clean: Rgb8, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    padded = np.pad(clean, ((3, 0), (5, 0), (0, 0)), mode="reflect")
    return through_jpeg(padded, 20)[3:, 5:], clean


def _twice(clean: Rgb8, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    return twice_through_jpeg(clean, 75, 30, moved=(3, 5)), clean


NAMED_COMPRESSIONS: dict[str, Callable[[Rgb8, np.random.Generator], tuple[Rgb8, Rgb8]]] = {
    "quality 10": partial(_quality, quality=10),
    "quality 20": partial(_quality, quality=20),
    "quality 40": partial(_quality, quality=40),
    "quality 70": partial(_quality, quality=70),
    "quality 20, colour whole": partial(_quality, quality=20, sampling=0),
    "quality 20, then cropped": _cropped,
    "twice, 75 then 30, blocks moved": _twice,
}  # fixed kinds for measuring, colour halved where nothing else is said: each gives (compressed, clean)
