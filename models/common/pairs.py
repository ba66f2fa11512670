"""Pairs of pictures for translation: FOLDER/input and FOLDER/target, or photographs with inputs made here.

Both of a pair are moved alike. Drawings are drawn anew each time: lines thicker or thinner, a hand that trembles,
lines that do not quite meet, and dabs of colour that say what a place is to become.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from models.common.data import PICTURE_SUFFIXES, DataError, Photos8, draw_crops, find_photos, packed_blocks
from models.common.picture_sets import FEWEST_PICTURES, GENERATED, premultiplied, resized

Made = Literal["pairs", "edges", "grey", "painted"]  # inputs are files, or drawn from the photograph
HELD_OUT_EVERY = 10
GENERATED_PAIRS = 40
MOST_HINTS = 6
SURELY_INSIDE = 200  # alpha of a target from which a place counts as coloured

Rgb8 = NDArray[np.uint8]
Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # input (H, W, 3) on white paper, target (H, W, 4) premultiplied


@dataclass(frozen=True)
class Hand:
    """How a drawing may differ from the one in the file; `hints`: share of pictures with dabs of colour."""

    turn_degrees: float = 0.0
    shift: float = 0.0  # share of the side
    smallest: float = 1.0  # scale from here to `largest`
    largest: float = 1.0
    tremble: float = 0.0  # share of the side that a line may be off
    line_widths: bool = False
    gaps: float = 0.0  # share of pictures whose lines are broken here and there
    hints: float = 0.0
    recolour: float = 0.0  # share of pictures with hints whose colours are turned: the hint is to be believed


STILL = Hand()


@dataclass(frozen=True)
class PairSet:
    pairs: tuple[Pair, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def split(self, *, every: int = HELD_OUT_EVERY) -> tuple[PairSet, PairSet]:
        """(training, held out): by a hash of the name, so that one more picture moves no other."""
        held_out = [int(hashlib.sha256(name.encode()).hexdigest(), 16) % every == 0 for name in self.names]
        return self._only([not out for out in held_out]), self._only(held_out)

    def take(self, count: int) -> PairSet:
        """At most COUNT of them, from all over the set."""
        places = sorted({round(place) for place in np.linspace(0, len(self) - 1, min(count, len(self)))})
        return PairSet(tuple(self.pairs[i] for i in places), tuple(self.names[i] for i in places))

    def _only(self, wanted: list[bool]) -> PairSet:
        kept = [i for i, is_wanted in enumerate(wanted) if is_wanted]
        return PairSet(tuple(self.pairs[i] for i in kept), tuple(self.names[i] for i in kept))


def load_pairs(data: Path, *, side: int, made: Made, cache: Path = Path("data/packed")) -> PairSet:
    """All pairs at one side; DataError in one sentence when what is needed is not there."""
    if data == GENERATED:
        return _generated(side)
    if made != "pairs":
        return pairs_of_blocks(packed_blocks(find_photos([data]), cache), side=side, made=made)
    if not (data / "input").is_dir() or not (data / "target").is_dir():
        raise DataError(
            f"Pairs are needed: {data} must have the folders input and target with pictures of the same names. "
            "Where only photographs are at hand, --made edges draws the inputs from them."
        )
    found = list(_pairs_of(data, side))
    if len(found) < FEWEST_PICTURES:
        raise DataError(f"{data} holds {len(found)} pairs; at least {FEWEST_PICTURES} are needed.")
    names, pairs = zip(*found, strict=True)
    return PairSet(pairs, names)


def pairs_of_blocks(blocks: Photos8, *, side: int, made: Made, most: int = 4000, seed: int = 0) -> PairSet:
    """At most MOST crops of photographs with the input that can be made from each."""
    rng = np.random.default_rng(seed)
    crops = draw_crops(blocks, count=min(most, 4 * len(blocks)), size=side, rng=rng)
    opaque = np.full((side, side, 1), 255, np.uint8)
    pairs = tuple((INPUTS_MADE[made](crop), np.concatenate([crop, opaque], axis=-1)) for crop in crops)
    return PairSet(pairs, tuple(f"{made}-{index}" for index in range(len(pairs))))


def pencil_edges(rgb: Rgb8) -> Rgb8:
    """(H, W, 3) → dark lines on white where the brightness changes: a difference of Gaussians, as soft as a pencil.

    After XDoG (Winnemöller et al. 2012) without its threshold.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    fine, coarse = cv2.GaussianBlur(grey, (0, 0), 0.8), cv2.GaussianBlur(grey, (0, 0), 1.6)
    lines = np.clip(1 - 12 * np.maximum(coarse - fine - 0.008, 0), 0, 1)
    return np.repeat((lines * 255).astype(np.uint8)[..., None], 3, axis=-1)


def grey_of(rgb: Rgb8) -> Rgb8:
    return np.repeat(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=-1)


INPUTS_MADE = {"edges": pencil_edges, "grey": grey_of}


def draw_pairs(
    pairs: PairSet, count: int, hand: Hand, *, mirror: bool, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """(inputs (count, 3, S, S) in 0..1, targets (count, 4, S, S) in 0..1, premultiplied)."""
    chosen = [drawn_anew(pairs.pairs[i], hand, mirror=mirror, rng=rng) for i in rng.integers(0, len(pairs), count)]
    return as_batch(chosen)


def as_batch(pairs: list[Pair]) -> tuple[Tensor, Tensor]:
    inputs, targets = (
        torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().float() / 255
        for pictures in zip(*pairs, strict=True)
    )
    return inputs, targets


def drawn_anew(pair: Pair, hand: Hand, *, mirror: bool, rng: np.random.Generator) -> Pair:
    """The pair as another hand might have drawn and coloured it."""
    drawing, colours = pair
    if mirror and rng.random() < 0.5:
        drawing, colours = drawing[:, ::-1], colours[:, ::-1]
    drawing, colours = np.ascontiguousarray(drawing), np.ascontiguousarray(colours)
    if hand == STILL:
        return drawing, colours
    if hand.line_widths:
        drawing = _with_other_width(drawing, rng)
    drawing, colours = _moved(drawing, colours, hand, rng)
    if rng.random() < hand.gaps:
        drawing = _with_gaps(drawing, rng)
    if rng.random() < hand.hints:
        if rng.random() < hand.recolour:
            colours = _recoloured(colours, rng)
        drawing = with_hints(drawing, colours, rng)
    return drawing, colours


def with_hints(
    drawing: Rgb8, colours: NDArray[np.uint8], rng: np.random.Generator, *, count: int | None = None
) -> Rgb8:
    """The drawing with dabs of the target's colours under its lines: COUNT, or some."""
    inside = np.argwhere(colours[..., 3] >= SURELY_INSIDE)
    if len(inside) == 0:
        return drawing
    paper = np.full_like(drawing, 255)
    side = len(drawing)
    for y, x in inside[rng.integers(0, len(inside), count or rng.integers(1, MOST_HINTS + 1))]:
        colour = tuple(int(level) for level in colours[y, x, :3])
        radius = max(1, round(side * rng.uniform(0.015, 0.07)))
        tip = x + int(rng.normal(0, side * 0.03)), y + int(rng.normal(0, side * 0.03))
        cv2.line(paper, (int(x), int(y)), tip, colour, radius, cv2.LINE_AA)
    return np.minimum(paper, drawing)


def _pairs_of(data: Path, side: int) -> Iterator[tuple[str, Pair]]:
    targets = {path.stem: path for path in sorted((data / "target").iterdir()) if _is_picture(path)}
    for path in sorted((data / "input").iterdir()):
        if not _is_picture(path):
            continue
        if path.stem not in targets:
            raise DataError(f"Pairs are needed: there is no target named {path.stem} for {path}.")
        drawing, colours = _read(path), _read(targets[path.stem])
        if drawing.shape[:2] != colours.shape[:2]:
            sizes = [f"{picture.shape[1]} × {picture.shape[0]}" for picture in (drawing, colours)]
            raise DataError(f"The pair {path.stem} does not fit: {sizes[0]} and {sizes[1]} pixels.")
        yield path.stem, (_on_white(_square(drawing, side)), _square(colours, side))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as file:
            return premultiplied(np.asarray(file.convert("RGBA")))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise DataError(f"{path} cannot be read as a picture.") from error


def _square(rgba: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    short = min(rgba.shape[:2])
    top, left = (rgba.shape[0] - short) // 2, (rgba.shape[1] - short) // 2
    return resized(np.ascontiguousarray(rgba[top : top + short, left : left + short]), side)


def _on_white(rgba: NDArray[np.uint8]) -> Rgb8:
    return np.clip(rgba[..., :3].astype(int) + 255 - rgba[..., 3:], 0, 255).astype(np.uint8)


def _with_other_width(drawing: Rgb8, rng: np.random.Generator) -> Rgb8:
    """Thinner or thicker by up to a hundredth of the side; half of the drawings stay."""
    change = int(rng.integers(-2, 3)) * max(1, round(len(drawing) / 128))
    if change == 0 or rng.random() < 0.3:
        return drawing
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(change) + 1, abs(change) + 1))
    return cv2.dilate(drawing, kernel) if change < 0 else cv2.erode(drawing, kernel)  # lines are dark


def _moved(drawing: Rgb8, colours: NDArray[np.uint8], hand: Hand, rng: np.random.Generator) -> Pair:
    side = len(drawing)
    middle = (side - 1) / 2
    turn = np.deg2rad(rng.uniform(-1, 1) * hand.turn_degrees)
    scale = 1 / rng.uniform(hand.smallest, hand.largest)
    stretch = rng.uniform(0.92, 1.08) if hand.smallest != hand.largest else 1.0
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) - middle
    shift = rng.uniform(-1, 1, 2) * hand.shift * side
    map_x = (np.cos(turn) * x - np.sin(turn) * y) * scale * stretch + middle + shift[0]
    map_y = (np.sin(turn) * x + np.cos(turn) * y) * scale / stretch + middle + shift[1]
    if hand.tremble:
        off = rng.normal(0, hand.tremble * side, (7, 7, 2)).astype(np.float32)
        off = cv2.resize(off, (side, side), interpolation=cv2.INTER_CUBIC)
        map_x, map_y = map_x + off[..., 0], map_y + off[..., 1]
    maps = map_x.astype(np.float32), map_y.astype(np.float32)
    white, nothing = (255, 255, 255), (0, 0, 0, 0)
    return (
        cv2.remap(drawing, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=white),
        cv2.remap(colours, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=nothing),
    )


def _with_gaps(drawing: Rgb8, rng: np.random.Generator) -> Rgb8:
    side = len(drawing)
    drawing = drawing.copy()
    for x, y in rng.integers(0, side, (int(rng.integers(1, 8)), 2)):
        cv2.circle(drawing, (int(x), int(y)), max(1, round(side * rng.uniform(0.01, 0.03))), (255, 255, 255), -1)
    return drawing


def _recoloured(colours: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """All colours turned around the colour circle by the same angle."""
    hsv = cv2.cvtColor(np.ascontiguousarray(colours[..., :3]), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + rng.integers(0, 180)) % 180
    return np.concatenate([cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), colours[..., 3:]], axis=-1)


def _generated(side: int) -> PairSet:
    """Outlines of discs and boxes, and their insides in colours of their own, for `--smoke` and for tests."""
    rng = np.random.default_rng(0)
    pairs = []
    for index in range(GENERATED_PAIRS):
        drawing, colours = np.full((side, side, 3), 255, np.uint8), np.zeros((side, side, 4), np.uint8)
        x, y, size = (int(side * share) for share in rng.uniform((0.4, 0.4, 0.15), (0.6, 0.6, 0.3)))
        if index % 2:
            cv2.circle(colours, (x, y), size, (230, 60, 40, 255), -1)
            cv2.circle(drawing, (x, y), size, (0, 0, 0), 1, cv2.LINE_AA)
        else:
            corners = (x - size, y - size), (x + size, y + size)
            cv2.rectangle(colours, *corners, (40, 90, 220, 255), -1)
            cv2.rectangle(drawing, *corners, (0, 0, 0), 1)
        pairs.append((drawing, colours))
    return PairSet(tuple(pairs), tuple(f"shape-{index}" for index in range(GENERATED_PAIRS)))
