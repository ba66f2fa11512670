"""Adobe's swatch exchange files (.ase): big-endian blocks of names and colours, groups left aside.

Layout: "ASEF", version, count; each block is a kind, a length, a UTF-16 name, a colour model, its floats and a type.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

MAGIC = b"ASEF"
MOST_BLOCKS = 20_000
_COLOR = 0x0001
_MODELS = {b"RGB ": 3, b"CMYK": 4, b"LAB ": 3, b"Gray": 1}
_HEADER = struct.Struct(">4sHHI")
_BLOCK = struct.Struct(">HI")
_GLOBAL = 0
_D50 = np.array((0.96422, 1.0, 0.82521))
_XYZ_D50_TO_RGB = np.array(  # of sRGB, adapted by Bradford
    ((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427))
)

Swatch = tuple[tuple[int, int, int], str]


class BadSwatchesError(Exception):
    """What was read is not whole."""


def swatches_of(content: bytes) -> list[Swatch]:
    """Levels 0..255 and names of all colours, in the file's order. BadSwatchesError for what is damaged."""
    try:
        magic, _major, _minor, count = _HEADER.unpack_from(content)
    except struct.error as error:
        raise BadSwatchesError from error
    if magic != MAGIC or count > MOST_BLOCKS:
        raise BadSwatchesError
    found, place = [], _HEADER.size
    for _ in range(count):
        if place + _BLOCK.size > len(content):
            raise BadSwatchesError
        kind, length = _BLOCK.unpack_from(content, place)
        block = content[place + _BLOCK.size : place + _BLOCK.size + length]
        if len(block) < length:
            raise BadSwatchesError
        if kind == _COLOR:
            found.append(_swatch_of(block))
        place += _BLOCK.size + length
    return found


def bytes_of_swatches(swatches: Sequence[Swatch]) -> bytes:
    """The colours as RGB."""
    blocks = []
    for levels, name in swatches:
        text = f"{name}\0".encode("utf-16-be")
        color = struct.pack(">4s3fH", b"RGB ", *(level / 255 for level in levels), _GLOBAL)
        body = struct.pack(">H", len(text) // 2) + text + color
        blocks.append(_BLOCK.pack(_COLOR, len(body)) + body)
    return _HEADER.pack(MAGIC, 1, 0, len(blocks)) + b"".join(blocks)


def _swatch_of(block: bytes) -> Swatch:
    try:
        (letters,) = struct.unpack_from(">H", block)
        end = 2 + 2 * letters
        name = block[2:end].decode("utf-16-be", "replace").rstrip("\0").strip()
        model = block[end : end + 4]
        values = struct.unpack_from(f">{_MODELS[model]}f", block, end + 4)
    except (struct.error, KeyError) as error:
        raise BadSwatchesError from error
    rgb = np.nan_to_num(_rgb_of(model, np.array(values, np.float64)), nan=0.0, posinf=1.0, neginf=0.0)
    red, green, blue = (int(level) for level in np.rint(np.clip(rgb, 0, 1) * 255))
    return (red, green, blue), name


def _rgb_of(model: bytes, values: np.ndarray) -> np.ndarray:
    """sRGB 0..1. Inks are mixed as ideal ones: the file has no profile to say more."""
    if model == b"CMYK":
        return np.asarray((1 - values[:3]) * (1 - values[3]))
    if model == b"Gray":
        return np.repeat(values, 3)
    return _rgb_of_lab(values) if model == b"LAB " else values


def _rgb_of_lab(values: np.ndarray) -> np.ndarray:
    """CIE Lab of D50, lightness 0..1."""
    middle = (np.clip(values[0], 0, 1) * 100 + 16) / 116
    a, b = np.clip(values[1:], -128, 128)
    parts = np.array((middle + a / 500, middle, middle - b / 200))
    xyz = np.where(parts > 6 / 29, parts**3, 3 * (6 / 29) ** 2 * (parts - 4 / 29)) * _D50
    linear = np.clip(_XYZ_D50_TO_RGB @ xyz, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
