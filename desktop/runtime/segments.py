"""Segments of like colour: what a picture falls into when nobody knows what is in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.runner import Pixels

ROUNDS = 8
COMPACTNESS = 12.0  # units of Lab that one distance between centres counts for


def like_segments(pixels: Pixels, count: int) -> NDArray[np.int32]:
    """(H, W): the number of each pixel's segment, from 0, at most `count` of them, each in one piece.

    SLIC (Achanta et al. 2012): k-means of colour and place; here every pixel may go to every centre, as the pictures
    are small.
    """
    levels = pixels[..., :3].astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    lab = cv2.cvtColor(levels, cv2.COLOR_RGB2LAB)
    height, width = lab.shape[:2]
    rows, columns = _grid(height, width, count)
    spacing = np.sqrt(height * width / (rows * columns))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    place = np.float32(COMPACTNESS / spacing)
    features = np.dstack([lab, x * place, y * place]).reshape(-1, 5)
    middle_y = ((np.arange(rows) + 0.5) * height / rows).astype(int)
    middle_x = ((np.arange(columns) + 0.5) * width / columns).astype(int)
    centres = features.reshape(height, width, 5)[np.ix_(middle_y, middle_x)].reshape(-1, 5).copy()
    for _ in range(ROUNDS):
        nearest = _nearest(features, centres)
        for number in range(len(centres)):
            members = features[nearest == number]
            if len(members):
                centres[number] = members.mean(axis=0)
    return _in_one_piece(_nearest(features, centres).reshape(height, width))


def _grid(height: int, width: int, count: int) -> tuple[int, int]:
    """Rows and columns of about square cells, at most `count`, and no more than there are pixels."""
    rows = min(max(round(np.sqrt(count * height / width)), 1), count, height)
    return rows, min(max(count // rows, 1), width)


def _nearest(features: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    distances = (centres**2).sum(axis=1)[None] - 2 * features @ centres.T
    found: NDArray[np.int64] = distances.argmin(axis=1)
    return found


def _in_one_piece(places: NDArray[np.int64]) -> NDArray[np.int32]:
    """Splinters go to the segment beside them; numbers without gaps."""
    kept = np.full(places.shape, -1, np.int32)
    for number, segment in enumerate(np.unique(places)):
        _, pieces, facts, _ = cv2.connectedComponentsWithStats((places == segment).astype(np.uint8), connectivity=4)
        largest = 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax())
        kept[pieces == largest] = number
    lost = (kept < 0).astype(np.uint8)
    if lost.any():
        _, labels = cv2.distanceTransformWithLabels(lost, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
        owner = np.zeros(labels.max() + 1, np.int32)
        owner[labels[lost == 0]] = kept[lost == 0]
        kept = owner[labels]
    return kept
