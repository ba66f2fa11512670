"""Writes a document as OpenRaster: the tree as other programs can show it, the pixels, and the extension."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import clip_groups, flatten
from desktop.core.document import Document
from desktop.core.effects import prepared
from desktop.core.geometry import EMPTY_RECT, Rect, union_of
from desktop.core.layers import AdjustmentLayer, GroupLayer, Layer, RasterLayer
from desktop.io.atomic import replacing
from desktop.io.ora_archive import ONE_PIXEL, ArchiveWriter, Plane, Store, plane_of, thumbnail
from desktop.io.ora_projection import (
    ClipRun,
    acts_isolated,
    changes_backdrop,
    clipping_needs_flattening,
    has_shown_clipping,
    runs_to_fold,
    shown_mask,
)
from desktop.io.ora_records import (
    CLIPPED_OP,
    EXIF_FILE,
    KEY_ATTRIBUTE,
    MIMETYPE,
    NAMESPACE,
    NORMAL_OP,
    OP_OF_MODE,
    PROFILE_FILE,
    RECORD_FILE,
    XMP_FILE,
    ChannelRecord,
    DocumentRecord,
    LayerRecord,
    MaskRecord,
    PlaneRecord,
    name_of_tag,
    names_of_locks,
    record_of_recipe,
    record_of_settings,
    record_of_shape,
    record_of_styles,
    record_of_text,
)
from desktop.io.pixel_rows import ArrayRows, FlattenedRows, MaskedTileRows, TileRows
from desktop.io.png_strips import PACKERS

VERSION = "0.0.5"
LARGE_PIXELS = 64_000_000  # the merged picture of larger ones is composited while it is written

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_openraster(document: Document, path: Path, previous: Path) -> None:
    """Called by `openraster.save_openraster`; see there."""
    with (
        replacing(path) as aside,
        Store(previous) as store,
        ThreadPoolExecutor(PACKERS, thread_name_prefix="openraster") as pool,
        ArchiveWriter(aside, icc_profile=document.icc_profile, depth=document.depth, store=store, pool=pool) as archive,
    ):
        _Writer(document, archive, pool).write()


class _Writer:
    def __init__(self, document: Document, archive: ArchiveWriter, pool: ThreadPoolExecutor) -> None:
        self._document = document
        self._archive = archive
        self._pool = pool
        self._records: dict[str, LayerRecord] = {}
        self._planes: dict[int, Future[Plane]] = {}  # by the identity of the tile map

    def write(self) -> None:
        self._archive.write_bytes("mimetype", MIMETYPE)
        self._look_at_planes()
        is_large = self._document.size.area >= LARGE_PIXELS
        # while pixels are packed or copied, unless it would be too much to have whole
        picture = None if is_large else self._pool.submit(flatten, self._document)
        root = _add_reversed(ElementTree.Element("stack"), self._elements(self._document.layers, is_isolated=True))
        self._archive.write_xml("stack.xml", self._image_element(root))
        if picture is not None:
            merged = picture.result()
            self._archive.write_png("mergedimage.png", ArrayRows(merged))
            self._archive.write_png("Thumbnails/thumbnail.png", ArrayRows(thumbnail(merged)))
        else:
            rows = FlattenedRows(
                self._document, max(1, max(self._document.size.width, self._document.size.height) // 1024)
            )
            self._archive.write_png("mergedimage.png", rows)
            self._archive.write_png("Thumbnails/thumbnail.png", ArrayRows(thumbnail(rows.small())))
        self._write_extension()

    def _look_at_planes(self) -> None:
        """Bounds and digests of all tiles, by several threads."""
        maps = [layer.tiles for layer in self._document.iter_layers() if isinstance(layer, RasterLayer)]
        maps += [layer.mask.tiles for layer in self._document.iter_layers() if layer.mask is not None]
        maps += [channel.tiles for channel in self._document.channels]
        maps += [self._document.selection] if self._document.selection is not None else []
        for tiles in maps:
            if id(tiles) not in self._planes:
                self._planes[id(tiles)] = self._pool.submit(plane_of, tiles)

    # The tree as other programs see it, siblings bottom first

    def _elements(self, layers: Sequence[Layer], *, is_isolated: bool) -> list[ElementTree.Element]:
        runs = clip_groups(layers)
        folded = runs_to_fold(layers) if is_isolated else 0
        result = [self._fold(runs[:folded])] if folded else []
        for run in runs[folded:]:
            result += self._run_elements(run, is_bottom=is_isolated and not result)
        return result

    def _run_elements(self, run: ClipRun, *, is_bottom: bool) -> list[ElementTree.Element]:
        base, clipped = run
        if not has_shown_clipping(run):
            lowest = self._element(base, _op_of(base), isolates=is_bottom and changes_backdrop(base))
            return [lowest, *(self._element(layer, CLIPPED_OP, isolates=True) for layer in clipped)]
        if clipping_needs_flattening(run):
            plain = base.changed(visible=True, opacity=1.0, blend_mode=BlendMode.NORMAL)
            return [
                self._stand_in(f"run-{base.id}", base, OP_OF_MODE[base.blend_mode], [plain, *clipped], [base, *clipped])
            ]
        is_plain = base.visible and base.opacity == 1 and base.blend_mode is BlendMode.NORMAL
        inside = [
            self._element(
                base.changed(visible=True, opacity=1.0, blend_mode=BlendMode.NORMAL), NORMAL_OP, isolates=True
            ),
            *(self._element(layer, CLIPPED_OP, isolates=True) for layer in clipped),
        ]
        if is_bottom and is_plain:
            return inside
        group = self._layer_element("stack", base, OP_OF_MODE[base.blend_mode], f"run-{base.id}")
        group.set("isolation", "isolate")
        self._records[f"run-{base.id}"] = LayerRecord(is_clip_run=True, name=_unwritable(base.name))
        return [_add_reversed(group, inside)]

    def _element(self, layer: Layer, op: str, *, isolates: bool = False) -> ElementTree.Element:
        """One layer; `isolates` writes a pass-through group as an isolated one, where that looks the same."""
        record = self._record_of(layer, op)
        if isinstance(layer, AdjustmentLayer):
            return self._adjustment_element(layer, op, record)
        if layer.styles is not None:
            return self._alone(layer, op)
        if isinstance(layer, RasterLayer):
            return self._raster_element(layer, op, record)
        is_isolated = isolates or acts_isolated(layer)
        if is_isolated and shown_mask(layer) is not None:
            return self._alone(layer, op)
        element = self._layer_element("stack", layer, op, str(layer.id))
        element.set("isolation", "isolate" if is_isolated else "auto")
        record.pass_through = layer.pass_through
        record.mask = self._mask_record(layer)
        self._records[str(layer.id)] = record
        return _add_reversed(element, self._elements(layer.children, is_isolated=is_isolated))

    def _adjustment_element(self, layer: AdjustmentLayer, op: str, record: LayerRecord) -> ElementTree.Element:
        """A fill is a picture for other programs; what changes nothing here, hidden or lowest, an empty one."""
        element = self._layer_element("layer", layer, op, str(layer.id))
        name = f"data/layer-{layer.id}.png"
        rect = self._document.size.rect() if prepared(layer.settings).fills else ONE_PIXEL
        plain = layer.changed(visible=True, opacity=1.0, blend_mode=BlendMode.NORMAL, clip_to_below=False)
        _set_source(element, name, rect)
        picture = flatten(self._document.changed(layers=(plain,)), rect)
        record.png_sha256 = self._archive.write_png(name, ArrayRows(picture))
        record.mask = self._mask_record(layer)
        self._records[str(layer.id)] = record
        return element

    def _raster_element(self, layer: RasterLayer, op: str, record: LayerRecord) -> ElementTree.Element:
        element = self._layer_element("layer", layer, op, str(layer.id))
        plane = self._planes[id(layer.tiles)].result()
        mask = shown_mask(layer)
        if mask is None:
            record.png_sha256 = self._write_layer_png(element, f"data/layer-{layer.id}.png", plane)
        else:
            mask_plane = self._planes[id(mask.tiles)].result()
            content = f"masked {plane.digest} {mask_plane.digest}"
            rows = MaskedTileRows(plane.tiles, mask.tiles, plane.rect)
            record.png_sha256 = self._archive.write_png(f"data/layer-{layer.id}.png", rows, content)
            _set_source(element, f"data/layer-{layer.id}.png", plane.rect)
            record.pixels = self._plane_record(f"scumble/pixels-{layer.id}.png", plane)
        record.mask = self._mask_record(layer)
        self._records[str(layer.id)] = record
        return element

    def _write_layer_png(self, element: ElementTree.Element, name: str, plane: Plane) -> str:
        _set_source(element, name, plane.rect)
        return self._archive.write_png(name, TileRows(plane.tiles, plane.rect), plane.digest)

    # Pictures that stand for what cannot be said

    def _alone(self, layer: Layer, op: str) -> ElementTree.Element:
        """One layer or group that only a picture of it can stand for."""
        plain = layer.changed(visible=True, opacity=1.0, blend_mode=BlendMode.NORMAL, clip_to_below=False)
        return self._stand_in(str(layer.id), layer, op, [plain], [layer])

    def _fold(self, runs: Sequence[ClipRun]) -> ElementTree.Element:
        layers = [layer for base, clipped in runs for layer in (base, *clipped)]
        top = runs[-1][0].changed(visible=True, opacity=1.0, blend_mode=BlendMode.NORMAL)
        return self._stand_in(f"fold-{top.id}", top, NORMAL_OP, layers, layers)

    def _stand_in(
        self,
        key: str,
        looks: Layer,
        op: str,
        shown: Sequence[Layer],
        true: Sequence[Layer],
    ) -> ElementTree.Element:
        """A flattened picture of `shown` with the attributes of `looks`, standing for the `true` layers."""
        element = self._layer_element("layer", looks, op, key)
        rect = self._bounds(shown)
        rect = ONE_PIXEL if rect.is_empty else rect
        picture = flatten(self._document.changed(layers=tuple(shown)), rect)
        name = f"data/flat-{key}.png"
        _set_source(element, name, rect)
        digest = self._archive.write_png(name, ArrayRows(picture))
        root = ElementTree.Element("stack")
        _add_reversed(root, [self._exact_element(layer) for layer in true])
        self._archive.write_xml(f"scumble/{key}.xml", root)
        self._records[f"flat-{key}"] = LayerRecord(
            stands_for=f"scumble/{key}.xml", png_sha256=digest, name=_unwritable(looks.name)
        )
        element.set(f"scumble:{KEY_ATTRIBUTE}", f"flat-{key}")
        return element

    def _exact_element(self, layer: Layer) -> ElementTree.Element:
        """A layer for our own eyes: nothing baked, every group as it is."""
        record = self._record_of(layer, OP_OF_MODE[layer.blend_mode])
        record.clip = layer.clip_to_below
        record.mask = self._mask_record(layer)
        self._records[str(layer.id)] = record
        tag = "stack" if isinstance(layer, GroupLayer) else "layer"
        element = self._layer_element(tag, layer, OP_OF_MODE[layer.blend_mode], str(layer.id))
        if isinstance(layer, GroupLayer):
            record.pass_through = layer.pass_through
            return _add_reversed(element, [self._exact_element(child) for child in layer.children])
        if isinstance(layer, AdjustmentLayer):
            return element
        plane = self._planes[id(layer.tiles)].result()
        record.png_sha256 = self._write_layer_png(element, f"scumble/pixels-{layer.id}.png", plane)
        return element

    def _bounds(self, layers: Sequence[Layer]) -> Rect:
        return union_of(self._bounds_of(layer) for layer in layers)

    def _bounds_of(self, layer: Layer) -> Rect:
        if isinstance(layer, GroupLayer):
            rect = self._bounds(layer.children)
            return rect if layer.styles is None or rect.is_empty else rect.expanded(layer.styles.reach)
        if isinstance(layer, AdjustmentLayer):  # a blur shows beyond the layers below, but not beyond the canvas
            return self._document.size.rect() if prepared(layer.settings).spreads else EMPTY_RECT
        rect = self._planes[id(layer.tiles)].result().rect
        return rect if layer.styles is None else rect.expanded(layer.styles.reach)

    # Records and attributes

    def _image_element(self, root: ElementTree.Element) -> ElementTree.Element:
        size, (across, down) = self._document.size, self._document.resolution_dpi
        attributes = {"version": VERSION, "w": str(size.width), "h": str(size.height)}
        attributes |= {"xres": str(max(1, round(across))), "yres": str(max(1, round(down)))}
        image = ElementTree.Element("image", {**attributes, "xmlns:scumble": NAMESPACE})
        image.append(root)
        return image

    def _layer_element(self, tag: str, layer: Layer, op: str, key: str) -> ElementTree.Element:
        element = ElementTree.Element(tag, {"name": _NOT_IN_XML.sub("\ufffd", layer.name)})
        element.set("opacity", repr(float(layer.opacity)))
        element.set("visibility", "visible" if layer.visible else "hidden")
        element.set("composite-op", op)
        if layer.locks.all:
            element.set("edit-locked", "true")
        element.set(f"scumble:{KEY_ATTRIBUTE}", key)
        return element

    def _record_of(self, layer: Layer, op: str) -> LayerRecord:
        is_clip_told = layer.clip_to_below == (op == CLIPPED_OP)
        return LayerRecord(
            id=layer.id,
            name=_unwritable(layer.name),
            clip=None if is_clip_told else layer.clip_to_below,
            mode=None if OP_OF_MODE[layer.blend_mode] == op else layer.blend_mode.value,
            locks=names_of_locks(layer.locks),
            color_tag=name_of_tag(layer.color_tag),
            recipe=record_of_recipe(layer.recipe) if isinstance(layer, RasterLayer) else None,
            text=record_of_text(layer.text) if isinstance(layer, RasterLayer) else None,
            shape=record_of_shape(layer.shape) if isinstance(layer, RasterLayer) else None,
            styles=None if isinstance(layer, AdjustmentLayer) else record_of_styles(layer.styles),
            adjustment=record_of_settings(layer.settings) if isinstance(layer, AdjustmentLayer) else None,
        )

    def _mask_record(self, layer: Layer) -> MaskRecord | None:
        mask = layer.mask
        if mask is None:
            return None
        plane = self._plane_record(f"scumble/mask-{layer.id}.png", self._planes[id(mask.tiles)].result())
        return MaskRecord(plane, mask.enabled, mask.linked)

    def _plane_record(self, name: str, plane: Plane) -> PlaneRecord:
        if not plane.tiles.stored():
            return PlaneRecord(default=plane.tiles.default)
        self._archive.write_png(name, TileRows(plane.tiles, plane.rect), plane.digest)
        return PlaneRecord(name, plane.rect.x, plane.rect.y, plane.tiles.default)

    def _write_extension(self) -> None:
        document = self._document
        selection = None
        if document.selection is not None:
            plane = self._planes[id(document.selection)].result()
            selection = self._plane_record("scumble/selection.png", plane)
        channels = [
            ChannelRecord(
                channel.name,
                self._plane_record(f"scumble/channel-{number}.png", self._planes[id(channel.tiles)].result()),
            )
            for number, channel in enumerate(document.channels)
        ]
        extras = {
            PROFILE_FILE: document.icc_profile,
            EXIF_FILE: document.metadata.exif,
            XMP_FILE: document.metadata.xmp,
        }
        for name, content in extras.items():
            if content is not None:
                self._archive.write_bytes(name, content)
        record = DocumentRecord(
            depth=document.depth,
            resolution_dpi=document.resolution_dpi,
            selection=selection,
            guides=[(guide.position_px, guide.is_vertical) for guide in document.guides],
            channels=channels,
            layers=self._records,
            stored=self._archive.stored,
        )
        self._archive.write_bytes(RECORD_FILE, msgspec.json.encode(record), is_packed=True)


def _op_of(layer: Layer) -> str:
    """Pass-through groups have no blend mode of their own."""
    if isinstance(layer, GroupLayer) and layer.passes_through:
        return NORMAL_OP
    return OP_OF_MODE[layer.blend_mode]


def _add_reversed(parent: ElementTree.Element, bottom_first: Sequence[ElementTree.Element]) -> ElementTree.Element:
    """OpenRaster lists the uppermost first."""
    parent.extend(reversed(bottom_first))
    return parent


def _set_source(element: ElementTree.Element, name: str, rect: Rect) -> None:
    element.set("src", name)
    element.set("x", str(rect.x))
    element.set("y", str(rect.y))


def _unwritable(name: str) -> str | None:
    """The name, where XML has characters of it it cannot hold."""
    return name if _NOT_IN_XML.search(name) else None
