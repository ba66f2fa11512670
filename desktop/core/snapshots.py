"""Named versions kept beside the history of a document. A version costs what the shown one does not share with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.history import tile_maps


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    name: str
    document: Document


class Snapshots:
    """Oldest first."""

    def __init__(self) -> None:
        self._kept: list[Snapshot] = []
        self._weighed: tuple[Document | None, dict[int, int]] = (None, {})

    @property
    def all(self) -> tuple[Snapshot, ...]:
        return tuple(self._kept)

    def add(self, name: str, document: Document, *, shown: Document, budget_bytes: int) -> Snapshot:
        """Keeps a version; UserError when all snapshots together would take more than the budget."""
        snapshot = Snapshot(name, document)
        self._kept.append(snapshot)
        self._weighed = (None, {})
        if self.memory_bytes(shown) > budget_bytes:
            self._kept.pop()
            self._weighed = (None, {})
            raise UserError("snapshot.no_room", name=name)
        return snapshot

    def rename(self, index: int, name: str) -> None:
        self._kept[index] = Snapshot(name, self._kept[index].document)
        self._weighed = (None, {})

    def remove(self, index: int) -> None:
        del self._kept[index]
        self._weighed = (None, {})

    def own_bytes(self, snapshot: Snapshot, shown: Document) -> int:
        """The bytes of the snapshot's tiles that the shown version does not have."""
        if not self._kept or snapshot.document is shown:
            return 0
        known, weights = self._weighed
        if known is not shown:
            theirs = {id(tile) for tiles in tile_maps(shown) for tile in tiles.stored().values()}
            weights = {id(kept): _bytes_besides(kept.document, theirs) for kept in self._kept}
            self._weighed = (shown, weights)
        return weights[id(snapshot)]

    def memory_bytes(self, shown: Document) -> int:
        return sum(self.own_bytes(snapshot, shown) for snapshot in self._kept)


def _bytes_besides(document: Document, theirs: set[int]) -> int:
    own = {
        id(tile): tile.nbytes
        for tiles in tile_maps(document)
        for tile in tiles.stored().values()
        if isinstance(tile, np.ndarray) and id(tile) not in theirs
    }
    return sum(own.values())
