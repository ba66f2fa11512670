"""PNG: chunks and metadata here, decoding by libpng, and a writer of our own.

The writer is for speed (a 4096² RGBA layer: libpng level 1 takes 1.7 s, this 0.26 s on one thread), and what it wrote
is read again by several threads.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias

import numpy as np

from desktop.core.color import Pixels
from desktop.io.formats import FileFormat, ImageFile
from desktop.io.metadata import is_resolution
from desktop.io.pixel_forms import as_rgba, is_really_gray
from desktop.io.pixel_rows import ArrayRows, RowSource
from desktop.io.png_strips import (
    CHECKSUM_BYTES,
    PACKERS,
    STRIP_CHUNK,
    ZLIB_HEADER,
    bands_of_strips,
    packed_strips,
    rows_per_strip,
    unpacked_strips,
)
from desktop.io.profiles import ColorSpace, color_space_of, rgb_profile_or_none, to_srgb

SIGNATURE = b"\x89PNG\r\n\x1a\n"
METRES_PER_INCH = 0.0254

Chunk: TypeAlias = tuple[bytes, bytes]  # type, content
SRGB_CHUNK: Chunk = (b"sRGB", b"\0")  # perceptual

_KEPT_CHUNKS = (b"iCCP", b"eXIf", b"pHYs", b"tRNS", STRIP_CHUNK)
_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"IDAT")
_XMP_KEYWORD = b"XML:com.adobe.xmp\0\0\0\0\0"
_MAX_METADATA_BYTES = 64 << 20
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by number of channels
_CHANNELS = {color_type: count for count, color_type in _COLOR_TYPES.items()}


class Sink(Protocol):
    """Where the bytes go."""

    def write(self, content: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class PngHeader:
    width: int
    height: int
    bits: int
    color_type: int
    chunks: dict[bytes, bytes]  # the metadata chunks before and after the pixels
    data_spans: list[tuple[int, int]]  # start and end of the content of each IDAT
    is_complete: bool

    @property
    def is_gray(self) -> bool:
        return self.color_type in (0, 4)

    @property
    def has_alpha(self) -> bool:
        return self.color_type in (4, 6) or b"tRNS" in self.chunks


def read_header(data: bytes) -> PngHeader | None:
    """Walks the chunks without decoding; None where there is not even a size."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        return None
    width, height, bits, color_type = struct.unpack(">IIBB", data[16:26])
    chunks: dict[bytes, bytes] = {}
    spans: list[tuple[int, int]] = []
    at, is_complete = 8, False
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            break
        if kind == b"iTXt" and data[at + 8 : at + 8 + len(_XMP_KEYWORD)] == _XMP_KEYWORD:
            chunks[b"xmp"] = data[at + 8 + len(_XMP_KEYWORD) : at + 8 + length]
        elif kind == b"IDAT":
            spans.append((at + 8, at + 8 + length))
        elif kind in _KEPT_CHUNKS:
            chunks.setdefault(kind, data[at + 8 : at + 8 + length])
        is_complete = kind == b"IEND"
        at += 12 + length
        if is_complete:
            break
    return PngHeader(width, height, bits, color_type, chunks, spans, is_complete)


def read_png(data: bytes, header: PngHeader) -> ImageFile:
    """Decodes every kind of PNG; 16 bits stay 16. Raises the codec's errors."""
    pixels = decoded(data, header)
    profile = embedded_profile(header)
    if header.is_gray and profile is not None and color_space_of(profile) is ColorSpace.GRAY:
        pixels = _gray_to_srgb(pixels, profile)
    return ImageFile(
        as_rgba(pixels),
        icc_profile=rgb_profile_or_none(profile),
        exif=header.chunks.get(b"eXIf"),
        xmp=header.chunks.get(b"xmp"),
        resolution_dpi=_resolution(header.chunks.get(b"pHYs")),
        format=FileFormat.PNG,
        has_alpha=header.has_alpha,
        is_gray=header.is_gray,
    )


def decoded(data: bytes, header: PngHeader) -> Pixels:
    """(H, W) or (H, W, 2..4) uint8 or uint16. Raises the codec's errors, EOFError for a cut-off picture.

    Checksums are compared here: each failure inside the codec drops a reference to None, and some ten thousand of them
    end the interpreter (imagecodecs 2026.3.6 on Python 3.11).
    """
    import imagecodecs

    if not header.is_complete:
        raise EOFError
    _check_sums(data)
    ours = _decoded_strips(data, header) if STRIP_CHUNK in header.chunks else None
    if ours is not None:
        return ours
    pixels: Pixels = imagecodecs.png_decode(data)
    return pixels


def decoded_bands(data: bytes, header: PngHeader, heights: list[int]) -> Iterator[Pixels] | None:
    """RGBA of a file that was written here, in bands of rows, so that it is never whole in memory; else None.

    Raises ValueError or the inflater's error while it runs.
    """
    if STRIP_CHUNK not in header.chunks or header.color_type != 6 or header.bits not in (8, 16):
        return None
    if not header.is_complete or not header.data_spans:
        return None
    _check_sums(data)
    strips, step = _strips_of(data, header), int.from_bytes(header.chunks[STRIP_CHUNK], "big")
    if step < 1:
        return None
    row_bytes = header.width * header.bits // 2
    bands = bands_of_strips(strips, step, row_bytes, heights)
    kind = np.dtype(np.uint8 if header.bits == 8 else ">u2")
    native = kind.newbyteorder("=")
    return (band.view(kind).astype(native, copy=False).reshape(len(band), header.width, 4) for band in bands)


def write_png(file: BinaryIO, image: ImageFile) -> None:
    """Writes gray or RGB, with or without alpha, in the picture's own depth, with its metadata."""
    gray = image.is_gray and is_really_gray(image.pixels)
    channels = [0] if gray else [0, 1, 2]
    write_rows(file, ArrayRows(image.pixels, [*channels, 3] if image.has_alpha else channels), metadata_chunks(image))


def write_rows(
    file: Sink, source: RowSource, chunks: Iterable[Chunk] = (), pool: ThreadPoolExecutor | None = None
) -> None:
    """Writes a picture that is asked for a few rows at a time, packed by the threads of `pool`."""
    color_type = _COLOR_TYPES[source.channels]
    header = struct.pack(">IIBBBBB", source.width, source.height, source.dtype.itemsize * 8, color_type, 0, 0, 0)
    file.write(SIGNATURE)
    step = rows_per_strip(source.width * source.dtype.itemsize * source.channels)
    for kind, content in [(b"IHDR", header), *chunks, (STRIP_CHUNK, struct.pack(">I", step))]:
        _write_chunk(file, kind, content)
    with pool_or_own(pool) as packers:
        _write_data(file, source, packers)
    _write_chunk(file, b"IEND", b"")


@contextlib.contextmanager
def pool_or_own(pool: ThreadPoolExecutor | None) -> Iterator[ThreadPoolExecutor]:
    if pool is not None:
        yield pool
        return
    with ThreadPoolExecutor(PACKERS, thread_name_prefix="png") as own:
        yield own


def _write_data(file: Sink, source: RowSource, pool: ThreadPoolExecutor) -> None:
    checksum, prefix = 1, ZLIB_HEADER
    for rows, packed, is_last in packed_strips(source, pool):
        checksum = zlib.adler32(rows.data, checksum)
        end = struct.pack(">I", checksum) if is_last else b""
        _write_chunk(file, b"IDAT", prefix + packed + end)
        prefix = b""


def _check_sums(data: bytes) -> None:
    """Compares the checksums of the chunks that pixels depend on; their lengths have been walked before."""
    view, at = memoryview(data), len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if kind in _PIXEL_CHUNKS and zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise ValueError(f"the checksum of {kind!r} is wrong")
        if kind == b"IEND":
            return
        at = end + 4


def _decoded_strips(data: bytes, header: PngHeader) -> Pixels | None:
    """What this writer wrote, read by several threads; None if that does not work out, for libpng to judge."""
    channels, step = _CHANNELS.get(header.color_type), int.from_bytes(header.chunks[STRIP_CHUNK], "big")
    if channels is None or header.bits not in (8, 16) or not header.is_complete or not header.data_spans or step < 1:
        return None
    levels = unpacked_strips(_strips_of(data, header), step, header.height, header.width * channels * header.bits // 8)
    if levels is None:
        return None
    pixels = levels if header.bits == 8 else levels.view(">u2").astype(np.uint16)
    return pixels.reshape((header.height, header.width, channels) if channels > 1 else (header.height, header.width))


def _strips_of(data: bytes, header: PngHeader) -> list[memoryview]:
    view = memoryview(data)
    strips = [view[start:end] for start, end in header.data_spans]
    strips[0] = strips[0][len(ZLIB_HEADER) :]
    strips[-1] = strips[-1][:-CHECKSUM_BYTES]
    return strips


def _write_chunk(file: Sink, kind: bytes, content: bytes) -> None:
    file.write(struct.pack(">I", len(content)) + kind)
    file.write(content)
    file.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))


def metadata_chunks(image: ImageFile) -> list[Chunk]:
    chunks: list[Chunk] = []
    if image.icc_profile is not None:
        chunks.append(profile_chunk(image.icc_profile))
    else:
        chunks.append(SRGB_CHUNK)
    if image.resolution_dpi is not None:
        per_metre = [round(dpi / METRES_PER_INCH) for dpi in image.resolution_dpi]
        chunks.append((b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if image.exif is not None:
        chunks.append((b"eXIf", image.exif))
    if image.xmp is not None:
        chunks.append((b"iTXt", _XMP_KEYWORD + image.xmp))
    return chunks


def profile_chunk(profile: bytes) -> Chunk:
    return b"iCCP", b"icc\0\0" + zlib.compress(profile, 6)


def embedded_profile(header: PngHeader) -> bytes | None:
    """The unpacked profile; a broken one counts as none."""
    chunk = header.chunks.get(b"iCCP")
    if chunk is None:
        return None
    packed = chunk[chunk.find(b"\0") + 2 :]
    try:
        return zlib.decompressobj().decompress(packed, _MAX_METADATA_BYTES)
    except zlib.error:
        return None


def dpi_of_metre(per_metre: int) -> float:
    """Pixels per inch; a whole number wherever one may have been meant: 300 dpi are 11,811 pixels a metre, rounded."""
    exact = per_metre * METRES_PER_INCH
    whole = round(exact)
    return float(whole) if round(whole / METRES_PER_INCH) == per_metre else round(exact, 3)


def _resolution(chunk: bytes | None) -> tuple[float, float] | None:
    if chunk is None or len(chunk) != 9 or chunk[8] != 1:
        return None
    across, down = (dpi_of_metre(value) for value in struct.unpack(">II", chunk[:8]))
    return (across, down) if is_resolution(across) and is_resolution(down) else None


def _gray_to_srgb(pixels: Pixels, profile: bytes) -> Pixels:
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    color = to_srgb(np.ascontiguousarray(planes[..., 0]), ColorSpace.GRAY, profile)
    if color is None:
        return pixels
    return color if planes.shape[2] == 1 else np.concatenate([color, planes[..., 1:]], axis=2)
