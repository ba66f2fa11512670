"""The history: a list of document versions, bounded by the bytes that only it keeps alive.

The oldest versions' own tiles move to a `SpillStore` when the budget is passed; without a store, or when the store's
budget is passed too, the oldest versions are forgotten.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.events import Signal
from desktop.core.layers import GroupLayer, Layer, RasterLayer
from desktop.core.tiles import Placer, StoredTile, TileKey, TileMap, is_mapped

LOOKS_AT_LIVE_EVERY = 8  # edits; a tile that as many left alone is cold
MOVED_AT_ONCE = 64  # tiles: some ten milliseconds


class SpillStore(Protocol):
    """Where tiles go that memory should not hold. Implementations compress; keys are theirs."""

    def put(self, data: bytes) -> int:
        """Keeps the bytes and returns their key; OSError when there is no room."""
        ...

    def get(self, key: int) -> bytes: ...

    def delete(self, key: int) -> None: ...

    def stored_bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class LiveLimit:
    """How many bytes of the shown version's tiles may stay in memory, and where the others are placed."""

    bytes: int
    place: Placer


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One version with the name of the edit that led to it; `own_bytes` are freed when the entry is forgotten."""

    name: str
    document: Document
    own_bytes: int = 0
    merge_key: Hashable = None
    is_spilled: bool = False


class StoreTile:
    """A tile in a `SpillStore`; leaves the store when the last version that knows it is gone."""

    __slots__ = ("__weakref__", "_dtype", "_key", "_shape", "_store", "nbytes")

    def __init__(self, store: SpillStore, pixels: Pixels) -> None:
        self._store, self._shape, self._dtype = store, pixels.shape, pixels.dtype
        self.nbytes = pixels.nbytes
        self._key: int | None = None
        self._key = store.put(pixels.tobytes())

    def load(self) -> Pixels:
        assert self._key is not None
        pixels = np.frombuffer(self._store.get(self._key), self._dtype).reshape(self._shape)
        pixels.flags.writeable = False
        return pixels

    def __del__(self) -> None:
        if self._key is not None:
            self._store.delete(self._key)


class History:
    """Versions oldest first; `position` is the one shown."""

    def __init__(
        self,
        document: Document,
        *,
        name: str,
        budget_bytes: int,
        store: SpillStore | None,
        store_budget_bytes: int,
        live: LiveLimit | None = None,
    ) -> None:
        self._entries = [HistoryEntry(name, document)]
        self._position = 0
        self._saved: Document | None = document
        self._budget_bytes = budget_bytes
        self._store = store
        self._live = live
        self._pushes = 0
        self._store_budget_bytes = store_budget_bytes
        self._refusal: OSError | None = None  # why the store did not take a version just now
        self._is_loss_told = False
        self.steps_lost: Signal[[OSError]] = Signal()  # the first time that steps go because the store has no room

    @property
    def entries(self) -> tuple[HistoryEntry, ...]:
        return tuple(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, index: int) -> HistoryEntry:
        return self._entries[index]

    @property
    def position(self) -> int:
        return self._position

    @property
    def document(self) -> Document:
        return self._entries[self._position].document

    @property
    def can_undo(self) -> bool:
        return self._position > 0

    @property
    def can_redo(self) -> bool:
        return self._position + 1 < len(self._entries)

    @property
    def is_modified(self) -> bool:
        return self.document is not self._saved

    @property
    def saved_document(self) -> Document | None:
        """The version on disk."""
        return self._saved

    @property
    def memory_bytes(self) -> int:
        """Bytes in memory that only the history keeps alive."""
        return sum(entry.own_bytes for entry in self._entries if not entry.is_spilled)

    def mark_saved(self, document: Document | None = None) -> None:
        """Takes a version (the shown one by default) as the one on disk."""
        self._saved = self.document if document is None else document

    def mark_unsaved(self) -> None:
        """No version is on disk, not even the first: a copy, a restored document."""
        self._saved = None

    def limit_to(self, budget_bytes: int) -> bool:
        """Another budget from now on; True when versions were forgotten to keep it."""
        before = len(self._entries)
        self._budget_bytes = budget_bytes
        self._keep_within_budget()
        return len(self._entries) != before

    def forget_others(self) -> None:
        """Keeps the shown version alone: nothing can be undone or redone."""
        self._entries = [replace(self._entries[self._position], own_bytes=0, merge_key=None, is_spilled=False)]
        self._position = 0

    def push(self, name: str, document: Document, merge_key: Hashable = None) -> None:
        """Adds a version after the shown one; versions that had been undone are forgotten.

        A `merge_key` equal to that of the shown version replaces it instead, so a slider drag is one entry.
        """
        del self._entries[self._position + 1 :]
        last = self._entries[-1]
        if merge_key is not None and merge_key == last.merge_key and self._position > 0:
            self._entries[-1] = HistoryEntry(name, document, merge_key=merge_key)
        else:
            self._entries.append(HistoryEntry(name, document, merge_key=merge_key))
        self._position = len(self._entries) - 1
        self._weigh(self._position - 1)
        self._keep_within_budget()
        self._pushes += 1
        if self._live is not None and self._pushes % LOOKS_AT_LIVE_EVERY == 0:
            self._move_cold_tiles(self._live)

    def move_to(self, index: int) -> Document:
        """Shows the version at `index`; IndexError outside."""
        if not 0 <= index < len(self._entries):
            raise IndexError(index)
        left = self._position
        if self._entries[left].is_spilled and left + 1 < len(self._entries):
            self._entries[left] = replace(self._entries[left], is_spilled=False)
            self._weigh(left)  # showing it brought tiles back into memory
        self._position = index
        self._entries[index] = replace(self._entries[index], merge_key=None)  # a new drag is a new entry
        return self.document

    def _move_cold_tiles(self, live: LiveLimit) -> None:
        """Puts some tiles of the shown version that the last edits left alone where `live.place` keeps them."""
        tiles_by_id: dict[int, tuple[TileKey, np.ndarray[Any, Any]]] = {}
        repeated: set[int] = set()  # plain ground: one tile in many places, not worth a place on disk
        for tiles in tile_maps(self.document):
            for key, tile in tiles.stored().items():
                if isinstance(tile, np.ndarray) and tiles_by_id.setdefault(id(tile), (key, tile))[0] != key:
                    repeated.add(id(tile))
        if sum(tile.nbytes for _, tile in tiles_by_id.values()) <= live.bytes:
            return
        in_memory = {place: pair for place, pair in tiles_by_id.items() if not is_mapped(pair[1])}
        excess = sum(tile.nbytes for _, tile in in_memory.values()) - live.bytes
        before = self._entries[max(self._position - LOOKS_AT_LIVE_EVERY, 0)].document
        cold = {id(tile) for tiles in tile_maps(before) for tile in tiles.stored().values()} - repeated
        maps = {id(tiles): tiles for entry in self._entries for tiles in tile_maps(entry.document)}
        moved = [pair for place, pair in in_memory.items() if place in cold][:MOVED_AT_ONCE]
        for key, tile in moved:
            if excess <= 0:
                return
            try:
                placed = live.place(tile)
            except OSError:
                return  # no room on disk: memory has to do
            for tiles in maps.values():
                tiles.exchange(key, tile, placed)
            excess -= tile.nbytes

    def _weigh(self, index: int) -> None:
        """Counts the bytes of the version's tiles that its successor does not share."""
        if index < 0:
            return
        entry, successor = self._entries[index], self._entries[index + 1]
        own = sum(tile.nbytes for tile in _own_tiles(entry.document, successor.document))
        self._entries[index] = replace(entry, own_bytes=own)

    def _keep_within_budget(self) -> None:
        self._refusal = None
        while self.memory_bytes > self._budget_bytes and self._spill_oldest():
            pass
        while self._must_forget() and self._position > 0 and len(self._entries) > 1:
            del self._entries[0]
            self._position -= 1
            self._tell_loss()

    def _tell_loss(self) -> None:
        if self._refusal is not None and not self._is_loss_told:
            self._is_loss_told = True
            self.steps_lost.emit(self._refusal)

    def _must_forget(self) -> bool:
        too_much_stored = self._store is not None and self._store.stored_bytes() > self._store_budget_bytes
        return self.memory_bytes > self._budget_bytes or too_much_stored

    def _spill_oldest(self) -> bool:
        """Moves the own tiles of the oldest version still in memory to the store; False when nothing can move."""
        if self._store is None:
            return False
        for index, entry in enumerate(self._entries[:-1]):
            if entry.is_spilled or entry.own_bytes == 0 or index == self._position:
                continue
            own = {id(tile) for tile in _own_tiles(entry.document, self._entries[index + 1].document)}
            try:
                self._replace_tiles(own, last_index=index)
            except OSError as error:
                self._refusal = error
                return False  # no room on disk: forget instead
            return True
        return False

    def _replace_tiles(self, own: set[int], last_index: int) -> None:
        """Puts stored tiles where versions up to `last_index` hold the arrays; one stored tile per array."""
        assert self._store is not None
        stored: dict[int, StoreTile] = {}
        for index in range(last_index + 1):
            entry = self._entries[index]
            document = _with_tiles_stored(entry.document, own, stored, self._store)
            is_spilled = entry.is_spilled or index == last_index
            if document is not entry.document:
                if self._saved is entry.document:
                    self._saved = document
                entry = replace(entry, document=document)
            self._entries[index] = replace(entry, is_spilled=is_spilled)


def tile_maps(document: Document) -> Iterator[TileMap]:
    """Every tile map of a document: layers' pixels, masks, the selection, saved ones."""
    for layer in document.iter_layers():
        if isinstance(layer, RasterLayer):
            yield layer.tiles
        if layer.mask is not None:
            yield layer.mask.tiles
    if document.selection is not None:
        yield document.selection
    for channel in document.channels:
        yield channel.tiles


def _own_tiles(document: Document, other: Document) -> list[np.ndarray[Any, Any]]:
    """Arrays in memory that `document` has and `other` has not."""
    theirs = {id(tiles) for tiles in tile_maps(other)}
    mine = [tiles for tiles in tile_maps(document) if id(tiles) not in theirs]
    if not mine:
        return []
    their_tiles = {id(tile) for tile in itertools.chain.from_iterable(m.stored().values() for m in tile_maps(other))}
    own: dict[int, np.ndarray[Any, Any]] = {}
    for tiles in mine:
        for tile in tiles.stored().values():
            if isinstance(tile, np.ndarray) and id(tile) not in their_tiles and not is_mapped(tile):
                own[id(tile)] = tile
    return list(own.values())


def _with_tiles_stored(document: Document, own: set[int], stored: dict[int, StoreTile], store: SpillStore) -> Document:
    def in_store(tiles: TileMap) -> TileMap:
        if not any(id(tile) in own for tile in tiles.stored().values()):
            return tiles
        moved: dict[tuple[int, int], StoredTile] = {}
        for key, tile in tiles.stored().items():
            if isinstance(tile, np.ndarray) and id(tile) in own:
                if id(tile) not in stored:
                    stored[id(tile)] = StoreTile(store, tile)
                moved[key] = stored[id(tile)]
            else:
                moved[key] = tile
        return TileMap(tiles.channels, tiles.dtype, tiles.default, moved)

    layers = tuple(_layer_in_store(layer, in_store) for layer in document.layers)
    selection = document.selection and in_store(document.selection)
    channels = tuple(replace(channel, tiles=in_store(channel.tiles)) for channel in document.channels)
    unchanged = all(new is old for new, old in zip(layers, document.layers, strict=True))
    if unchanged and selection is document.selection and channels == document.channels:
        return document
    return document.changed(layers=layers, selection=selection, channels=channels)


def _layer_in_store(layer: Layer, in_store: Any) -> Layer:
    changes: dict[str, object] = {}
    if layer.mask is not None and (mask_tiles := in_store(layer.mask.tiles)) is not layer.mask.tiles:
        changes["mask"] = replace(layer.mask, tiles=mask_tiles)
    if isinstance(layer, GroupLayer):
        children = tuple(_layer_in_store(child, in_store) for child in layer.children)
        if any(new is not old for new, old in zip(children, layer.children, strict=True)):
            changes["children"] = children
    elif isinstance(layer, RasterLayer) and (tiles := in_store(layer.tiles)) is not layer.tiles:
        changes["tiles"] = tiles
    return layer.changed(**changes) if changes else layer
