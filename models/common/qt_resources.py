"""Qt resource files (.rcc): a tree of named nodes, big-endian, version 1 to 3 of Qt's own format; reading only."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import zstandard

from models.common.packages import FetchError

RCC_HEADER = struct.Struct(">4sIIII")  # magic, version, offsets of tree, data, names
RCC_COMPRESSED_ZLIB, RCC_DIRECTORY, RCC_COMPRESSED_ZSTD = 1, 2, 4


def read_rcc(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every file of a Qt resource file as (path inside it, bytes); FetchError if it is not one or is damaged."""
    try:
        magic, version, tree, data, names = RCC_HEADER.unpack_from(content)
        if magic != b"qres":
            raise FetchError("This is not a Qt resource file: it does not begin with 'qres'.")
        node_bytes = 22 if version >= 2 else 14  # version 2 added the time of the last change
        yield from _walk_rcc(content, (tree, data, names, node_bytes), node=0, path="", depth=0)
    except (struct.error, zlib.error, zstandard.ZstdError, UnicodeDecodeError) as error:
        raise FetchError(f"The Qt resource file is damaged: {error}.") from error


def _walk_rcc(
    content: bytes, layout: tuple[int, int, int, int], *, node: int, path: str, depth: int
) -> Iterator[tuple[str, bytes]]:
    if depth > 64:
        raise FetchError("The Qt resource file is damaged: its folders contain each other.")
    tree, data, names, node_bytes = layout
    name_offset, flags = struct.unpack_from(">IH", content, tree + node * node_bytes)
    name = _rcc_name(content, names + name_offset) if node else ""  # the root has no name
    path = f"{path}/{name}" if path else name
    if flags & RCC_DIRECTORY:
        count, first = struct.unpack_from(">II", content, tree + node * node_bytes + 6)
        for child in range(first, first + count):
            yield from _walk_rcc(content, layout, node=child, path=path, depth=depth + 1)
        return
    (data_offset,) = struct.unpack_from(">I", content, tree + node * node_bytes + 10)
    yield path, _rcc_data(content, data + data_offset, flags)


def _rcc_name(content: bytes, offset: int) -> str:
    (length,) = struct.unpack_from(">H", content, offset)
    start = offset + 6  # after the length comes a hash of the name
    return content[start : start + 2 * length].decode("utf-16-be")


def _rcc_data(content: bytes, offset: int, flags: int) -> bytes:
    (length,) = struct.unpack_from(">I", content, offset)
    stored = content[offset + 4 : offset + 4 + length]
    if len(stored) < length:
        raise FetchError("The Qt resource file is damaged: it ends too early.")
    if flags & RCC_COMPRESSED_ZLIB:
        return zlib.decompress(stored[4:])  # the first four bytes are the size when unpacked
    if flags & RCC_COMPRESSED_ZSTD:
        return zstandard.ZstdDecompressor().decompressobj().decompress(stored)
    return stored
