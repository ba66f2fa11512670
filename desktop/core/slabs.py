"""Arrays of one kind cut from large blocks: the system hands large blocks out in huge pages, small ones page by page.

Each first touch of a 4 KiB page costs about a microsecond; a wide brush that reaches three new tiles touched 1,300.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

SLAB_BYTES = 8 << 20  # NumPy asks for huge pages from 4 MiB on


class Slabs:
    """`take` an array of the shape, its contents undefined; `give` it back for the next one who takes.

    Blocks begin with one array and grow, so that who needs little takes little.
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._spare: list[npt.NDArray[Any]] = []
        self._count = 1  # in the next block
        self._most = max(SLAB_BYTES // (math.prod(shape) * self._dtype.itemsize), 1)

    def take(self) -> npt.NDArray[Any]:
        """Several threads may call it at once."""
        try:
            return self._spare.pop()
        except IndexError:
            slab = np.empty((self._count, *self._shape), self._dtype)
            self._count = min(2 * self._count, self._most)
            arrays: list[npt.NDArray[Any]] = list(slab)
            self._spare.extend(arrays[:0:-1])
            return arrays[0]

    def give(self, array: npt.NDArray[Any]) -> None:
        self._spare.append(array)
