"""The matte solved anew inside a painted band, at full resolution: hair and fur that a mask has cut off or smeared.

Closed-form matting (Levin, Lischinski, Weiss 2008): inside small windows alpha is a linear function of the colours, so
the picture says how alpha goes on from where it is known, which is all around the band. The Laplacian is never stored:
multiplying by it is one guided filter (He, Sun, Tang 2010), and conjugate gradients need nothing else. A smaller
picture is solved first and says where to begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Gray8, Pixels

RADIUS_PX = 1  # of the windows: threads of one pixel are told apart
EPSILON = 1e-5  # of colours in 0..1, for windows of one colour
ROUNDS = (80, 60)  # of conjugate gradients, on the smaller picture and on the full one
TOLERANCE = 3e-4
SMALL_SHARE = 0.5
MARGIN_PX = 8  # around the band: what is known
BAND_LEVEL = 8  # painted less than this is not painted
ROOMY = 2_000_000  # pixels: a larger band is solved at half the size and fitted
VEIL = 0.02  # what is nearly nothing or nearly all becomes so

Plane = npt.NDArray[np.float32]
Watch = Callable[[float], None]  # told the share that is done; may raise to end it


def refined_edge(pixels: Pixels, alpha: Gray8, band: Gray8, watch: Watch = lambda _share: None) -> Gray8:
    """A copy of `alpha` (H, W) solved anew where `band` (H, W) is painted, softly where it is painted softly.

    `pixels` (H, W, 3|4) are the picture that the mask belongs to. What is not painted keeps its bytes.
    """
    place = _around(band, MARGIN_PX)
    if place is None:
        return alpha.copy()
    painted = band[place]
    colors = pixels[place][..., :3].astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    known = alpha[place].astype(np.float32) / np.float32(255)
    solved = solved_matte(colors, known, painted >= BAND_LEVEL, watch)
    solved = np.clip((solved - VEIL) / (1 - 2 * VEIL), 0, 1)
    share = painted.astype(np.float32) / np.float32(255)
    result = alpha.copy()
    result[place] = np.rint(255 * (known + share * (solved - known)))
    result[band == 0] = alpha[band == 0]
    return result


def solved_matte(colors: Plane, known: Plane, unknown: npt.NDArray[np.bool_], watch: Watch) -> Plane:
    """(H, W) in 0..1: `known` outside `unknown`, the solution inside; `colors` (H, W, 3) in 0..1."""
    height, width = known.shape
    small = (max(round(width * SMALL_SHARE), 1), max(round(height * SMALL_SHARE), 1))
    is_large = height * width > ROOMY
    begin = known
    if min(small) > 4 * RADIUS_PX:
        shrunk = cv2.resize(unknown.astype(np.uint8), small, interpolation=cv2.INTER_NEAREST) > 0
        less = cast(Plane, cv2.resize(colors, small, interpolation=cv2.INTER_AREA))
        told = cast(Plane, cv2.resize(known, small, interpolation=cv2.INTER_AREA))
        first = _Solver.of(less, shrunk).solve(told, told, ROUNDS[0], lambda share: watch(0.4 * share))
        begin = np.where(unknown, cv2.resize(first, (width, height), interpolation=cv2.INTER_LINEAR), known)
    solver = _Solver.of(colors, unknown)
    rounds = ROUNDS[1] // 2 if is_large else ROUNDS[1]
    return solver.solve(known, begin.astype(np.float32), rounds, lambda share: watch(0.4 + 0.6 * share))


@dataclass(frozen=True)
class _Solver:
    """The matting Laplacian of a picture, by what its windows are like."""

    colors: Plane
    counts: Plane  # pixels of the window around each pixel, and windows that each pixel lies in
    means: Plane  # (H, W, 3)
    inverse: npt.NDArray[np.float32]  # (H, W, 6): of the covariance, its upper triangle
    unknown: npt.NDArray[np.bool_]

    @staticmethod
    def of(colors: Plane, unknown: npt.NDArray[np.bool_]) -> _Solver:
        counts = _summed(np.ones(unknown.shape, np.float32))
        means = _summed(colors) / counts[..., None]
        pairs = np.stack([colors[..., i] * colors[..., j] for i, j in _PAIRS], axis=-1)
        spread = np.dstack([_summed(pairs[..., :3]), _summed(pairs[..., 3:])]) / counts[..., None]
        spread -= np.stack([means[..., i] * means[..., j] for i, j in _PAIRS], axis=-1)
        rr, rg, rb, gg, gb, bb = np.moveaxis(spread.astype(np.float64), 2, 0)
        rr, gg, bb = (own + EPSILON / counts for own in (rr, gg, bb))
        upper = (gg * bb - gb**2, rb * gb - rg * bb, rg * gb - rb * gg, rr * bb - rb**2, rg * rb - rr * gb)
        last = rr * gg - rg**2
        determinant = rr * upper[0] + rg * upper[1] + rb * upper[2]
        inverse = np.stack([entry / determinant for entry in (*upper, last)], axis=-1).astype(np.float32)
        return _Solver(colors, counts, means, inverse, unknown)

    def times(self, alpha: Plane) -> Plane:
        """The Laplacian times alpha."""
        mean = _summed(alpha) / self.counts
        shared = _summed(self.colors * alpha[..., None]) / self.counts[..., None] - self.means * mean[..., None]
        rr, rg, rb, gg, gb, bb = np.moveaxis(self.inverse, 2, 0)
        r, g, b = np.moveaxis(shared, 2, 0)
        slope = np.stack([rr * r + rg * g + rb * b, rg * r + gg * g + gb * b, rb * r + gb * g + bb * b], axis=-1)
        offset = mean - (slope * self.means).sum(axis=2)
        fitted = (_summed(slope) * self.colors).sum(axis=2) + _summed(offset)
        return cast(Plane, self.counts * alpha - fitted)

    def solve(self, known: Plane, begin: Plane, rounds: int, watch: Watch) -> Plane:
        """Conjugate gradients over what is unknown, from `begin`."""
        alpha = np.where(self.unknown, begin, known).astype(np.float32)
        if not self.unknown.any():
            return alpha
        rest = np.where(self.unknown, -self.times(alpha), 0).astype(np.float32)
        step, size = rest.copy(), float(np.vdot(rest, rest))
        goal = TOLERANCE**2 * max(size, 1e-12)
        for done in range(rounds):
            watch(done / rounds)
            if size <= goal:
                break
            turned = np.where(self.unknown, self.times(step), 0).astype(np.float32)
            bend = float(np.vdot(step, turned))
            if bend <= 0:  # rounding: nothing more is to be gained
                break
            alpha += np.float32(size / bend) * step
            rest -= np.float32(size / bend) * turned
            before, size = size, float(np.vdot(rest, rest))
            step = rest + np.float32(size / before) * step
        return np.clip(alpha, 0, 1)


_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def _summed(planes: npt.NDArray[Any]) -> Plane:
    """The sum over the window around each pixel; beyond the border there is nothing."""
    size = 2 * RADIUS_PX + 1
    return cast(Plane, cv2.boxFilter(planes, -1, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT))


def _around(band: Gray8, margin_px: int) -> tuple[slice, slice] | None:
    rows, columns = (np.flatnonzero((band >= BAND_LEVEL).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    height, width = band.shape
    return (
        slice(max(int(rows[0]) - margin_px, 0), min(int(rows[-1]) + 1 + margin_px, height)),
        slice(max(int(columns[0]) - margin_px, 0), min(int(columns[-1]) + 1 + margin_px, width)),
    )
