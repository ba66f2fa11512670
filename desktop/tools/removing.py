"""A removal as a value: where, on what, and what came of it; and how it lands in the document."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from desktop.core.color import Gray8, Pixels
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import LayerId, RasterLayer
from desktop.core.remove import Imagine, RemoveSettings, Watch, context_of, removed
from desktop.core.tiles import TileMap
from desktop.tools.layer_edits import place_above
from desktop.tools.locks import keeps_alpha
from desktop.tools.names import EditName
from desktop.tools.painting import Plane, paintable_layer


@dataclass(frozen=True, slots=True, eq=False)
class Removal:
    """One removal on one version. `area` is what changes, `window` what is looked at; `pixels` lie in `area`."""

    document: Document
    layer_id: LayerId
    region: TileMap
    settings: RemoveSettings
    is_new_layer: bool
    area: Rect
    window: Rect
    pixels: Pixels | None = None

    def filled(self, watch: Watch, imagine: Imagine | None = None) -> Removal:
        """Computes, in any thread but the window's; `watch` may raise to break off. `imagine` asks a network."""
        document, window = self.document, self.window
        mask = self._mask()
        if self.is_new_layer:
            found = removed(flatten(document, window), _whole(mask), self.settings, imagine=imagine, watch=watch)
            found[..., 3] = np.rint(found[..., 3] * (mask.astype(np.float32) / 255)).astype(found.dtype)
        else:
            before = document.raster_layer(self.layer_id).tiles.read(window)
            found = removed(before, mask, self.settings, imagine=imagine, watch=watch)
            if keeps_alpha(document, self.layer_id):
                found[..., 3] = before[..., 3]
        left, top = self.area.x - window.x, self.area.y - window.y
        return replace(self, pixels=found[top : top + self.area.height, left : left + self.area.width].copy())

    def still_fits(self, document: Document) -> bool:
        """True when a newer version has the same pixels where this one looked."""
        if document is self.document:
            return True
        if document.size != self.document.size or document.depth != self.document.depth:
            return False
        if self.is_new_layer:
            return np.array_equal(flatten(document, self.window), flatten(self.document, self.window))
        if not document.has_layer(self.layer_id):
            return False
        now, then = document.raster_layer(self.layer_id).tiles, self.document.raster_layer(self.layer_id).tiles
        return now is then or np.array_equal(now.read(self.window), then.read(self.window))

    def again(self, document: Document) -> Removal:
        """The same wish on a newer version."""
        return removal_of(document, self.layer_id, self.region, self.settings, is_new_layer=self.is_new_layer)

    def with_seed(self, seed: int) -> Removal:
        """The same wish on the same version: another result."""
        return replace(self, settings=replace(self.settings, seed=seed), pixels=None)

    def _mask(self) -> Gray8:
        """What is painted, as far as it is selected; without paint what is selected."""
        selection = self.document.selection
        if len(self.region) == 0:
            assert selection is not None
            return np.ascontiguousarray(selection.read(self.window)[..., 0])
        painted = self.region.read(self.window)[..., 0]
        if selection is None:
            return np.ascontiguousarray(painted)
        share = selection.read(self.window)[..., 0].astype(np.float32) / 255
        return np.rint(painted * share).astype(np.uint8)


def removal_of(
    document: Document, layer_id: LayerId | None, region: TileMap, settings: RemoveSettings, *, is_new_layer: bool
) -> Removal:
    """UserError when nothing is marked inside the canvas, or the layer cannot be worked on."""
    if layer_id is None:
        raise UserError("tool.no_layer")
    if not is_new_layer:
        paintable_layer(document, layer_id, Plane.PIXELS)
    canvas = document.size.rect()
    area = canvas
    for limit in (region if len(region) else None, document.selection):
        if limit is not None:
            area = area.intersect(limit.content_bounds())
    if area.is_empty or (len(region) == 0 and document.selection is None):
        raise UserError("remove.empty")
    window = context_of(area, canvas, settings)
    return Removal(document, layer_id, region, settings, is_new_layer, area, window)


def land_removal(opened: OpenDocument, removal: Removal, name: str) -> LayerId | None:
    """One edit; the id of the new layer where one was wanted."""
    assert removal.pixels is not None
    if not removal.is_new_layer:
        paintable_layer(opened.document, removal.layer_id, Plane.PIXELS)
        with opened.edit(EditName.REMOVE) as edit:
            edit.pixels(removal.layer_id).write(removal.area, removal.pixels)
            edit.touched(removal.layer_id, removal.area)
        return None
    document = opened.document
    tiles = TileMap.from_array(removal.pixels, removal.area.x, removal.area.y)
    layer = RasterLayer(id=document.next_layer_id(), name=name, tiles=tiles)
    parent_id, index = place_above(document, removal.layer_id if document.has_layer(removal.layer_id) else None)
    with opened.edit(EditName.REMOVE) as edit:
        edit.insert_layer(layer, parent_id, index)
    return layer.id


@dataclass(frozen=True, slots=True, eq=False)
class LandedRemoval:
    """A removal that landed: on which layer, and the pixels that it has since then."""

    removal: Removal
    layer_id: LayerId
    tiles: TileMap

    @staticmethod
    def on(document: Document, removal: Removal, layer_id: LayerId) -> LandedRemoval:
        return LandedRemoval(removal, layer_id, document.raster_layer(layer_id).tiles)

    def is_untouched(self, document: Document) -> bool:
        """Whether another result can take its place: nobody worked on the layer meanwhile."""
        if document.size != self.removal.document.size or not document.has_layer(self.layer_id):
            return False
        layer = document.layer(self.layer_id)
        return isinstance(layer, RasterLayer) and layer.tiles is self.tiles


def land_another(opened: OpenDocument, removal: Removal, layer_id: LayerId) -> None:
    """Another result in the place of one that landed, as an entry of its own: undo brings the one before back."""
    assert removal.pixels is not None
    paintable_layer(opened.document, layer_id, Plane.PIXELS)
    with opened.edit(EditName.REMOVE_AGAIN) as edit:
        edit.pixels(layer_id).write(removal.area, removal.pixels)
        edit.touched(layer_id, removal.area)


def _whole(mask: Gray8) -> Gray8:
    result: Gray8 = np.where(mask > 0, 255, 0).astype(np.uint8)
    return result
