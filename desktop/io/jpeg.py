"""JPEG: markers read here, pixels by libjpeg-turbo straight to RGBA (24 megapixels in 0.1 s), writing by Pillow."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from PIL import Image

from desktop.core.color import Pixels
from desktop.io.formats import FileFormat, ImageFile, Subsampling
from desktop.io.metadata import CM_PER_INCH, exif_resolution_dpi, is_resolution
from desktop.io.pixel_forms import as_rgba, depth8, flattened_on, is_really_gray
from desktop.io.profiles import ColorSpace, color_space_of, inks_to_srgb, rgb_profile_or_none, to_srgb

FULL_COLOR_QUALITY = 90  # from here on colour is kept at full resolution unless asked otherwise
MAX_SEGMENT_BYTES = 65533

_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SUBSAMPLING = {Subsampling.FULL: 0, Subsampling.HALF: 1, Subsampling.QUARTER: 2}


@dataclass(slots=True)
class JpegHeader:
    width: int = 0
    height: int = 0
    components: int = 0
    bits: int = 8
    is_complete: bool = False
    has_adobe_marker: bool = False
    exif: bytes | None = None
    xmp: bytes | None = None
    resolution_dpi: tuple[float, float] | None = None
    profile_parts: dict[int, bytes] = field(default_factory=dict)

    @property
    def icc_profile(self) -> bytes | None:
        return b"".join(self.profile_parts[number] for number in sorted(self.profile_parts)) or None


def read_header(data: bytes) -> JpegHeader | None:
    """Reads the markers up to the pixels; None where there is no frame, and so no size."""
    header = JpegHeader()
    scan_at = len(data)
    for marker, start, content in _segments(data):
        if marker == 0xDA:
            scan_at = start
            break
        _take_segment(header, marker, content)
    # Inside the scans every 0xFF is stuffed or a restart marker, so this can only be the end of the picture.
    header.is_complete = data.find(b"\xff\xd9", scan_at) >= 0
    return header if header.components else None


def has_scan(data: bytes) -> bool:
    """True if the markers lead to pixels."""
    return any(marker == 0xDA for marker, _, _ in _segments(data))


def read_jpeg(data: bytes, header: JpegHeader) -> ImageFile:
    """Decodes gray, colour and CMYK. Raises the codec's errors, EOFError for a cut-off picture."""
    import imagecodecs

    profile = header.icc_profile
    if not header.is_complete:  # libjpeg would fill up with gray
        raise EOFError
    if header.components == 4:
        pixels = _from_cmyk(imagecodecs.jpeg8_decode(data), header, profile)
    elif header.components == 1 and color_space_of(profile) is ColorSpace.GRAY:
        gray = imagecodecs.jpeg8_decode(data)
        converted = to_srgb(gray, ColorSpace.GRAY, profile or b"")
        pixels = gray if converted is None else converted
    else:
        pixels = imagecodecs.jpeg8_decode(data, outcolorspace="RGBA")
    return ImageFile(
        as_rgba(pixels),
        icc_profile=rgb_profile_or_none(profile) if header.components != 4 else None,
        exif=header.exif,
        xmp=header.xmp,
        resolution_dpi=header.resolution_dpi or exif_resolution_dpi(header.exif),
        format=FileFormat.JPEG,
        has_alpha=False,
        is_gray=header.components == 1,
    )


def write_jpeg(
    file: BinaryIO,
    image: ImageFile,
    *,
    quality: int,
    subsampling: Subsampling | None,
    background: tuple[int, int, int],
) -> None:
    """Writes 8 bits, transparency flattened on `background`. Packets too large for JPEG are left out."""
    pixels = depth8(image.pixels)
    if image.has_alpha:
        pixels = flattened_on(pixels, background)
    chosen = subsampling or (Subsampling.FULL if quality >= FULL_COLOR_QUALITY else Subsampling.QUARTER)
    picture = _gray_picture(pixels) if image.is_gray and is_really_gray(pixels) else rgb_picture(pixels)
    extra: dict[str, object] = {}
    if image.exif is not None and len(image.exif) + len(_EXIF) <= MAX_SEGMENT_BYTES:
        extra["exif"] = _EXIF + image.exif
    if image.xmp is not None and len(image.xmp) + len(_XMP) <= MAX_SEGMENT_BYTES:
        extra["xmp"] = image.xmp
    if image.icc_profile is not None:
        extra["icc_profile"] = image.icc_profile
    if image.resolution_dpi is not None:
        extra["dpi"] = tuple(max(1, min(round(dpi), 0xFFFF)) for dpi in image.resolution_dpi)
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=quality, subsampling=_SUBSAMPLING[chosen], optimize=False, **extra)
    file.write(packed.getbuffer())


def rgb_picture(pixels: Pixels) -> Image.Image:
    """8-bit RGBA as a Pillow picture without alpha, on the same memory: Pillow's own RGB takes four bytes as well."""
    height, width = pixels.shape[:2]
    return Image.frombuffer("RGBX", (width, height), np.ascontiguousarray(pixels), "raw", "RGBX", 0, 1)


def _gray_picture(pixels: Pixels) -> Image.Image:
    height, width = pixels.shape[:2]
    return Image.frombuffer("L", (width, height), np.ascontiguousarray(pixels[..., 0]), "raw", "L", 0, 1)


def _segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(marker, offset, content) of each segment up to the first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without content
            at += 2
            continue
        length = struct.unpack_from(">H", data, at + 2)[0]
        if length < 2 or marker == 0xD9:
            return
        yield marker, at, data[at + 4 : at + 2 + length]
        at += 2 + length


def _take_segment(header: JpegHeader, marker: int, content: bytes) -> None:
    if marker in _FRAME_MARKERS and len(content) >= 6 and not header.components:
        header.bits, header.height, header.width, header.components = struct.unpack_from(">BHHB", content)
    elif marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 12:
        header.resolution_dpi = _density(*struct.unpack_from(">BHH", content, 7))
    elif marker == 0xE1 and content.startswith(_EXIF) and header.exif is None:
        header.exif = content[len(_EXIF) :]
    elif marker == 0xE1 and content.startswith(_XMP) and header.xmp is None:
        header.xmp = content[len(_XMP) :]
    elif marker == 0xE2 and content.startswith(_ICC) and len(content) > len(_ICC) + 2:
        header.profile_parts.setdefault(content[len(_ICC)], content[len(_ICC) + 2 :])
    elif marker == 0xEE and content.startswith(b"Adobe"):
        header.has_adobe_marker = True


def _density(unit: int, across: int, down: int) -> tuple[float, float] | None:
    if unit not in (1, 2):
        return None
    factor = CM_PER_INCH if unit == 2 else 1.0
    found = (across * factor, down * factor)
    return found if is_resolution(found[0]) and is_resolution(found[1]) else None


def _from_cmyk(inks: Pixels, header: JpegHeader, profile: bytes | None) -> Pixels:
    if header.has_adobe_marker:  # Adobe writes them inverted
        np.subtract(255, inks, out=inks)
    return inks_to_srgb(inks, profile)
