"""Reads a journal that was left behind. Untrusted: sizes are checked first, what is damaged is as if it was not there,
and the last version that is whole is the one that counts.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.color import Pixels, Rgba8
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import GroupLayer
from desktop.core.tiles import TILE, StoredTile, TileKey, TileMap
from desktop.io.journal_checks import check_commit, check_document
from desktop.io.journal_folder import SUFFIX
from desktop.io.journal_records import (
    BadRecordError,
    Commit,
    RecordKind,
    number_of_tile,
    records_in,
    unpack_base,
    unpack_blob,
    unpack_commit,
    unpack_table,
    unpack_tile,
)
from desktop.io.journal_values import BadValueError, document_of_plain
from desktop.io.journal_writer import tile_digest
from desktop.io.ora_archive import thumbnail

PREVIEW_SIDE_PX = 1024  # what a preview is averaged from
LARGEST_PREVIEWED_PX = 1_000_000_000  # some seconds; nobody waits longer to be offered a document
MAX_TILES = 4_000_000  # in one table chain: a terabyte of pixels


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """A document as its journal has it, every pixel in memory."""

    document: Document
    title: str
    path: Path | None
    time: float
    is_modified: bool
    files: tuple[Path, ...]

    @property
    def layer_count(self) -> int:
        return sum(not isinstance(layer, GroupLayer) for layer in self.document.iter_layers())


@dataclass(slots=True)
class _Content:
    tiles: dict[int, memoryview] = field(default_factory=dict)
    tables: dict[int, memoryview] = field(default_factory=dict)
    blobs: dict[int, memoryview] = field(default_factory=dict)
    bases: list[memoryview] = field(default_factory=list)
    commits: list[memoryview] = field(default_factory=list)
    is_damaged: bool = False


def journals_in(folder: Path) -> list[tuple[Path, ...]]:
    """The files of each journal in a folder, the newest generation first."""
    groups: dict[str, list[tuple[int, Path]]] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        name, _, generation = path.stem.rpartition("-")
        if name and generation.isdigit():
            groups.setdefault(name, []).append((int(generation), path))
    return [tuple(path for _, path in sorted(files, reverse=True)) for files in groups.values()]


def read_journal(files: Sequence[Path]) -> Recovered | None:
    """The last whole version of a journal; None when there never was one.

    UserError when a file cannot be read at all, or something of it is damaged and no version is whole.
    """
    damaged: UserError | None = None
    for path in files:
        try:
            recovered = _read_file(path, tuple(files))
        except UserError as error:
            damaged = error
            continue
        if recovered is not None:
            return recovered
    if damaged is not None:
        raise damaged
    return None


def preview_of(document: Document) -> Rgba8 | None:
    """A small picture of a document, at most 256 pixels a side; large ones are flattened a row of tiles at a time.

    None for one so large that it would take too long.
    """
    if document.size.area > LARGEST_PREVIEWED_PX:
        return None
    width, height = document.size.width, document.size.height
    step = max(1, max(width, height) // PREVIEW_SIDE_PX)
    bands = []
    for top in range(0, height, TILE):
        band = flatten(document, Rect(0, top, width, min(TILE, height - top)), threads=1)
        bands.append(band[-top % step :: step, ::step])
    return thumbnail(np.concatenate(bands))


def _read_file(path: Path, files: tuple[Path, ...]) -> Recovered | None:
    try:
        with path.open("rb") as file:
            if file.seek(0, 2) == 0:
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UserError("journal.unreadable", path=path, reason=error.strerror or error) from error
    try:
        with memoryview(mapped) as data:
            return _last_version(data, files)
    finally:
        with contextlib.suppress(BufferError):  # a traceback may still hold a view; the mapping goes with it
            mapped.close()


def _last_version(data: memoryview, files: tuple[Path, ...]) -> Recovered | None:
    content = _Content()
    for record in records_in(data):
        try:
            _sort_in(content, record.kind, record.payload)
        except BadRecordError:
            content.is_damaged = True
    try:
        reader, name = _VersionReader(content), ""
        for payload in reversed(content.commits):
            try:
                commit = unpack_commit(payload)
                name = name or commit.title
                check_commit(commit)
                document = reader.document(commit)
            except (BadRecordError, BadValueError, UserError):
                continue
            path = commit.place
            return Recovered(document, commit.title, path, commit.time, commit.is_modified, files)
        if name:
            raise UserError("journal.damaged", name=name)
        if content.commits or content.is_damaged:
            raise UserError("journal.nameless_damaged")
        return None
    finally:
        for views in (content.tiles, content.tables, content.blobs):
            views.clear()
        content.bases.clear()
        content.commits.clear()


def _sort_in(content: _Content, kind: int, payload: memoryview) -> None:
    if kind == RecordKind.TILE:
        content.tiles[number_of_tile(payload)] = payload
    elif kind == RecordKind.TABLE:
        content.tables[unpack_table(payload).number] = payload
    elif kind == RecordKind.BLOB:
        content.blobs[unpack_blob(payload)[0]] = payload
    elif kind == RecordKind.BASE:
        content.bases.append(payload)
    elif kind == RecordKind.COMMIT:
        content.commits.append(payload)
    else:
        raise BadRecordError


class _VersionReader:
    """Tiles that versions share are unpacked once."""

    def __init__(self, content: _Content) -> None:
        self._content = content
        self._tiles: dict[int, Pixels] = {}
        self._maps: dict[int, TileMap] = {}
        self._base_digests: dict[int, bytes] | None = None
        self._base_tiles: dict[bytes, Pixels] = {}

    def document(self, commit: Commit) -> Document:
        document = document_of_plain(commit.structure, self._map, self._blob)
        check_document(document)
        return document

    def _blob(self, number: int) -> bytes:
        if number not in self._content.blobs:
            raise BadRecordError
        return bytes(unpack_blob(self._content.blobs[number])[1])

    def _map(self, number: int) -> TileMap:
        if number not in self._maps:
            self._maps[number] = self._read_map(number)
        return self._maps[number]

    def _read_map(self, number: int) -> TileMap:
        chain, seen = [], set()
        while number:
            if number in seen or number not in self._content.tables:
                raise BadRecordError
            seen.add(number)
            chain.append(unpack_table(self._content.tables[number]))
            number = chain[-1].base
        if not chain or sum(len(table.entries) for table in chain) > MAX_TILES:
            raise BadRecordError
        places: dict[TileKey, int] = {}
        for table in reversed(chain):
            for column, row, tile in table.entries.tolist():
                if tile:
                    places[column, row] = tile
                else:
                    places.pop((column, row), None)
        top = chain[0]
        tiles: dict[TileKey, StoredTile] = {key: self._tile(tile) for key, tile in places.items()}
        for pixels in tiles.values():
            if getattr(pixels, "dtype", None) != top.dtype or getattr(pixels, "shape", ())[-1:] != (top.channels,):
                raise BadRecordError
        return TileMap(top.channels, top.dtype, top.default, tiles)

    def _tile(self, number: int) -> Pixels:
        known = self._tiles.get(number)
        if known is None:
            payload = self._content.tiles.get(number)
            known = unpack_tile(payload) if payload is not None else self._tile_of_base(number)
            self._tiles[number] = known
        return known

    def _tile_of_base(self, number: int) -> Pixels:
        """A tile that only the file holds that the document was opened from; its digest proves it is the same."""
        if self._base_digests is None:
            self._base_digests = {}
            for payload in self._content.bases:
                self._read_base(payload)
        pixels = self._base_tiles.get(self._base_digests.get(number, b""))
        if pixels is None:
            raise BadRecordError
        return pixels

    def _read_base(self, payload: memoryview) -> None:
        from desktop.core.history import tile_maps
        from desktop.io.documents import open_document_file

        base = unpack_base(payload)
        assert self._base_digests is not None
        self._base_digests |= {base.first + index: digest for index, digest in enumerate(base.digests)}
        with contextlib.suppress(UserError):
            for tiles in tile_maps(open_document_file(Path(base.path))):
                for key in list(tiles.keys()):
                    pixels: Any = tiles.tile(*key)
                    self._base_tiles[tile_digest(pixels)] = pixels
