"""Holes in pictures as people make them: strokes of a brush, boxes, outlines of objects, and sides that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.cutouts import Cutout, generated_cutouts, load_cutouts

Hole8 = NDArray[np.uint8]  # (H, W), 255 in the hole
Shape8 = NDArray[np.uint8]  # (h, w), 255 on the object

SHARES = {"brush": 0.35, "object": 0.35, "box": 0.2, "side": 0.1}
SIDE_SHARES = (0.18, 0.62)  # of the picture's side that a hole is long
MISSING_SHARES = (0.1, 0.4)  # of the picture, where a side of it is missing
LARGEST_SHARE = 0.5  # of the area: with less around it nothing can be learned
RIM_SHARE = 0.03  # how far people paint beyond an object's outline, at most


def object_shapes(cutouts: Sequence[Cutout]) -> list[Shape8]:
    """The outlines alone, filled."""
    return [np.where(cutout.rgba[..., 3] > 127, 255, 0).astype(np.uint8) for cutout in cutouts]


def load_shapes(folders: Sequence[Path], cache: Path) -> list[Shape8]:
    """Outlines of all cut-outs below the folders; DataError when there are none."""
    return object_shapes(load_cutouts(folders, cache))


def generated_shapes(count: int) -> list[Shape8]:
    """For `--smoke` and for tests."""
    return object_shapes(generated_cutouts(count))


def random_hole(shapes: Sequence[Shape8], side: int, rng: np.random.Generator) -> Hole8:
    """(side, side), at least one pixel and at most half of it in the hole."""
    makers = {"brush": brush_hole, "box": box_hole, "side": missing_side}
    while True:
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        if kind == "object":
            hole = object_hole(shapes[rng.integers(len(shapes))], side, rng)
        else:
            hole = makers[kind](side, rng)
        if 0 < np.count_nonzero(hole) <= LARGEST_SHARE * side * side:
            return hole


def brush_hole(side: int, rng: np.random.Generator) -> Hole8:
    """One to three strokes, each a walk that seldom turns sharply."""
    hole = np.zeros((side, side), np.uint8)
    for _ in range(rng.integers(1, 4)):
        point = rng.uniform(0.1, 0.9, 2) * side
        angle, width = rng.uniform(0, 2 * np.pi), max(round(rng.uniform(0.03, 0.16) * side), 2)
        for _ in range(rng.integers(2, 7)):
            angle += rng.normal(0, 0.7)
            after = point + np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(0.05, 0.16) * side
            ends = [tuple(np.rint(end).astype(int).tolist()) for end in (point, after)]
            cv2.line(hole, ends[0], ends[1], 255, width)
            point = after
    return hole


def box_hole(side: int, rng: np.random.Generator) -> Hole8:
    """A rectangle, now and then turned."""
    middle, size = rng.uniform(0.15, 0.85, 2) * side, rng.uniform(*SIDE_SHARES, 2) * side
    angle = float(rng.uniform(0, 90)) if rng.random() < 0.3 else 0.0
    corners = cv2.boxPoints((tuple(middle.tolist()), tuple(size.tolist()), angle))
    hole = np.zeros((side, side), np.uint8)
    cv2.fillPoly(hole, [np.rint(corners).astype(np.int32)], 255)
    return hole


def missing_side(side: int, rng: np.random.Generator) -> Hole8:
    """As where a picture is extended."""
    hole = np.zeros((side, side), np.uint8)
    hole[: round(rng.uniform(*MISSING_SHARES) * side)] = 255
    return np.ascontiguousarray(np.rot90(hole, rng.integers(4)))


def object_hole(shape: Shape8, side: int, rng: np.random.Generator) -> Hole8:
    """An object's outline and a rim around it, turned a little, anywhere."""
    scale = rng.uniform(*SIDE_SHARES) * side / max(shape.shape)
    angle, mirrored = np.deg2rad(rng.normal(0, 20)), -1 if rng.integers(2) else 1
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([mirrored, 1])
    middle = rng.uniform(0.1, 0.9, 2) * side
    offset = middle - turn @ (np.array(shape.shape[::-1]) / 2)
    placed = cv2.warpAffine(shape, np.column_stack([turn, offset]), (side, side), flags=cv2.INTER_LINEAR)
    rim = 2 * round(rng.uniform(0, RIM_SHARE) * side) + 1
    grown = cv2.dilate(placed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim)))
    return np.where(grown > 127, 255, 0).astype(np.uint8)
