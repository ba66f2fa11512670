"""Tiles in the colours of the screen, kept beside the compositor's: only what is drawn is ever converted."""

from __future__ import annotations

from collections import OrderedDict

from desktop.core.color import Rgba8
from desktop.core.geometry import Rect
from desktop.core.tiles import TILE, tiles_touched
from desktop.io.screen_colors import ScreenTransform, screen_transform

MOST_TILES = 512  # 128 MiB: two windows of 4K

ViewKey = tuple[int, int, int]  # (level, column, row)


class ScreenTiles:
    """Without a screen profile, or with the document's own, tiles go through as they are."""

    def __init__(self) -> None:
        self._screen: bytes | None = None
        self._document: bytes | None = None
        self._transform: ScreenTransform | None = None
        self._kept: OrderedDict[ViewKey, tuple[Rgba8, Rgba8]] = OrderedDict()  # the compositor's tile, converted

    def set_screen(self, profile: bytes | None) -> None:
        self._choose(self._document, profile)

    def set_document(self, profile: bytes | None) -> None:
        self._choose(profile, self._screen)

    def is_ready(self, key: ViewKey, tile: Rgba8) -> bool:
        """Whether `shown` takes no time."""
        return self._transform is None or (key in self._kept and self._kept[key][0] is tile)

    def shown(self, key: ViewKey, tile: Rgba8) -> Rgba8:
        """The compositor's tile as the screen wants it."""
        if self._transform is None:
            return tile
        if not self.is_ready(key, tile):
            self._kept[key] = (tile, self._transform.apply(tile))
            while len(self._kept) > MOST_TILES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key][1]

    def update(self, rect: Rect) -> None:
        """Converts again exactly what changed (image pixels) in the tiles at hand."""
        if self._transform is None:
            return
        for level in {key[0] for key in self._kept}:
            at_level = Rect.from_edges(
                rect.left >> level, rect.top >> level, -(-rect.right >> level), -(-rect.bottom >> level)
            )
            for (column, row), part in tiles_touched(at_level):
                pair = self._kept.get((level, column, row))
                if pair is not None:
                    x, y = part.x - column * TILE, part.y - row * TILE
                    area = (slice(y, y + part.height), slice(x, x + part.width))
                    pair[1][area] = self._transform.apply(pair[0][area])

    def _choose(self, document: bytes | None, screen: bytes | None) -> None:
        if (document, screen) != (self._document, self._screen):
            self._document, self._screen = document, screen
            self._transform = screen_transform(document, screen)
            self._kept.clear()
