"""Label maps: pictures whose colours stand for classes. What has another colour becomes the nearest class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.manifest import Input, Label, Manifest
from desktop.runtime.runner import Array, Pixels

EXACT = 6  # levels of 255 a colour may be off and still counts as the class's own: brushes round
BAND_ROWS = 128  # rows looked at in one go, so that no temporary is as large as the picture
SHOWS = 0.5  # alpha from which a place is painted; the rest is the first class


def label_input(manifest: Manifest) -> Input | None:
    """The input that is a label map."""
    return next((spec for spec in manifest.inputs if spec.role == "image" and spec.palette), None)


def levels_of_label(label: Label) -> tuple[int, int, int]:
    red, green, blue = (int(label.color[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def as_label_map(pixels: Pixels, palette: Sequence[Label]) -> tuple[Pixels, float]:
    """(H, W, 3|4) → the same with every pixel in the colour of the nearest class, opaque; and which share was off."""
    white = np.iinfo(pixels.dtype).max
    colors = np.array([levels_of_label(label) for label in palette], np.float32)
    own = np.rint(colors * (white / 255)).astype(pixels.dtype)
    result: Array = np.empty_like(pixels)
    off = 0
    for start in range(0, len(pixels), BAND_ROWS):
        band = pixels[start : start + BAND_ROWS]
        nearest, distance = _nearest(band[..., :3].astype(np.float32) * np.float32(255 / white), colors)
        if pixels.shape[2] == 4:
            hidden = band[..., 3] < SHOWS * white
            nearest[hidden], distance[hidden] = 0, 0
        result[start : start + BAND_ROWS, :, :3] = own[nearest]
        off += int((distance > EXACT).sum())
    result[..., 3:] = white
    return result, off / max(1, pixels.shape[0] * pixels.shape[1])


def _nearest(band: NDArray[np.float32], colors: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Per pixel the place of the nearest colour and how far its farthest channel is from it."""
    best = np.full(band.shape[:2], np.inf, np.float32)
    nearest = np.zeros(band.shape[:2], np.intp)
    for place, color in enumerate(colors):
        distance = np.square(band - color).sum(axis=2)
        closer = distance < best
        best[closer], nearest[closer] = distance[closer], place
    return nearest, np.abs(band - colors[nearest]).max(axis=2)
