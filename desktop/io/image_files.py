"""Flat pictures in and out of files: PNG, JPEG, WebP, TIFF, BMP, with profile, metadata, depth and alpha.

Every file counts as hostile: its stated size is checked before a pixel is decoded, and whatever a codec throws
becomes one clear sentence.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import psutil
from PIL import Image

from desktop.core.errors import UserError
from desktop.io import jpeg, png, webp_bmp
from desktop.io.atomic import read_error, replacing
from desktop.io.formats import (
    FileFormat,
    ImageFile,
    MeasuredValues,
    Subsampling,
    UnsupportedContentError,
    format_of_bytes,
    format_of_suffix,
    is_other_picture,
)
from desktop.io.metadata import exif_for_picture, exif_upright, orientation_of, xmp_upright
from desktop.io.pixel_forms import turned_upright

__all__ = ["MAX_PIXELS", "FileFormat", "ImageFile", "Subsampling", "read_head", "read_image", "windowed", "write_image"]

MAX_PIXELS = 500_000_000  # 2 GB at 8 bits: more than any camera, less than a bomb wants
DEFAULT_QUALITY = 92
WHITE = (255, 255, 255)

_HEAD_BYTES = 132
_MAX_SIDE = {FileFormat.JPEG: 65_535, FileFormat.WEBP: 16_383, FileFormat.BMP: 65_535}

# Codecs write what they think of a file to the log; what matters reaches the user as an error.
for _codec in ("imagecodecs", "tifffile", "PIL"):
    logging.getLogger(_codec).setLevel(logging.CRITICAL + 1)

# Pillow would judge sizes by a limit of its own, with warnings; sizes are checked here before it sees a file.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a header says, and how to decode what follows."""

    kind: FileFormat
    width: int
    height: int
    bytes_per_pixel: int
    is_complete: bool
    decode: Callable[[], ImageFile]


def read_image(path: Path, *, max_pixels: int = MAX_PIXELS, keeps_range: bool = False) -> ImageFile:
    """The picture in a file, upright, whatever the file's name says. Raises UserError only.

    Of measured values the window is shown that the file names, or all of them where `keeps_range`.
    """
    path = Path(path)
    kind = _kind_of(path)
    try:
        with path.open("rb") as file:
            stated = _stated(kind, file)
            if stated is None:
                raise UserError("file.damaged", path=path)
            _check_size(path, stated, max_pixels)
            image = _upright(_decoded(path, stated))
            return image if keeps_range else windowed(image)
    except OSError as error:
        raise read_error(error, path) from error


def write_image(
    path: Path,
    image: ImageFile,
    *,
    quality: int = DEFAULT_QUALITY,
    subsampling: Subsampling | None = None,
    lossless: bool = False,
    background: tuple[int, int, int] = WHITE,
) -> None:
    """Writes a picture by the ending of its name, aside and moved into place. Raises UserError only.

    PNG and TIFF keep 16 bits; the others are rounded to 8. Alpha goes where the format can hold it, and is flattened
    on `background` elsewhere. `quality` 1..100 counts for JPEG and lossy WebP.
    """
    path = Path(path)
    kind = format_of_suffix(path)
    if not 1 <= quality <= 100:
        raise UserError("file.bad_quality", quality=quality)
    height, width = image.pixels.shape[:2]
    limit = _MAX_SIDE.get(kind)
    if limit is not None and max(width, height) > limit:
        raise UserError("file.too_large_for_format", width=width, height=height, format=kind.value, limit=limit)
    prepared = replace(image, exif=exif_for_picture(image.exif, width, height), xmp=xmp_upright(image.xmp))
    with replacing(path) as aside, aside.open("rb+") as file:
        if kind is FileFormat.PNG:
            png.write_png(file, prepared)
        elif kind is FileFormat.JPEG:
            jpeg.write_jpeg(file, prepared, quality=quality, subsampling=subsampling, background=background)
        elif kind is FileFormat.WEBP:
            webp_bmp.write_webp(file, prepared, quality=quality, is_lossless=lossless)
        elif kind is FileFormat.TIFF:
            from desktop.io import tiff

            tiff.write_tiff(file, prepared)
        elif kind is FileFormat.BMP:
            webp_bmp.write_bmp(file, prepared, background=background)
        else:
            raise UserError("file.unknown_suffix", suffix=path.suffix, known=".png, .jpg, .webp, .tif, .bmp")


def windowed(image: ImageFile, window: tuple[float, float] | None = None) -> ImageFile:
    """What lies in the window, spread from black to white; the file's own where none is given."""
    if window is None and (image.values is None or image.values.window is None):
        return image
    assert image.values is not None
    values = image.values if window is None else image.values.looked_at(window)
    black, white = values.shares()
    most = np.float32(np.iinfo(image.pixels.dtype).max)
    shown = (image.pixels[..., :3] / most - np.float32(black)) / np.float32(white - black)
    levels = np.rint(np.clip(shown, 0, 1) * most).astype(image.pixels.dtype)
    low, high = values.window or (values.low, values.high)
    return replace(image, pixels=np.dstack([levels, image.pixels[..., 3]]), values=MeasuredValues(low, high))


def read_head(path: Path) -> bytes:
    """The first bytes of a file, enough to tell its kind. Raises UserError."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise read_error(error, Path(path)) from error
    except ValueError as error:  # a zero byte in the name
        raise UserError("file.missing", path=path) from error
    if not head:
        raise UserError("file.empty", path=path)
    return head


def _kind_of(path: Path) -> FileFormat:
    head = read_head(path)
    kind = format_of_bytes(head)
    if kind is None or kind is FileFormat.OPENRASTER:
        is_picture = kind is FileFormat.OPENRASTER or is_other_picture(head)
        raise UserError("file.unsupported" if is_picture else "file.not_a_picture", path=path)
    return kind


def _stated(kind: FileFormat, file: BinaryIO) -> _Stated | None:
    """Reads the header; None where it makes no sense."""
    if kind is FileFormat.TIFF:
        return _stated_by_tiff(file)
    if kind is FileFormat.DICOM:
        return _stated_by_dicom(file)
    data = file.read()
    if kind is FileFormat.PNG:
        header = png.read_header(data)
        if header is None:
            return None
        pixel_bytes = 8 if header.bits == 16 else 4
        return _Stated(
            kind, header.width, header.height, pixel_bytes, header.is_complete, lambda: png.read_png(data, header)
        )
    if kind is FileFormat.JPEG:
        frame = jpeg.read_header(data)
        if frame is None:
            return None if jpeg.has_scan(data) else _Stated(kind, 1, 1, 4, False, _cut_off)
        return _Stated(kind, frame.width, frame.height, 4, frame.is_complete, lambda: jpeg.read_jpeg(data, frame))
    if kind is FileFormat.WEBP:
        webp = webp_bmp.read_webp_header(data)
        if webp is None:
            return None
        return _Stated(kind, webp.width, webp.height, 4, webp.is_complete, lambda: webp_bmp.read_webp(data, webp))
    bmp = webp_bmp.read_bmp_header(data)
    if bmp is None:
        return None
    return _Stated(kind, bmp.width, bmp.height, 4, bmp.is_complete, lambda: webp_bmp.read_bmp(data, bmp))


def _stated_by_tiff(file: BinaryIO) -> _Stated | None:
    from desktop.io import tiff

    try:
        length = file.seek(0, io.SEEK_END)
        file.seek(0)  # tifffile counts offsets from where the file stands
        header = tiff.read_tiff_header(file, length)
    except OSError as error:
        if error.errno is not None:
            raise
        return None
    except Exception:  # noqa: BLE001 - tifffile meets nonsense with errors of any kind
        return None
    file.seek(0)
    return _Stated(
        FileFormat.TIFF,
        header.width,
        header.height,
        header.bytes_per_pixel,
        header.is_complete,
        lambda: tiff.read_tiff(file),
    )


def _stated_by_dicom(file: BinaryIO) -> _Stated | None:
    from desktop.io import dicom

    data = file.read()
    try:
        header = dicom.read_dicom_header(data)
    except Exception:  # noqa: BLE001 - pydicom meets nonsense with errors of any kind
        return None
    width, height = header.width, header.height
    return _Stated(FileFormat.DICOM, width, height, dicom.BYTES_PER_PIXEL, True, lambda: dicom.read_dicom(data))


def _check_size(path: Path, stated: _Stated, max_pixels: int) -> None:
    width, height = stated.width, stated.height
    if width < 1 or height < 1:
        raise UserError("file.damaged", path=path)
    if width * height > max_pixels:
        limit = max_pixels // 1_000_000
        raise UserError("file.too_many_pixels", path=path, width=width, height=height, limit_megapixels=limit)
    if width * height * stated.bytes_per_pixel > psutil.virtual_memory().available:
        raise UserError("file.no_memory", path=path, width=width, height=height)


def _decoded(path: Path, stated: _Stated) -> ImageFile:
    """Runs the decoder; anything it throws becomes a sentence."""
    try:
        image = stated.decode()
    except MemoryError as error:
        raise UserError("file.no_memory", path=path, width=stated.width, height=stated.height) from error
    except UnsupportedContentError as error:
        raise UserError("file.unsupported_content", path=path, format=stated.kind.value, reason=error) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
            raise
        raise UserError("file.damaged" if stated.is_complete else "file.truncated", path=path) from error
    if image.pixels.shape[:2] != (stated.height, stated.width):
        raise UserError("file.damaged", path=path)
    return image


def _upright(image: ImageFile) -> ImageFile:
    orientation = orientation_of(image.exif)
    if orientation == 1:
        return image
    return replace(
        image,
        pixels=turned_upright(image.pixels, orientation),
        exif=exif_upright(image.exif),
        xmp=xmp_upright(image.xmp),
        resolution_dpi=image.resolution_dpi and (image.resolution_dpi[1], image.resolution_dpi[0])
        if orientation >= 5
        else image.resolution_dpi,
    )


def _cut_off() -> ImageFile:
    raise EOFError
