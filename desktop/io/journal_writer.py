"""Writes the versions of one document into its journal: new tiles, tables of tiles, one small record a version.

Runs in one thread at a time. Tiles that the document was opened with are referred to in the file they came from, by
digest, until they too are in the journal. Dead tiles are left behind by copying the live ones to a new file.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.history import tile_maps
from desktop.core.tiles import StoredTile, TileMap
from desktop.io.identity_map import IdentityMap
from desktop.io.journal_file import JournalFile
from desktop.io.journal_folder import SUFFIX
from desktop.io.journal_records import (
    DIGEST_BYTES,
    ENTRY,
    HEADER,
    BaseFile,
    Commit,
    RecordKind,
    TileTable,
    frame_tile,
    pack_base,
    pack_blob,
    pack_commit,
    pack_table,
    pack_tile,
)
from desktop.io.journal_values import plain_of_document

SLACK_BYTES = 32 << 20  # of dead tiles before it is worth copying the live ones
COPIED_AT_ONCE = 32  # tiles: some milliseconds
HURRIED_TILES = 96  # a version with more new ones is written unpacked: packing 256 of them takes 0.2 s
LONGEST_CHAIN = 64  # tables that say only what differs


TileFraming = Callable[[int, Pixels], list[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What a journal has to bring back; `path` is where the document would be saved."""

    document: Document
    path: Path | None
    title: str
    is_modified: bool


@dataclass(slots=True)
class _Table:
    number: int
    depth: int  # of tables it builds on


@dataclass(slots=True)
class _Known:
    """What the current file holds."""

    file: JournalFile
    tables: IdentityMap = field(default_factory=IdentityMap)
    depths: dict[int, int] = field(default_factory=dict)
    blobs: dict[bytes, int] = field(default_factory=dict)
    places: dict[int, tuple[int, int]] = field(default_factory=dict)  # tile → offset and length of the payload
    has_base: bool = False


class JournalWriter:
    """`write` appends a version; OSError when there is no room, and a later `write` carries on."""

    def __init__(self, folder: Path, name: str, opened: Document, source: Path | None) -> None:
        self._folder, self._name = folder, name
        self._generation = 0
        self._known: _Known | None = None
        self._numbers = IdentityMap()
        self._next_number = 1
        self._last_maps: tuple[TileMap, ...] = ()
        self._last: Version | None = None
        self._base: BaseFile | None = None
        self._source = source
        self._opened_tiles: list[Any] = _weak_tiles(opened)
        self._digests: list[bytes] = []
        self._to_keep: Iterator[StoredTile] | None = None
        self._copy: _Known | None = None
        self._compact_at = SLACK_BYTES

    @property
    def size(self) -> int:
        return self._known.file.size if self._known is not None else 0

    @property
    def path(self) -> Path | None:
        return self._known.file.path if self._known is not None else None

    # versions

    def write(self, version: Version) -> None:
        """Appends what is new since the last version, and the version."""
        self._finish_base()
        known = self._opened()
        self._append_version(known, version)
        self._last = version
        self._last_maps = tuple(tile_maps(version.document))

    def write_tile(self, tile: StoredTile) -> int:
        """Appends one tile ahead of its version and returns its number."""
        return self._write_tile(self._opened(), tile)

    def claim(self, tile: StoredTile, number: int) -> None:
        """Says that `tile` is the one appended under `number`."""
        if self._known is not None and number in self._known.places:
            self._numbers.set(tile, number)

    def stand_alone(self) -> None:
        """Stops referring to the file it was opened from; what only that held is written with the next version."""
        self._finish_base()
        self._base, self._source = None, None
        if self._known is not None:
            self._numbers.keep_only(self._known.places.keys())
            self._known.tables.clear()

    # work for idle moments

    def idle_step(self) -> bool:
        """Does a little of what can wait; False when there is nothing left. OSError when the disk is full."""
        if self._source is not None and self._base is None:
            return self._digest_some()
        if self._last is None and self._source is not None:
            return False  # nothing was changed: the file on disk is all there is
        return self._keep_some() or self._compact_some()

    def close(self) -> None:
        """Removes the journal."""
        for known in (self._known, self._copy):
            if known is not None:
                known.file.remove()
        self._known = self._copy = None

    def leave(self) -> None:
        """Closes the file as it is, for the next start to find."""
        if self._copy is not None:
            self._copy.file.remove()
        if self._known is not None:
            self._known.file.close()
        self._known = self._copy = None

    # the file

    def _opened(self) -> _Known:
        if self._known is None:
            self._known = _Known(JournalFile(self._path_of(self._generation)))
        if self._base is not None and not self._known.has_base:
            self._known.file.append(RecordKind.BASE, [pack_base(self._base)])
            self._known.has_base = True
        return self._known

    def _path_of(self, generation: int) -> Path:
        return self._folder / f"{self._name}-{generation}{SUFFIX}"

    def _append_version(self, known: _Known, version: Version) -> None:
        structure = plain_of_document(
            version.document,
            lambda tiles: self._table_of(known, tiles),
            lambda content: self._blob_of(known, content),
        )
        path = str(version.path) if version.path is not None else None
        commit = Commit(time.time(), version.title, path, version.is_modified, structure)
        known.file.append(RecordKind.COMMIT, [pack_commit(commit)])

    def _blob_of(self, known: _Known, content: bytes) -> int:
        digest = hashlib.sha256(content).digest()
        if digest not in known.blobs:
            known.file.append(RecordKind.BLOB, [pack_blob(len(known.blobs) + 1, content)])
            known.blobs[digest] = len(known.blobs) + 1
        return known.blobs[digest]

    # tables

    def _table_of(self, known: _Known, tiles: TileMap) -> int:
        number = known.tables.get(tiles)
        if number is not None:
            return number
        base = self._similar_map(known, tiles)
        stored = tiles.stored()
        before = base.stored() if base is not None else {}
        changed = [(key, tile) for key, tile in stored.items() if before.get(key) is not tile]
        gone = [key for key in before if key not in stored]
        entries = np.empty(len(changed) + len(gone), ENTRY)
        frame = frame_tile if len(changed) > HURRIED_TILES else pack_tile
        for index, (key, tile) in enumerate(changed):
            entries[index] = (*key, self._number_of(known, tile, frame))
        for index, key in enumerate(gone, len(changed)):
            entries[index] = (*key, 0)
        number = len(known.depths) + 1
        base_number = known.tables.get(base) if base is not None else None
        table = TileTable(number, base_number or 0, tiles.channels, tiles.dtype, tiles.default, entries)
        known.file.append(RecordKind.TABLE, [pack_table(table)])
        known.depths[number] = known.depths[base_number] + 1 if base_number else 0
        known.tables.set(tiles, number)
        return number

    def _similar_map(self, known: _Known, tiles: TileMap) -> TileMap | None:
        """A map of the last version that this one seems to be made of."""
        stored = tiles.stored()
        for before in self._last_maps:
            number = known.tables.get(before)
            if number is None or known.depths[number] >= LONGEST_CHAIN:
                continue
            if (before.channels, before.dtype, before.default) != (tiles.channels, tiles.dtype, tiles.default):
                continue
            shared = sum(stored.get(key) is tile for key, tile in before.stored().items())
            if 2 * shared > max(len(stored), len(before)):
                return before
        return None

    # tiles

    def _number_of(self, known: _Known, tile: StoredTile, frame: TileFraming) -> int:
        number = self._numbers.get(tile)
        if number is None:
            number = self._write_tile(known, tile, frame=frame)
            self._numbers.set(tile, number)
        return number

    def _write_tile(
        self, known: _Known, tile: StoredTile, number: int | None = None, *, frame: TileFraming = pack_tile
    ) -> int:
        if number is None:
            number = self._next_number
            self._next_number += 1
        pixels = tile if isinstance(tile, np.ndarray) else tile.load()
        length = known.file.append(RecordKind.TILE, frame(number, pixels))
        known.places[number] = (known.file.size - length + HEADER.size, length - HEADER.size)
        return number

    # the file the document was opened from

    def _digest_some(self) -> bool:
        """Digests a few of the tiles the document was opened with; the last ones make them a base."""
        waiting = self._opened_tiles[len(self._digests) : len(self._digests) + 16]
        self._digests += [tile_digest(tile) for tile in (reference() for reference in waiting)]
        if len(self._digests) == len(self._opened_tiles):
            assert self._source is not None
            self._base = BaseFile(self._next_number, os.fspath(self._source), tuple(self._digests))
            for offset, reference in enumerate(self._opened_tiles):
                tile = reference()
                if tile is not None:
                    self._numbers.set(tile, self._next_number + offset)
            self._next_number += len(self._digests)
            self._digests = []
        return True

    def _finish_base(self) -> None:
        while self._source is not None and self._base is None:
            self._digest_some()

    def _keep_some(self) -> bool:
        """Writes tiles of the opened document that the journal does not hold yet; one a call."""
        if self._to_keep is None:
            self._to_keep = (tile for tile in (reference() for reference in self._opened_tiles) if tile is not None)
        known = self._opened()
        for tile in self._to_keep:
            number = self._numbers.get(tile)
            try:
                if number is None:
                    self._numbers.set(tile, self._write_tile(known, tile))
                elif number not in known.places:
                    self._write_tile(known, tile, number)
                else:
                    continue
            except OSError:
                self._to_keep = None  # this tile is still to be kept when there is room
                raise
            return True
        return False

    # compaction

    def _compact_some(self) -> bool:
        """Copies a few live tiles to the next file; when all are there it takes this one's place."""
        if self._last is None or self._known is None:
            return False
        if self._copy is None and not self._is_worth_copying():
            return False
        try:
            self._copy_some()
        except OSError:  # no room for a copy: the file goes on growing as long as it can
            if self._copy is not None:
                self._copy.file.remove()
            self._copy, self._compact_at = None, 2 * self.size
            return False
        return True

    def _copy_some(self) -> None:
        assert self._known is not None
        if self._copy is None:
            path = self._path_of(self._generation + 1)  # until it holds a version, readers take the file before it
            path.unlink(missing_ok=True)
            self._copy = _Known(JournalFile(path))
        live = self._live_numbers()
        missing = [number for number in live if number in self._known.places and number not in self._copy.places]
        for number in missing[:COPIED_AT_ONCE]:
            offset, length = self._known.places[number]
            written = self._copy.file.append(RecordKind.TILE, [self._known.file.read(offset, length)])
            self._copy.places[number] = (self._copy.file.size - written + HEADER.size, length)
        if len(missing) <= COPIED_AT_ONCE:
            self._switch_to_copy(live)

    def _is_worth_copying(self) -> bool:
        if self.size < self._compact_at:
            return False
        assert self._known is not None
        places = self._known.places
        live_bytes = sum(places[number][1] for number in self._live_numbers() if number in places)
        self._compact_at = max(2 * live_bytes + SLACK_BYTES, self.size // 2)
        return self.size > 2 * live_bytes + SLACK_BYTES // 2

    def _live_numbers(self) -> set[int]:
        tiles = (tile for tiles in self._last_maps for tile in tiles.stored().values())
        return {number for number in map(self._numbers.get, tiles) if number is not None}

    def _switch_to_copy(self, live: set[int]) -> None:
        assert self._copy is not None
        assert self._known is not None
        assert self._last is not None
        copy, old = self._copy, self._known
        if self._base is not None and any(number not in copy.places for number in live):
            copy.file.append(RecordKind.BASE, [pack_base(self._base)])
            copy.has_base = True
        maps, self._last_maps = self._last_maps, ()
        self._append_version(copy, self._last)
        self._last_maps = maps
        self._generation += 1
        self._known, self._copy = copy, None
        base = (
            range(self._base.first, self._base.first + len(self._base.digests)) if copy.has_base and self._base else ()
        )
        self._numbers.keep_only({*copy.places, *base})
        self._compact_at = 2 * copy.file.size + SLACK_BYTES
        old.file.remove()


def tile_digest(tile: StoredTile | None) -> bytes:
    """Of shape, type and bytes; zeros for a tile that is gone."""
    if tile is None:
        return bytes(DIGEST_BYTES)
    pixels = np.ascontiguousarray(tile if isinstance(tile, np.ndarray) else tile.load())
    digest = hashlib.sha256(pixels.data)
    digest.update(f"{pixels.shape} {pixels.dtype.str}".encode())
    return digest.digest()[:DIGEST_BYTES]


def _weak_tiles(document: Document) -> list[Any]:
    """Weak references to every tile of a document, each once."""
    import weakref

    seen: dict[int, Any] = {}
    for tiles in tile_maps(document):
        for tile in tiles.stored().values():
            seen.setdefault(id(tile), weakref.ref(tile))
    return list(seen.values())
