"""Tiles that are made when somebody looks at them; `TileMap.settled` before a map of them is kept."""

from __future__ import annotations

from collections.abc import Callable

from desktop.core.color import Pixels
from desktop.core.tiles import TILE, StoredTile, TileKey, TileMap


class LaterTile:
    """One tile of `like`'s kind; `make` gives it for its key, read-only, in any thread."""

    __slots__ = ("_key", "_make", "nbytes")

    def __init__(self, key: TileKey, make: Callable[[TileKey], Pixels], like: TileMap) -> None:
        self._key, self._make = key, make
        self.nbytes = TILE * TILE * like.channels * like.dtype.itemsize

    def load(self) -> Pixels:
        return self._make(self._key)


def map_of_later(keys: list[TileKey], make: Callable[[TileKey], Pixels], like: TileMap) -> TileMap:
    """A map of `like`'s kind whose tiles `make` gives when they are wanted."""
    tiles: dict[TileKey, StoredTile] = {key: LaterTile(key, make, like) for key in keys}
    return TileMap(like.channels, like.dtype, like.default, tiles)
