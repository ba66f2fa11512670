"""Photographs from folders: found, cut into blocks worth learning from, packed once, drawn as random crops."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

Photos8 = NDArray[np.uint8]  # (N, H, W, 3) RGB

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
BLOCK_PX = 192  # room for random crops of up to this size; small enough that one block is mostly one kind of texture
FLAT_ABOVE_DB = 38.0  # a block that survives halving and doubling this well teaches nothing about detail
FLAT_BLOCKS_KEPT = 0.1  # some skies and walls must stay in: that is where blotches show
LARGEST_NATIVE_PX = 6_000_000  # bigger pictures are soft or grainy at native size: used from their halves on


class DataError(Exception):
    """A finished sentence for the person at the terminal."""


def find_photos(folders: Iterable[Path]) -> list[Path]:
    """All pictures below the folders, sorted; DataError when there are none."""
    folders = list(folders)
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES]
    if not found:
        names = ", ".join(str(folder) for folder in folders)
        raise DataError(f"No pictures in {names}. Run `python -m models.fetch_data` or name a folder of your own.")
    return sorted(found)


def split_photos(photos: list[Path], *, every: int) -> tuple[list[Path], list[Path]]:
    """(training, validation): every n-th picture is for choosing the best weights, never for a number on a card."""
    return [p for i, p in enumerate(photos) if i % every], [p for i, p in enumerate(photos) if not i % every]


def read_photo(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) RGB; DataError names a file that is not a picture."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be read as a picture.") from error


def packed_blocks(photos: list[Path], cache: Path, *, seed: int = 0) -> Photos8:
    """Blocks (N, 192, 192, 3) of all photos, memory-mapped from CACHE; packed on first use, which takes a minute."""
    identity = "\n".join(f"{path.name} {path.stat().st_size}" for path in photos)
    settings = f"{BLOCK_PX} {FLAT_ABOVE_DB} {FLAT_BLOCKS_KEPT} {LARGEST_NATIVE_PX} {seed}\n"
    packed = cache / f"blocks-{hashlib.sha256((settings + identity).encode()).hexdigest()[:16]}.npy"
    if not packed.exists():
        blocks = list(_blocks_of_all(photos, np.random.default_rng(seed)))
        if not blocks:
            raise DataError(f"None of the {len(photos)} pictures is at least {BLOCK_PX} pixels high and wide.")
        cache.mkdir(parents=True, exist_ok=True)
        aside = packed.with_suffix(f".{os.getpid()}.tmp")
        with aside.open("wb") as file:
            np.save(file, np.stack(blocks))
        aside.replace(packed)
    return np.load(packed, mmap_mode="r")


def draw_crops(blocks: Photos8, *, count: int, size: int, rng: np.random.Generator) -> Photos8:
    """COUNT random crops (count, size, size, 3), each turned and mirrored in one of the eight ways."""
    return np.stack([_random_crop(blocks[rng.integers(len(blocks))], size, rng) for _ in range(count)])


def generated_blocks(count: int, seed: int = 0) -> Photos8:
    """Blocks of soft shapes and stripes made on the spot, for `--smoke` and for tests."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    fine = rng.integers(-40, 40, (count, 64, 64, 3))
    blocks = []
    for shapes, grain in zip(coarse, fine, strict=True):
        soft = cv2.resize(shapes, (BLOCK_PX, BLOCK_PX), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        sharp = cv2.resize(grain.astype(np.float32), (BLOCK_PX, BLOCK_PX), interpolation=cv2.INTER_NEAREST)
        blocks.append(np.clip(soft + sharp, 0, 255).astype(np.uint8))
    return np.stack(blocks)


def _blocks_of_all(photos: list[Path], rng: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    for path in tqdm(photos, desc="Packing photographs", unit="photo"):
        pixels = read_photo(path)
        if pixels.shape[0] * pixels.shape[1] > LARGEST_NATIVE_PX:
            pixels = _halved(pixels)
        while min(pixels.shape[:2]) >= BLOCK_PX:
            yield from (b for b in _cut(pixels) if not _is_flat(b) or rng.random() < FLAT_BLOCKS_KEPT)
            pixels = _halved(pixels)


def _cut(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for top in range(0, pixels.shape[0] - BLOCK_PX + 1, BLOCK_PX):
        for left in range(0, pixels.shape[1] - BLOCK_PX + 1, BLOCK_PX):
            yield pixels[top : top + BLOCK_PX, left : left + BLOCK_PX]


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)


def _is_flat(block: NDArray[np.uint8]) -> bool:
    half = cv2.resize(block, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    back = cv2.resize(half, (block.shape[1], block.shape[0]), interpolation=cv2.INTER_CUBIC)
    mean_square = np.mean((back.astype(np.float32) - block) ** 2)
    return bool(mean_square < 255.0**2 / 10 ** (FLAT_ABOVE_DB / 10))


def _random_crop(block: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    top, left = rng.integers(0, block.shape[0] - size + 1), rng.integers(0, block.shape[1] - size + 1)
    crop = np.rot90(block[top : top + size, left : left + size], rng.integers(4))
    return crop[:, ::-1] if rng.integers(2) else crop
