"""Small labelled pictures for the generative methods: packed sets, any folder (labels = subfolders), exact batches.

Pictures are planes of what is to be learned: ink ("ink", 1 plane: how much of it), grey with alpha ("grey_alpha", 2) or
colour with alpha ("rgba", 4). Colours are premultiplied, so that what is transparent is black and teaches nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F

from models.common.data import PICTURE_SUFFIXES, DataError

Planes = Literal["ink", "grey_alpha", "rgba"]
PLANE_COUNT: dict[str, int] = {"ink": 1, "grey_alpha": 2, "rgba": 4}

PACKED = "pictures.npz"
GENERATED = Path("generated")  # not a folder: what `--smoke` learns from
FEWEST_PICTURES = 16  # below, a generator can only repeat them
OPAQUE_FROM = 250


@dataclass(frozen=True)
class PictureSet:
    pictures: NDArray[np.uint8]  # (N, side, side, planes), premultiplied
    labels: NDArray[np.int64]  # (N,) places in `classes`
    classes: tuple[str, ...]
    names: tuple[str, ...]  # where each picture comes from
    planes: Planes

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def side(self) -> int:
        return int(self.pictures.shape[1])

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> PictureSet:
        where = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        names = tuple(self.names[i] for i in where)
        return replace(self, pictures=self.pictures[where], labels=self.labels[where], names=names)

    def only_classes(self, wanted: tuple[str, ...]) -> PictureSet:
        """The pictures of these classes, labels counted anew; DataError for a class that is not there."""
        if not wanted:
            return self
        if unknown := [name for name in wanted if name not in self.classes]:
            raise DataError(f"There is no class {', '.join(unknown)} in the data; there is {', '.join(self.classes)}.")
        kept = self.take(np.isin(self.labels, [self.classes.index(name) for name in wanted]))
        labels = np.array([wanted.index(self.classes[label]) for label in kept.labels], np.int64)
        return replace(kept, labels=labels, classes=wanted)

    def split(self, *, every: int) -> tuple[PictureSet, PictureSet]:
        """(training, held out): all pictures of one source are on one side; about one source in EVERY is held out.

        A source is the part of the name before the first colon: the font of a letter. Without one, each picture is.
        """
        sources = [name.partition(":")[0] for name in self.names]
        held_out = np.array([int(hashlib.sha256(s.encode()).hexdigest(), 16) % every == 0 for s in sources])
        return self.take(~held_out), self.take(held_out)


def load_pictures(folder: Path, *, side: int, planes: Planes, classes: tuple[str, ...] = ()) -> PictureSet:
    """The packed set or the folder of pictures at FOLDER, at this side; DataError in one sentence."""
    if (folder / PACKED).exists():
        found = _read_packed(folder / PACKED, side)
    elif folder.is_dir():
        found = _read_folder(folder, side, planes)
    else:
        raise DataError(f"There is no folder {folder}. Run `python -m models.fetch_data` or name one of your own.")
    if found.planes != planes:
        raise DataError(f"{folder} holds {found.planes} pictures; the run asks for {planes}.")
    found = found.only_classes(classes)
    if len(found) < FEWEST_PICTURES:
        raise DataError(f"{folder} holds {len(found)} pictures; at least {FEWEST_PICTURES} are needed.")
    return found


def pictures_of(data: Path, *, side: int, planes: Planes, classes: tuple[str, ...] = ()) -> PictureSet:
    """load_pictures, or for the name GENERATED pictures made on the spot."""
    if data == GENERATED:
        return generated_pictures(160, side=side, planes=planes)
    return load_pictures(data, side=side, planes=planes, classes=classes)


def save_packed(folder: Path, pictures: PictureSet) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / PACKED,
        pictures=pictures.pictures,
        labels=pictures.labels.astype(np.uint8),
        classes=np.array(pictures.classes),
        names=np.array(pictures.names),
        planes=np.array(pictures.planes),
    )


def generated_pictures(count: int, *, side: int, planes: Planes, class_count: int = 3, seed: int = 0) -> PictureSet:
    """Discs, squares and bars made on the spot, for `--smoke` and for tests: as easy to tell apart as can be."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, class_count, count)
    down, right = np.mgrid[0:side, 0:side] / side
    pictures = np.zeros((count, side, side, PLANE_COUNT[planes]), np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        y, x = rng.uniform(0.4, 0.6, 2)
        size = rng.uniform(0.2, 0.3)
        shapes = (
            np.hypot(down - y, right - x) < size,
            np.maximum(abs(down - y), abs(right - x)) < size,
            abs(down - y) < size / 3,
        )
        inside = shapes[label % 3]
        picture[inside] = np.append(rng.integers(60, 256, picture.shape[-1] - 1), 255)
    names = tuple(str(index) for index in range(count))
    return PictureSet(pictures, labels, ("disc", "square", "bar")[:class_count], names, planes)


@dataclass(frozen=True)
class Augmentation:
    """How far a training picture may be moved: what a person would still call the same kind of picture."""

    mirror: bool = False
    shift: float = 0.0  # share of the side
    turn_degrees: float = 0.0
    scale: float = 0.0  # 0.1: from 0.9 to 1.1 times


def draw_batch(
    pictures: PictureSet, count: int, augmentation: Augmentation, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """(pictures (count, planes, side, side) in -1..1, labels (count,)), every class as likely as it is frequent."""
    chosen = rng.integers(0, len(pictures), count)
    planes = as_planes(pictures.pictures[chosen])
    return augmented(planes, augmentation, rng), torch.from_numpy(pictures.labels[chosen].astype(np.int64))


def augmented(planes: Tensor, augmentation: Augmentation, rng: np.random.Generator) -> Tensor:
    """Each picture mirrored, turned, moved and scaled at random about its middle; outside is transparent."""
    count = len(planes)
    if augmentation == Augmentation():
        return planes
    turn = np.deg2rad(rng.uniform(-1, 1, count) * augmentation.turn_degrees)
    scale = 1 / (1 + rng.uniform(-1, 1, count) * augmentation.scale)
    flip = np.where(rng.random(count) < 0.5, -1.0, 1.0) if augmentation.mirror else np.ones(count)
    shift = rng.uniform(-2, 2, (count, 2)) * augmentation.shift
    cosine, sine = np.cos(turn) * scale, np.sin(turn) * scale
    rows = [[cosine * flip, -sine, shift[:, 0]], [sine * flip, cosine, shift[:, 1]]]
    places = torch.from_numpy(np.moveaxis(np.array(rows), -1, 0).astype(np.float32))
    grid = F.affine_grid(places, list(planes.shape), align_corners=False)
    return F.grid_sample(planes + 1, grid, align_corners=False) - 1


def as_planes(pictures: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, planes) uint8 → (N, planes, H, W) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def as_pictures(planes: Tensor) -> NDArray[np.uint8]:
    """(N, planes, H, W) in -1..1 → (N, H, W, planes) uint8."""
    levels = ((planes.detach().float() + 1) * 127.5).round().clamp(0, 255)
    return levels.permute(0, 2, 3, 1).contiguous().to(torch.uint8).cpu().numpy()


def on_paper(pictures: NDArray[np.uint8], paper: int = 255) -> NDArray[np.uint8]:
    """(N, H, W, planes) premultiplied → (N, H, W, 3) RGB as seen on paper: ink is black, the rest lies over it."""
    alpha = pictures[..., -1:].astype(np.float32)
    color = pictures[..., :-1] if pictures.shape[-1] > 1 else np.zeros_like(pictures)
    rgb = color + paper * (1 - alpha / 255)
    return np.broadcast_to(np.clip(np.rint(rgb), 0, 255), (*rgb.shape[:3], 3)).astype(np.uint8)


def read_square(path: Path, side: int) -> NDArray[np.uint8]:
    """Any picture file as (side, side, 4) premultiplied RGBA: the middle square, shrunk; DataError if it is none."""
    try:
        with Image.open(path) as file:
            rgba = np.asarray(file.convert("RGBA"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise DataError(f"{path} cannot be read as a picture.") from error
    short = min(rgba.shape[:2])
    top, left = (rgba.shape[0] - short) // 2, (rgba.shape[1] - short) // 2
    return resized(premultiplied(rgba[top : top + short, left : left + short]), side)


def premultiplied(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return np.concatenate([np.rint(rgba[..., :3] * alpha).astype(np.uint8), rgba[..., 3:]], axis=-1)


def resized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    if picture.shape[0] == side:
        return picture
    method = cv2.INTER_AREA if side < picture.shape[0] else cv2.INTER_CUBIC
    result = cv2.resize(picture, (side, side), interpolation=method)
    return result.reshape(side, side, picture.shape[-1])


def planes_of(rgba: NDArray[np.uint8], planes: Planes) -> NDArray[np.uint8]:
    """(side, side, 4) premultiplied → what is to be learned; an opaque picture's ink is its darkness."""
    if planes == "rgba":
        return rgba
    grey = cv2.cvtColor(np.ascontiguousarray(rgba[..., :3]), cv2.COLOR_RGB2GRAY)[..., None]
    if planes == "grey_alpha":
        return np.concatenate([grey, rgba[..., 3:]], axis=-1)
    return 255 - grey if rgba[..., 3].min() >= OPAQUE_FROM else rgba[..., 3:]


def _read_packed(path: Path, side: int) -> PictureSet:
    try:
        with np.load(path) as packed:
            content = {name: packed[name] for name in ("pictures", "labels", "classes", "names", "planes")}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{path} is damaged; fetch it again with `python -m models.fetch_data`.") from error
    pictures = content["pictures"]
    if pictures.shape[1] != side:
        pictures = np.stack([resized(picture, side) for picture in pictures])
    labels, classes = content["labels"].astype(np.int64), tuple(map(str, content["classes"]))
    return PictureSet(pictures, labels, classes, tuple(map(str, content["names"])), str(content["planes"]))


def _read_folder(folder: Path, side: int, planes: Planes) -> PictureSet:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    if not paths:
        raise DataError(f"No pictures in {folder}.")
    labels = [path.relative_to(folder).parts[0] if path.parent != folder else "all" for path in paths]
    classes = tuple(sorted(set(labels)))
    pictures = np.stack([planes_of(read_square(path, side), planes) for path in paths])
    names = tuple(path.relative_to(folder).as_posix() for path in paths)
    return PictureSet(pictures, np.array([classes.index(label) for label in labels]), classes, names, planes)
