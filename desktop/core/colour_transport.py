"""What a linear map leaves between two clouds of colours, moved on by sliced optimal transport, as a smooth field.

Along any direction the cheapest way from one cloud to another is known: the lowest goes to the lowest, the next to the
next. Turned again and again, that brings one cloud on to the other (Pitié, Kokaram, Dahyot 2007; Bonneel, Rabin,
Peyré, Pfister 2015). The moves of single colours are then averaged over likely ones (a Gaussian kernel in Oklab), so
that noise in a picture stays noise of the same size and gradients stay gradients (Rabin, Delon, Gousseau 2011).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.float64]  # (N, 3) Oklab

AXES = np.array([1.0, 2.0, 2.0])  # lightness spans 1, a and b about half of it: so that distances are alike
TURNS = 24
LIKENESS = 0.07  # deviation of the kernel, in Oklab under AXES: narrower follows closer, and roughens
DOUBT = 0.004  # of all samples: where fewer are like a colour, its move dies away
CELL = 0.03  # samples nearer than this count as one
MOST_CELLS = 500  # with more the cells grow: noise of all colours needs no finer ones, and takes long
NODES_AT_ONCE = 4096


def residual_moves(cloud: Colours, wanted: Colours, seed: int = 0) -> Colours:
    """(N, 3): how far each colour of `cloud` goes so that together they lie like `wanted`, (N, 3) as well."""
    rng = np.random.default_rng(seed)
    moved, goal = cloud * AXES, wanted * AXES
    for _ in range(TURNS):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        here, there = moved @ turn, np.sort(goal @ turn, axis=0)
        step = np.empty_like(here)
        for axis in range(3):
            order = np.argsort(here[:, axis], kind="stable")
            step[order, axis] = there[:, axis] - here[order, axis]
        moved = moved + step @ turn.T
    moves: Colours = moved / AXES - cloud
    return moves


def smooth_field(places: Colours, at: Colours, moves: Colours) -> Colours:
    """The moves of colours `at`, averaged around each of `places`; nothing where no colour is near."""
    centres, means, share = _gathered(at * AXES, moves)
    found = np.empty((len(places), 3))
    for start in range(0, len(places), NODES_AT_ONCE):
        some = (places[start : start + NODES_AT_ONCE] * AXES).astype(np.float32)
        far = (some**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * some @ centres.T
        weights = np.exp(far * np.float32(-0.5 / LIKENESS**2)) * share
        found[start : start + NODES_AT_ONCE] = weights @ means / (weights.sum(axis=1, keepdims=True) + DOUBT)
    return found


def _gathered(at: Colours, moves: Colours) -> tuple[npt.NDArray[np.float32], ...]:
    """Colours of one cell as one: (centres (M, 3), mean moves (M, 3), share of all (M,))."""
    cell, cells = CELL, np.empty((MOST_CELLS + 1, 3), int)
    while len(cells) > MOST_CELLS:
        parted = np.rint(at / cell).astype(int)
        cells, place, count = np.unique(parted, axis=0, return_inverse=True, return_counts=True)
        cell *= 1.4
    place = place.reshape(-1)
    sums = np.stack([np.bincount(place, values, len(cells)) for values in (*at.T, *moves.T)], axis=1)
    means = (sums / count[:, None]).astype(np.float32)
    return means[:, :3], means[:, 3:], (count / len(at)).astype(np.float32)
