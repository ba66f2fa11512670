"""The zip archive of an OpenRaster file while it is read. Every failure is a UserError that says what is wrong."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import psutil

from desktop.core.color import Pixels
from desktop.core.document import MAX_SIDE_PX
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.io import png
from desktop.io.atomic import read_error
from desktop.io.formats import ImageFile
from desktop.io.image_files import MAX_PIXELS
from desktop.io.ora_records import MIMETYPE, RECORD_FILE, DocumentRecord
from desktop.io.profiles import rgb_profile_or_none
from desktop.io.safe_xml import UnsafeXmlError, parse_xml

MAX_PLACE_PX = 10_000_000  # where a layer may lie
MAX_TEXT_BYTES = 64 << 20
MAX_PROFILE_BYTES = 64 << 20

_PNG_HEADER_BYTES = 33
_PNG_OVERHEAD_BYTES = 16 << 20  # metadata; packed pixels are never much larger than raw ones


class Package:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._digests: dict[str, str] = {}

    @staticmethod
    @contextmanager
    def opened(path: Path) -> Iterator[Package]:
        try:
            with zipfile.ZipFile(path) as archive:
                package = Package(path, archive)
                if package.bytes_of("mimetype", 64).strip() != MIMETYPE:
                    raise package.broken("its mimetype is not image/openraster")
                yield package
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise UserError("file.bad_openraster", path=path, reason="its archive is damaged or cut off") from error
        except OSError as error:
            raise read_error(error, path) from error

    def broken(self, reason: str) -> UserError:
        return UserError("file.bad_openraster", path=self._path, reason=reason)

    def bytes_of(self, name: str, limit: int) -> bytes:
        """A whole file of the archive."""
        info = self._info(name)
        if info.file_size > limit or info.file_size > psutil.virtual_memory().available:
            raise self.broken(f"{name} in it is absurdly large")
        try:
            with self._archive.open(info) as file:
                content = file.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
            raise self.broken(f"{name} in it is damaged") from error
        if len(content) != info.file_size:
            raise self.broken(f"{name} in it is damaged")
        return content

    def optional(self, name: str) -> bytes | None:
        return self.bytes_of(name, MAX_PROFILE_BYTES) if name in self._archive.namelist() else None

    def xml(self, name: str) -> ElementTree.Element:
        try:
            return parse_xml(self.bytes_of(name, MAX_TEXT_BYTES))
        except UnsafeXmlError as error:
            raise self.broken(f"{name}: {error}") from error

    def record(self) -> DocumentRecord | None:
        """Our extension; None if there is none, or none that makes sense."""
        content = self.optional(RECORD_FILE)
        if content is None:
            return None
        try:
            return msgspec.json.decode(content, type=DocumentRecord)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def checked_size(self, width: str | None, height: str | None) -> Size:
        try:
            size = Size(int(width or ""), int(height or ""))
        except ValueError:
            raise self.broken("its stack.xml tells no size") from None
        if not (1 <= size.width <= MAX_SIDE_PX and 1 <= size.height <= MAX_SIDE_PX):
            raise self.broken(f"{size.width} × {size.height} pixels is no size for a picture")
        self._check_pixels(size)
        return size

    def sha256(self, name: str) -> str:
        if name not in self._digests:
            self._digests[name] = hashlib.sha256(self._png(name)).hexdigest()
        return self._digests[name]

    def bits(self, name: str) -> int:
        return self._header(name).bits

    def profile(self, name: str) -> bytes | None:
        header = png.read_header(self._png(name))
        return rgb_profile_or_none(png.embedded_profile(header)) if header is not None else None

    def picture(self, name: str) -> ImageFile:
        """A PNG of the archive."""
        data = self._png(name)
        header = png.read_header(data)
        if header is None:
            raise self.broken(f"{name} in it is damaged")
        try:
            return png.read_png(data, header)
        except MemoryError as error:
            raise self._no_memory(Size(header.width, header.height)) from error
        except Exception as error:
            raise self.broken(f"{name} in it is damaged") from error

    def picture_bands(self, name: str, heights: list[int]) -> Iterator[Pixels] | None:
        """A large PNG of the archive in bands of rows; None if it can only be read whole."""
        data = self._png(name)
        header = png.read_header(data)
        assert header is not None
        try:
            bands = png.decoded_bands(data, header, heights)
        except Exception as error:
            raise self.broken(f"{name} in it is damaged") from error
        return None if bands is None else self._guarded(name, bands)

    def _guarded(self, name: str, bands: Iterator[Pixels]) -> Iterator[Pixels]:
        try:
            yield from bands
        except Exception as error:
            raise self.broken(f"{name} in it is damaged") from error

    def size_of(self, name: str) -> Size:
        header = self._header(name)
        return Size(header.width, header.height)

    def gray(self, name: str) -> Pixels:
        """A PNG of one 8-bit channel, (H, W)."""
        data = self._png(name)
        header = png.read_header(data)
        if header is None:
            raise self.broken(f"{name} in it is damaged")
        try:
            levels = png.decoded(data, header)
        except Exception as error:
            raise self.broken(f"{name} in it is damaged") from error
        if levels.ndim != 2 or levels.dtype.itemsize != 1:
            raise self.broken(f"{name} in it is not a mask")
        return levels

    def _png(self, name: str) -> bytes:
        """The bytes of a PNG whose stated size can be afforded."""
        header = self._header(name)
        size = Size(header.width, header.height)
        self._check_pixels(size)
        pixel_bytes = 8 if header.bits == 16 else 4
        if size.area * pixel_bytes > psutil.virtual_memory().available:
            raise self._no_memory(size)
        return self.bytes_of(name, size.area * pixel_bytes + size.height + _PNG_OVERHEAD_BYTES)

    def _header(self, name: str) -> png.PngHeader:
        try:
            with self._archive.open(self._info(name)) as file:
                header = png.read_header(file.read(_PNG_HEADER_BYTES))
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
            raise self.broken(f"{name} in it is damaged") from error
        if header is None or header.width < 1 or header.height < 1:
            raise self.broken(f"{name} in it is not a PNG")
        return header

    def _info(self, name: str) -> zipfile.ZipInfo:
        if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/"):
            raise self.broken(f"it points outside itself ({name})")
        try:
            return self._archive.getinfo(name)
        except KeyError:
            raise self.broken(f"{name} is missing in it") from None

    def _check_pixels(self, size: Size) -> None:
        if size.area > MAX_PIXELS:
            limit = MAX_PIXELS // 1_000_000
            raise UserError(
                "file.too_many_pixels",
                path=self._path,
                width=size.width,
                height=size.height,
                limit_megapixels=limit,
            )

    def _no_memory(self, size: Size) -> UserError:
        return UserError("file.no_memory", path=self._path, width=size.width, height=size.height)
