"""Filling a hole with patches from around it, coarse to fine. The kernels are in patch_kernels.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import FloatPixels, Gray8
from desktop.core.errors import UserError
from desktop.core.membrane import membrane

RADII = (3, 2, 1, 0)  # of patches: smaller ones where no whole patch of 7 pixels is left
COARSEST_HOLE_PX = 10  # across: there the surroundings alone decide
LEAST_SIDE_PX = 24
COARSE_ROUNDS, FINE_ROUNDS = 12, 3
PASSES = 2  # of the search before each vote
FINE_REACH_PX = 32  # of the random search once a coarser answer is there
TEXTURE_SIDE_PX = 9
TEXTURE_WEIGHT = 2.0  # of mean changes beside the colours
MOST_PEELED_FROM = 4000  # sources that every pixel of the coarsest hole is compared with
GUIDE_WEIGHT = 0.35  # of the guide's squared differences beside the picture's
HEIGHT_WEIGHT = 2.0  # of squared differences of height: a tenth of the picture counts like a seventh of white
TRUST_FALLS = 1.06  # by this factor per pixel away from what is known

Watch = Callable[[float], None]
Field = npt.NDArray[np.int32]


def patch_filled(
    planes: FloatPixels,
    unknown: Gray8,
    *,
    seed: int = 0,
    guide: FloatPixels | None = None,
    heights: FloatPixels | None = None,
    watch: Watch = lambda _share: None,
) -> FloatPixels:
    """`planes` (H, W, C), 0..1, with new values where `unknown` (H, W) is not 0, and on a ring of pixels around it.

    The ring says how far what was put together differs from what is there. `guide` (H, W, 3): see `remove.removed`.
    `heights` (H, W), 0..1: patches rather come from where it is alike, ground from the ground and sky from the sky.
    """
    try:
        from desktop.core import patch_kernels  # noqa: F401
    except ImportError as error:
        raise UserError("remove.no_kernels") from error
    hole = (unknown > 0).astype(np.uint8)
    levels = _pyramid(_with_texture(planes, hole), hole, guide, heights)
    shares = np.cumsum([0.0, *(level.hole.size for level in levels[::-1])])
    field: Field | None = None
    answer = _start(levels[-1])
    for number, level in enumerate(levels[::-1]):
        image = _joined(level, answer)

        def told(share: float, number: int = number) -> None:
            watch(float(shares[number] + share * (shares[number + 1] - shares[number])) / float(shares[-1]))

        rounds = max(FINE_ROUNDS, COARSE_ROUNDS - 3 * number)
        search = _Search(image, level.hole, seed + number)
        field = search.begin(field)
        if number == 0 and guide is None:
            search.peel()
        answer = search.run(rounds, math.inf if number == 0 else FINE_REACH_PX, told)[..., : planes.shape[2] + 2]
        if number + 1 < len(levels):
            finer = levels[-2 - number].hole.shape
            answer = _resized(answer, (finer[1], finer[0]), cv2.INTER_LINEAR)
    return np.ascontiguousarray(search.copied()[..., : planes.shape[2]])


def _with_texture(planes: FloatPixels, hole: Gray8) -> FloatPixels:
    """Two channels more: how much the picture changes across and down around each pixel (Newson et al. 2014).

    Without them a smooth place looks like a blurred rough one, and holes in texture come out smooth.
    """
    grey = planes[..., :3].mean(axis=2)
    near = cv2.dilate(hole, np.ones((3, 3), np.uint8))
    known = (near == 0).astype(np.float32)
    weight = np.maximum(cv2.boxFilter(known, -1, (TEXTURE_SIDE_PX, TEXTURE_SIDE_PX)), 1e-3)
    changes = []
    for dx, dy in ((1, 0), (0, 1)):
        change = np.abs(cv2.Sobel(grey, cv2.CV_32F, dx, dy, ksize=1)) * known
        changes.append(cv2.boxFilter(change, -1, (TEXTURE_SIDE_PX, TEXTURE_SIDE_PX)) / weight * TEXTURE_WEIGHT)
    return np.concatenate([planes, np.stack(changes, axis=2)], axis=2).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    planes: FloatPixels
    hole: Gray8
    guide: FloatPixels | None
    heights: FloatPixels | None


def _pyramid(planes: FloatPixels, hole: Gray8, guide: FloatPixels | None, heights: FloatPixels | None) -> list[_Level]:
    """The finest first; means count only what is known."""
    levels = [_Level(planes, hole, guide, heights)]
    deepest = float(cv2.distanceTransform(hole, cv2.DIST_L2, 3).max())
    while 2 * deepest > COARSEST_HOLE_PX and min(levels[-1].hole.shape) >= 2 * LEAST_SIDE_PX:
        last = levels[-1]
        size = ((last.hole.shape[1] + 1) // 2, (last.hole.shape[0] + 1) // 2)
        known = (last.hole == 0).astype(np.float32)
        weight = _area(known, size)
        sums = _area(last.planes * known[..., None], size)
        smaller = sums / np.maximum(weight, 1e-3)[..., None]
        smaller_hole = (weight < 0.5).astype(np.uint8)
        if smaller_hole.all() or not smaller_hole.any():
            break
        smaller_guide = None if last.guide is None else _area(last.guide, size)
        smaller_heights = None if last.heights is None else _area(last.heights, size)
        levels.append(_Level(smaller.astype(np.float32), smaller_hole, smaller_guide, smaller_heights))
        deepest /= 2
    return levels


def _area(values: FloatPixels, size: tuple[int, int]) -> FloatPixels:
    return _resized(values, size, cv2.INTER_AREA)


def _resized(values: FloatPixels, size: tuple[int, int], interpolation: int) -> FloatPixels:
    """Channel by channel: OpenCV takes four at most."""
    if values.ndim == 2:
        plane: FloatPixels = cv2.resize(values, size, interpolation=interpolation)
        return plane
    return np.stack([_resized(values[..., c], size, interpolation) for c in range(values.shape[2])], axis=2)


def _start(level: _Level) -> FloatPixels:
    """What the coarsest hole holds before anything is known: the guide, or a membrane."""
    if level.guide is None:
        return membrane(level.planes, level.hole)
    extra = membrane(level.planes[..., 3:], level.hole)
    colors = level.guide if extra.shape[2] == 2 else level.guide * extra[..., :1]
    return np.concatenate([colors, extra], axis=2).astype(np.float32)


def _joined(level: _Level, answer: FloatPixels) -> FloatPixels:
    """The picture with the answer so far in its hole; guide and heights as further channels, known everywhere."""
    image = np.where(level.hole[..., None] > 0, answer, level.planes)
    if level.guide is not None:
        image = np.concatenate([image, level.guide * math.sqrt(GUIDE_WEIGHT)], axis=2)
    if level.heights is not None:
        image = np.concatenate([image, level.heights[..., None] * math.sqrt(HEIGHT_WEIGHT)], axis=2)
    return np.ascontiguousarray(image, np.float32)


class _Search:
    """The correspondences at one size of the picture."""

    def __init__(self, image: FloatPixels, hole: Gray8, seed: int) -> None:
        self._image, self._hole, self._seed = image, hole, seed
        self._radius, self._usable = _usable(hole)
        self._sources = np.argwhere(self._usable > 0).astype(np.int32)
        side = 2 * self._radius + 1
        # a patch's ring around the hole, and one pixel more: there the answer can be compared with the picture
        around = cv2.dilate(hole, np.ones((side + 2, side + 2), np.uint8))
        self._is_target: Gray8 = around
        self._targets = np.argwhere(around > 0).astype(np.int32)
        self._voted = np.argwhere(cv2.dilate(hole, np.ones((3, 3), np.uint8)) > 0).astype(np.int32)
        inside = cv2.distanceTransform(hole, cv2.DIST_L2, 3)
        self._trust = np.power(np.float32(TRUST_FALLS), -inside).astype(np.float32)
        self._cost = np.zeros(hole.shape, np.float32)

    def begin(self, coarser: Field | None) -> Field:
        """Starts from twice a coarser answer, or at random."""
        random = np.random.Generator(np.random.PCG64(self._seed))
        rows, columns = self._targets[:, 0], self._targets[:, 1]
        chosen = self._sources[random.integers(0, len(self._sources), len(rows))]
        if coarser is not None:
            half = coarser[np.minimum(rows // 2, len(coarser) - 1), np.minimum(columns // 2, coarser.shape[1] - 1)]
            twice = 2 * half + np.stack([rows % 2, columns % 2], axis=1)
            limits = np.array(self._hole.shape) - 1
            fits = (half >= 0).all(axis=1) & (twice <= limits).all(axis=1)
            fits &= self._usable[np.minimum(twice[:, 0], limits[0]), np.minimum(twice[:, 1], limits[1])] > 0
            chosen = np.where(fits[:, None], twice, chosen)
        self._field: Field = np.full((*self._hole.shape, 2), -1, np.int32)
        self._field[rows, columns] = chosen
        return self._field

    def peel(self) -> None:
        """Fills the hole from its rim inwards by what fits best, so that the search does not start from a blur."""
        from desktop.core import patch_kernels

        random = np.random.Generator(np.random.PCG64(self._seed))
        sources = self._sources
        if len(sources) > MOST_PEELED_FROM:
            sources = sources[np.sort(random.choice(len(sources), MOST_PEELED_FROM, replace=False))]
        places = np.argwhere(self._hole > 0).astype(np.int32)
        depth = cv2.distanceTransform(self._hole, cv2.DIST_L2, 3)[places[:, 0], places[:, 1]]
        order = np.ascontiguousarray(places[np.argsort(depth, kind="stable")])
        filled = 1 - self._hole
        patch_kernels.peel(self._image, order, filled, sources, self._radius, self._field)

    def run(self, rounds: int, reach: float, watch: Watch) -> FloatPixels:
        """Searches and votes in turn; the last vote trusts the best patches most."""
        from desktop.core import patch_kernels

        image, radius = self._image, self._radius
        farthest = int(min(reach, max(image.shape[:2])))
        out = image.copy()
        for turn in range(rounds):
            watch(turn / rounds)
            patch_kernels.measure(image, self._targets, self._field, self._cost, radius)
            for number in range(PASSES):
                patch_kernels.improve(
                    image,
                    self._targets,
                    self._field,
                    self._cost,
                    self._usable,
                    self._is_target,
                    radius,
                    farthest,
                    bool((turn + number) % 2),
                    self._seed * 7919 + turn * PASSES + number,
                )
            costs = self._cost[self._targets[:, 0], self._targets[:, 1]]
            spread = max(float(np.percentile(costs, 75 if turn < rounds - 1 else 30)), 1e-6)
            patch_kernels.vote(
                image,
                self._voted,
                self._field,
                self._cost,
                self._is_target,
                self._trust,
                radius,
                np.float32(0.5 / spread),
                out,
            )
            image[self._hole > 0] = out[self._hole > 0]
        watch(1.0)
        return out

    def copied(self) -> FloatPixels:
        """Every pixel from the middle of its best patch: a mean of votes would lose the grain of a photograph."""
        rows, columns = self._voted[:, 0], self._voted[:, 1]
        chosen = self._field[rows, columns]
        out = self._image.copy()
        out[rows, columns] = self._image[chosen[:, 0], chosen[:, 1]]
        return out


def _usable(hole: Gray8) -> tuple[int, Gray8]:
    """The largest radius for which there are whole patches without a pixel of the hole, and where they are."""
    free: Any = 1 - (hole > 0).astype(np.uint8)
    for radius in RADII:
        side = 2 * radius + 1
        whole = cv2.erode(free, np.ones((side, side), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        if np.count_nonzero(whole) > 4 * radius:
            return radius, whole.astype(np.uint8)
    raise UserError("remove.everything")
