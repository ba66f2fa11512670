"""EXIF and XMP packets: read what matters, change single values in place, move them in and out of TIFF files.

EXIF is a small TIFF file (CIPA DC-008). It is patched where it stands rather than rebuilt, because maker notes hold
offsets that only their maker can correct.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

ReadAt: TypeAlias = Callable[[int, int], bytes]  # (offset, length) → bytes

ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x0112, 0x8769, 0x8825, 0xA005
PIXEL_WIDTH, PIXEL_HEIGHT = 0xA002, 0xA003
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
INCH_UNIT, CENTIMETRE_UNIT = 2, 3
CM_PER_INCH = 2.54

# What of a TIFF file's own directory describes the picture rather than how its pixels are stored.
DESCRIPTIVE_TAGS = frozenset(
    (0x010E, 0x010F, 0x0110, ORIENTATION, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298, EXIF_IFD, GPS_IFD)
)

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_VALUE_BYTES = 16 << 20
_MAX_ENTRIES = 1024  # real directories have some dozens; hostile ones 65,535, each with a large value
_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>)\s*)[2-8]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag of a directory; `data` are its values in the file's byte order, `value_at` is where its field stands."""

    tag: int
    type: int
    count: int
    data: bytes
    value_at: int = -1

    def integer(self, order: str) -> int | None:
        """The first value of a SHORT or LONG."""
        if self.type == 3 and len(self.data) >= 2:
            return int(struct.unpack_from(order + "H", self.data)[0])
        if self.type in (4, 13) and len(self.data) >= 4:
            return int(struct.unpack_from(order + "I", self.data)[0])
        return None


@dataclass(slots=True)
class Directory:
    """An image file directory (IFD) with the ones that hang from it."""

    entries: dict[int, Entry] = field(default_factory=dict)
    children: dict[int, Directory] = field(default_factory=dict)  # by the tag that points to them


def byte_order(header: bytes) -> str | None:
    """ "<" or ">" for classic TIFF and EXIF, None for anything else."""
    return _ORDERS.get(header[:4])


def read_directory(read: ReadAt, offset: int, order: str, depth: int = 0) -> Directory:
    """A directory and its EXIF, GPS and interoperability children. Broken entries are left out."""
    directory = Directory()
    for entry in _entries(read, offset, order):
        directory.entries[entry.tag] = entry
        target = entry.integer(order)
        if entry.tag in (EXIF_IFD, GPS_IFD, INTEROP_IFD) and target and depth < 2:
            directory.children[entry.tag] = read_directory(read, target, order, depth + 1)
    return directory


def pack_directory(directory: Directory, at: int, order: str, next_ifd: int = 0) -> bytes:
    """The bytes of a directory that will stand at offset `at` (even), values and children behind its table."""
    entries = {tag: entry for tag, entry in directory.entries.items() if tag not in (EXIF_IFD, GPS_IFD, INTEROP_IFD)}
    tags = sorted({*entries, *directory.children})
    table_end = at + 2 + 12 * len(tags) + 4
    table, values = struct.pack(order + "H", len(tags)), b""
    for tag in tags:
        child = directory.children.get(tag)
        if child is not None:
            table += struct.pack(order + "HHII", tag, 4, 1, table_end + len(values))
            values += pack_directory(child, table_end + len(values), order)
            continue
        entry = entries[tag]
        table += struct.pack(order + "HHI", tag, entry.type, entry.count)
        if len(entry.data) <= 4:
            table += entry.data.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", table_end + len(values))
            values += entry.data + b"\0" * (len(entry.data) % 2)
    return table + struct.pack(order + "I", next_ifd) + values


def exif_of_tiff(read: ReadAt) -> bytes | None:
    """The EXIF packet hidden in a classic TIFF file's own directory, None if there is nothing to tell."""
    header = read(0, 8)
    order = byte_order(header)
    if order is None:
        return None
    directory = read_directory(read, struct.unpack(order + "I", header[4:8])[0], order)
    kept = {tag: entry for tag, entry in directory.entries.items() if tag in DESCRIPTIVE_TAGS}
    children = {tag: child for tag, child in directory.children.items() if child.entries}
    turned = ORIENTATION in kept and kept[ORIENTATION].integer(order) != 1
    if not children and not kept.keys() - {ORIENTATION} and not turned:
        return None
    return header[:4] + struct.pack(order + "I", 8) + pack_directory(Directory(kept, children), 8, order)


def orientation_of(exif: bytes | None) -> int:
    """1 to 8 as EXIF counts them; 1 (upright) where nothing or nonsense is said."""
    entry = _main_entry(exif, ORIENTATION)
    value = entry.integer(byte_order(exif or b"") or "<") if entry else None
    return value if value is not None and 1 <= value <= 8 else 1


def exif_upright(exif: bytes | None) -> bytes | None:
    """The packet with its orientation set to upright."""
    entry = _main_entry(exif, ORIENTATION)
    return exif if exif is None or entry is None else _patched(exif, entry, 1)


def xmp_upright(xmp: bytes | None) -> bytes | None:
    """The packet with its orientation, if it tells one, set to upright."""
    return None if xmp is None else _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


def exif_for_picture(exif: bytes | None, width: int, height: int) -> bytes | None:
    """The packet as it may be written with a picture: right size in pixels, upright, no thumbnail of an older state."""
    order = byte_order(exif or b"")
    if exif is None or order is None:
        return None
    result = _without_thumbnail(exif_upright(exif) or exif, order)
    pointer = _main_entry(result, EXIF_IFD)
    target = pointer.integer(order) if pointer else None
    for entry in _entries(_reader(result), target, order) if target else ():
        if entry.tag in (PIXEL_WIDTH, PIXEL_HEIGHT):
            result = _patched(result, entry, width if entry.tag == PIXEL_WIDTH else height)
    return result


def exif_resolution_dpi(exif: bytes | None) -> tuple[float, float] | None:
    """What the packet says about pixels per inch."""
    order = byte_order(exif or b"")
    if exif is None or order is None:
        return None
    entries = {entry.tag: entry for entry in _entries(_reader(exif), _first_offset(exif, order), order)}
    if X_RESOLUTION not in entries or Y_RESOLUTION not in entries:
        return None
    unit = entries[RESOLUTION_UNIT].integer(order) if RESOLUTION_UNIT in entries else None
    factor = CM_PER_INCH if unit == CENTIMETRE_UNIT else 1.0
    across, down = (_rational(entries[tag], order) * factor for tag in (X_RESOLUTION, Y_RESOLUTION))
    return (across, down) if is_resolution(across) and is_resolution(down) else None


def exif_of_resolution(dpi: tuple[float, float]) -> bytes:
    """A packet that tells nothing but the resolution, for formats without a field of their own for it."""
    entries = {RESOLUTION_UNIT: Entry(RESOLUTION_UNIT, 3, 1, struct.pack("<H", INCH_UNIT))}
    for tag, value in zip((X_RESOLUTION, Y_RESOLUTION), dpi, strict=True):
        entries[tag] = Entry(tag, 5, 1, struct.pack("<II", round(value * 1000), 1000))
    return b"II*\0" + struct.pack("<I", 8) + pack_directory(Directory(entries), 8, "<")


def is_resolution(dpi: float) -> bool:
    return 0.1 <= dpi <= 1_000_000


def add_to_tiff(read: ReadAt, end: int, exif: bytes) -> tuple[int, bytes, bytes] | None:
    """How to bring an EXIF packet into a classic TIFF file of the same byte order that ends at `end`.

    Returns the offset for a new directory, its bytes, and the new header; None if the packet cannot be read.
    """
    order = byte_order(exif)
    header = read(0, 8)
    if order is None or byte_order(header) != order:
        return None
    directory = read_directory(read, struct.unpack(order + "I", header[4:8])[0], order)
    added = read_directory(_reader(exif), _first_offset(exif, order), order)
    for tag, entry in added.entries.items():
        if tag in DESCRIPTIVE_TAGS - {ORIENTATION}:
            directory.entries.setdefault(tag, entry)
    directory.children.update({tag: child for tag, child in added.children.items() if child.entries})
    at = end + end % 2
    return at, pack_directory(directory, at, order), header[:4] + struct.pack(order + "I", at)


def _entries(read: ReadAt, offset: int, order: str) -> Iterator[Entry]:
    """The readable entries of one directory; stops without a word where the bytes do not make sense."""
    head = read(offset, 2)
    if len(head) < 2:
        return
    for index in range(min(struct.unpack(order + "H", head)[0], _MAX_ENTRIES)):
        at = offset + 2 + 12 * index
        raw = read(at, 12)
        if len(raw) < 12:
            return
        tag, kind, count = struct.unpack(order + "HHI", raw[:8])
        length = _TYPE_BYTES.get(kind, 0) * count
        if not 0 < length <= _MAX_VALUE_BYTES:
            continue
        data = raw[8 : 8 + length] if length <= 4 else read(struct.unpack(order + "I", raw[8:])[0], length)
        if len(data) == length:
            yield Entry(tag, kind, count, data, at + 8)


def _main_entry(exif: bytes | None, tag: int) -> Entry | None:
    order = byte_order(exif or b"")
    if exif is None or order is None:
        return None
    entries = _entries(_reader(exif), _first_offset(exif, order), order)
    return next((entry for entry in entries if entry.tag == tag), None)


def _without_thumbnail(exif: bytes, order: str) -> bytes:
    """Unhooks the second directory; its bytes are cut off where nothing else lies behind them."""
    offset = _first_offset(exif, order)
    if len(exif) < offset + 2:
        return exif
    link_at = offset + 2 + 12 * int(struct.unpack_from(order + "H", exif, offset)[0])
    if len(exif) < link_at + 4:
        return exif
    thumbnail_at = int(struct.unpack_from(order + "I", exif, link_at)[0])
    if thumbnail_at == 0:
        return exif
    unhooked = exif[:link_at] + b"\0\0\0\0" + exif[link_at + 4 :]
    return unhooked[:thumbnail_at] if _last_used_byte(unhooked, order) <= thumbnail_at else unhooked


def _last_used_byte(exif: bytes, order: str) -> int:
    """Where the last value or table of all directories ends."""

    def end_of(directory_at: int, directory: Directory) -> int:
        ends = [directory_at + 2 + 12 * len(directory.entries) + 4]
        for entry in directory.entries.values():
            if len(entry.data) > 4:
                ends.append(int(struct.unpack_from(order + "I", exif, entry.value_at)[0]) + len(entry.data))
            child = directory.children.get(entry.tag)
            if child is not None:
                ends.append(end_of(entry.integer(order) or 0, child))
        return max(ends)

    first = _first_offset(exif, order)
    return end_of(first, read_directory(_reader(exif), first, order))


def _patched(exif: bytes, entry: Entry, value: int) -> bytes:
    """The packet with one SHORT or LONG replaced; other types and values that do not fit stay as they are."""
    order = byte_order(exif) or "<"
    if entry.count != 1 or entry.type not in (3, 4) or (entry.type == 3 and value > 0xFFFF):
        return exif
    packed = struct.pack(order + ("H" if entry.type == 3 else "I"), value)
    return exif[: entry.value_at] + packed + exif[entry.value_at + len(packed) :]


def _first_offset(exif: bytes, order: str) -> int:
    return int(struct.unpack_from(order + "I", exif, 4)[0]) if len(exif) >= 8 else len(exif)


def _rational(entry: Entry, order: str) -> float:
    if entry.type != 5 or len(entry.data) < 8:
        return 0.0
    above, below = struct.unpack_from(order + "II", entry.data)
    return above / below if below else 0.0


def _reader(data: bytes) -> ReadAt:
    return lambda offset, length: data[offset : offset + length]
