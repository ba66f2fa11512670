"""Somebody who points at an object, simulated: where the first click goes, and where the next one mends the answer.

After RITM (Sofiiuk et al. 2022): the next click goes into the larger of what is missing and what is too much, away
from its rim. All on the decoder's grid of cells.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from models.nets.clicking import CELL_PX, CORNER, HINT_LOGITS, INSIDE, NO_POINT, OTHER_CORNER, OUTSIDE

MOST_POINTS = 10  # of one question while training
BOX_SHARE, HINT_SHARE = 0.28, 0.17  # of the questions begin with a box, with an earlier mask or a rough stroke
LOOSE_BOX = 0.08  # of its side, the deviation of a box's edges

Levels = NDArray[np.float32]  # (h, w), 0..1


@dataclass
class Question:
    """What one person has told so far; places in pixels of what the network is fed."""

    points: list[tuple[float, float]] = field(default_factory=list)
    labels: list[float] = field(default_factory=list)
    hint: Levels | None = None  # logits

    def add(self, cell: tuple[float, float], label: int) -> None:
        """(row, column) of a cell."""
        self.points.append(((cell[1] + 0.5) * CELL_PX, (cell[0] + 0.5) * CELL_PX))
        self.labels.append(float(label))


def first_question(target: Levels, rng: np.random.Generator) -> Question:
    """A click well inside, a loose box, or a rough mask with or without a click."""
    question, kind = Question(), rng.random()
    if kind < BOX_SHARE:
        add_box(question, target, rng)
        return question
    if kind < BOX_SHARE + HINT_SHARE:
        question.hint = rough_hint(target, rng)
        if rng.random() < 0.5:
            return question
    cell = inner_cell(target > 0.5, rng)
    if cell is not None:
        question.add(cell, INSIDE)
    return question


def add_box(question: Question, target: Levels, rng: np.random.Generator | None) -> None:
    """Around what is meant; loose where RNG is given, exact where not."""
    rows, columns = (np.flatnonzero((target > 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return
    edges = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
    sides = np.tile([edges[2] - edges[0], edges[3] - edges[1]], 2)
    if rng is not None:
        edges = edges + np.clip(rng.normal(0, LOOSE_BOX, 4), -0.2, 0.2) * sides
    left, top, right, bottom = (float(edge * CELL_PX) for edge in edges)
    question.points += [(left, top), (right, bottom)]
    question.labels += [float(CORNER), float(OTHER_CORNER)]


def next_click(question: Question, found: Levels, target: Levels, rng: np.random.Generator | None) -> bool:
    """Adds the click that mends most; False when nothing is wrong that a click could mend."""
    truth, answer = target > 0.5, found > 0.5
    missing, wrong = truth & ~answer, answer & ~truth
    depths = [_depths(region).max(initial=0) for region in (missing, wrong)]
    if max(depths) <= 0:
        return False
    label, region = (INSIDE, missing) if depths[0] >= depths[1] else (OUTSIDE, wrong)
    cell = inner_cell(region, rng)
    if cell is None:
        return False
    question.add(cell, label)
    return True


def inner_cell(region: NDArray[np.bool_], rng: np.random.Generator | None) -> tuple[int, int] | None:
    """A cell of the region's inside: the one farthest from its rim, or by chance one that is not near it."""
    depth = _depths(region)
    deepest = depth.max(initial=0)
    if deepest <= 0:
        return None
    if rng is None:
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        return int(row), int(column)
    places = np.argwhere(depth > deepest * (0.5 if rng.random() < 0.7 else 0.1))
    row, column = places[rng.integers(len(places))]
    return int(row), int(column)


def rough_hint(target: Levels, rng: np.random.Generator) -> Levels:
    """An earlier mask that is off: moved, grown, shrunk, with a bite; or a stroke of a brush inside. In logits."""
    height, width = target.shape
    mask = (target > 0.5).astype(np.uint8)
    if rng.random() < 0.4:
        stroke, radius = np.zeros_like(mask), int(rng.integers(1, 5))
        places = [cell for _ in range(int(rng.integers(2, 5))) if (cell := inner_cell(mask > 0, rng)) is not None]
        for one, other in itertools.pairwise(places):
            cv2.line(stroke, (one[1], one[0]), (other[1], other[0]), 1, 2 * radius + 1)
        mask = stroke
    else:
        size = int(rng.integers(1, 6)) * 2 + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        mask = cv2.dilate(mask, kernel) if rng.random() < 0.5 else cv2.erode(mask, kernel)
        noise = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 6)
        mask[noise > np.quantile(noise, rng.uniform(0.75, 1.0))] ^= 1
    return (cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8) * 2 - 1) * np.float32(HINT_LOGITS)


def as_arrays(
    questions: list[Question], shape: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """(points (N, P, 2), labels (N, P), hints (N, 1, h, w), whether there is one (N,)); no point is label -1."""
    most = max(max((len(question.labels) for question in questions), default=0), 1)
    points = np.zeros((len(questions), most, 2), np.float32)
    labels = np.full((len(questions), most), NO_POINT, np.float32)
    hints = np.zeros((len(questions), 1, *shape), np.float32)
    has_hint = np.zeros(len(questions), np.float32)
    for place, question in enumerate(questions):
        count = len(question.labels)
        if count:
            points[place, :count], labels[place, :count] = question.points, question.labels
        if question.hint is not None:
            hints[place, 0], has_hint[place] = question.hint, 1
    return points, labels, hints, has_hint


def _depths(region: NDArray[np.bool_]) -> Levels:
    """How far each cell of the region is from what is not, the picture's border included."""
    framed = cv2.copyMakeBorder(region.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance: Levels = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return distance
