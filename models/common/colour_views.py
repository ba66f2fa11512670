"""Views of photographs as a frozen eye sees them in grey, with their colours; hints such as a person would paint.

The eye is not taught, so what it sees is computed once, kept beside the data and read from there by every run.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from models.common.data import find_photos, generated_blocks
from models.common.tone import LUMA, Rgb8, random_view, shrunk, small_photos
from models.nets.colouring import AB_SCALE, STRIDE, TAP_CHANNELS, Eye, as_lab_ab

VIEW_PX = 160
COLOURLESS = 4.0  # mean distance from grey in Lab: what has less teaches that everything is grey
EYES_AT_ONCE = 16
NAMES = ("seen4", "seen8", "seen16", "seen32", "luma", "ab")
Planes16 = NDArray[np.float16]


@dataclass(frozen=True)
class Views:
    """(N, …) of each view: what the eye saw at strides 4 to 32, its luma and a and b at stride 4."""

    seen: tuple[Planes16, ...]
    luma: Planes16
    ab: Planes16

    def __len__(self) -> int:
        return len(self.ab)

    def take(self, chosen: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> tuple[list[Tensor], Tensor, Tensor]:
        """Some of them as (what was seen, luma, a and b), mirrored where told."""
        luma, ab = (_taken(planes, chosen, mirrored) for planes in (self.luma, self.ab))
        return [_taken(planes, chosen, mirrored) for planes in self.seen], luma, ab


class Shown(NamedTuple):
    grey: NDArray[np.float32]  # (VIEW_PX, VIEW_PX), 0..1
    ab: NDArray[np.float32]  # (VIEW_PX / 4, VIEW_PX / 4, 2)


def load_views(folders: tuple[Path, ...], eye: Eye, cache: Path, *, per_photo: int, seed: int) -> tuple[Views, Views]:
    """(to learn from, to choose the best weights by): every twentieth photograph is for the latter."""
    paths = find_photos(folders)
    named = "\n".join(f"{path.name} {path.stat().st_size}" for path in paths)
    settings = f"{VIEW_PX} {per_photo} {seed} {COLOURLESS} {eye_print(eye)}\n"
    kept = cache / f"colour-views-{hashlib.sha256((settings + named).encode()).hexdigest()[:16]}"
    if not kept.exists():
        photos = [photo for photo in small_photos(folders).values() if is_colourful(photo)]
        learnt = [photo for index, photo in enumerate(photos) if index % 20]
        for name, some in (("learn", learnt), ("watch", photos[::20])):
            _write(kept.with_name(f"{kept.name}.{os.getpid()}") / name, seen_views(some, eye, per_photo, seed))
        kept.with_name(f"{kept.name}.{os.getpid()}").rename(kept)
    return _read(kept / "learn"), _read(kept / "watch")


def generated_views(eye: Eye, seed: int) -> tuple[Views, Views]:
    """For `--smoke`: soft shapes, two views of each."""
    views = seen_views(list(generated_blocks(4)), eye, 2, seed)
    return views, views


def seen_views(photos: list[Rgb8], eye: Eye, per_photo: int, seed: int) -> Views:
    shown = [
        view_of(photo, np.random.default_rng((seed, index, turn)))
        for index, photo in enumerate(photos)
        for turn in range(per_photo)
    ]
    sides = [VIEW_PX // (STRIDE << place) for place in range(len(TAP_CHANNELS))]
    seen = tuple(
        np.empty((len(shown), channels, side, side), np.float16)
        for channels, side in zip(TAP_CHANNELS, sides, strict=True)
    )
    for start in tqdm(range(0, len(shown), EYES_AT_ONCE), desc="Looking at photographs", mininterval=20):
        grey = np.stack([view.grey for view in shown[start : start + EYES_AT_ONCE]])[:, None]
        with torch.no_grad():
            for planes, found in zip(seen, eye(torch.from_numpy(grey)), strict=True):
                planes[start : start + len(grey)] = found.numpy()
    ab = np.stack([view.ab for view in shown]).transpose(0, 3, 1, 2).astype(np.float16)
    luma = np.stack([cv2.resize(view.grey, (sides[0],) * 2, interpolation=cv2.INTER_AREA) for view in shown])
    return Views(seen, luma[:, None].astype(np.float16), ab)


def view_of(photo: Rgb8, rng: np.random.Generator) -> Shown:
    """A piece of the photograph in the grey of some film, not always well exposed."""
    view = random_view(photo, VIEW_PX, rng)
    grey = view.astype(np.float32) @ LUMA / 255
    if rng.random() < 0.6:
        grey = grey ** np.float32(np.exp(rng.normal(0, 0.2)))
        grey = grey * np.float32(rng.uniform(0.85, 1)) + np.float32(rng.uniform(0, 0.08))
    if rng.random() < 0.3:
        grey = grey + rng.standard_normal(grey.shape, dtype=np.float32) * np.float32(rng.uniform(0, 0.04))
    small = cv2.resize(view, (VIEW_PX // STRIDE,) * 2, interpolation=cv2.INTER_AREA)
    return Shown(np.clip(grey, 0, 1).astype(np.float32), as_lab_ab(small))


def is_colourful(photo: Rgb8) -> bool:
    return float(np.hypot(*as_lab_ab(shrunk(photo, 64)).transpose(2, 0, 1)).mean()) >= COLOURLESS


def draw_hints(ab: Tensor, rng: np.random.Generator, *, share: float, most: int = 12) -> Tensor:
    """(N, 3, h, w) for a and b (N, 2, h, w): dabs and short strokes, each of the mean colour below it; often none."""
    count, _, height, width = ab.shape
    hints = torch.zeros(count, 3, height, width)
    for index in range(count):
        if rng.random() >= share:
            continue
        for _ in range(min(int(rng.geometric(0.25)), most)):
            row, column = int(rng.integers(height)), int(rng.integers(width))
            down, across = (int(rng.integers(1, 4)) for _ in range(2))
            if rng.random() < 0.3:  # a stroke
                across = int(rng.integers(3, 9))
                down, across = (across, down) if rng.integers(2) else (down, across)
            place = (slice(row, row + down), slice(column, column + across))
            colour = ab[index][:, place[0], place[1]].mean(dim=(1, 2))
            hints[index, :2, place[0], place[1]] = colour[:, None, None] / AB_SCALE
            hints[index, 2, place[0], place[1]] = 1
    return hints


def statistics(views: Views) -> list[tuple[Tensor, Tensor]]:
    """(mean, standard deviation) of every channel that the eye sees, from some of the views."""
    found = []
    for planes in views.seen:
        some = torch.from_numpy(planes[:: max(len(planes) // 64, 1)].astype(np.float32))
        found.append((some.mean(dim=(0, 2, 3)), some.std(dim=(0, 2, 3))))
    return found


def eye_print(eye: Eye) -> str:
    """What tells one eye from another."""
    return hashlib.sha256(eye.net._conv_stem.weight.detach().numpy().tobytes()).hexdigest()[:16]


def _taken(planes: Planes16, chosen: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> Tensor:
    some = planes[chosen].astype(np.float32)
    some[mirrored] = some[mirrored][..., ::-1]
    return torch.from_numpy(some)


def _write(folder: Path, views: Views) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, planes in zip(NAMES, (*views.seen, views.luma, views.ab), strict=True):
        np.save(folder / f"{name}.npy", planes)


def _read(folder: Path) -> Views:
    *seen, luma, ab = (np.load(folder / f"{name}.npy") for name in NAMES)
    return Views(tuple(seen), luma, ab)
