"""What encoders made of pictures, kept for the next click: a cache bounded by bytes, in the worker."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from desktop.runtime.runner import Array

BUDGET_BYTES = 256 << 20  # 60 embeddings of the size that click models make


class EmbeddingCache:
    """Least recently used first; the newest is kept whatever its size."""

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._kept: OrderedDict[Hashable, list[Array]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], list[Array]]) -> list[Array]:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = self._kept[key] = make()
        while len(self._kept) > 1 and self.size_bytes > self._budget_bytes:
            self._kept.popitem(last=False)
        return made

    @property
    def size_bytes(self) -> int:
        return sum(array.nbytes for arrays in self._kept.values() for array in arrays)

    def __len__(self) -> int:
        return len(self._kept)
