"""Image tips from files: GIMP brushes (.gbr, versions 1 to 3) and pictures; written as PNG.

GIMP's format: https://developer.gimp.org/core/standards/gbr. Version 3 is CinePaint's, one plane of the upper halves
of 32-bit floats, high byte first.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from desktop.core.color import LUMA
from desktop.core.errors import UserError
from desktop.core.tips import LARGEST_TIP_PX, ImageTip
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_head, read_image, write_image

GBR_MAGIC = b"GIMP"
OLD_SPACING = 25  # percent; version 1 has no field for it
FLOAT_DEPTH = 18  # what version 3 calls its grey floats
LONGEST_NAME_BYTES = 1024
PICTURE_SPACING = 0.15
_V1_HEAD = struct.Struct(">5I")  # header size, version, width, height, bytes a pixel
_V2_HEAD = struct.Struct(">5I4sI")  # and "GIMP", spacing in percent


def read_tip(path: Path) -> ImageTip:
    """The tip in a GIMP brush or picture file, whatever its name says. Raises UserError only.

    A picture with transparency paints where it is opaque, one without where it is dark. Empty margins are cut off.
    """
    path = Path(path)
    head = read_head(path)
    return _read_gbr(path) if _is_gbr(head) else _read_picture(path)


def write_tip(path: Path, tip: ImageTip) -> None:
    """A PNG: black, as opaque as the tip is strong."""
    pixels = np.zeros((*tip.strength.shape, 4), np.uint8)
    pixels[..., 3] = np.round(tip.strength * 255)
    write_image(path, ImageFile(pixels))


def _is_gbr(head: bytes) -> bool:
    if len(head) < _V1_HEAD.size:
        return False
    header_size, version, *_ = _V1_HEAD.unpack_from(head)
    if version == 1:
        return bool(_V1_HEAD.size <= header_size < LONGEST_NAME_BYTES + _V1_HEAD.size)
    return head[20:24] == GBR_MAGIC


def _read_gbr(path: Path) -> ImageTip:
    try:
        data = path.read_bytes() if path.stat().st_size <= 8 * LARGEST_TIP_PX**2 else b""
    except OSError as error:
        raise UserError("brush.tip_damaged", path=path) from error
    if len(data) < _V1_HEAD.size:
        raise UserError("brush.tip_damaged", path=path)
    header_size, version, width, height, depth = _V1_HEAD.unpack_from(data)
    spacing, name_from = OLD_SPACING, _V1_HEAD.size
    if version > 1:
        if len(data) < _V2_HEAD.size:
            raise UserError("brush.tip_damaged", path=path)
        *_, spacing = _V2_HEAD.unpack_from(data)
        name_from = _V2_HEAD.size
    if (version, depth) not in ((1, 1), (1, 4), (2, 1), (2, 4), (3, FLOAT_DEPTH)):
        raise UserError("brush.tip_kind", path=path, version=version, depth=depth)
    if not (1 <= width <= LARGEST_TIP_PX and 1 <= height <= LARGEST_TIP_PX):
        raise UserError("brush.tip_size", path=path, width=width, height=height, limit=LARGEST_TIP_PX)
    size = width * height * (2 if depth == FLOAT_DEPTH else depth)
    if header_size < name_from or header_size + size > len(data):
        raise UserError("brush.tip_damaged", path=path)
    name = data[name_from:header_size].split(b"\0")[0].decode("utf-8", "replace").strip()
    strength = _gbr_strength(data[header_size : header_size + size], width, height, depth)
    return _tip(path, name, strength, spacing / 100)


def _gbr_strength(body: bytes, width: int, height: int, depth: int) -> npt.NDArray[np.float32]:
    if depth == FLOAT_DEPTH:
        upper = np.frombuffer(body, ">u2").astype(np.uint32) << 16
        levels = np.nan_to_num(upper.view(np.float32), posinf=1.0, neginf=0.0)
        return np.clip(levels, 0, 1).reshape(height, width)
    planes = np.frombuffer(body, np.uint8).reshape(height, width, depth)
    return planes[..., -1].astype(np.float32) / np.float32(255)


def _read_picture(path: Path) -> ImageTip:
    pixels = read_image(path, max_pixels=LARGEST_TIP_PX**2).pixels
    height, width = pixels.shape[:2]
    if max(width, height) > LARGEST_TIP_PX:
        raise UserError("brush.tip_size", path=path, width=width, height=height, limit=LARGEST_TIP_PX)
    levels = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    strength = levels[..., 3]
    if (strength == 1).all():
        strength = 1 - levels[..., :3] @ LUMA
    return _tip(path, "", strength, PICTURE_SPACING)


def _tip(path: Path, name: str, strength: npt.NDArray[np.float32], spacing: float) -> ImageTip:
    inked = strength >= 1 / 255
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if rows.size == 0:
        raise UserError("brush.tip_empty", path=path)
    cut = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return ImageTip(name or path.stem, cut, spacing=min(max(spacing, 0.01), 5.0))
