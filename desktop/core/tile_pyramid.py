"""The tiles a compositor keeps: level 0 as composited, farther levels halved from it and kept up to date in parts.

What a tile shows, and when level 0 is composited again, is the compositor's matter.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TypeAlias

import cv2
import numpy as np

from desktop.core.color import Rgba8
from desktop.core.geometry import Rect, Size
from desktop.core.tile_jobs import Composed
from desktop.core.tiles import TILE, TileKey, tiles_touched

MOST_TILES = 1024  # 256 MiB: a 64-megapixel window's worth

ViewKey: TypeAlias = tuple[int, int, int]  # (level, column, row)


class TilePyramid:
    """Tiles (256, 256, 4), premultiplied BGRA, by level, column and row; the least used go first."""

    def __init__(self, size: Size) -> None:
        self.size = size  # of the picture
        self.highest = 0  # the farthest level that was asked for
        self._tiles: OrderedDict[ViewKey, Rgba8] = OrderedDict()

    def __contains__(self, key: ViewKey) -> bool:
        return key in self._tiles

    def __getitem__(self, key: ViewKey) -> Rgba8:
        return self._tiles[key]

    def get(self, key: ViewKey) -> Rgba8 | None:
        return self._tiles.get(key)

    def put(self, key: TileKey, pixels: Rgba8) -> None:
        """A tile of level 0."""
        self._tiles[0, *key] = pixels

    def put_empty(self, key: TileKey) -> Rgba8:
        pixels = self._tiles[0, *key] = np.zeros((TILE, TILE, 4), np.uint8)
        return pixels

    def used(self, key: ViewKey, make: Callable[[ViewKey], Rgba8]) -> Rgba8:
        """The tile, made by `make` when it is not at hand; it becomes the last to go. `limit` is the caller's."""
        if key not in self._tiles:
            self.highest = max(self.highest, key[0])
            self._tiles[key] = make(key)
        self._tiles.move_to_end(key)
        return self._tiles[key]

    def limit(self, most: int) -> Iterable[TileKey]:
        """Lets the least used go; yields those of level 0 that went."""
        while len(self._tiles) > most:
            level, column, row = self._tiles.popitem(last=False)[0]
            if level == 0:
                yield column, row

    # levels above 0

    def halved(self, key: ViewKey, tile: Callable[[ViewKey], Rgba8]) -> Rgba8:
        """A tile made anew from the four below it, which `tile` finds or makes."""
        level, column, row = key
        picture = np.zeros((TILE, TILE, 4), np.uint8)
        half = TILE // 2
        for dy in (0, 1):
            for dx in (0, 1):
                child = (level - 1, column * 2 + dx, row * 2 + dy)
                if self._is_outside(child):
                    continue
                quarter = cv2.resize(tile(child), (half, half), interpolation=cv2.INTER_AREA)
                picture[dy * half : (dy + 1) * half, dx * half : (dx + 1) * half] = quarter
        return picture

    def take_levels(self, composed: Composed) -> None:
        """What changed at the levels above, which the job halved already where it made a whole tile."""
        (column, row), known = composed.key, len(composed.halved)
        for level, pixels in enumerate(composed.halved, start=1):
            side = TILE >> level
            tile = self._tiles.get((level, column >> level, row >> level))
            if tile is not None:
                x, y = column * side % TILE, row * side % TILE
                tile[y : y + side, x : x + side] = pixels
        self.update_over(composed.part, start=known + 1)

    def update_over(self, rect: Rect, start: int = 1) -> None:
        """Halves exactly what changed (image pixels); a tile whose parts are gone is made again when asked for."""
        for level in range(start, self.highest + 1):
            for key, part in tiles_touched(_scaled(rect, level)):
                tile = self._tiles.get((level, *key))
                if tile is not None and not self._halve_into(tile, (level, *key), part):
                    del self._tiles[level, *key]

    def drop_over(self, keys: Iterable[TileKey]) -> None:
        """Halved tiles over these of level 0 cannot be kept up to date: they are made again when asked for."""
        above = set(keys)
        for level in range(1, self.highest + 1):
            above = {(column >> 1, row >> 1) for column, row in above}
            for key in above:
                self._tiles.pop((level, *key), None)

    def _halve_into(self, tile: Rgba8, key: ViewKey, part: Rect) -> bool:
        """Halves the tiles below into a part (pixels of the level) of one; False when one of them is not at hand."""
        level, column, row = key
        half = TILE // 2
        for dy in (0, 1):
            for dx in (0, 1):
                child = (level - 1, column * 2 + dx, row * 2 + dy)
                quarter = part.intersect(Rect(child[1] * half, child[2] * half, half, half))
                if quarter.is_empty or self._is_outside(child):
                    continue
                below = self._tiles.get(child)
                if below is None:
                    return False
                x, y = quarter.x - column * TILE, quarter.y - row * TILE
                left, top = 2 * quarter.x - child[1] * TILE, 2 * quarter.y - child[2] * TILE
                source = below[top : top + 2 * quarter.height, left : left + 2 * quarter.width]
                size = (quarter.width, quarter.height)
                tile[y : y + quarter.height, x : x + quarter.width] = cv2.resize(
                    source, size, interpolation=cv2.INTER_AREA
                )
        return True

    def _is_outside(self, key: ViewKey) -> bool:
        level, column, row = key
        step = TILE << level
        return column * step >= self.size.width or row * step >= self.size.height or column < 0 or row < 0


def _scaled(rect: Rect, level: int) -> Rect:
    """The pixels of a level that a rectangle of the image touches."""
    return Rect.from_edges(rect.left >> level, rect.top >> level, -(-rect.right >> level), -(-rect.bottom >> level))
