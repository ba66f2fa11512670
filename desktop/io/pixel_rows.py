"""Pictures that hand out a few rows at a time, so that a layer need not be joined from its tiles to be written."""

from __future__ import annotations

from threading import Lock
from typing import Any, Protocol

import numpy as np

from desktop.core.color import Pixels, dtype_of_depth
from desktop.core.document import Document
from desktop.core.geometry import Rect
from desktop.core.tiles import TILE, TileMap


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


class FlattenedRows:
    """The visible picture, composited a row of tiles at a time; the bands that a writer is at are kept.

    Each n-th pixel of each n-th row (`every_nth`) of what has passed by is collected for a thumbnail.
    """

    KEPT_BANDS = 3

    def __init__(self, document: Document, every_nth: int) -> None:
        self._document, self._step = document, every_nth
        self.width, self.height, self.channels = document.size.width, document.size.height, 4
        self.dtype: np.dtype[Any] = dtype_of_depth(document.depth)
        self._bands: dict[int, Pixels] = {}
        self._small: dict[int, Pixels] = {}
        self._lock = Lock()

    def rows(self, top: int, bottom: int) -> Pixels:
        parts = []
        for band in range(top // TILE, (bottom - 1) // TILE + 1):
            start = band * TILE
            parts.append(self._band(band)[max(top - start, 0) : bottom - start])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def small(self) -> Pixels:
        """Once all rows were asked for."""
        return np.concatenate([self._small[band] for band in sorted(self._small)])

    def _band(self, band: int) -> Pixels:
        from desktop.core.composite import flatten  # brings the kernels along, which plain pictures do not need

        with self._lock:
            if band not in self._bands:
                top = band * TILE
                rect = Rect(0, top, self.width, min(TILE, self.height - top))
                pixels = flatten(self._document, rect)
                self._small[band] = pixels[-top % self._step :: self._step, :: self._step].copy()
                self._bands[band] = pixels
                while len(self._bands) > self.KEPT_BANDS:
                    del self._bands[min(self._bands)]
            return self._bands[band]


class MaskedTileRows(TileRows):
    """RGBA tiles as they look with a mask: alpha times mask, rounded."""

    def __init__(self, tiles: TileMap, mask: TileMap, rect: Rect) -> None:
        super().__init__(tiles, rect)
        self._mask = TileRows(mask, rect)

    def rows(self, top: int, bottom: int) -> Pixels:
        pixels = super().rows(top, bottom)
        pixels[..., 3] = (pixels[..., 3].astype(np.uint32) * self._mask.rows(top, bottom)[..., 0] + 127) // 255
        return pixels
