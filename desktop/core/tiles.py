"""Pictures as sparse maps of 256-pixel tiles: immutable, shared between versions, copied on the first write.

A missing tile is the map's default value, so empty space costs nothing and a layer may reach beyond the canvas.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from desktop.core.color import Pixels
from desktop.core.geometry import EMPTY_RECT, Rect
from desktop.core.slabs import Reserve

TILE = 256

TileKey: TypeAlias = tuple[int, int]  # (column, row)
Area: TypeAlias = tuple[int, int, int, int]  # x0, y0, x1, y1 inside a tile


class SpilledTile(Protocol):
    """A tile that left memory; `load()` brings the same bytes back, read-only."""

    @property
    def nbytes(self) -> int: ...

    def load(self) -> Pixels: ...


StoredTile: TypeAlias = "npt.NDArray[Any] | SpilledTile"
Placer: TypeAlias = Callable[[Pixels], Pixels]  # the same pixels where they shall be kept, read-only


class TileMap:
    """Immutable mapping (column, row) → read-only array (256, 256, channels).

    `default` is the level of every channel where there is no tile.
    """

    __slots__ = ("__weakref__", "_content", "_tiles", "channels", "default", "dtype")

    def __init__(
        self,
        channels: int = 4,
        dtype: npt.DTypeLike = np.uint8,
        default: int = 0,
        tiles: Mapping[TileKey, StoredTile] | None = None,
    ) -> None:
        self.channels = channels
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.default = default
        self._tiles: dict[TileKey, StoredTile] = dict(tiles or {})
        self._content: Rect | None = None  # found once: 3 to 19 ms where 4096² is full

    @staticmethod
    def from_array(pixels: Pixels, x: int = 0, y: int = 0, default: int = 0, place: Placer | None = None) -> TileMap:
        """A map holding `pixels` (H, W) or (H, W, C) with its upper left corner at (x, y)."""
        planes = pixels[..., None] if pixels.ndim == 2 else pixels
        height, width, channels = planes.shape
        tiles: dict[TileKey, StoredTile] = {}
        for key, inside in tiles_touched(Rect(x, y, width, height)):
            part = _slice_of(planes, inside, x, y)
            if inside.width == TILE and inside.height == TILE:
                tile = np.array(part, order="C")
            else:
                tile = np.full((TILE, TILE, channels), default, pixels.dtype)
                _slice_of(tile, inside, key[0] * TILE, key[1] * TILE)[:] = part
            if not _is_all(tile, default):
                tile.flags.writeable = False
                tiles[key] = tile if place is None else place(tile)
        return TileMap(channels, pixels.dtype, default, tiles)

    @staticmethod
    def filled(rect: Rect, color: tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> TileMap:
        """One colour in a rectangle, nothing around it; tiles that look alike are the same tile."""
        tiles: dict[TileKey, StoredTile] = {}
        alike: dict[Rect, Pixels] = {}
        for key, inside in tiles_touched(rect):
            part = inside.translated(-key[0] * TILE, -key[1] * TILE)
            if part not in alike:
                tile = np.zeros((TILE, TILE, len(color)), dtype)
                _slice_of(tile, part, 0, 0)[:] = color
                tile.flags.writeable = False
                alike[part] = tile
            tiles[key] = alike[part]
        return TileMap(len(color), dtype, 0, tiles)

    def __len__(self) -> int:
        return len(self._tiles)

    def keys(self) -> Iterator[TileKey]:
        return iter(self._tiles)

    def stored(self) -> Mapping[TileKey, StoredTile]:
        """The tiles as they are kept, spilled ones unloaded; for history and saving, not for painting."""
        return self._tiles

    def exchange(self, key: TileKey, tile: StoredTile, same: StoredTile) -> None:
        """Keeps `same`, which has the same bytes, in the place of `tile`, if that is what stands there."""
        if self._tiles.get(key) is tile:
            self._tiles[key] = same

    def tile(self, column: int, row: int) -> Pixels | None:
        """The read-only tile, or None where everything is the default."""
        tile = self._tiles.get((column, row))
        if tile is None or isinstance(tile, np.ndarray):
            return tile
        loaded = tile.load()
        self._tiles[(column, row)] = loaded  # same bytes: the value did not change
        return loaded

    def bounds(self) -> Rect:
        """The rectangle around all tiles, in whole tiles."""
        return bounds_of_tiles(self._tiles)

    def content_bounds(self) -> Rect:
        """The exact rectangle around all pixels that differ from the default."""
        if self._content is None:
            self._content = self._found_content()
        return self._content

    def _found_content(self) -> Rect:
        columns, rows = sorted({column for column, _ in self._tiles}), sorted({row for _, row in self._tiles})
        across = (self._used_columns(columns), self._used_columns(columns[::-1]))
        down = (self._used_rows(rows), self._used_rows(rows[::-1]))
        if across[0] is None or across[1] is None or down[0] is None or down[1] is None:
            return EMPTY_RECT
        return Rect.from_edges(across[0][0], down[0][0], across[1][1] + 1, down[1][1] + 1)

    def _used_columns(self, columns: Sequence[int]) -> tuple[int, int] | None:
        """The first and last used pixel column of the first tile column that has any; the rest is not looked at."""
        for column in columns:
            used = np.zeros(TILE, bool)
            for tile in (self.tile(*key) for key in self._tiles if key[0] == column):
                if tile is not None:
                    used |= (tile != self.default).any(axis=0).any(axis=1)
            if used.any():
                places = np.flatnonzero(used)
                return column * TILE + int(places[0]), column * TILE + int(places[-1])
        return None

    def _used_rows(self, rows: Sequence[int]) -> tuple[int, int] | None:
        """The same for pixel rows."""
        for row in rows:
            used = np.zeros(TILE, bool)
            for tile in (self.tile(*key) for key in self._tiles if key[1] == row):
                if tile is not None:
                    used |= (tile != self.default).reshape(TILE, -1).any(axis=1)
            if used.any():
                places = np.flatnonzero(used)
                return row * TILE + int(places[0]), row * TILE + int(places[-1])
        return None

    def read(self, rect: Rect) -> Pixels:
        """A copy of a rectangle, shape (height, width, channels)."""
        pixels = np.full((rect.height, rect.width, self.channels), self.default, self.dtype)
        for (column, row), inside in tiles_touched(rect):
            tile = self.tile(column, row)
            if tile is not None:
                _slice_of(pixels, inside, rect.x, rect.y)[:] = _slice_of(tile, inside, column * TILE, row * TILE)
        return pixels

    def translated_by_tiles(self, columns: int, rows: int) -> TileMap:
        """The same tiles, shared, moved by whole tiles."""
        moved = {(column + columns, row + rows): tile for (column, row), tile in self._tiles.items()}
        return TileMap(self.channels, self.dtype, self.default, moved)

    def translated(self, dx: int, dy: int) -> TileMap:
        """Moved by any number of pixels; tiles are shared when both are multiples of the tile size."""
        if dx % TILE == 0 and dy % TILE == 0:
            return self.translated_by_tiles(dx // TILE, dy // TILE)
        moved = {key: self._translated_tile(key, dx, dy) for key in self._translated_keys(dx, dy)}
        return self._of({key: tile for key, tile in moved.items() if not _is_all(tile, self.default)})

    def translated_later(self, dx: int, dy: int) -> TileMap:
        """The same picture, but each tile is made when somebody looks at it; `settled` before it is kept."""
        if dx % TILE == 0 and dy % TILE == 0:
            return self.translated_by_tiles(dx // TILE, dy // TILE)
        return self._of({key: _TranslatedTile(self, key, dx, dy) for key in self._translated_keys(dx, dy)})

    def settled(self) -> TileMap:
        """The same picture with every tile made, and without those that are all default."""
        tiles = {key: self.tile(*key) for key in self._tiles}
        return self._of(
            {key: tile for key, tile in tiles.items() if tile is not None and not _is_all(tile, self.default)}
        )

    def _of(self, tiles: Mapping[TileKey, StoredTile]) -> TileMap:
        return TileMap(self.channels, self.dtype, self.default, tiles)

    def _translated_keys(self, dx: int, dy: int) -> set[TileKey]:
        columns = (dx // TILE, -(-dx // TILE))
        rows = (dy // TILE, -(-dy // TILE))
        return {(column + x, row + y) for column, row in self._tiles for x in columns for y in rows}

    def _translated_tile(self, key: TileKey, dx: int, dy: int) -> Pixels:
        """What the map shows where a tile comes from, read-only."""
        place = Rect(key[0] * TILE - dx, key[1] * TILE - dy, TILE, TILE)
        sources = [(self.tile(*touched), touched, part) for touched, part in tiles_touched(place)]
        if any(tile is None for tile, _, _ in sources):
            moved = self._default_tile()
        else:
            moved = np.empty((TILE, TILE, self.channels), self.dtype)
        for tile, (column, row), part in sources:
            if tile is not None:
                _slice_of(moved, part, place.x, place.y)[:] = _slice_of(tile, part, column * TILE, row * TILE)
        moved.flags.writeable = False
        return moved

    def same_pixels(self, other: TileMap) -> bool:
        """True when both show the same bytes everywhere, however they are cut and shared."""
        if (self.channels, self.dtype, self.default) != (other.channels, other.dtype, other.default):
            return False
        return all(self._same_tile(other, key) for key in self._tiles.keys() | other._tiles.keys())

    def _same_tile(self, other: TileMap, key: TileKey) -> bool:
        if self._tiles.get(key) is other._tiles.get(key):
            return True
        mine, theirs = self.tile(*key), other.tile(*key)
        return np.array_equal(
            self._default_tile() if mine is None else mine, self._default_tile() if theirs is None else theirs
        )

    def _default_tile(self) -> Pixels:
        if self.default == 0:  # memory that the system hands out is clear, and is not there before it is touched
            return np.zeros((TILE, TILE, self.channels), self.dtype)
        return np.full((TILE, TILE, self.channels), self.default, self.dtype)


class _TranslatedTile:
    """A tile of a moved map, made by `load`."""

    __slots__ = ("_dx", "_dy", "_key", "_source", "nbytes")

    def __init__(self, source: TileMap, key: TileKey, dx: int, dy: int) -> None:
        self._source, self._key, self._dx, self._dy = source, key, dx, dy
        self.nbytes = TILE * TILE * source.channels * source.dtype.itemsize

    def load(self) -> Pixels:
        return self._source._translated_tile(self._key, self._dx, self._dy)


class TileEditor:
    """The only way to new tiles: starts from a map, copies a tile on its first write, ends in a new map."""

    def __init__(self, base: TileMap) -> None:
        self.base = base
        self.version = 0  # counts tiles touched for the first time, so that a live map is rebuilt only then
        self._written: dict[TileKey, Pixels] = {}
        self._room = Reserve((TILE, TILE, base.channels), base.dtype)
        self._live = base
        self._live_version = 0

    def writable(self, column: int, row: int) -> Pixels:
        """The tile's own writable array (256, 256, channels), the same one on every call."""
        key = (column, row)
        tile = self._written.get(key)
        if tile is None:
            source = self.base.tile(column, row)
            tile = self._written[key] = self._copied(source)
            self.version += 1
        return tile

    def unchanging(self, column: int, row: int) -> Pixels:
        """The tile as it stands now, read-only; what is written later does not show in it."""
        written = self._written.get((column, row))
        tile = self.base.tile(column, row) if written is None else written.copy()
        tile = self.base._default_tile() if tile is None else tile
        tile.flags.writeable = False
        return tile

    def _copied(self, source: Pixels | None) -> Pixels:
        if not self._written:  # most edits go on to others, but a click does not
            return self.base._default_tile() if source is None else source.copy()
        tile: Pixels = self._room.take()
        tile[...] = self.base.default if source is None else source
        return tile

    def write(self, rect: Rect, pixels: Pixels) -> None:
        """Puts `pixels` (rect.height, rect.width, channels) at the rectangle."""
        assert pixels.shape == (rect.height, rect.width, self.base.channels), (pixels.shape, rect)
        for (column, row), inside in tiles_touched(rect):
            target = _slice_of(self.writable(column, row), inside, column * TILE, row * TILE)
            target[:] = _slice_of(pixels, inside, rect.x, rect.y)

    def fill(self, rect: Rect, level: int | tuple[int, ...]) -> None:
        for (column, row), inside in tiles_touched(rect):
            _slice_of(self.writable(column, row), inside, column * TILE, row * TILE)[:] = level

    def live(self) -> TileMap:
        """The map as it looks now; its written tiles go on changing while the editor is used."""
        if self._live_version != self.version:
            self._live = self._joined({key: _read_only_view(tile) for key, tile in self._written.items()})
            self._live_version = self.version
        return self._live

    def finish(self) -> TileMap:
        """The new immutable map; written tiles are frozen, and those that are all default are dropped.

        It is the old one when all that was written stood there before.
        """
        if all(self._is_as_before(key, tile) for key, tile in self._written.items()):
            return self.base
        for tile in self._written.values():
            tile.flags.writeable = False
        return self._joined(self._written)

    def _is_as_before(self, key: TileKey, tile: Pixels) -> bool:
        old = self.base.tile(*key)
        if old is None:
            return _is_all(tile, self.base.default)
        middle = TILE // 2  # of tiles that differ most do so there, which saves looking at all of it
        return np.array_equal(tile[middle], old[middle]) and np.array_equal(tile, old)

    def _joined(self, written: Mapping[TileKey, Pixels]) -> TileMap:
        base = self.base
        tiles: dict[TileKey, StoredTile] = {**base.stored(), **written}
        for key, tile in written.items():
            if not tile.flags.writeable and tile.base is None and _is_all(tile, base.default):
                del tiles[key]
        return TileMap(base.channels, base.dtype, base.default, tiles)


def is_mapped(tile: Pixels) -> bool:
    """True for a tile over a memory-mapped file: it takes none of the program's own memory."""
    base: object = tile
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap)


def bounds_of_tiles(keys: Collection[TileKey]) -> Rect:
    """The rectangle around whole tiles, in pixels."""
    if not keys:
        return EMPTY_RECT
    columns = [column for column, _ in keys]
    rows = [row for _, row in keys]
    return Rect.from_edges(min(columns) * TILE, min(rows) * TILE, (max(columns) + 1) * TILE, (max(rows) + 1) * TILE)


def tiles_touched(rect: Rect) -> Iterator[tuple[TileKey, Rect]]:
    """Each tile a rectangle touches, row by row, with the part of the rectangle inside it (image coordinates)."""
    if rect.is_empty:
        return
    left, top, right, bottom = rect.left, rect.top, rect.right, rect.bottom
    for row in range(top // TILE, (bottom - 1) // TILE + 1):
        y = max(top, row * TILE)
        height = min(bottom, row * TILE + TILE) - y
        for column in range(left // TILE, (right - 1) // TILE + 1):
            x = max(left, column * TILE)
            yield (column, row), Rect(x, y, min(right, column * TILE + TILE) - x, height)


def _is_all(tile: Pixels, level: int) -> bool:
    """Looks at eight bytes at a time, and not on after the first that differ."""
    if tile.flat[0] != level:
        return False
    if not tile.flags.c_contiguous:
        return bool((tile == level).all())
    words = tile.reshape(-1).view(np.uint64)
    wanted = np.full(8 // tile.itemsize, level, tile.dtype).view(np.uint64)[0]
    return not (words.any() if level == 0 else (words != wanted).any())


def _slice_of(pixels: Pixels, rect: Rect, origin_x: int, origin_y: int) -> Pixels:
    return pixels[rect.top - origin_y : rect.bottom - origin_y, rect.left - origin_x : rect.right - origin_x]


def _read_only_view(tile: Pixels) -> Pixels:
    view = tile.view()
    view.flags.writeable = False
    return view
