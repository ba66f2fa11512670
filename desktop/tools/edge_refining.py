"""Refining an edge as a value: which mask, where it was painted over, and what came of it; and how it lands."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from desktop.core.color import Gray8, Pixels
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edge_refine import MARGIN_PX, Watch, refined_edge
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import LayerId, RasterLayer
from desktop.core.matting import FAR_PX, foreground_colors
from desktop.core.tiles import TileEditor, TileMap
from desktop.tools.names import EditName

AROUND_PX = MARGIN_PX + 2 * FAR_PX  # what is looked at beside what is painted: clean colours come from there


@dataclass(frozen=True, slots=True, eq=False)
class EdgeRefinement:
    """One on one version. `layer_id` None: of the selection. `area` is what is looked at; in it lie `alpha` and, where
    colours are to be cleaned, `pixels`.
    """

    document: Document
    layer_id: LayerId | None
    region: TileMap
    cleans_colors: bool
    area: Rect
    alpha: Gray8 | None = None
    pixels: Pixels | None = None

    def solved(self, watch: Watch) -> EdgeRefinement:
        """Computes, in any thread but the window's; `watch` may raise to break off."""
        before = self._pixels()
        band = np.ascontiguousarray(self.region.read(self.area)[..., 0])
        alpha = refined_edge(before, np.ascontiguousarray(mask_of(self).read(self.area)[..., 0]), band, watch)
        pixels = None
        if self.cleans_colors and self._is_raster():
            pixels = before.copy()
            pixels[band > 0] = foreground_colors(before, alpha)[band > 0]
        return replace(self, alpha=alpha, pixels=pixels)

    def still_fits(self, document: Document) -> bool:
        """True when a newer version has the same mask and pixels."""
        if document is self.document:
            return True
        if document.size != self.document.size or document.depth != self.document.depth:
            return False
        if self.layer_id is None:
            return document.selection is self.document.selection and document.layers is self.document.layers
        return document.has_layer(self.layer_id) and document.layer(self.layer_id) is self.document.layer(self.layer_id)

    def again(self, document: Document) -> EdgeRefinement:
        """The same wish on a newer version. UserError when its mask is gone."""
        return refinement_of(document, self.layer_id, self.region, cleans_colors=self.cleans_colors)

    def _is_raster(self) -> bool:
        return self.layer_id is not None and isinstance(self.document.layer(self.layer_id), RasterLayer)

    def _pixels(self) -> Pixels:
        if self.layer_id is not None and self._is_raster():
            return self.document.raster_layer(self.layer_id).tiles.read(self.area)
        return flatten(self.document, self.area)


def refinement_of(
    document: Document, layer_id: LayerId | None, region: TileMap, *, cleans_colors: bool
) -> EdgeRefinement:
    """Of the layer's mask where it has one, else of the selection. UserError without either, or nothing painted."""
    masked = layer_id is not None and document.has_layer(layer_id) and document.layer(layer_id).mask is not None
    if not masked and document.selection is None:
        raise UserError("refine.no_mask")
    canvas = document.size.rect()
    painted = region.content_bounds().intersect(canvas)
    if painted.is_empty:
        raise UserError("refine.empty")
    area = painted.expanded(AROUND_PX).intersect(canvas)
    return EdgeRefinement(document, layer_id if masked else None, region, cleans_colors, area)


def mask_of(refinement: EdgeRefinement) -> TileMap:
    """The tiles of the mask or selection that is refined."""
    document, layer_id = refinement.document, refinement.layer_id
    mask = None if layer_id is None else document.layer(layer_id).mask
    tiles = document.selection if mask is None else mask.tiles
    assert tiles is not None
    return tiles


def land_refinement(opened: OpenDocument, refinement: EdgeRefinement) -> None:
    """One edit: the mask, and the colours that were cleaned."""
    assert refinement.alpha is not None
    area, layer_id = refinement.area, refinement.layer_id
    with opened.edit(EditName.REFINE_EDGE) as edit:
        if layer_id is None:
            edit.set_selection(with_written(mask_of(refinement), area, refinement.alpha))
            return
        edit.mask_pixels(layer_id).write(area, refinement.alpha[..., None])
        if refinement.pixels is not None:
            edit.pixels(layer_id).write(area, refinement.pixels)
        edit.touched(layer_id, area)


def with_written(tiles: TileMap, area: Rect, levels: Gray8) -> TileMap:
    """The mask with other levels in `area`."""
    editor = TileEditor(tiles)
    editor.write(area, levels[..., None])
    return editor.finish()
