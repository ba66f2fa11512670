"""TIFF by tifffile: the first page, 8 and 16 bits (others brought to the nearest of the two)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import tifffile

from desktop.core.color import Pixels, max_level
from desktop.io.formats import FileFormat, ImageFile, UnsupportedContentError
from desktop.io.metadata import (
    CENTIMETRE_UNIT,
    CM_PER_INCH,
    ReadAt,
    add_to_tiff,
    byte_order,
    exif_of_tiff,
    is_resolution,
)
from desktop.io.pixel_forms import as_rgba, depth8, is_really_gray
from desktop.io.profiles import ColorSpace, color_space_of, inks_to_srgb, rgb_profile_or_none, to_srgb

XMP_TAG, PROFILE_TAG = 700, 34675
_DEFLATE_LEVEL = 1
_ROWS_PER_STRIP_BYTES = 1 << 20
_GRAY = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE)
_READABLE = (*_GRAY, tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.PALETTE, tifffile.PHOTOMETRIC.SEPARATED)
_JPEG = (tifffile.COMPRESSION.OJPEG, tifffile.COMPRESSION.JPEG)


@dataclass(frozen=True, slots=True)
class TiffHeader:
    width: int
    height: int
    bytes_per_pixel: int
    is_complete: bool


def read_tiff_header(file: BinaryIO, file_bytes: int) -> TiffHeader:
    """Size of the first page. Raises tifffile's errors."""
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages.first
        ends = [at + length for at, length in zip(page.dataoffsets, page.databytecounts, strict=False)]
        sample_bytes = page.dtype.itemsize if page.dtype is not None else 1
        return TiffHeader(  # a hostile tag may hold several numbers: int() refuses those
            int(page.imagewidth),
            int(page.imagelength) * int(page.imagedepth),
            max(4, sample_bytes * int(page.samplesperpixel)),
            max(ends, default=0) <= file_bytes,
        )


def read_tiff(file: BinaryIO) -> ImageFile:
    """Decodes the first page. Raises tifffile's and the codecs' errors."""
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages.first
        profile = _bytes_of_tag(page, PROFILE_TAG)
        pixels, has_alpha = _pixels(page, profile)
        is_gray = page.photometric in _GRAY
        return ImageFile(
            as_rgba(pixels),
            icc_profile=rgb_profile_or_none(profile),
            exif=exif_of_tiff(_file_reader(file)),
            xmp=_bytes_of_tag(page, XMP_TAG),
            resolution_dpi=_resolution(page),
            format=FileFormat.TIFF,
            has_alpha=has_alpha,
            is_gray=is_gray,
        )


def write_tiff(file: BinaryIO, image: ImageFile) -> None:
    """Writes gray or RGB in the picture's own depth, deflate with the horizontal predictor, with its metadata."""
    gray = image.is_gray and is_really_gray(image.pixels)
    channels = ([0] if gray else [0, 1, 2]) + ([3] if image.has_alpha else [])
    pixels = image.pixels if len(channels) == 4 else np.ascontiguousarray(image.pixels[..., channels])
    if pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    order = byte_order(image.exif or b"") or "<"
    options: dict[str, Any] = {}
    if image.resolution_dpi is not None:
        options |= {"resolution": image.resolution_dpi, "resolutionunit": "INCH"}
    if image.xmp is not None:
        options["extratags"] = [(XMP_TAG, 1, len(image.xmp), image.xmp, True)]
    row_bytes = max(1, pixels[0].nbytes)
    tifffile.imwrite(
        file,
        pixels,
        photometric="minisblack" if gray else "rgb",
        planarconfig="contig" if pixels.ndim == 3 else None,
        extrasamples=["unassalpha"] if image.has_alpha else None,
        compression="zlib",
        compressionargs={"level": _DEFLATE_LEVEL},
        predictor=True,
        rowsperstrip=max(1, _ROWS_PER_STRIP_BYTES // row_bytes),
        iccprofile=image.icc_profile,
        byteorder=order,
        metadata=None,
        software=False,
        maxworkers=2,
        **options,
    )
    if image.exif is not None:
        _add_exif(file, image.exif)


def _add_exif(file: BinaryIO, exif: bytes) -> None:
    end = file.seek(0, io.SEEK_END)
    added = add_to_tiff(_file_reader(file), end, exif)
    if added is None:
        return
    at, directory, header = added
    file.seek(end)
    file.write(b"\0" * (at - end) + directory)
    file.seek(0)
    file.write(header)
    file.seek(0, io.SEEK_END)


def _pixels(page: Any, profile: bytes | None) -> tuple[Pixels, bool]:
    """Gray or RGB, with alpha or without, uint8 or uint16; and whether there is alpha."""
    planes = _planes(page)
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
        return _looked_up(planes[..., 0], page.colormap), False
    if page.photometric == tifffile.PHOTOMETRIC.SEPARATED:
        return _from_inks(planes, profile), False
    color_count = 1 if page.photometric in _GRAY else 3
    if planes.shape[2] < color_count:
        raise UnsupportedContentError(f"{planes.shape[2]} channels")
    color, alpha = planes[..., :color_count], _alpha(page, planes, color_count)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        color = max_level(color.dtype) - color
    if color_count == 1 and profile is not None and color_space_of(profile) is ColorSpace.GRAY:
        converted = to_srgb(np.ascontiguousarray(color[..., 0]), ColorSpace.GRAY, profile)
        color = color if converted is None else converted
    if alpha is None:
        return color, False
    # Four channels in order are the picture itself: no copy.
    joined = planes if planes.shape[2] == 4 and color_count == 3 else np.concatenate([color, alpha], axis=2)
    return (_divided_by_alpha(joined) if _is_premultiplied(page) else joined), True


def _planes(page: Any) -> Pixels:
    """(H, W, channels) as stored, uint8 or uint16."""
    is_jpeg_color = page.photometric == tifffile.PHOTOMETRIC.YCBCR and page.compression in _JPEG  # comes out as RGB
    if page.photometric not in _READABLE and not is_jpeg_color:
        raise UnsupportedContentError(f"colours of the kind {getattr(page.photometric, 'name', page.photometric)}")
    if page.imagedepth != 1 or page.dtype is None:
        raise UnsupportedContentError("a volume or an unknown sample type")
    raw: Any = page.asarray()
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and raw.ndim == 3:
        raw = np.moveaxis(raw, 0, -1)
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
        return np.asarray(raw).reshape(page.imagelength, page.imagewidth, -1)
    return _as_levels(raw, page.bitspersample).reshape(page.imagelength, page.imagewidth, -1)


def _looked_up(indices: Pixels, palette: Any) -> Pixels:
    if palette is None or palette.ndim != 2 or palette.shape[0] != 3 or indices.dtype.kind != "u":
        raise UnsupportedContentError("a palette that is missing")
    colors: Pixels = (palette.T >> 8).astype(np.uint8)
    return colors[np.minimum(indices, len(colors) - 1)]


def _from_inks(planes: Pixels, profile: bytes | None) -> Pixels:
    if planes.shape[2] < 4:
        raise UnsupportedContentError(f"{planes.shape[2]} inks")
    return inks_to_srgb(depth8(np.ascontiguousarray(planes[..., :4])), profile)


def _alpha(page: Any, planes: Pixels, color_count: int) -> Pixels | None:
    """The first extra channel, unless the file says that it means something else."""
    if planes.shape[2] <= color_count or not page.extrasamples:
        return None
    alphas = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)
    return planes[..., color_count : color_count + 1] if page.extrasamples[0] in alphas else None


def _is_premultiplied(page: Any) -> bool:
    return bool(page.extrasamples) and page.extrasamples[0] == tifffile.EXTRASAMPLE.ASSOCALPHA


def _divided_by_alpha(pixels: Pixels) -> Pixels:
    """Premultiplied → straight, in place, row by row."""
    top = max_level(pixels.dtype)
    for row in pixels:
        alpha = row[:, -1:].astype(np.uint64)
        color = row[:, :-1].astype(np.uint64) * top + alpha // 2
        row[:, :-1] = np.minimum(color // np.maximum(alpha, 1), top)
    return pixels


def _as_levels(raw: Any, bits: int) -> Pixels:
    """Any sample type brought to uint8 or uint16: small ones spread to 8 bits, large ones to the upper 16."""
    if raw.dtype.kind == "b":
        return np.asarray(raw).astype(np.uint8) * np.uint8(255)
    if raw.dtype.kind not in "uf":
        raise UnsupportedContentError(f"numbers of the kind {raw.dtype}")
    full = 8 * raw.dtype.itemsize
    levels: Pixels = raw
    if raw.dtype.kind == "f":
        levels = np.round(np.clip(np.nan_to_num(raw), 0, 1) * 65535).astype(np.uint16)
    elif full > 16:
        levels = (raw >> (full - 16)).astype(np.uint16)
    elif bits < full:
        levels = (raw.astype(np.uint32) * ((1 << full) - 1) // ((1 << bits) - 1)).astype(raw.dtype)
    return levels


def _resolution(page: Any) -> tuple[float, float] | None:
    unit = page.tags.get("ResolutionUnit")
    factor = CM_PER_INCH if unit is not None and unit.value == CENTIMETRE_UNIT else 1.0
    if unit is not None and unit.value == 1:
        return None
    found = []
    for name in ("XResolution", "YResolution"):
        tag = page.tags.get(name)
        if tag is None or not isinstance(tag.value, tuple) or len(tag.value) != 2 or not tag.value[1]:
            return None
        found.append(tag.value[0] / tag.value[1] * factor)
    return (found[0], found[1]) if all(map(is_resolution, found)) else None


def _bytes_of_tag(page: Any, code: int) -> bytes | None:
    tag = page.tags.get(code)
    if tag is None:
        return None
    value = tag.value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, tuple) and all(isinstance(item, int) and 0 <= item < 256 for item in value):
        return bytes(value)
    return value if isinstance(value, bytes) else None


def _file_reader(file: BinaryIO) -> ReadAt:
    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    return read
