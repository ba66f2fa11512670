"""Pictures with several objects, seen once by the frozen eye and kept on disk: training then pays for no eye.

Subjects are pasted onto photographs (models/common/pasting.py), up to three a picture, and each of them may be meant;
in some pictures a region of the photograph itself is meant, found by its colours.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from tqdm import tqdm

from models.common.cutouts import Cutout
from models.common.data import DataError
from models.common.pasting import Alpha8, Rgb8, paste_several
from models.common.regions import coherent_regions
from models.nets.clicking import CELL_PX, FED_PX, TAKEN_CHANNELS, ClickEye

MOST_TARGETS = 4
TARGET_CELLS = 2  # targets are kept at so many cells each way for one of the decoder
LEAST_SEEN = 0.004  # of the picture: an object that others hide is not asked for
COUNTS = (0.08, 0.4, 0.3, 0.22)  # shares of pictures with none, one, two, three pasted objects
REGION_SHARE = 0.2  # of pictures with objects in which a region of the background may be meant too
WHOLE_SHARE = 0.5  # of pictures that are square
STRIDES = (4, 8, 16, 32)
MOST_ATTEMPTS = 50  # to find something to point at
FORMAT = 3  # of what is kept


@dataclass(frozen=True)
class Scene:
    picture: Rgb8  # (side, side, 3), black beyond the picture
    targets: list[Alpha8]


@dataclass(frozen=True)
class ClickPool:
    """Arrays on disk: features at four strides in half precision, pictures and targets in 8 bits."""

    features: tuple[NDArray[np.float16], ...]  # (N, channels, side / stride, side / stride) each
    small: NDArray[np.uint8]  # (N, 3, side / 4, side / 4)
    targets: NDArray[np.uint8]  # (N, MOST_TARGETS, side / 2, side / 2)
    counts: NDArray[np.int64]  # targets of each picture

    def __len__(self) -> int:
        return len(self.small)


def draw_scene(
    groups: Sequence[Sequence[Cutout]],
    photos: Sequence[Rgb8],
    side: int,
    rng: np.random.Generator,
    first_share: float,
    *,
    regions: bool = True,
) -> Scene:
    """GROUPS: photographed and drawn cut-outs; FIRST_SHARE of the pasted ones come from the first.

    `regions`: surfaces of the photograph may be meant too.
    """
    count = int(rng.choice(len(COUNTS), p=COUNTS))
    usable = [group for group in groups if group]
    chosen = [usable[0] if rng.random() < first_share else usable[-1] for _ in range(count)]
    picture, seen = paste_several(chosen, photos, side, rng)
    height, width = side, side
    if rng.random() > WHOLE_SHARE:
        short = round(side * rng.uniform(0.55, 1))
        height, width = (short, side) if rng.random() < 0.6 else (side, short)
    picture, seen = picture[:height, :width], [alpha[:height, :width] for alpha in seen]
    least = 255 * LEAST_SEEN * side * side
    targets = [alpha for alpha in seen if alpha.sum(dtype=np.int64) > least]
    if regions and (not targets or rng.random() < REGION_SHARE):
        surfaces = [one for one in coherent_regions(picture, rng) if not _is_pasted(one, seen)]
        wanted = MOST_TARGETS - 1 if not targets else 1
        targets += [surfaces[i] for i in rng.permutation(len(surfaces))[:wanted]]
    framed = np.zeros((side, side, 3), np.uint8)
    framed[:height, :width] = picture
    return Scene(framed, [_framed(target, side) for target in targets[:MOST_TARGETS]])


def full_scene(cutouts: Sequence[Cutout], photos: Sequence[Rgb8]) -> Rgb8:
    """A picture of the size that the eye is fed, full to its rims, with several things to point at."""
    for number in range(MOST_ATTEMPTS):
        scene = draw_scene((cutouts,), photos, FED_PX, np.random.default_rng((5, number)), 1.0)
        if scene.picture[-1].any() and scene.picture[:, -1].any() and len(scene.targets) > 1:
            return scene.picture
    raise DataError("No picture for the golden sample comes of these cut-outs and photographs.")


def _is_pasted(region: Alpha8, seen: Sequence[Alpha8]) -> bool:
    inside = region > 128
    return any((alpha[inside] > 128).mean() > 0.1 for alpha in seen)


def _framed(alpha: Alpha8, side: int) -> Alpha8:
    framed = np.zeros((side, side), np.uint8)
    framed[: alpha.shape[0], : alpha.shape[1]] = alpha
    return framed


def click_pool(
    eye: ClickEye,
    groups: Sequence[Sequence[Cutout]],
    photos: Sequence[Rgb8],
    *,
    count: int,
    first_share: float,
    cache: Path,
    seed: int,
    side: int = FED_PX,
) -> ClickPool:
    """COUNT pictures as the eye sees them, made on first use: a tenth of a second each on one core."""
    names = [[cutout.name for cutout in group] for group in groups]
    weight = float(sum(values.double().abs().sum() for values in eye.state_dict().values()))
    facts = json.dumps([FORMAT, names, len(photos), count, first_share, seed, side, COUNTS, round(weight, 3)])
    folder = cache / f"clicks-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    if not folder.exists():
        aside = cache / f".{folder.name}-{os.getpid()}"
        aside.mkdir(parents=True)
        try:
            _make(eye, groups, photos, aside, count=count, first_share=first_share, seed=seed, side=side)
            aside.replace(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    loaded = {path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")}
    features = tuple(loaded[f"at{stride}"] for stride in STRIDES)
    return ClickPool(features, loaded["small"], loaded["targets"], np.asarray(loaded["counts"]))


def _make(
    eye: ClickEye,
    groups: Sequence[Sequence[Cutout]],
    photos: Sequence[Rgb8],
    folder: Path,
    *,
    count: int,
    first_share: float,
    seed: int,
    side: int,
) -> None:
    half, cells = side * TARGET_CELLS // CELL_PX, side // CELL_PX
    shapes = {
        f"at{stride}": (count, channels, side // stride, side // stride)
        for stride, channels in zip(STRIDES, TAKEN_CHANNELS, strict=True)
    }
    arrays = {name: open_memmap(folder / f"{name}.npy", "w+", np.float16, shape) for name, shape in shapes.items()} | {
        "small": open_memmap(folder / "small.npy", "w+", np.uint8, (count, 3, cells, cells)),
        "targets": open_memmap(folder / "targets.npy", "w+", np.uint8, (count, MOST_TARGETS, half, half)),
        "counts": open_memmap(folder / "counts.npy", "w+", np.int64, (count,)),
    }
    eye = eye.eval().to(memory_format=torch.channels_last)
    for place in tqdm(range(count), desc="Pictures for the eye", unit="picture", mininterval=10):
        scene, attempt = Scene(np.zeros((0, 0, 3), np.uint8), []), 0
        while not scene.targets:
            if attempt == MOST_ATTEMPTS:
                raise DataError("Nothing that could be pointed at comes of these cut-outs and photographs.")
            scene = draw_scene(groups, photos, side, np.random.default_rng((seed, place, attempt)), first_share)
            attempt += 1
        for name, values in seen_by(eye, scene.picture).items():
            arrays[name][place] = values
        for number, target in enumerate(scene.targets):
            arrays["targets"][place, number] = cv2.resize(target, (half, half), interpolation=cv2.INTER_AREA)
        arrays["counts"][place] = len(scene.targets)
    for array in arrays.values():
        array.flush()


@torch.no_grad()
def seen_by(eye: ClickEye, picture: Rgb8) -> dict[str, NDArray[np.generic]]:
    """What is kept of a picture: features by stride, and the picture at the decoder's cells."""
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    seen = eye(planes.contiguous(memory_format=torch.channels_last))
    cells = picture.shape[0] // CELL_PX
    small = cv2.resize(picture, (cells, cells), interpolation=cv2.INTER_AREA)
    found: dict[str, NDArray[np.generic]] = {
        f"at{stride}": one[0].half().contiguous().numpy() for stride, one in zip(STRIDES, seen, strict=True)
    }
    return found | {"small": np.ascontiguousarray(small.transpose(2, 0, 1))}
