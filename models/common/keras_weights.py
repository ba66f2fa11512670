"""Weights out of Keras's .weights.h5 files: plain arrays in nested groups of HDF5's first format, and no more of it.

The format: "HDF5 File Format Specification Version 3.0", superblock 0, symbol table nodes, contiguous layout.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.common.data import DataError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
ROOT_ENTRY = 56  # of superblock 0, with addresses of eight bytes
ENTRY_BYTES = 40
DATASPACE, DATATYPE, LAYOUT, CONTINUATION, GROUP = 0x01, 0x03, 0x08, 0x10, 0x11
FLOAT32 = 0x11  # version 1, class 1
CONTIGUOUS = 1
DEEPEST = 16  # groups in groups: a damaged file must not send us in circles


def read_keras_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """ "group/group/name" → its array. DataError: the file is missing, or holds something else than such arrays."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read. Run `python -m models.fetch_data`.") from error
    if not content.startswith(SIGNATURE) or content[8:9] != b"\0":
        raise DataError(f"{path} is not a file of weights as Keras writes them.")
    try:
        return dict(_arrays(content, _word(content, ROOT_ENTRY + 8), "", DEEPEST))
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged or of a newer format: {error}.") from error


def _arrays(content: bytes, header: int, name: str, depth: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    if not depth:
        raise ValueError("groups lie in groups without an end")
    messages = dict(_messages(content, header))
    if GROUP in messages:
        tree, heap = struct.unpack_from("<QQ", content, messages[GROUP])
        for child, inner in _members(content, tree, heap, DEEPEST):
            yield from _arrays(content, inner, f"{name}/{child}" if name else child, depth - 1)
    elif LAYOUT in messages and DATASPACE in messages and (array := _array(content, messages, name)) is not None:
        yield name, array


def _array(content: bytes, messages: dict[int, int], name: str) -> NDArray[np.float32] | None:
    """None for what is no float32, such as names and counters."""
    kind, size = content[messages[DATATYPE]], struct.unpack_from("<I", content, messages[DATATYPE] + 4)[0]
    if kind != FLOAT32 or size != 4:
        return None
    version, rank = struct.unpack_from("<BB", content, messages[DATASPACE])
    shape = struct.unpack_from(f"<{rank}Q", content, messages[DATASPACE] + (8 if version == 1 else 4))
    layout, storage = struct.unpack_from("<BB", content, messages[LAYOUT])
    if layout != 3 or storage != CONTIGUOUS:
        raise ValueError(f"{name} is stored in pieces")
    place = _word(content, messages[LAYOUT] + 2)
    return np.frombuffer(content, "<f4", int(np.prod(shape)), place).reshape(shape)


def _messages(content: bytes, header: int) -> Iterator[tuple[int, int]]:
    """(kind, where its data begin) of an object header of version 1, continued parts included."""
    version, _, _, _, length = struct.unpack_from("<BBHII", content, header)
    if version != 1:
        raise ValueError(f"an object header of version {version}")
    parts = [(header + 16, length)]
    while parts:
        place, left = parts.pop(0)
        end = place + left
        while place + 8 <= end:
            kind, size = struct.unpack_from("<HH", content, place)
            if kind == CONTINUATION:
                parts.append(struct.unpack_from("<QQ", content, place + 8))
            yield kind, place + 8
            place += 8 + size


def _members(content: bytes, tree: int, heap: int, depth: int) -> Iterator[tuple[str, int]]:
    """(name, address of its header) of all that a group holds."""
    if content[tree : tree + 4] != b"TREE" or content[heap : heap + 4] != b"HEAP" or not depth:
        raise ValueError("a group without a list of what it holds")
    names = _word(content, heap + 24)
    level, count = struct.unpack_from("<xBH", content, tree + 4)
    for child in (_word(content, tree + 32 + 16 * index) for index in range(count)):
        if level:
            yield from _members(content, child, heap, depth - 1)
            continue
        (entries,) = struct.unpack_from("<H", content, child + 6)
        for entry in range(child + 8, child + 8 + entries * ENTRY_BYTES, ENTRY_BYTES):
            start = names + _word(content, entry)
            yield content[start : content.index(b"\0", start)].decode(), _word(content, entry + 8)


def _word(content: bytes, place: int) -> int:
    return struct.unpack_from("<Q", content, place)[0]
