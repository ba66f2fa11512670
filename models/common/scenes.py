"""Photographs with their subject, as they were taken: nothing is pasted, so nothing but the subject can be learned.

The outlines are GrabCut's (Rother et al. 2004) in boxes drawn by hand (`subject_boxes`), made once and packed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from models.common.data import find_photos, read_photo
from models.common.hand_masks import fitted
from models.common.matte_measure import grab_cut
from models.common.pasting import Alpha8, Pasted, Rgb8, as_taken
from models.common.subject_boxes import BOXES

LONG_SIDE_PX = 320
SMALLEST_PIECE = 0.08  # of the largest piece: smaller ones are grass and gravel
EDGE_PX = 0.6  # softness of a photographed edge at this size
LEAST_SUBJECT = 0.75  # of the subject, that stays in a crop


def load_scenes(folders: Sequence[Path], cache: Path) -> list[Pasted]:
    """Those of the photographs below the folders that have a box, with the outline of their subject."""
    paths = [path for path in find_photos(folders) if path.stem in BOXES]
    identity = "\n".join(f"{path.name} {path.stat().st_size} {BOXES[path.stem]}" for path in paths)
    settings = f"{LONG_SIDE_PX} {SMALLEST_PIECE} {EDGE_PX} {cv2.__version__}\n"
    packed = cache / f"scenes-{hashlib.sha256((settings + identity).encode()).hexdigest()[:16]}.npz"
    if not packed.exists():
        scenes = [outlined_in_box(path) for path in tqdm(paths, desc="Outlining subjects", unit="picture")]
        _pack(scenes, packed)
    with np.load(packed) as file:
        return [Pasted(file[f"p{index}"], file[f"a{index}"]) for index in range(len(paths))]


def outlined_in_box(path: Path) -> Pasted:
    picture = fitted(read_photo(path), LONG_SIDE_PX)
    height, width = picture.shape[:2]
    left, top, right, bottom = (share / 100 for share in BOXES[path.stem])
    x, y = max(round(left * width), 1), max(round(top * height), 1)  # GrabCut wants background on every side
    box = (x, y, min(round(right * width), width - 1) - x, min(round(bottom * height), height - 1) - y)
    found = grab_cut(picture, box, 0.0)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((found > 0.5).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = [index for index in range(1, count) if areas[index - 1] >= SMALLEST_PIECE * areas.max()]
    alpha = cv2.GaussianBlur(np.isin(pieces, kept).astype(np.float32), (0, 0), EDGE_PX)
    return Pasted(picture, np.rint(alpha * 255).astype(np.uint8))


def crop_scene(scene: Pasted, side: int, rng: np.random.Generator) -> Pasted:
    """A part of the photograph that holds most of its subject, squeezed into SIDE × SIDE, in another light."""
    picture, alpha = scene.picture, scene.alpha
    rows, columns = _part(alpha, rng)
    picture, alpha = picture[rows, columns], alpha[rows, columns]
    if rng.integers(2):
        picture, alpha = picture[:, ::-1], alpha[:, ::-1]
    shrunk = _resized(picture, side).astype(np.float32)
    grey = shrunk.mean()
    shrunk = np.clip(((shrunk - grey) * rng.uniform(0.75, 1.2) + grey) * rng.normal(1, 0.05, 3), 0, 255)
    return Pasted(as_taken(shrunk.astype(np.float32), rng), _resized(alpha, side))


def _part(alpha: Alpha8, rng: np.random.Generator) -> tuple[slice, slice]:
    height, width = alpha.shape
    for _ in range(4):
        tall, wide = round(height * rng.uniform(0.6, 1)), round(width * rng.uniform(0.6, 1))
        top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
        rows, columns = slice(top, top + tall), slice(left, left + wide)
        if alpha[rows, columns].sum(dtype=np.int64) > LEAST_SUBJECT * alpha.sum(dtype=np.int64):
            return rows, columns
    return slice(0, height), slice(0, width)


def _resized(pixels: Rgb8 | Alpha8, side: int) -> np.ndarray:
    return cv2.resize(np.ascontiguousarray(pixels), (side, side), interpolation=cv2.INTER_AREA)


def _pack(scenes: Sequence[Pasted], packed: Path) -> None:
    packed.parent.mkdir(parents=True, exist_ok=True)
    aside = packed.with_suffix(f".{os.getpid()}.tmp")
    pictures = {f"p{index}": scene.picture for index, scene in enumerate(scenes)}
    with aside.open("wb") as file:
        np.savez(file, **pictures, **{f"a{index}": scene.alpha for index, scene in enumerate(scenes)})
    aside.replace(packed)
