"""Reads OpenRaster, our own and other programs'. The archive counts as hostile: nothing of it is unpacked to disk, and
sizes are checked before anything is unpacked into memory.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias
from xml.etree import ElementTree

from desktop.core.blend_modes import BlendMode
from desktop.core.color import Depth, dtype_of_depth, to_depth
from desktop.core.document import Channel, Document, Guide, Metadata
from desktop.core.effects import prepared
from desktop.core.errors import UserError
from desktop.core.layers import AdjustmentLayer, GroupLayer, Layer, LayerId, Locks, Mask, RasterLayer
from desktop.core.tiles import TILE, Placer, StoredTile, TileKey, TileMap
from desktop.io.ora_package import MAX_PLACE_PX, Package
from desktop.io.ora_records import (
    CLIPPED_OP,
    EXIF_FILE,
    KEY_ATTRIBUTE,
    MODE_OF_OP,
    NAMESPACE,
    NORMAL_OP,
    PROFILE_FILE,
    XMP_FILE,
    AdjustmentRecord,
    DocumentRecord,
    LayerRecord,
    MaskRecord,
    PlaneRecord,
    locks_of_names,
    recipe_of_record,
    settings_of_record,
    shape_of_record,
    styles_of_record,
    tag_of_name,
    text_of_record,
)
from desktop.io.png_strips import PACKERS

CLIP_GROUP_NAME = "Group"
LARGE_PIXELS = 64_000_000  # such layers are read one after the other, a row of tiles at a time

# Pixels are decoded by threads while the tree is still being read: a promise is the layer once they are there.
Promise: TypeAlias = Callable[[], tuple[Layer, ...]]

_KEY = f"{{{NAMESPACE}}}{KEY_ATTRIBUTE}"
_ALL_LOCKED = Locks(True, True, True)


def read_openraster(path: Path, place: Placer | None) -> Document:
    """Called by `openraster.load_openraster`; see there."""
    pool = ThreadPoolExecutor(PACKERS, thread_name_prefix="openraster")
    try:
        with Package.opened(path) as package:
            return _Reader(package, pool, place).document()
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Child:
    """An element of a stack with where it stands."""

    element: ElementTree.Element
    record: LayerRecord | None
    x: int
    y: int


class _Reader:
    def __init__(self, package: Package, pool: ThreadPoolExecutor, place: Placer | None) -> None:
        self._package = package
        self._place = place
        self._one_large = Lock()
        self._pool = pool
        self._record: DocumentRecord | None = package.record()
        self._depth: Depth = 8
        self._planes: dict[tuple[str, int, int, int, int], Future[TileMap]] = {}
        self._used_ids: set[LayerId] = set()

    def document(self) -> Document:
        image = self._package.xml("stack.xml")
        if image.tag != "image":
            raise self._package.broken("its stack.xml describes no image")
        size = self._package.checked_size(image.get("w"), image.get("h"))
        stack = image.find("stack")
        elements = list(stack.iter("layer")) if stack is not None else []
        self._depth = self._depth_of(elements)
        promises = self._siblings(stack, 0, 0, is_isolated=True) if stack is not None else []
        record = self._record or DocumentRecord(resolution_dpi=_resolution(image))
        selection = self._tiles(record.selection, 1) if record.selection is not None else None
        saved = [(channel.name, self._tiles(channel.plane, 1)) for channel in record.channels]
        layers = _kept(promises)
        return Document(
            size,
            depth=self._depth,
            resolution_dpi=record.resolution_dpi,
            icc_profile=self._profile(elements),
            metadata=Metadata(self._package.optional(EXIF_FILE), self._package.optional(XMP_FILE)),
            layers=layers,
            selection=selection.result() if selection is not None else None,
            guides=tuple(Guide(position, is_vertical) for position, is_vertical in record.guides),
            channels=tuple(Channel(name, tiles.result()) for name, tiles in saved),
        )

    # The tree: promises of siblings, bottom first

    def _siblings(self, stack: ElementTree.Element, x: int, y: int, *, is_isolated: bool) -> list[Promise]:
        result: list[Promise] = []
        is_chain = True  # a base with nothing but clipped layers on it: the same as our clipping
        for element in reversed([child for child in stack if child.tag in ("layer", "stack")]):
            is_clipped = element.get("composite-op") == CLIPPED_OP
            if is_clipped and not is_chain and is_isolated and _is_shown(element):
                result, is_chain = [self._grouped(result)], True
            elif not is_clipped:
                is_chain = not result
            child = _Child(element, self._record_of(element), x + _whole(element, "x"), y + _whole(element, "y"))
            result.append(self._promise(child))
        return result

    def _grouped(self, promises: list[Promise]) -> Promise:
        """What lies below as one base: svg:src-atop clips to all of it, our clipping to the next layer."""
        group_id = self._new_id(0)
        return lambda: (GroupLayer(id=group_id, name=CLIP_GROUP_NAME, children=_kept(promises)),)

    def _promise(self, child: _Child) -> Promise:
        record = child.record
        if child.element.tag == "stack":
            return self._clip_run(child) if record is not None and record.is_clip_run else self._group(child)
        if record is not None and record.stands_for and self._is_unchanged(child):
            hidden = self._package.xml(record.stands_for)
            promises = self._siblings(hidden, 0, 0, is_isolated=False)
            return lambda: _kept(promises)
        return self._raster(child)

    def _group(self, child: _Child) -> Promise:
        is_isolated = not _is_pass_through(child)
        promises = self._siblings(child.element, child.x, child.y, is_isolated=is_isolated)
        fields, mask = self._fields(child), self._mask(child.record)
        passes = child.record.pass_through if child.record is not None else None
        fields["pass_through"] = not is_isolated if passes is None else passes
        fields["styles"] = styles_of_record(child.record.styles) if child.record is not None else None
        return lambda: (GroupLayer(**fields, mask=mask(), children=_kept(promises)),)

    def _clip_run(self, child: _Child) -> Promise:
        """A group that is there for other programs only: its lowest layer looks as the group says."""
        promises = self._siblings(child.element, child.x, child.y, is_isolated=True)
        looks = {key: self._fields(child, has_id=False)[key] for key in ("name", "visible", "opacity", "blend_mode")}

        def keep() -> tuple[Layer, ...]:
            base, *clipped = _kept(promises) or (None,)
            return (base.changed(**looks), *clipped) if base is not None else ()

        return keep

    def _raster(self, child: _Child) -> Promise:
        record = child.record
        if record is not None and record.adjustment is not None:
            return self._adjustment(child, record.adjustment)
        if (
            record is not None
            and (record.mask or record.pixels or record.recipe or record.text or record.shape)
            and not self._is_unchanged(child)
        ):
            record = None
        plane = PlaneRecord(child.element.get("src") or "", child.x, child.y)
        if record is not None and record.pixels is not None:
            plane = record.pixels
        tiles, mask = self._tiles(plane, 4), self._mask(record)
        fields = self._fields(child)
        recipe = recipe_of_record(record.recipe) if record is not None else None
        text = text_of_record(record.text) if record is not None else None
        shape = shape_of_record(record.shape) if record is not None else None
        styles = styles_of_record(record.styles) if record is not None else None
        made_of: dict[str, Any] = {"recipe": recipe, "text": text, "shape": shape, "styles": styles}
        return lambda: (RasterLayer(**fields, tiles=tiles.result(), mask=mask(), **made_of),)

    def _adjustment(self, child: _Child, record: AdjustmentRecord) -> Promise:
        """One whose table of colours is broken has none: an error here would take the whole picture with it."""
        settings, fields, mask = settings_of_record(record), self._fields(child), self._mask(child.record)
        try:
            prepared(settings)
        except UserError:
            settings = replace(settings, lut=None)
        return lambda: (AdjustmentLayer(**fields, mask=mask(), settings=settings),)

    # What an element and its record say

    def _record_of(self, element: ElementTree.Element) -> LayerRecord | None:
        key = element.get(_KEY)
        return self._record.layers.get(key) if self._record is not None and key is not None else None

    def _is_unchanged(self, child: _Child) -> bool:
        """True if the element's PNG is the one that its record was written with."""
        record, source = child.record, child.element.get("src")
        return record is not None and source is not None and self._package.sha256(source) == record.png_sha256

    def _fields(self, child: _Child, *, has_id: bool = True) -> dict[str, Any]:
        element, record = child.element, child.record or LayerRecord()
        op = element.get("composite-op", NORMAL_OP)
        mode = BlendMode(record.mode) if record.mode is not None else MODE_OF_OP.get(op, BlendMode.NORMAL)
        locks = locks_of_names(record.locks)
        if child.record is None and element.get("edit-locked") == "true":
            locks = _ALL_LOCKED
        return {
            "id": self._new_id(record.id) if has_id else 0,
            "name": element.get("name", "") if record.name is None else record.name,
            "visible": element.get("visibility", "visible") != "hidden",
            "opacity": _opacity(element),
            "blend_mode": mode,
            "clip_to_below": op == CLIPPED_OP if record.clip is None else record.clip,
            "locks": locks,
            "color_tag": tag_of_name(record.color_tag),
        }

    def _new_id(self, wanted: LayerId) -> LayerId:
        """The wanted number if it is free, else one that no record wants."""
        if wanted < 1 or wanted in self._used_ids:
            known = [record.id for record in self._record.layers.values()] if self._record is not None else []
            wanted = max([*self._used_ids, *known], default=0) + 1
        self._used_ids.add(wanted)
        return wanted

    def _mask(self, record: LayerRecord | None) -> Callable[[], Mask | None]:
        mask: MaskRecord | None = record.mask if record is not None else None
        if mask is None:
            return lambda: None
        tiles = self._tiles(mask.plane, 1)
        return lambda: Mask(tiles.result(), mask.enabled, mask.linked)

    # Pixels

    def _tiles(self, plane: PlaneRecord, channels: int) -> Future[TileMap]:
        key = (plane.file, plane.x, plane.y, plane.default, channels)
        if key not in self._planes:
            self._planes[key] = self._pool.submit(self._load, plane, channels)
        return self._planes[key]

    def _load(self, plane: PlaneRecord, channels: int) -> TileMap:
        if max(abs(plane.x), abs(plane.y)) > MAX_PLACE_PX or not 0 <= plane.default <= 255:
            raise self._package.broken("a layer lies absurdly far away")
        if not plane.file:
            return TileMap(channels, dtype_of_depth(self._depth if channels == 4 else 8), plane.default)
        if channels == 1:
            return TileMap.from_array(self._package.gray(plane.file), plane.x, plane.y, plane.default)
        if self._package.size_of(plane.file).area >= LARGE_PIXELS:
            with self._one_large:
                return self._load_large(plane)
        picture = self._package.picture(plane.file)
        return TileMap.from_array(to_depth(picture.pixels, self._depth), plane.x, plane.y, plane.default, self._place)

    def _load_large(self, plane: PlaneRecord) -> TileMap:
        """One row of tiles after the other, so that the pixels are never all in memory at once."""
        height = self._package.size_of(plane.file).height
        tops = [0, *range(-plane.y % TILE or TILE, height, TILE)]
        bands = self._package.picture_bands(plane.file, [b - a for a, b in itertools.pairwise([*tops, height])])
        if bands is None:
            bands, tops = iter([self._package.picture(plane.file).pixels]), [0]
        tiles: dict[TileKey, StoredTile] = {}
        for top, band in zip(tops, bands, strict=True):
            row = TileMap.from_array(to_depth(band, self._depth), plane.x, plane.y + top, plane.default, self._place)
            tiles.update(row.stored())
        return TileMap(4, dtype_of_depth(self._depth), plane.default, tiles)

    def _depth_of(self, elements: Sequence[ElementTree.Element]) -> Depth:
        if self._record is not None:
            return 16 if self._record.depth == 16 else 8
        sources = {element.get("src") for element in elements} - {None}
        return 16 if any(self._package.bits(source or "") == 16 for source in sources) else 8

    def _profile(self, elements: Sequence[ElementTree.Element]) -> bytes | None:
        """Ours is a file of its own; other programs put it into their PNGs."""
        if self._record is not None:
            return self._package.optional(PROFILE_FILE)
        sources = (element.get("src") for element in elements)
        return next((self._package.profile(source) for source in sources if source), None)


def _kept(promises: Sequence[Promise]) -> tuple[Layer, ...]:
    return tuple(layer for promise in promises for layer in promise())


def _is_pass_through(child: _Child) -> bool:
    """As the specification has it: "auto" groups are isolated if they have opacity or a blend mode of their own."""
    element = child.element
    op = element.get("composite-op", NORMAL_OP)
    return element.get("isolation", "auto") != "isolate" and op == NORMAL_OP and _opacity(element) == 1


def _is_shown(element: ElementTree.Element) -> bool:
    return element.get("visibility", "visible") != "hidden" and _opacity(element) > 0


def _opacity(element: ElementTree.Element) -> float:
    try:
        value = float(element.get("opacity", "1"))
    except ValueError:
        return 1.0
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 1.0


def _whole(element: ElementTree.Element, name: str) -> int:
    """A coordinate; some programs write them with a decimal point."""
    try:
        value = float(element.get(name, "0"))
    except ValueError:
        return 0
    return round(value) if abs(value) <= 2 * MAX_PLACE_PX else 2 * MAX_PLACE_PX


def _resolution(image: ElementTree.Element) -> tuple[float, float]:
    values = []
    for name in ("xres", "yres"):
        try:
            values.append(float(image.get(name, "72")))
        except ValueError:
            values.append(72.0)
    return (values[0], values[1]) if all(1 <= value <= 100_000 for value in values) else (72.0, 72.0)
