"""Pictures as they arrive beside what a large network makes of them: what a small one is taught by.

A large network that was trained against a judge decides for one sharp answer among many possible ones. To learn that
one is within a small network's reach, where learning the mean of all gives blur (Hinton et al., 2015, said so of
classes). Drawings, letters and patterns are taught by the originals: nobody's guess is wanted there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from models.common.data import BLOCK_PX, Photos8
from models.common.enlarge import Rgb8, degraded_pair, drawn_picture, shrunk, with_pattern
from models.common.ncnn_weights import read_ncnn
from models.common.upscaler_weights import TEACHER
from models.nets.rrdb import Rrdb
from models.nets.upscalers import load_foreign

TEACHER_SCALE = 4
SMALL_PX = BLOCK_PX // TEACHER_SCALE
FILE_PAIRS = 50  # a file is half a minute's work: what is interrupted goes on from there
RIM_PX = 3  # of the small picture: near its border the teacher sees the border
SHARES = {"worn": 0.8, "clean": 0.06, "drawn": 0.08, "pattern": 0.06}

Teach = Callable[[Rgb8], Rgb8]


class TaughtPairs(NamedTuple):
    small: Photos8  # (N, 48, 48, 3)
    taught: Photos8  # (N, 192, 192, 3): what is to come out


def real_esrgan(param: Path = TEACHER) -> Teach:
    """Rgb8 (H, W, 3) → four times the size. DataError where the weights were not fetched."""
    network = Rrdb().eval()
    load_foreign(network, read_ncnn(param))
    network = network.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def teach(small: Rgb8) -> Rgb8:
        batch = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
        result = network(batch.contiguous(memory_format=torch.channels_last))[0].clamp(0, 1)
        return (result.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()

    return teach


def taught_pairs(
    blocks: Photos8, count: int, cache: Path | None, *, seed: int, teach: Teach | None = None
) -> TaughtPairs:
    """COUNT pairs of BLOCKS, kept in CACHE and made on first use: 0.7 s each on one core with the large network."""
    if cache is None:
        return _made(blocks, count, teach or real_esrgan(), (seed, 0))
    identity = f"{SHARES} {seed} {len(blocks)} {int(np.asarray(blocks[0]).sum())} {int(np.asarray(blocks[-1]).sum())}"
    folder = cache / f"taught-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{index:04d}.npz" for index in range(-(-count // FILE_PAIRS))]
    missing = [file for file in files if not file.exists()]
    if missing:
        teach = teach or real_esrgan()
        for file in tqdm(missing, desc="Asking the teacher", unit="file"):
            _keep(file, _made(blocks, FILE_PAIRS, teach, (seed, int(file.stem))))
    parts = [_kept(file) for file in files]
    return TaughtPairs(*(np.concatenate(pictures)[:count] for pictures in zip(*parts, strict=True)))


def draw_taught(pairs: TaughtPairs, scale: int, *, count: int, size: int, rng: np.random.Generator) -> TaughtPairs:
    """COUNT crops whose large picture has SIZE pixels a side at SCALE, turned and mirrored; at scale two by area."""
    side, every = size // scale, TEACHER_SCALE // scale
    chosen = [_crop(pairs, int(rng.integers(len(pairs.small))), side, rng) for _ in range(count)]
    small, large = (np.stack(pictures) for pictures in zip(*chosen, strict=True))
    if every > 1:
        cells = large.reshape(count, size, every, size, every, 3).astype(np.uint16)
        large = ((cells.sum(axis=(2, 4)) + every**2 // 2) // every**2).astype(np.uint8)
    return TaughtPairs(small, large)


def _made(blocks: Photos8, count: int, teach: Teach, seed: tuple[int, int]) -> TaughtPairs:
    rng = np.random.default_rng(seed)
    pairs = [_pair(np.asarray(blocks[rng.integers(len(blocks))]), teach, rng) for _ in range(count)]
    return TaughtPairs(*(np.stack(pictures) for pictures in zip(*pairs, strict=True)))


def _keep(file: Path, pairs: TaughtPairs) -> None:
    aside = file.with_suffix(f".{os.getpid()}.tmp")
    with aside.open("wb") as opened:
        np.savez(opened, **pairs._asdict())
    aside.replace(file)


def _kept(file: Path) -> TaughtPairs:
    with np.load(file) as content:
        return TaughtPairs(content["small"], content["taught"])


def _pair(block: Rgb8, teach: Teach, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    kind = rng.choice(list(SHARES), p=list(SHARES.values()))
    if kind == "worn":
        small = degraded_pair(block, TEACHER_SCALE, rng)[0]
        return small, teach(small)
    if kind == "clean":
        small = shrunk(block, TEACHER_SCALE)
        return small, teach(small)
    if kind == "pattern":
        return with_pattern(block, TEACHER_SCALE, rng)
    drawn = drawn_picture(BLOCK_PX, rng)
    return degraded_pair(drawn, TEACHER_SCALE, rng) if rng.random() < 0.5 else (shrunk(drawn, TEACHER_SCALE), drawn)


def _crop(pairs: TaughtPairs, index: int, side: int, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    room = SMALL_PX - 2 * RIM_PX - side
    top, left = RIM_PX + rng.integers(room + 1), RIM_PX + rng.integers(room + 1)
    small = pairs.small[index, top : top + side, left : left + side]
    inside = [slice(TEACHER_SCALE * start, TEACHER_SCALE * (start + side)) for start in (top, left)]
    large = pairs.taught[index, inside[0], inside[1]]
    quarter, is_flipped = int(rng.integers(4)), bool(rng.integers(2))
    turned = (np.rot90(picture, quarter) for picture in (small, large))
    first, second = (picture[:, ::-1] if is_flipped else picture for picture in turned)
    return first, second
