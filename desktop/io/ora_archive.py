"""The zip archive of an OpenRaster file while it is written: PNGs packed by threads, or copied from the file before."""

from __future__ import annotations

import contextlib
import hashlib
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from xml.etree import ElementTree

import cv2
import msgspec
import numpy as np

from desktop.core.color import Depth, Pixels
from desktop.core.geometry import Rect
from desktop.core.tiles import TileMap
from desktop.io.ora_records import NAMESPACE, RECORD_FILE, DocumentRecord, StoredRecord
from desktop.io.pixel_forms import depth8
from desktop.io.pixel_rows import RowSource
from desktop.io.png import SRGB_CHUNK, profile_chunk, write_rows
from desktop.io.profiles import srgb_profile

THUMBNAIL_SIDE_PX = 256  # the specification's limit
ONE_PIXEL = Rect(0, 0, 1, 1)  # what an empty layer is written as: a PNG has at least one

_LARGE_ENTRY_BYTES = 1 << 30  # from here on the entry is announced as zip64
_MAX_RECORD_BYTES = 64 << 20
_ENTRY_HEADER_BYTES, _NAME_LENGTH_AT = 30, 26  # of a zip entry
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # equal documents give equal files


@dataclass(frozen=True, slots=True)
class Plane:
    """Tiles with the rectangle of them that is written and a digest of what is in it."""

    tiles: TileMap
    rect: Rect
    digest: str


def plane_of(tiles: TileMap) -> Plane:
    """Looks at every pixel; safe to call from any thread."""
    bounds = tiles.content_bounds()
    rect = ONE_PIXEL if bounds.is_empty else bounds
    digest = hashlib.sha256(f"{rect} {tiles.channels} {tiles.dtype} {tiles.default}".encode())
    for column, row in sorted(tiles.keys()):
        tile = tiles.tile(column, row)
        if tile is not None:
            digest.update(f"{column} {row}".encode())
            digest.update(np.ascontiguousarray(tile).data)
    return Plane(tiles, rect, digest.hexdigest())


def thumbnail(picture: Pixels, side_px: int = THUMBNAIL_SIDE_PX) -> Pixels:
    """8-bit RGBA, at most `side_px` pixels a side, averaged with alpha taken into account."""
    height, width = picture.shape[:2]
    scale = min(1.0, side_px / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = _nearest_multiple(picture, size)
    levels: Pixels = depth8(small).astype(np.float32)
    levels[..., :3] *= levels[..., 3:] / 255
    levels = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    alpha = levels[..., 3:]
    np.divide(levels[..., :3] * 255, alpha, out=levels[..., :3], where=alpha > 0)
    small8: Pixels = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    return small8


class Store:
    """The PNGs of a file written here before, by their content."""

    def __init__(self, path: Path) -> None:
        self._archive: zipfile.ZipFile | None = None
        self._stored: dict[str, StoredRecord] = {}
        with contextlib.suppress(OSError, zipfile.BadZipFile, NotImplementedError, ValueError, KeyError):
            self._archive = zipfile.ZipFile(path)
            self._read_record(self._archive)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive is not None:
            self._archive.close()

    def find(self, content: str) -> tuple[bytes, str] | None:
        """The PNG and its SHA-256, if it is there and the one that was written."""
        stored = self._stored.get(content)
        if stored is None or self._archive is None:
            return None
        try:
            png = self._raw(self._archive, stored.file)
        except (OSError, KeyError, ValueError, struct.error):
            return None
        return (png, stored.png_sha256) if hashlib.sha256(png).hexdigest() == stored.png_sha256 else None

    def _raw(self, archive: zipfile.ZipFile, name: str) -> bytes:
        """The bytes of an entry as they lie in the file: half the time of `archive.read`, which checks them as well."""
        info, file = archive.getinfo(name), archive.fp
        assert file is not None
        file.seek(info.header_offset + _NAME_LENGTH_AT)
        name_length, extra_length = struct.unpack("<HH", file.read(4))
        file.seek(info.header_offset + _ENTRY_HEADER_BYTES + name_length + extra_length)
        return file.read(info.compress_size)

    def _read_record(self, archive: zipfile.ZipFile) -> None:
        if archive.getinfo(RECORD_FILE).file_size <= _MAX_RECORD_BYTES:
            with contextlib.suppress(msgspec.MsgspecError):
                self._stored = msgspec.json.decode(archive.read(RECORD_FILE), type=DocumentRecord).stored


class ArchiveWriter:
    """Writes entries one after another; `stored` tells which content lies where."""

    def __init__(
        self, path: Path, *, icc_profile: bytes | None, depth: Depth, store: Store, pool: ThreadPoolExecutor
    ) -> None:
        self.stored: dict[str, StoredRecord] = {}
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        # Krita stops to ask what a 16-bit PNG without a profile means, and does not guess sRGB.
        told = icc_profile or (srgb_profile() if depth == 16 else None)
        self._chunks = [SRGB_CHUNK if told is None else profile_chunk(told)]
        self._profile_digest = hashlib.sha256(told or b"").hexdigest()
        self._store = store
        self._pool = pool

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._zip.close()
        except (OSError, ValueError):
            if error is None:  # else it failed for the same reason, and that reason is under way already
                raise

    def write_bytes(self, name: str, content: bytes, *, is_packed: bool = False) -> None:
        self._zip.writestr(_zip_info(name, zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED), content)

    def write_xml(self, name: str, root: ElementTree.Element) -> None:
        root.set("xmlns:scumble", NAMESPACE)
        text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        self.write_bytes(name, text, is_packed=True)

    def write_png(self, name: str, rows: RowSource, content: str = "") -> str:
        """Writes a picture and returns the PNG's SHA-256.

        `content` is a digest of the pixels: a PNG that the file before has for it is copied instead.
        """
        is_color = rows.channels == 4
        key = f"{content} {self._profile_digest}" if content and is_color else content
        known = self._store.find(key) if key else None
        if known is not None:
            png, digest = known
            self.write_bytes(name, png)
        else:
            digest = self._pack_png(name, rows, self._chunks if is_color else [])
        if key:
            self.stored[key] = StoredRecord(name, digest)
        return digest

    def _pack_png(self, name: str, rows: RowSource, chunks: list[tuple[bytes, bytes]]) -> str:
        raw_bytes = rows.width * rows.height * rows.channels * rows.dtype.itemsize
        is_large = raw_bytes >= _LARGE_ENTRY_BYTES
        with self._zip.open(_zip_info(name, zipfile.ZIP_STORED), "w", force_zip64=is_large) as entry:
            sink = _HashingSink(entry)
            write_rows(sink, rows, chunks, self._pool)
        return sink.digest.hexdigest()


class _HashingSink:
    """Passes bytes on and hashes them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self.digest.update(content)
        self._file.write(content)


def _zip_info(name: str, method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _ZIP_DATE)
    info.compress_type = method
    info.external_attr = 0o644 << 16
    return info


def _nearest_multiple(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """Every n-th pixel of a large picture, still several for each of the small one: the rest is averaged."""
    step = max(1, min(picture.shape[1] // (4 * size[0]), picture.shape[0] // (4 * size[1])))
    return picture[::step, ::step]
