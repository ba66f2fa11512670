"""Regions of a photograph that belong together by colour alone: what somebody may point at where nothing was pasted.

Efficient graph-based segmentation (Felzenszwalb, Huttenlocher 2004) on a small picture; how coarse it is, is drawn.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Mask8 = NDArray[np.uint8]  # (H, W), 0 or 255

SIDE_PX = 80
SMOOTHING_PX = 0.8
COARSENESS = (60.0, 600.0)  # Felzenszwalb's k, in levels of CIE Lab
LEAST_SHARE, MOST_SHARE = 0.02, 0.5  # of the picture


def coherent_regions(picture: Rgb8, rng: np.random.Generator) -> list[Mask8]:
    """Masks of the picture's size, largest first."""
    height, width = picture.shape[:2]
    share = SIDE_PX / max(height, width)
    size = max(round(width * share), 2), max(round(height * share), 2)
    labels = _merged(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.exp(rng.uniform(*np.log(COARSENESS))))
    names, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts)
    wanted = [names[i] for i in order if LEAST_SHARE < counts[i] / labels.size < MOST_SHARE]
    return [_enlarged(labels == name, (width, height)) for name in wanted]


def _enlarged(region: NDArray[np.bool_], size: tuple[int, int]) -> Mask8:
    soft = cv2.GaussianBlur(region.astype(np.float32), (0, 0), 0.7)
    return ((cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC) > 0.5) * np.uint8(255)).astype(np.uint8)


def _merged(small: Rgb8, coarseness: float) -> NDArray[np.int64]:
    """The number of the region of each pixel: neighbours merge by rising difference while both sides allow it."""
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), SMOOTHING_PX), cv2.COLOR_RGB2LAB).astype(np.float32)
    height, width = lab.shape[:2]
    number = np.arange(height * width).reshape(height, width)
    steps = [
        np.linalg.norm(lab[:, 1:] - lab[:, :-1], axis=2).ravel(),
        np.linalg.norm(lab[1:] - lab[:-1], axis=2).ravel(),
    ]
    ends = [(number[:, :-1].ravel(), number[:, 1:].ravel()), (number[:-1].ravel(), number[1:].ravel())]
    weights = np.concatenate(steps)
    order = np.argsort(weights, kind="stable")
    first, second = (np.concatenate([pair[side] for pair in ends])[order].tolist() for side in (0, 1))
    parent, size, limit = list(range(height * width)), [1] * (height * width), [coarseness] * (height * width)

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, other, weight in zip(first, second, weights[order].tolist(), strict=True):
        a, b = root(one), root(other)
        if a != b and weight <= limit[a] and weight <= limit[b]:
            parent[b] = a
            size[a] += size[b]
            limit[a] = weight + coarseness / size[a]
    return np.array([root(place) for place in range(height * width)]).reshape(height, width)
