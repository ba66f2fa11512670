"""WebP and BMP: headers read here, WebP decoded by libwebp through imagecodecs, the rest by Pillow."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image

from desktop.core.color import Pixels
from desktop.io.formats import FileFormat, ImageFile
from desktop.io.jpeg import rgb_picture
from desktop.io.metadata import exif_of_resolution, exif_resolution_dpi, is_resolution
from desktop.io.pixel_forms import as_rgba, depth8, flattened_on
from desktop.io.png import dpi_of_metre
from desktop.io.profiles import rgb_profile_or_none

WEBP_METHOD = 4  # 0 fast … 6 small; libwebp's own default

_ALPHA_FLAG = 0x10
_BMP_PIXEL_MASKS = 3


@dataclass(frozen=True, slots=True)
class WebpHeader:
    width: int
    height: int
    has_alpha: bool
    chunks: dict[bytes, bytes]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class BmpHeader:
    width: int
    height: int
    bits: int
    compression: int
    resolution_dpi: tuple[float, float] | None
    is_complete: bool


def read_webp_header(data: bytes) -> WebpHeader | None:
    """Walks the RIFF chunks; None where there is no size."""
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        chunks.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    is_complete = len(data) >= 8 + struct.unpack_from("<I", data, 4)[0]
    extended, lossy, lossless = (chunks.get(kind, b"") for kind in (b"VP8X", b"VP8 ", b"VP8L"))
    if len(extended) >= 10:
        width, height = (1 + int.from_bytes(extended[i : i + 3], "little") for i in (4, 7))
        return WebpHeader(width, height, bool(extended[0] & _ALPHA_FLAG), chunks, is_complete)
    if len(lossy) >= 10:
        width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", lossy, 6))
        return WebpHeader(width, height, False, chunks, is_complete)
    if len(lossless) >= 5:
        packed = int.from_bytes(lossless[1:5], "little")
        size = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        return WebpHeader(*size, bool(packed >> 28 & 1), chunks, is_complete)
    return None


def read_webp(data: bytes, header: WebpHeader) -> ImageFile:
    """Decodes a still picture, or the first one of an animation."""
    import imagecodecs

    if b"ANMF" in header.chunks:
        with Image.open(io.BytesIO(data)) as picture:
            pixels = np.asarray(picture.convert("RGBA"))
    else:
        pixels = imagecodecs.webp_decode(data)
    exif = header.chunks.get(b"EXIF")
    if exif is not None:
        exif = exif.removeprefix(b"Exif\0\0")
    return ImageFile(
        as_rgba(pixels),
        icc_profile=rgb_profile_or_none(header.chunks.get(b"ICCP")),
        exif=exif,
        xmp=header.chunks.get(b"XMP "),
        resolution_dpi=exif_resolution_dpi(exif),
        format=FileFormat.WEBP,
        has_alpha=header.has_alpha,
    )


def write_webp(file: BinaryIO, image: ImageFile, *, quality: int, is_lossless: bool) -> None:
    """Writes 8 bits; lossless keeps the colours under full transparency too."""
    pixels = depth8(image.pixels)
    height, width = pixels.shape[:2]
    if image.has_alpha:
        picture = Image.frombuffer("RGBA", (width, height), np.ascontiguousarray(pixels), "raw", "RGBA", 0, 1)
    else:
        picture = rgb_picture(pixels)
    exif = image.exif
    if exif is None and image.resolution_dpi is not None:
        exif = exif_of_resolution(image.resolution_dpi)
    packed = io.BytesIO()
    picture.save(
        packed,
        "WEBP",
        quality=quality,
        lossless=is_lossless,
        exact=is_lossless,
        method=WEBP_METHOD,
        icc_profile=image.icc_profile or b"",
        exif=exif or b"",
        xmp=image.xmp or b"",
    )
    file.write(packed.getbuffer())


def read_bmp_header(data: bytes) -> BmpHeader | None:
    if len(data) < 26:
        return None
    if struct.unpack_from("<I", data, 14)[0] == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        return BmpHeader(width, height, bits, 0, None, len(data) >= struct.unpack_from("<I", data, 2)[0])
    if len(data) < 54:
        return None
    width, height, _, bits, compression, _, across, down = struct.unpack_from("<iiHHIIii", data, 18)
    dpi = dpi_of_metre(across), dpi_of_metre(down)
    resolution = dpi if is_resolution(dpi[0]) and is_resolution(dpi[1]) else None
    is_complete = len(data) >= struct.unpack_from("<I", data, 2)[0]
    return BmpHeader(abs(width), abs(height), bits, compression, resolution, is_complete)


def read_bmp(data: bytes, header: BmpHeader) -> ImageFile:
    """Decodes BMP of all depths; alpha only where the file has a mask for it."""
    pixels = _bmp_pixels(data, header)
    has_alpha = pixels.ndim == 3 and pixels.shape[2] == 4
    return ImageFile(as_rgba(pixels), resolution_dpi=header.resolution_dpi, format=FileFormat.BMP, has_alpha=has_alpha)


def write_bmp(file: BinaryIO, image: ImageFile, *, background: tuple[int, int, int]) -> None:
    """Writes 24 bits, transparency flattened: what every program reads."""
    pixels = depth8(image.pixels)
    if image.has_alpha:
        pixels = flattened_on(pixels, background)
    packed = io.BytesIO()
    dpi = image.resolution_dpi or (96.0, 96.0)
    rgb_picture(pixels).convert("RGB").save(packed, "BMP", dpi=dpi)
    file.write(packed.getbuffer())


def _bmp_pixels(data: bytes, header: BmpHeader) -> Pixels:
    with Image.open(io.BytesIO(data), formats=["BMP"]) as picture:
        has_alpha = header.bits in (16, 32) and header.compression == _BMP_PIXEL_MASKS and picture.mode == "RGBA"
        return np.asarray(picture.convert("RGBA" if has_alpha else "RGB"))
