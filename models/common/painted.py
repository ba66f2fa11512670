"""Photographs as a hand would sketch them: the lines of things, and strokes of their colours that miss the detail.

Inputs are drawn anew each time: many strokes or few, areas painted evenly or not at all, all lines or none.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from models.common.data import DataError, find_photos, generated_blocks, read_photo
from models.common.export import cpu_session
from models.common.pairs import HELD_OUT_EVERY, Pair, PairSet, as_batch, pencil_edges
from models.common.picture_sets import GENERATED

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Scenes8 = NDArray[np.uint8]  # (N, 320, 320, 4): RGB and how much ink lies there

SCENE_PX = 320  # the short side of a photograph; what is drawn of it is a square between the network's side and this
LONGEST_ASPECT = 1.2  # from here on a photograph is two scenes, one at each end
LINE_DRAWER = Path("onnx/line-art/model.onnx")
LINE_DETAIL, LINE_STRENGTH = 0.5, 0.8
PALEST = 232  # a stroke is never as white as the paper
SAME_COLOUR = 36  # levels: a stroke goes where the photograph has its colour, as a hand does
MOST_STROKES, MOST_AREAS = 90, 14
HELD_OUT_VIEWS = 2


def load_painted(data: Path, *, side: int, cache: Path) -> tuple[PairSet, PairSet]:
    """(scenes to draw from, held-out pairs at SIDE): no photograph is in both. DataError when there are none."""
    if data == GENERATED:
        squares = np.stack([cv2.resize(block, (SCENE_PX, SCENE_PX)) for block in generated_blocks(HELD_OUT_EVERY * 2)])
        scenes = np.concatenate([squares, np.stack([_ink(square, None) for square in squares])[..., None]], axis=-1)
        names = [f"made-{index}" for index in range(len(scenes))]
    else:
        photos = find_photos([data])
        scenes, names = _packed_scenes(photos, cache)
    training, held_out = PairSet(tuple(_pair(scene) for scene in scenes), tuple(names)).split()
    return training, seen_once(held_out if len(held_out) else training, side)


def draw_painted(scenes: PairSet, count: int, *, side: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(inputs (count, 3, S, S) in 0..1, targets (count, 4, S, S) in 0..1)."""
    return as_batch([sketched(scenes.pairs[i], side, rng) for i in rng.integers(0, len(scenes), count)])


def seen_once(scenes: PairSet, side: int) -> PairSet:
    """Of each scene the same few sketches at every look."""
    rng = np.random.default_rng(0)
    pairs = [sketched(scene, side, rng) for scene in scenes.pairs for _ in range(HELD_OUT_VIEWS)]
    return PairSet(tuple(pairs), tuple(name for name in scenes.names for _ in range(HELD_OUT_VIEWS)))


def sketched(scene: Pair, side: int, rng: np.random.Generator) -> Pair:
    """A square out of the scene, whole or near, as sketch and as photograph, both at SIDE."""
    lines, colours = scene
    size = int(SCENE_PX * (side / SCENE_PX) ** rng.random())  # near and far alike often
    top, left = rng.integers(0, SCENE_PX - size + 1, 2)
    view = slice(top, top + size), slice(left, left + size)
    flip = -1 if rng.random() < 0.5 else 1
    lines, colours = (
        cv2.resize(np.ascontiguousarray(picture[view][:, ::flip]), (side, side), interpolation=cv2.INTER_AREA)
        for picture in (lines, colours)
    )
    return with_lines(strokes_of(colours[..., :3], rng), lines, rng), colours


def strokes_of(photo: Rgb8, rng: np.random.Generator) -> Rgb8:
    """(S, S, 3): areas in one colour each, strokes over them, white where nothing was painted."""
    soft = cv2.medianBlur(np.ascontiguousarray(photo), 2 * (len(photo) // 32) + 1)
    kind = rng.random()
    paper = np.full_like(photo, 255)
    if kind < 0.45:
        paper = _areas(soft, int(rng.integers(3, MOST_AREAS)), rng)
        if kind < 0.2:  # painted in part
            kept = cv2.resize(rng.random((4, 4)).astype(np.float32), photo.shape[1::-1], interpolation=cv2.INTER_CUBIC)
            paper[kept < rng.uniform(0.2, 0.7)] = 255
    most = MOST_STROKES if kind > 0.2 else MOST_STROKES // 3
    for _ in range(int(most ** rng.random())):
        _stroke(paper, soft, rng)
    return np.asarray(np.where((paper == 255).all(axis=-1, keepdims=True), paper, np.minimum(paper, PALEST)))


def with_lines(painted: Rgb8, lines: Rgb8, rng: np.random.Generator) -> Rgb8:
    """The lines above, as dark as the pen was; sometimes in part, sometimes none."""
    if rng.random() < 0.15:
        return painted
    ink = (255 - lines[..., :1].astype(np.float32)) / 255 * rng.uniform(0.8, 2.2)
    if rng.random() < 0.4:
        there = cv2.resize(rng.random((5, 5)).astype(np.float32), lines.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        ink = ink * np.clip((there[..., None] - rng.uniform(0, 0.5)) * 8, 0, 1)
    ink = np.clip(ink, 0, 1)
    return np.asarray(np.rint(painted * (1 - ink) + rng.integers(0, 50) * ink), dtype=np.uint8)


def _areas(soft: Rgb8, count: int, rng: np.random.Generator) -> Rgb8:
    """The picture in COUNT colours, k-means on a small copy: what one colour covers has the rims of a brush."""
    small = cv2.resize(soft, (20, 20), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    middles = small[rng.choice(len(small), count, replace=False)]
    for _ in range(4):
        nearest = ((small[:, None] - middles) ** 2).sum(-1).argmin(1)
        middles = np.stack([small[nearest == i].mean(0) if (nearest == i).any() else middles[i] for i in range(count)])
    distance = ((soft.astype(np.float32)[:, :, None] - middles) ** 2).sum(-1)
    labels = cv2.medianBlur(distance.argmin(-1).astype(np.uint8), int(rng.choice([3, 5, 7])))
    return np.asarray(np.rint(middles[labels]), dtype=np.uint8)


def _stroke(paper: Rgb8, soft: Rgb8, rng: np.random.Generator) -> None:
    """One more on the paper, in place: a bent line in the colour of where it began, within what has that colour."""
    side = len(paper)
    y, x = rng.integers(0, side, 2)
    colour = soft[y, x].astype(int)
    radius = max(1, round(side * rng.uniform(0.01, 0.07)))
    steps = rng.normal(0, side * rng.uniform(0.02, 0.2), (int(rng.integers(1, 4)), 2)).cumsum(0)
    start = np.array([x, y])
    points = np.rint(np.vstack([start, start + steps])).astype(np.int32)
    mark = np.zeros((side, side), np.uint8)
    cv2.polylines(mark, [points], False, 255, 2 * radius, cv2.LINE_8)
    mark[np.abs(soft.astype(int) - colour).max(axis=-1) > SAME_COLOUR] = 0
    paper[mark > 0] = np.clip(colour + rng.normal(0, 6, 3), 0, 254)


def _pair(scene: NDArray[np.uint8]) -> Pair:
    lines = np.repeat(255 - scene[..., 3:], 3, axis=-1)
    return lines, np.concatenate([scene[..., :3], np.full_like(scene[..., 3:], 255)], axis=-1)


def _packed_scenes(photos: list[Path], cache: Path) -> tuple[Scenes8, list[str]]:
    """Memory-mapped; packed on first use, which takes a minute or two."""
    drawer = LINE_DRAWER if LINE_DRAWER.exists() else None
    identity = "\n".join(f"{path.name} {path.stat().st_size}" for path in photos)
    facts = f"{SCENE_PX} {LONGEST_ASPECT} {drawer and drawer.stat().st_size}\n{identity}"
    packed = cache / f"scenes-{hashlib.sha256(facts.encode()).hexdigest()[:16]}.npz"
    if not packed.exists():
        found = [(square, path.stem) for path in tqdm(photos, desc="Drawing lines") for square in _squares(path)]
        if not found:
            raise DataError(f"None of the {len(photos)} pictures is at least {SCENE_PX} pixels high and wide.")
        session = cpu_session(drawer) if drawer else None
        scenes = np.stack([np.dstack([square, _ink(square, session)]) for square, _ in tqdm(found, desc="Lines")])
        cache.mkdir(parents=True, exist_ok=True)
        aside = packed.with_suffix(f".{os.getpid()}.tmp")
        with aside.open("wb") as file:
            np.savez(file, scenes=scenes, names=np.array([name for _, name in found]))
        aside.replace(packed)
    with np.load(packed) as content:
        return content["scenes"], [str(name) for name in content["names"]]


def _squares(path: Path) -> list[Rgb8]:
    photo = read_photo(path)
    short = min(photo.shape[:2])
    if short < SCENE_PX:
        return []
    size = tuple(max(SCENE_PX, round(length * SCENE_PX / short)) for length in photo.shape[1::-1])
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    ends = [small[:SCENE_PX, :SCENE_PX], small[-SCENE_PX:, -SCENE_PX:]]
    return ends if max(size) / SCENE_PX > LONGEST_ASPECT else ends[:1]


def _ink(square: Rgb8, session: object | None) -> NDArray[np.uint8]:
    """How much ink lies where, by the shipped line drawer or, without it, where the brightness changes."""
    if session is None:
        return 255 - pencil_edges(square)[..., 0]
    planes = np.ascontiguousarray(square.transpose(2, 0, 1)[None]).astype(np.float32) / 255
    feeds = {"image": planes, "detail": LINE_DETAIL, "strength": LINE_STRENGTH}
    shapes = {entry.name: entry.shape for entry in session.get_inputs()}  # type: ignore[attr-defined]
    told = {
        name: value if name == "image" else np.full([1] * len(shapes[name]), value, np.float32)
        for name, value in feeds.items()
    }
    (drawn,) = session.run(None, told)  # type: ignore[attr-defined]
    return np.asarray(255 - np.rint(np.clip(drawn[0].mean(0), 0, 1) * 255), dtype=np.uint8)
