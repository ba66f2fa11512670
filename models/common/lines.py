"""What a line drawing is to look like: lines of one width along skeletons, of drawings and of edges a teacher found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from models.common.degrade import jpeg
from models.common.hed import EdgeTeacher
from models.common.pairs import PairSet

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Levels = NDArray[np.float32]  # (H, W), 0..1
Gray8 = NDArray[np.uint8]  # (H, W)

LINE_PX = 0.9  # the deviation of a line's profile, whatever its length in the original
STEPS_PX = 1.0  # the deviation of what takes the staircase out of a skeleton
REACH_PX = 7.9  # how far distances to a skeleton are kept
PER_LEVEL = 32  # levels a pixel of distance
CROP_PX = 256  # of photographs that the teacher sees
WEAKEST = 0.12  # edges that the teacher is less sure of are not drawn


@dataclass(frozen=True)
class Drawn:
    """A drawing: colours without lines (H, W, 4) premultiplied, its lines on white, distances to their middle."""

    colours: NDArray[np.uint8]
    lines: Rgb8
    distance: Gray8


@dataclass(frozen=True)
class Traced:
    """A piece of a photograph and how much ink belongs where, 0..255."""

    picture: Rgb8
    ink: Gray8


def drawings_of(pairs: PairSet) -> list[Drawn]:
    return [Drawn(target, lines, _distances(skeleton(lines.min(axis=2) < 128))) for lines, target in pairs.pairs]


def traced_photos(photos: Sequence[Rgb8], teacher: EdgeTeacher, *, count: int, cache: Path, seed: int) -> list[Traced]:
    """COUNT pieces of photographs with the teacher's edges, thinned; made on first use, a second each."""
    facts = f"5 {len(photos)} {sum(int(photo[::7, ::7].sum()) for photo in photos)} {count} {seed} {teacher.identity}"
    kept = cache / f"traced-{hashlib.sha256(facts.encode()).hexdigest()[:16]}.npz"
    if not kept.exists():
        rng = np.random.default_rng(seed)
        made = [_traced(photos[int(rng.integers(len(photos)))], teacher, rng) for _ in tqdm(range(count), desc="Edges")]
        kept.parent.mkdir(parents=True, exist_ok=True)
        aside = kept.with_suffix(f".{os.getpid()}.tmp")
        with aside.open("wb") as file:
            np.savez(file, pictures=np.stack([one.picture for one in made]), ink=np.stack([one.ink for one in made]))
        aside.replace(kept)
    with np.load(kept) as file:
        return [Traced(picture, ink) for picture, ink in zip(file["pictures"], file["ink"], strict=True)]


def drawn_crop(drawings: Sequence[Drawn], photos: Sequence[Rgb8], side: int, rng: np.random.Generator) -> Traced:
    """A piece of a drawing on some ground, with or without its outlines, and its lines at one width."""
    one = drawings[int(rng.integers(len(drawings)))]
    own = len(one.colours)
    scale = float(np.exp(rng.uniform(np.log(0.7), np.log(2.2))))
    angle, mirrored = rng.normal(0, 15), -1.0 if rng.integers(2) else 1.0
    place = cv2.getRotationMatrix2D((own / 2, own / 2), angle, scale)
    place[:, 0] *= mirrored
    middle = place[:, :2] @ (own / 2 * np.ones(2))
    slack = max(own * scale * 0.35 - side * 0.2, 4)
    place[:, 2] = side / 2 - middle + rng.uniform(-slack, slack, 2)
    size = (side, side)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    colours = cv2.warpAffine(one.colours, place, size, flags=method).astype(np.float32)
    far = int(REACH_PX * PER_LEVEL)
    distance = cv2.warpAffine(one.distance, place, size, flags=cv2.INTER_LINEAR, borderValue=far)
    picture = _ground(photos, side, rng)
    light = cv2.resize(rng.uniform(0.75, 1.15, (3, 3)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    shift = rng.normal(0, 18, 3) if rng.random() < 0.5 else 0.0
    alpha = colours[..., 3:] / 255
    shown = (colours[..., :3] + shift * alpha) * (light[..., None] if rng.random() < 0.6 else 1.0)
    picture = picture * (1 - alpha) + np.clip(shown, 0, 255)
    if rng.random() < 0.4:  # an illustration that has outlines already
        lines = cv2.warpAffine(one.lines, place, size, flags=method, borderValue=(255, 255, 255)).astype(np.float32)
        ink = (1 - lines.min(axis=2, keepdims=True) / 255) * rng.uniform(0.6, 1)
        picture = picture * (1 - ink) + rng.uniform(0, 60) * ink
    ink = line_ink(distance.astype(np.float32) / PER_LEVEL * scale)
    return Traced(_as_seen(picture, rng), np.rint(ink * 255).astype(np.uint8))


def photo_crop(traced: Sequence[Traced], side: int, rng: np.random.Generator) -> Traced:
    one = traced[int(rng.integers(len(traced)))]
    top, left = rng.integers(CROP_PX - side + 1, size=2)
    rows, columns = slice(top, top + side), slice(left, left + side)
    picture, ink = one.picture[rows, columns], one.ink[rows, columns]
    if rng.integers(2):
        picture, ink = picture[:, ::-1], ink[:, ::-1]
    return Traced(_as_seen(picture.astype(np.float32), rng), np.ascontiguousarray(ink))


def line_ink(distance_px: Levels) -> Levels:
    """How much ink lies this far from the middle of a line."""
    ink: Levels = np.exp(-(distance_px**2) / (2 * LINE_PX**2)).astype(np.float32)
    return ink


def skeleton(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """One pixel thin, as connected as before (Zhang and Suen, 1984)."""
    found = np.pad(region.astype(np.uint8), 1)
    while True:
        removed = 0
        for phase in (0, 1):
            n = [found[1 + dy : found.shape[0] - 1 + dy, 1 + dx : found.shape[1] - 1 + dx] for dy, dx in _AROUND]
            around = sum(one.astype(np.int8) for one in n)
            turns = sum(((n[i] == 0) & (n[(i + 1) % 8] == 1)).astype(np.int8) for i in range(8))
            first = n[0] * n[2] * n[4] if phase == 0 else n[0] * n[2] * n[6]
            second = n[2] * n[4] * n[6] if phase == 0 else n[0] * n[4] * n[6]
            inner = found[1:-1, 1:-1]
            gone = (inner == 1) & (around >= 2) & (around <= 6) & (turns == 1) & (first == 0) & (second == 0)
            inner[gone] = 0
            removed += int(gone.sum())
        if not removed:
            return found[1:-1, 1:-1].astype(bool)


def thinned(strength: Levels, smoothing_px: float = 1.0) -> Levels:
    """The ridges of a map of edges: what is less than its neighbours across the edge becomes nothing."""
    smooth = cv2.GaussianBlur(strength, (0, 0), smoothing_px)
    xx, yy = (cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=5) for order in ((2, 0), (0, 2)))
    xy = cv2.Sobel(smooth, cv2.CV_32F, 1, 1, ksize=5)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)  # along the ridge
    across_x, across_y = -np.sin(angle), np.cos(angle)
    rows, columns = np.mgrid[: strength.shape[0], : strength.shape[1]].astype(np.float32)
    beside = [
        cv2.remap(
            smooth,
            (columns + way * across_x).astype(np.float32),
            (rows + way * across_y).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for way in (-1.0, 1.0)
    ]
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)  # of the two bends, the least and the most
    is_bent = half - mean > 2 * np.maximum(mean + half, 0)  # down, and across more than along
    is_ridge = (smooth >= beside[0]) & (smooth >= beside[1]) & is_bent
    ridge: Levels = np.where(is_ridge, strength, 0).astype(np.float32)
    return ridge


_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


def _distances(lines: NDArray[np.bool_]) -> Gray8:
    distance = cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, 5)
    distance = _smoothed(distance)
    return np.rint(np.minimum(distance, REACH_PX) * PER_LEVEL).astype(np.uint8)


def _smoothed(distance: Levels) -> Levels:
    """Without the staircase of a skeleton."""
    smooth: Levels = np.maximum(cv2.GaussianBlur(distance, (0, 0), STEPS_PX) - STEPS_PX / 2, 0)
    return smooth


def _traced(photo: Rgb8, teacher: EdgeTeacher, rng: np.random.Generator) -> Traced:
    share = max(CROP_PX / min(photo.shape[:2]), rng.uniform(0.5, 1))
    size = (max(round(photo.shape[1] * share), CROP_PX), max(round(photo.shape[0] * share), CROP_PX))
    method = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    small = cv2.resize(photo, size, interpolation=method)
    top, left = rng.integers(size[1] - CROP_PX + 1), rng.integers(size[0] - CROP_PX + 1)
    picture = np.ascontiguousarray(small[top : top + CROP_PX, left : left + CROP_PX])
    return Traced(picture, ink_of_edges(teacher(picture)))


def ink_of_edges(edges: Levels) -> Gray8:
    """A teacher's broad edges, thinned and drawn at a line's width, as dark as the teacher is sure."""
    ridge = thinned(edges)
    ridge[ridge < WEAKEST] = 0
    counted, labels, facts, _ = cv2.connectedComponentsWithStats((ridge > 0).astype(np.uint8), connectivity=8)
    for number in range(1, counted):
        if facts[number, cv2.CC_STAT_AREA] < 8:  # crumbs
            ridge[labels == number] = 0
    sureness = cv2.GaussianBlur(cv2.dilate(ridge, np.ones((5, 5), np.uint8)), (0, 0), 1.0)
    distance = _smoothed(cv2.distanceTransform((ridge == 0).astype(np.uint8), cv2.DIST_L2, 5))
    ink = line_ink(distance) * np.clip(sureness * 1.4, 0, 1)
    return np.rint(ink * 255).astype(np.uint8)


def _ground(photos: Sequence[Rgb8], side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """White paper, one colour, two that run into each other, or a photograph out of focus."""
    kind = rng.random()
    if kind < 0.4:
        return np.full((side, side, 3), 255, np.float32)
    if kind < 0.6:
        return np.ones((side, side, 3), np.float32) * rng.uniform(0, 255, 3).astype(np.float32)
    if kind < 0.8 or not len(photos):
        corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)
        return np.clip(cv2.resize(corners, (side, side), interpolation=cv2.INTER_LINEAR), 0, 255)
    photo = photos[int(rng.integers(len(photos)))]
    small = cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    return cv2.GaussianBlur(small, (0, 0), rng.uniform(5, 9))


def _as_seen(picture: NDArray[np.float32], rng: np.random.Generator) -> Rgb8:
    if rng.random() < 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.0))
    picture = 255 * (np.clip(picture, 0, 255) / 255) ** np.exp(rng.normal(0, 0.15))
    if rng.random() < 0.3:
        picture = picture + rng.normal(0, rng.uniform(1, 8), picture.shape)
    pixels = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return jpeg(pixels, int(rng.integers(50, 97))) if rng.random() < 0.3 else pixels
