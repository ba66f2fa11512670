"""Pixels that leave a document for the clipboard, and come back from it as a layer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from desktop.core.color import LUMA, Pixels, to_depth
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import LayerId, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.layer_edits import extent_of, place_above
from desktop.tools.layer_sets import roots_of
from desktop.tools.locks import check_pixels_free
from desktop.tools.names import EditName
from desktop.tools.painting import Plane


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A piece of a picture: straight RGBA (H, W, 4) in 8 or 16 bits, and where it was."""

    pixels: Pixels
    x: int = 0
    y: int = 0

    @property
    def rect(self) -> Rect:
        return Rect(self.x, self.y, self.pixels.shape[1], self.pixels.shape[0])


def copied(document: Document, layer_ids: Collection[LayerId], plane: Plane) -> Clip:
    """What the selection holds of some layers, all of them without one; masks as opaque grey. Reads one version."""
    roots = roots_of(document, layer_ids)
    if not roots:
        raise UserError("tool.no_layer")
    top = roots[-1]
    if plane is Plane.MASK and len(roots) == 1 and top.mask is not None:
        area = _selected_area(document, document.size.rect(), top.name)
        levels = top.mask.tiles.read(area)
        grey = np.concatenate([levels, levels, levels, np.full_like(levels, 255)], axis=2)
        return Clip(_soft(document, area, grey), area.x, area.y)
    extent = extent_of(roots[0])
    for layer in roots[1:]:
        extent = extent.union(extent_of(layer))
    area = _selected_area(document, extent, top.name)
    if len(roots) == 1 and isinstance(top, RasterLayer):
        pixels = top.tiles.read(area)
    else:
        shown = tuple(layer.changed(visible=True) for layer in roots) if len(roots) == 1 else tuple(roots)
        pixels = flatten(document.changed(layers=shown, selection=None), area)
    return _trimmed(_soft(document, area, pixels), area, top.name)


def copied_merged(document: Document) -> Clip:
    """What the selection holds of the visible picture, as far as the canvas goes. Reads one version."""
    area = _selected_area(document, document.size.rect(), "")
    return _trimmed(_soft(document, area, flatten(document, area)), area, "")


def pasted_tiles(document: Document, clip: Clip) -> TileMap:
    """The clip in the document's depth, for any thread."""
    return TileMap.from_array(to_depth(clip.pixels, document.depth), clip.x, clip.y)


def land_pasted(open_document: OpenDocument, tiles: TileMap, name: str, above_id: LayerId | None) -> LayerId:
    """A new layer with the pasted pixels above another one."""
    document = open_document.document
    layer = RasterLayer(id=document.next_layer_id(), name=name, tiles=tiles)
    parent_id, index = place_above(document, above_id)
    with open_document.edit(EditName.PASTE) as edit:
        edit.insert_layer(layer, parent_id, index)
    return layer.id


def paste_into_mask(open_document: OpenDocument, clip: Clip, layer_id: LayerId) -> None:
    """The clip's grey over the layer's mask, as far as the clip is opaque."""
    document = open_document.document
    check_pixels_free(document, layer_id)
    mask = document.layer(layer_id).mask
    if mask is None:
        raise UserError("document.no_mask", name=document.layer(layer_id).name)
    pixels = to_depth(clip.pixels, 8).astype(np.float32)
    grey, share = pixels[..., :3] @ LUMA, pixels[..., 3] / 255
    before = mask.tiles.read(clip.rect)[..., 0]
    levels = np.rint(before * (1 - share) + grey * share).astype(np.uint8)
    with open_document.edit(EditName.PASTE) as edit:
        edit.mask_pixels(layer_id).write(clip.rect, levels[..., np.newaxis])
        edit.touched(layer_id, clip.rect)


def placed(document: Document, clip: Clip, seen: Rect) -> Clip:
    """Where a clip is pasted: in its old place if that is on the canvas, else in the middle of what is seen of it."""
    canvas = document.size.rect()
    if not clip.rect.intersect(canvas).is_empty:
        return clip
    return centered(document, clip, seen)


def centered(document: Document, clip: Clip, seen: Rect) -> Clip:
    """In the middle of the selection, or of the part of the canvas that is seen."""
    canvas = document.size.rect()
    around = canvas if document.selection is None else document.selection.content_bounds().intersect(canvas)
    within = around.intersect(seen)
    if within.is_empty:
        within = canvas
    x = within.x + (within.width - clip.rect.width) // 2
    y = within.y + (within.height - clip.rect.height) // 2
    return Clip(clip.pixels, x, y)


def _selected_area(document: Document, extent: Rect, name: str) -> Rect:
    area = extent if document.selection is None else document.selection.content_bounds().intersect(extent)
    if area.is_empty:
        raise _nothing(name)
    return area


def _soft(document: Document, area: Rect, pixels: Pixels) -> Pixels:
    """Pixels with their alpha times the selection's; colour is kept."""
    if document.selection is None:
        return pixels
    share = document.selection.read(area)[..., 0].astype(np.float32) / 255
    out: Pixels = pixels.copy()
    out[..., 3] = np.rint(pixels[..., 3] * share).astype(pixels.dtype)
    return out


def _trimmed(pixels: Pixels, area: Rect, name: str) -> Clip:
    """Without the empty rows and columns around what is there."""
    rows, columns = np.flatnonzero(pixels[..., 3].any(axis=1)), np.flatnonzero(pixels[..., 3].any(axis=0))
    if not len(rows):
        raise _nothing(name)
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return Clip(np.ascontiguousarray(pixels[top:bottom, left:right]), area.x + left, area.y + top)


def _nothing(name: str) -> UserError:
    return UserError("tool.selection_empty", name=name) if name else UserError("clipboard.nothing_visible")
