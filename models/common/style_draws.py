"""Pictures to learn any style from: paintings, paintings by rule, textures and photographs, each time another view.

Some hundred sources are few for a network that is to take what it never saw; so they are cropped, turned, stretched,
enlarged or reduced, their colours turned around grey, and now and then one is painted in the palette of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.data import DataError, Photos8, draw_crops, find_photos, generated_blocks, read_photo
from models.common.own_paintings import OWN_PAINTINGS
from models.common.style_pictures import palette_map, resized_style
from models.common.style_recipes import HELD_OUT_PAINTINGS

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

SEEDS_BY_RULE = 3  # of every painting by rule
SHARES = (0.65, 0.3, 0.05)  # of paintings, of paintings by rule and textures, of photographs
SIZES = (0.55, 1.25)  # of what is seen beside the whole picture at its usual size
STRETCH = 1.35
PALETTES_OF_OTHERS = 0.3
TURNED_COLORS = 0.4
GRAY, VIVID = 0.15, 1.4
TO_OPPONENT = np.array([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], np.float32)


@dataclass(frozen=True)
class StyleSources:
    paintings: Sequence[Rgb8]
    patterns: Sequence[Rgb8]
    photos: Photos8

    @classmethod
    def found(cls, paintings: Path, textures: Path, photos: Photos8, *, side: int) -> StyleSources:
        """Short sides of `side`. DataError: no painting is there."""
        paths = [path for path in find_photos([paintings]) if path.stem not in HELD_OUT_PAINTINGS]
        if not paths:
            raise DataError(f"All paintings in {paintings} are held out; add some of your own.")
        found = [resized_style(read_photo(path), side) for path in paths]
        patterns = [paint(512, seed) for paint in OWN_PAINTINGS.values() for seed in range(SEEDS_BY_RULE)]  # type: ignore[call-arg]
        if textures.is_dir():
            patterns += [read_photo(path) for path in find_photos([textures])]
        return cls(found, [resized_style(pattern, side) for pattern in patterns], photos)

    @classmethod
    def generated(cls) -> StyleSources:
        """For `--smoke`: nothing needs to be fetched."""
        blocks = generated_blocks(6, seed=3)
        return cls(list(blocks[:3]), list(blocks[3:]), blocks)

    def draw(self, side: int, rng: np.random.Generator) -> Rgb8:
        """(side, side, 3): one view of one of them."""
        seen = self._view(side, rng)
        levels = seen.astype(np.float32) / 255
        if rng.random() < PALETTES_OF_OTHERS:
            matrix, tint = palette_map(seen, self._view(side, rng))
            levels = levels @ matrix.reshape(3, 3).T + tint
        if rng.random() < TURNED_COLORS:
            levels = _turned_colors(levels, rng)
        return np.clip(np.rint(levels * 255), 0, 255).astype(np.uint8)

    def _view(self, side: int, rng: np.random.Generator) -> Rgb8:
        kind = rng.choice(3, p=SHARES)
        if kind == 2:
            (crop,) = draw_crops(self.photos, count=1, size=min(side, self.photos.shape[1]), rng=rng)
            return crop if len(crop) == side else cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
        sources = (self.paintings, self.patterns)[kind]
        return _cut(sources[rng.integers(len(sources))], side, rng)


def _cut(picture: Rgb8, side: int, rng: np.random.Generator) -> Rgb8:
    """A part of the picture, somewhat stretched, turned in one of the eight ways."""
    height, width = picture.shape[:2]
    longest = min(height, width)
    part = min(side / rng.uniform(*SIZES), longest)
    tall, wide = part, part
    if rng.random() < 0.5:
        wide = part / rng.uniform(1, STRETCH)
    rows, columns = max(int(tall), 8), max(int(wide), 8)
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    shown = picture[top : top + rows, left : left + columns]
    filtering = cv2.INTER_AREA if rows > side else cv2.INTER_CUBIC
    crop = np.rot90(cv2.resize(shown, (side, side), interpolation=filtering), rng.integers(4))
    return np.ascontiguousarray(crop[:, ::-1] if rng.integers(2) else crop)


def _turned_colors(levels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """All hues turned by one angle, colour and contrast changed; luma stays luma."""
    angle, vividness = rng.uniform(0, 2 * np.pi), rng.uniform(GRAY, VIVID)
    turn = np.eye(3, dtype=np.float32)
    turn[1:, 1:] = vividness * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.linalg.inv(TO_OPPONENT) @ turn @ TO_OPPONENT
    brighter = np.clip(levels @ matrix.T.astype(np.float32), 0, 1) ** np.float32(np.exp(rng.uniform(-0.35, 0.35)))
    return brighter.astype(np.float32)
