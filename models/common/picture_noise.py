"""Noise that belongs to a place of a picture, drawn as the editor draws it: equal seed and place, equal numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK_PX = 256


def picture_noise(
    tensor: int, height: int, width: int, *, seed: int = 0, corner: tuple[int, int] = (0, 0)
) -> NDArray[np.float32]:
    """(1, 1, H, W) of uniform noise in -1..1 from `corner` (y, x) of a picture on.

    `tensor` is the input's number in the manifest. Blocks of 256 pixels, each 2 · random - 1 by
    Generator(PCG64([seed, tensor, block row, block column])).
    """
    top, left = corner
    rows = range(top // BLOCK_PX, (top + height - 1) // BLOCK_PX + 1)
    columns = range(left // BLOCK_PX, (left + width - 1) // BLOCK_PX + 1)
    blocks = [[_block(seed, tensor, row, column) for column in columns] for row in rows]
    y, x = top - rows.start * BLOCK_PX, left - columns.start * BLOCK_PX
    return np.block(blocks)[y : y + height, x : x + width][None, None]


def _block(seed: int, tensor: int, row: int, column: int) -> NDArray[np.float32]:
    generator = np.random.Generator(np.random.PCG64([seed, tensor, row, column]))
    return 2 * generator.random((BLOCK_PX, BLOCK_PX), dtype=np.float32) - 1
