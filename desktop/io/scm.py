"""Pictures in the codec's own file (.scm): what the decoder of the named model needs, and nothing executable.

A head of fixed length (magic, version, rate, sides, the hash that names the model, lengths and a checksum), then the
coded symbols, then alpha and ICC profile, each packed by zlib where there is one. Everything that is read is checked
before it is believed.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.core.color import Gray8
from desktop.core.errors import UserError
from desktop.io.atomic import replacing

MAGIC, VERSION, SUFFIX = b"SCM\x1a", 1, ".scm"
HEAD = struct.Struct(
    "<4sBBHII16sIII"
)  # … width, height, model, three lengths; a CRC-32 of all of it and the rest follows
CHECKSUM = struct.Struct("<I")
MOST_RATE = 20
LARGEST_SIDE = 1 << 16
LARGEST_AREA = 1 << 28
LARGEST_PROFILE = 1 << 24


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """`model` are the first 16 bytes of the hash of the model that wrote it; `rate` 0 (smallest) … MOST_RATE."""

    width: int
    height: int
    rate: int
    model: bytes
    symbols: bytes
    alpha: Gray8 | None = None  # (height, width)
    icc_profile: bytes | None = None


def write_coded(path: Path, picture: CodedPicture) -> int:
    """Returns the length in bytes."""
    alpha = b"" if picture.alpha is None else zlib.compress(np.ascontiguousarray(picture.alpha).tobytes(), 9)
    profile = b"" if picture.icc_profile is None else zlib.compress(picture.icc_profile, 9)
    body = picture.symbols + alpha + profile
    lengths = (len(picture.symbols), len(alpha), len(profile))
    sides = (picture.width, picture.height)
    head = HEAD.pack(MAGIC, VERSION, picture.rate, 0, *sides, picture.model, *lengths)
    content = head + CHECKSUM.pack(zlib.crc32(head + body)) + body
    with replacing(path) as aside:
        aside.write_bytes(content)
    return len(content)


def read_coded(path: Path) -> CodedPicture:
    """UserError: it cannot be read, is no such file, of a newer version, or damaged."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError("file.cannot_read", path=path, reason=error.strerror or str(error)) from error
    if not content.startswith(MAGIC):
        raise UserError("codec.not_coded", path=path)
    begin = HEAD.size + CHECKSUM.size
    if len(content) < begin:
        raise UserError("file.damaged", path=path)
    _, version, rate, _, width, height, model, *lengths = HEAD.unpack_from(content)
    if version != VERSION:
        raise UserError("codec.newer", path=path)
    head, body = content[: HEAD.size], content[begin:]
    is_whole = len(body) == sum(lengths) and CHECKSUM.unpack_from(content, HEAD.size) == (zlib.crc32(head + body),)
    is_sane = 1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE and width * height <= LARGEST_AREA
    if not (is_whole and is_sane and rate <= MOST_RATE):
        raise UserError("file.damaged", path=path)
    after_symbols = lengths[0] + lengths[1]
    alpha, profile = None, None
    if lengths[1]:
        levels = _unpacked(path, body[lengths[0] : after_symbols], limit=width * height)
        if len(levels) != width * height:
            raise UserError("file.damaged", path=path)
        alpha = np.frombuffer(levels, np.uint8).reshape(height, width)
    if lengths[2]:
        profile = _unpacked(path, body[after_symbols:], limit=LARGEST_PROFILE)
    return CodedPicture(width, height, rate, model, body[: lengths[0]], alpha, profile)


def _unpacked(path: Path, packed: bytes, *, limit: int) -> bytes:
    """Never more than `limit` bytes, whatever the file claims."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise UserError("file.damaged", path=path) from error
    if not unpacker.eof or len(content) > limit:
        raise UserError("file.damaged", path=path)
    return content
