"""Pictures with everything a file can say about them, and what other programs see in what was written."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from desktop.io.image_files import ImageFile, read_image, write_image
from tests.builders import noise

ADOBE_RGB = bytes(imagecodecs.cms_profile("adobergb"))
GRAY_GAMMA = bytes(imagecodecs.cms_profile("gray", gamma=1.0))
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'
MAKER, MODEL_TAG, DESCRIPTION = 0x010F, 0x0110, 0x010E
EXIF_IFD, GPS_IFD, MAKER_NOTE = 0x8769, 0x8825, 0x927C


def exif_packet(orientation: int = 1, *, order: str = "MM", thumbnail: bool = False) -> bytes:
    """A packet with a description, a maker note, a size in pixels and a place, as Pillow writes it."""
    exif = Image.Exif()
    exif.endian = "<" if order == "II" else ">"
    exif[0x0112], exif[MAKER], exif[DESCRIPTION] = orientation, "Camera works", "A long enough description"
    exif.get_ifd(EXIF_IFD).update({0xA002: 99, 0xA003: 98, MAKER_NOTE: b"maker's secret" * 9})
    exif.get_ifd(GPS_IFD)[1] = "N"
    packet = exif.tobytes()[6:]
    if thumbnail:
        sign = "<" if order == "II" else ">"
        link = 10 + 12 * struct.unpack_from(sign + "H", packet, 8)[0]
        second = struct.pack(sign + "HHHII", 1, 0x0201, 4, 1, len(packet) + 18) + b"\0" * 4
        packet = packet[:link] + struct.pack(sign + "I", len(packet)) + packet[link + 4 :] + second + b"\xff\xd8THUMB"
    return packet


def picture(depth: Any = 8, *, has_alpha: bool = True, **rest: Any) -> ImageFile:
    pixels = noise(37, 23, depth=depth)
    if not has_alpha:
        pixels[..., 3] = np.iinfo(pixels.dtype).max
    return ImageFile(pixels, has_alpha=has_alpha, **rest)


def written(image: ImageFile, path: Path, **options: Any) -> ImageFile:
    write_image(path, image, **options)
    return read_image(path)


def seen_by_pillow(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        opened.load()
        return opened
