"""An answer at another resolution than the picture, read at the picture's own: curves, grids, masks, small pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.adapters.fitting import Fit, resized_planes
from desktop.runtime.tiling import PlacedTile, Span

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Field:
    """`planes` (C, h, w) cover what was fed; `size` is (height, width) of what they are wanted at.

    Cubic, and exact to float32: OpenCV's own look-up steps by 1/32 of a source pixel, which shows when a grid of 45
    points is stretched over 3,000 pixels. Planes from `nearest_from` on are numbers of classes, which have no between.
    With `spans_corners` the outermost values belong to the outermost pixels, as in grids of places, else to the middle
    of the outermost parts.
    """

    planes: Planes
    size: tuple[int, int]
    nearest_from: int | None = None
    spans_corners: bool = False

    @classmethod
    def of(
        cls, answer: Planes, fit: Fit, scale: int, nearest_from: int | None = None, *, spans_corners: bool = False
    ) -> Field:
        height, width = answer.shape[1:]
        rows = max(round(height * fit.inner[0] / fit.fed[0]), 1)
        columns = max(round(width * fit.inner[1] / fit.fed[1]), 1)
        planes, size = answer[:, :rows, :columns], (fit.size[0] * scale, fit.size[1] * scale)
        shrunk = (min(rows, size[0]), min(columns, size[1]))
        if shrunk != (rows, columns) and nearest_from is None:
            planes = resized_planes(planes, shrunk)
        return cls(planes, size, nearest_from, spans_corners)

    def at(self, placed: PlacedTile) -> Planes:
        """(C, rows, columns): what belongs to the tile, in the order in which it is laid."""
        rows, columns = _wanted(placed.rows), _wanted(placed.columns)
        if self.planes.shape[1:] == self.size:
            return self.planes[:, rows, columns]
        smooth = self.planes[: self.nearest_from]
        positions = _corner_positions if self.spans_corners else _positions
        down, row_weights = _weights(
            positions(rows, self.size[0], smooth.shape[1]), smooth.shape[1], goes_on=self.spans_corners
        )
        across, column_weights = _weights(
            positions(columns, self.size[1], smooth.shape[2]), smooth.shape[2], goes_on=self.spans_corners
        )
        found = np.matmul(np.matmul(row_weights, smooth[:, down, across]), column_weights.T)
        if self.nearest_from is None:
            return cast(Planes, found)
        down_to = _nearest(rows, self.size[0], smooth.shape[1])
        across_to = _nearest(columns, self.size[1], smooth.shape[2])
        hard = self.planes[self.nearest_from :][:, down_to][:, :, across_to]
        both: Planes = np.concatenate([found, hard]).astype(np.float32, copy=False)
        return both


def _wanted(span: Span) -> slice:
    return slice(span.out_start, span.out_stop)


def _positions(wanted: slice, length: int, source: int) -> NDArray[np.float64]:
    """Pixel centres of the wanted places, in pixels of the source."""
    return (np.arange(wanted.start, wanted.stop) + 0.5) * (source / length) - 0.5


def _corner_positions(wanted: slice, length: int, source: int) -> NDArray[np.float64]:
    """The same where first lies on first and last on last."""
    return np.arange(wanted.start, wanted.stop) * ((source - 1) / max(length - 1, 1))


def _nearest(wanted: slice, length: int, source: int) -> NDArray[np.intp]:
    return np.clip(np.rint(_positions(wanted, length, source)), 0, source - 1).astype(np.intp)


def _weights(positions: NDArray[np.float64], source: int, *, goes_on: bool) -> tuple[slice, NDArray[np.float32]]:
    """The part of the source that counts, and (places, part) cubic weights (Catmull-Rom). Beyond the borders values are
    repeated, or go straight on.
    """
    base = np.minimum(np.floor(positions).astype(np.intp), source - 1)
    used = slice(max(int(base[0]) - 1, 0), min(int(base[-1]) + 3, source))
    matrix = np.zeros((len(positions), used.stop - used.start), np.float32)
    places = np.arange(len(positions))
    for step in (-1, 0, 1, 2):
        column = np.clip(base + step, 0, source - 1)
        weight = _cubic(np.abs(positions - base - step))
        np.add.at(matrix, (places, column - used.start), weight)
        beyond = np.abs(base + step - column) * weight
        if goes_on and source > 1 and beyond.any():
            inner = np.where(column == 0, 1, column - 1)
            np.add.at(matrix, (places, column - used.start), beyond)
            np.add.at(matrix, (places, inner - used.start), -beyond)
    return used, matrix


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float32]:
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0)).astype(np.float32)
