"""The records of a journal file: how each is framed, checked, packed and read. A journal counts as untrusted.

File: an 8-byte signature, then records one after another: header (magic, kind, length, checksum of kind, length and
payload), payload. The header is written after the payload, so a record that was cut off by a kill does not exist.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import zstandard

from desktop.core.color import Pixels
from desktop.core.layers import storable
from desktop.core.tiles import TILE

SIGNATURE = b"SCUMJRN1"
HEADER = struct.Struct("<2sBxII")  # magic, kind, length, checksum
MAGIC = b"\xa5J"
MAX_RECORD_BYTES = 256 << 20
MAX_STRUCTURE_BYTES = 64 << 20
PACK_LEVEL = 1  # zstd: 0.45 ms for a tile of a photo, next to nothing for paint on empty ground

_TILE_HEAD = struct.Struct("<QBBBx")  # number, channels, bytes a channel, codec
_RAW, _ZSTD = 0, 1
_TABLE_HEAD = struct.Struct("<QQBBxxIi")  # number, base, channels, bytes a channel, count, default
ENTRY = np.dtype([("column", "<i4"), ("row", "<i4"), ("tile", "<u8")])
_BLOB_HEAD = struct.Struct("<Q")
_BASE_HEAD = struct.Struct("<QII")  # first number, count, length of the path
DIGEST_BYTES = 16

checksum: Any
try:
    from isal.isal_zlib import crc32 as checksum
except ImportError:  # no ISA-L for this machine: the same sums, slower
    checksum = zlib.crc32


class RecordKind(IntEnum):
    DAMAGED = 0  # never written: what a reader finds in the place of a record
    TILE = 1
    TABLE = 2
    BLOB = 3
    BASE = 4
    COMMIT = 5


class BadRecordError(Exception):
    """A record whose content makes no sense."""


@dataclass(frozen=True, slots=True)
class Record:
    """`payload` is a view of the file."""

    kind: int
    payload: memoryview
    end: int


@dataclass(frozen=True, slots=True)
class TileTable:
    """Where a map's tiles are: whole, or what differs from table `base`. Tile 0 takes an entry away."""

    number: int
    base: int
    channels: int
    dtype: np.dtype[Any]
    default: int
    entries: Any  # (n,) ENTRY


@dataclass(frozen=True, slots=True)
class BaseFile:
    """A file on disk whose tiles are referred to by digest: numbers `first` and up, in the order of `digests`."""

    first: int
    path: str
    digests: tuple[bytes, ...]


class Commit(msgspec.Struct):
    """One version. `time` is seconds since 1970; `raw_path` is the path in bytes where it is no text."""

    time: float
    title: str
    path: str | None
    is_modified: bool
    structure: Any
    raw_path: bytes | None = None

    @property
    def place(self) -> Path | None:
        if self.raw_path is not None:
            return Path(os.fsdecode(self.raw_path))
        return None if self.path is None else Path(self.path)


def header_of(kind: RecordKind, payload_sum: int, length: int) -> bytes:
    return HEADER.pack(MAGIC, kind, length, _sealed(kind, length, payload_sum))


def records_in(data: memoryview) -> Iterator[Record]:
    """The records in order. Zeros are the end; in the place of a damaged record comes one of kind DAMAGED.

    A damaged payload is stepped over, so that what does not need it can still be read; where a header makes no sense
    nothing can be read any more.
    """
    at = len(SIGNATURE)
    if data[:at] != SIGNATURE:
        if any(data[:at]):
            yield Record(RecordKind.DAMAGED, data[:0], at)
        return
    while at + HEADER.size <= len(data) and any(data[at : at + HEADER.size]):
        magic, kind, length, stated = HEADER.unpack_from(data, at)
        start = at + HEADER.size
        if magic != MAGIC or length > min(MAX_RECORD_BYTES, len(data) - start):
            yield Record(RecordKind.DAMAGED, data[:0], at)
            return
        payload = data[start : start + length]
        at = start + length
        if _sealed(kind, length, checksum(payload)) != stated:
            yield Record(RecordKind.DAMAGED, data[:0], at)
        else:
            yield Record(kind, payload, at)


def _sealed(kind: int, length: int, payload_sum: int) -> int:
    return zlib.crc32(struct.pack("<BI", kind, length), payload_sum)


# tiles


def pack_tile(number: int, pixels: Pixels) -> list[Any]:
    """The payload in parts; lets other threads run while it packs."""
    head, raw = frame_tile(number, pixels)
    packed = zstandard.ZstdCompressor(level=PACK_LEVEL).compress(raw)
    if len(packed) >= len(raw):
        return [head, raw]
    return [head[:-2] + bytes((_ZSTD, 0)), packed]


def frame_tile(number: int, pixels: Pixels) -> list[Any]:
    """The payload as it is, a third of the time of packing it."""
    pixels = np.ascontiguousarray(pixels)
    return [_TILE_HEAD.pack(number, pixels.shape[2], pixels.itemsize, _RAW), pixels.reshape(-1).view(np.uint8).data]


def number_of_tile(payload: memoryview) -> int:
    if len(payload) < _TILE_HEAD.size:
        raise BadRecordError
    return int(_TILE_HEAD.unpack_from(payload)[0])


def unpack_tile(payload: memoryview) -> Pixels:
    """(256, 256, channels), read-only. BadRecordError before anything of a wrong size is allocated."""
    if len(payload) < _TILE_HEAD.size:
        raise BadRecordError
    _, channels, itemsize, codec = _TILE_HEAD.unpack_from(payload)
    if channels not in (1, 4) or itemsize not in (1, 2):
        raise BadRecordError
    size = TILE * TILE * channels * itemsize
    content: Any = payload[_TILE_HEAD.size :]
    if codec == _ZSTD:
        try:
            if zstandard.frame_content_size(content) != size:
                raise BadRecordError
            content = zstandard.ZstdDecompressor().decompress(content)
        except zstandard.ZstdError as error:
            raise BadRecordError from error
    if len(content) != size:
        raise BadRecordError
    pixels = np.frombuffer(bytes(content), np.uint8 if itemsize == 1 else "<u2").reshape(TILE, TILE, channels)
    pixels.flags.writeable = False
    return pixels


# tables, blobs, base files, commits


def pack_table(table: TileTable) -> bytes:
    head = _TABLE_HEAD.pack(
        table.number, table.base, table.channels, table.dtype.itemsize, len(table.entries), table.default
    )
    content: bytes = table.entries.tobytes()
    return head + content


def unpack_table(payload: memoryview) -> TileTable:
    if len(payload) < _TABLE_HEAD.size:
        raise BadRecordError
    number, base, channels, itemsize, count, default = _TABLE_HEAD.unpack_from(payload)
    content = payload[_TABLE_HEAD.size :]
    if channels not in (1, 4) or itemsize not in (1, 2) or len(content) != count * ENTRY.itemsize:
        raise BadRecordError
    if not 0 <= default < 256**itemsize:
        raise BadRecordError
    dtype = np.dtype(np.uint8 if itemsize == 1 else np.uint16)
    return TileTable(number, base, channels, dtype, default, np.frombuffer(content, ENTRY))


def pack_blob(number: int, content: bytes) -> bytes:
    return _BLOB_HEAD.pack(number) + content


def unpack_blob(payload: memoryview) -> tuple[int, memoryview]:
    if len(payload) < _BLOB_HEAD.size:
        raise BadRecordError
    return int(_BLOB_HEAD.unpack_from(payload)[0]), payload[_BLOB_HEAD.size :]


def pack_base(base: BaseFile) -> bytes:
    path = base.path.encode("utf-8", "surrogateescape")
    return _BASE_HEAD.pack(base.first, len(base.digests), len(path)) + path + b"".join(base.digests)


def unpack_base(payload: memoryview) -> BaseFile:
    if len(payload) < _BASE_HEAD.size:
        raise BadRecordError
    first, count, path_length = _BASE_HEAD.unpack_from(payload)
    start = _BASE_HEAD.size + path_length
    if len(payload) != start + count * DIGEST_BYTES:
        raise BadRecordError
    path = bytes(payload[_BASE_HEAD.size : start]).decode("utf-8", "surrogateescape")
    digests = bytes(payload[start:])
    parts = range(0, len(digests), DIGEST_BYTES)
    return BaseFile(first, path, tuple(digests[at : at + DIGEST_BYTES] for at in parts))


def pack_commit(commit: Commit) -> bytes:
    try:
        return msgspec.msgpack.encode(commit)
    except UnicodeEncodeError:  # a name of a file that is no UTF-8
        return msgspec.msgpack.encode(_with_texts_storable(commit))


def _with_texts_storable(commit: Commit) -> Commit:
    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return storable(value)
        if isinstance(value, list | tuple):
            return [changed(part) for part in value]
        if isinstance(value, dict):
            return {changed(key): changed(part) for key, part in value.items()}
        return value

    raw_path = None if commit.path is None else os.fsencode(commit.path)
    path = None if commit.path is None else storable(commit.path)
    return Commit(
        commit.time, storable(commit.title), path, commit.is_modified, changed(commit.structure), raw_path=raw_path
    )


def unpack_commit(payload: memoryview) -> Commit:
    if len(payload) > MAX_STRUCTURE_BYTES:
        raise BadRecordError
    try:
        return msgspec.msgpack.decode(payload, type=Commit)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadRecordError from error
