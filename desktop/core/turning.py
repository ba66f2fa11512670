"""Flips and quarter turns of tiles: pixels only change places, so that turning back gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from desktop.core.affine import Affine
from desktop.core.geometry import Point, Rect, Size
from desktop.core.tiles import StoredTile, TileKey, TileMap


class Turn(Enum):
    """Around the upper left corner of the canvas, which then is moved back into the first quadrant."""

    RIGHT = "right"
    LEFT = "left"
    HALF = "half"
    ACROSS = "across"  # left and right change places
    DOWN = "down"  # top and bottom change places

    @property
    def swaps_sides(self) -> bool:
        return self in (Turn.RIGHT, Turn.LEFT)

    @property
    def inverse(self) -> Turn:
        return {Turn.RIGHT: Turn.LEFT, Turn.LEFT: Turn.RIGHT}.get(self, self)

    def size(self, size: Size) -> Size:
        return Size(size.height, size.width) if self.swaps_sides else size

    def point(self, point: Point, size: Size) -> Point:
        """Where a point of a canvas of that size comes to lie."""
        x, y = point.x, point.y
        return {
            Turn.RIGHT: Point(size.height - y, x),
            Turn.LEFT: Point(y, size.width - x),
            Turn.HALF: Point(size.width - x, size.height - y),
            Turn.ACROSS: Point(size.width - x, y),
            Turn.DOWN: Point(x, size.height - y),
        }[self]

    def affine(self, size: Size) -> Affine:
        """The same for all points at once."""
        zero, right, down = (self.point(Point(x, y), size) for x, y in ((0, 0), (1, 0), (0, 1)))
        return Affine(right.x - zero.x, down.x - zero.x, right.y - zero.y, down.y - zero.y, zero.x, zero.y)

    def rect(self, rect: Rect, size: Size) -> Rect:
        one, other = self.point(Point(rect.left, rect.top), size), self.point(Point(rect.right, rect.bottom), size)
        left, top = int(min(one.x, other.x)), int(min(one.y, other.y))
        return Rect.from_edges(left, top, int(max(one.x, other.x)), int(max(one.y, other.y)))


_PIXELS: dict[Turn, Callable[[Any], Any]] = {
    Turn.RIGHT: lambda tile: np.rot90(tile, -1),
    Turn.LEFT: lambda tile: np.rot90(tile, 1),
    Turn.HALF: lambda tile: tile[::-1, ::-1],
    Turn.ACROSS: lambda tile: tile[:, ::-1],
    Turn.DOWN: lambda tile: tile[::-1],
}
_KEYS: dict[Turn, Callable[[int, int], TileKey]] = {
    Turn.RIGHT: lambda column, row: (-1 - row, column),
    Turn.LEFT: lambda column, row: (row, -1 - column),
    Turn.HALF: lambda column, row: (-1 - column, -1 - row),
    Turn.ACROSS: lambda column, row: (-1 - column, row),
    Turn.DOWN: lambda column, row: (column, -1 - row),
}


def turned(tiles: TileMap, turn: Turn, size: Size) -> TileMap:
    """The tiles as they lie when a canvas of `size` was turned."""
    around: dict[TileKey, StoredTile] = {}
    for key in tiles.keys():  # noqa: SIM118
        tile = tiles.tile(*key)
        assert tile is not None
        moved = np.ascontiguousarray(_PIXELS[turn](tile))
        moved.flags.writeable = False
        around[_KEYS[turn](*key)] = moved
    corner = turn.point(Point(0, 0), size)
    result = TileMap(tiles.channels, tiles.dtype, tiles.default, around)
    return result.translated(int(corner.x), int(corner.y))
