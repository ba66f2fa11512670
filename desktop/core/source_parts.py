"""Which part of a picture each tile of its distorted form takes pixels from: changes redraw only what they reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from desktop.core.color import FloatPixels
from desktop.core.geometry import EMPTY_RECT, Rect
from desktop.core.tiles import TILE

STEP_PX = 16  # between the places that are looked at
Sources = Callable[[FloatPixels, FloatPixels, Rect], tuple[FloatPixels, FloatPixels]]  # of x, y and the frame


@dataclass(frozen=True, slots=True)
class SourceParts:
    """Edges of the part for each tile, as planes (rows, columns) in image pixels; `canvas` is what is distorted."""

    canvas: Rect
    left: FloatPixels
    top: FloatPixels
    right: FloatPixels
    bottom: FloatPixels

    @staticmethod
    def of(sources: Sources, canvas: Rect) -> SourceParts:
        """Looks at a grid of places; between two of them a pixel may come from as far beyond as they lie apart.

        That holds where a distortion is smooth, and at its seams and centres, where neighbours are torn apart.
        """
        columns, rows = -(-canvas.width // TILE), -(-canvas.height // TILE)
        across = np.arange(columns * TILE // STEP_PX + 1) * STEP_PX
        down = np.arange(rows * TILE // STEP_PX + 1) * STEP_PX
        x, y = np.meshgrid(
            (np.minimum(across, canvas.width - 1) + canvas.left).astype(np.float32),
            (np.minimum(down, canvas.height - 1) + canvas.top).astype(np.float32),
        )
        from_x, from_y = sources(x, y, canvas)
        left, right = _edges(np.clip(from_x, canvas.left, canvas.right - 1))
        top, bottom = _edges(np.clip(from_y, canvas.top, canvas.bottom - 1))
        return SourceParts(canvas, left, top, right, bottom)

    def shown_in(self, rect: Rect) -> Rect:
        """Around all tiles that take pixels from a rectangle."""
        meets = (self.left < rect.right) & (self.right >= rect.left)
        meets &= (self.top < rect.bottom) & (self.bottom >= rect.top)
        rows, columns = np.flatnonzero(meets.any(axis=1)), np.flatnonzero(meets.any(axis=0))
        if rows.size == 0:
            return EMPTY_RECT
        return (
            Rect.from_edges(
                int(columns[0]) * TILE, int(rows[0]) * TILE, int(columns[-1] + 1) * TILE, int(rows[-1] + 1) * TILE
            )
            .translated(self.canvas.left, self.canvas.top)
            .intersect(self.canvas)
        )


def _edges(values: FloatPixels) -> tuple[FloatPixels, FloatPixels]:
    """The least and the largest value in each tile, and how far values may lie beyond those between two places."""
    apart: FloatPixels = np.maximum(np.abs(np.diff(values, axis=0))[:, :-1], np.abs(np.diff(values, axis=1))[:-1])
    side = TILE // STEP_PX
    rows, columns = apart.shape[0] // side, apart.shape[1] // side

    def tiles(plane: FloatPixels) -> FloatPixels:
        return plane[: rows * side, : columns * side].reshape(rows, side, columns, side)

    beyond = tiles(apart).max(axis=(1, 3))
    return tiles(values).min(axis=(1, 3)) - beyond, tiles(values).max(axis=(1, 3)) + beyond
