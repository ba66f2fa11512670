"""Pictures that hand out a few rows at a time, so that a layer need not be joined from its tiles to be written."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from desktop.core.color import Pixels
from desktop.core.geometry import Rect
from desktop.core.tiles import TileMap


class RowSource(Protocol):
    """`rows` may be called from several threads."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def rows(self, top: int, bottom: int) -> Pixels:
        """(bottom - top, width, channels), counted from the picture's upper edge."""
        ...


class ArrayRows:
    """The chosen channels of an array (H, W, C)."""

    def __init__(self, pixels: Pixels, channels: list[int] | None = None) -> None:
        self._pixels = pixels
        self._chosen = list(range(pixels.shape[2])) if channels is None else channels
        self.height, self.width = pixels.shape[:2]
        self.channels = len(self._chosen)
        self.dtype: np.dtype[Any] = pixels.dtype

    def rows(self, top: int, bottom: int) -> Pixels:
        part = self._pixels[top:bottom]
        if self._chosen == list(range(self.channels)):
            return part[..., : self.channels]
        return part[..., self._chosen]


class TileRows:
    """A rectangle of a tile map."""

    def __init__(self, tiles: TileMap, rect: Rect) -> None:
        self._tiles = tiles
        self._rect = rect
        self.width, self.height = rect.width, rect.height
        self.channels = tiles.channels
        self.dtype = tiles.dtype

    def rows(self, top: int, bottom: int) -> Pixels:
        return self._tiles.read(Rect(self._rect.x, self._rect.y + top, self._rect.width, bottom - top))


class MaskedTileRows(TileRows):
    """RGBA tiles as they look with a mask: alpha times mask, rounded."""

    def __init__(self, tiles: TileMap, mask: TileMap, rect: Rect) -> None:
        super().__init__(tiles, rect)
        self._mask = TileRows(mask, rect)

    def rows(self, top: int, bottom: int) -> Pixels:
        pixels = super().rows(top, bottom)
        pixels[..., 3] = (pixels[..., 3].astype(np.uint32) * self._mask.rows(top, bottom)[..., 0] + 127) // 255
        return pixels
