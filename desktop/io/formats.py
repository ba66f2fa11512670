"""The picture that crosses between files and the program, and the kinds of files it comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from desktop.core.color import Depth, Pixels
from desktop.core.errors import UserError


class FileFormat(Enum):
    """The value is the name people know."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WebP"
    TIFF = "TIFF"
    BMP = "BMP"
    OPENRASTER = "OpenRaster"
    DICOM = "DICOM"  # read only


class Subsampling(Enum):
    """How much of the colour resolution JPEG keeps."""

    FULL = "4:4:4"
    HALF = "4:2:2"
    QUARTER = "4:2:0"


SUFFIXES: dict[str, FileFormat] = {
    ".png": FileFormat.PNG,
    ".jpg": FileFormat.JPEG,
    ".jpeg": FileFormat.JPEG,
    ".webp": FileFormat.WEBP,
    ".tif": FileFormat.TIFF,
    ".tiff": FileFormat.TIFF,
    ".bmp": FileFormat.BMP,
    ".ora": FileFormat.OPENRASTER,
}

READABLE_SUFFIXES = (*SUFFIXES, ".dcm", ".dicom")  # what a file may be called that can be opened

# First bytes of kinds that are pictures, but not ours to open: they deserve a better sentence than "not a picture".
_OTHER_PICTURES: tuple[bytes, ...] = (
    b"GIF8",
    b"8BPS",
    b"gimp xcf",
    b"\x00\x00\x01\x00",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL ",
    b"qoif",
)
_OTHER_PICTURES += (b"\x00\x00\x00\x0cjP  ", b"\x76\x2f\x31\x01", b"#?RADIANCE", b"FUJIFILM", b"II\x1a\x00\x00\x00HEAP")
_BMP_HEADER_SIZES = tuple(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))
# Without the preamble of a file: the first element is the group's length or the character set
_BARE_DICOM = (b"\x02\x00\x00\x00UL", b"\x08\x00\x05\x00CS", b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR")
_ISO_MEDIA_PICTURES = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"crx ")


@dataclass(frozen=True, slots=True)
class MeasuredValues:
    """What levels of grey were measured as (Hounsfield units, counts …), and which of them are to be looked at.

    `low` and `high` are the values that black and white stand for; `window` (low, high) is what the file says to show.
    """

    low: float
    high: float
    window: tuple[float, float] | None = None

    def looked_at(self, window: tuple[float, float]) -> MeasuredValues:
        """With another window, given as its lowest and highest value."""
        is_turned = self.low > self.high
        return replace(self, window=(window[1], window[0]) if is_turned else window)

    def shares(self) -> tuple[float, float]:
        """Where between black, 0, and white, 1, the window begins and ends; it may begin before and end behind."""
        if self.window is None:
            return (0.0, 1.0)
        span = self.high - self.low
        return ((self.window[0] - self.low) / span, (self.window[1] - self.low) / span)


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """A flat picture with what its file says about it.

    `pixels` are (H, W, 4) uint8 or uint16, straight RGBA, read-only, upright (EXIF orientation applied and reset).
    `icc_profile` is an RGB profile or None for sRGB; `exif` is the TIFF structure without "Exif\\0\\0".
    """

    pixels: Pixels
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    resolution_dpi: tuple[float, float] | None = None
    format: FileFormat = FileFormat.PNG
    has_alpha: bool = True
    is_gray: bool = False
    values: MeasuredValues | None = None

    def __post_init__(self) -> None:
        assert self.pixels.shape[2:] == (4,), self.pixels.shape
        view = self.pixels.view()
        view.flags.writeable = False
        object.__setattr__(self, "pixels", view)

    @property
    def depth(self) -> Depth:
        return 16 if self.pixels.dtype.itemsize == 2 else 8


class UnsupportedContentError(Exception):
    """A well-formed file of a known kind that is not read here; the text says why."""


def format_of_suffix(path: Path) -> FileFormat:
    """The kind a file will be written as; an unknown ending is a UserError."""
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise UserError("file.unknown_suffix", suffix=path.suffix or path.name, known=", ".join(SUFFIXES))
    return found


def format_of_bytes(head: bytes) -> FileFormat | None:
    """The kind of a file by its first bytes (132 are enough), whatever its name; None if it is not one of ours."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileFormat.PNG
    if head[128:132] == b"DICM" or head.startswith(_BARE_DICOM):  # first: what stands before may call itself a TIFF
        return FileFormat.DICOM
    if head.startswith(b"\xff\xd8\xff"):
        return FileFormat.JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileFormat.WEBP
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return FileFormat.TIFF
    if head.startswith(b"BM") and head[14:18] in _BMP_HEADER_SIZES:
        return FileFormat.BMP
    if head.startswith(b"PK\x03\x04") and head[30:54] == b"mimetypeimage/openraster":
        return FileFormat.OPENRASTER
    return None


def is_other_picture(head: bytes) -> bool:
    """True for kinds of pictures that cannot be opened here."""
    return head.startswith(_OTHER_PICTURES) or (head[4:8] == b"ftyp" and head[8:12] in _ISO_MEDIA_PICTURES)
