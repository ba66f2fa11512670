"""Commands on several layers at once, each one edit. What takes long is computed apart from a version, then landed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

import numpy as np

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.layers import GroupLayer, Layer, LayerId, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.layer_edits import branch_with_new_ids, extent_of
from desktop.tools.names import EditName
from desktop.tools.painting import Plane, paintable_layer
from desktop.tools.selecting import Joined, join


def roots_of(document: Document, layer_ids: Collection[LayerId]) -> list[Layer]:
    """The layers of a set, bottom first, without those inside a group that is in the set as well."""
    found: list[Layer] = []

    def walk(layers: Sequence[Layer]) -> None:
        for layer in layers:
            if layer.id in layer_ids:
                found.append(layer)
            elif isinstance(layer, GroupLayer):
                walk(layer.children)

    walk(document.layers)
    return found


def change_layers(
    open_document: OpenDocument,
    layer_ids: Collection[LayerId],
    name: EditName,
    change: Callable[[Layer], Layer],
    merge_key: Hashable = None,
) -> None:
    """Replaces each layer by its changed form; no entry when nothing differs."""
    document = open_document.document
    changed = [(layer, change(layer)) for layer in (document.layer(one) for one in layer_ids)]
    if all(before == after for before, after in changed):
        return
    with open_document.edit(name, merge_key=merge_key) as edit:
        for before, _ in changed:
            edit.replace_layer(change(edit.document.layer(before.id)))


def delete_layers(open_document: OpenDocument, layer_ids: Collection[LayerId]) -> LayerId | None:
    """Removes layers; returns the one nearest below the lowest of them."""
    document = open_document.document
    roots = roots_of(document, layer_ids)
    lowest = roots[0]
    below = document.siblings_of(lowest.id)[: document.index_of(lowest.id)]
    parent = document.parent_of(lowest.id)
    with open_document.edit(EditName.DELETE_LAYER) as edit:
        edit.replace_document(_without(document, roots))
    if below:
        return below[-1].id
    after = open_document.document
    siblings = after.layers if parent is None else _children(after, parent.id)
    if siblings:
        return siblings[0].id
    return None if parent is None else parent.id


def duplicate_layers(
    open_document: OpenDocument, layer_ids: Collection[LayerId], name_of: Callable[[str], str]
) -> list[LayerId]:
    """Copies each layer, the copies together above the topmost; returns their ids."""
    document = open_document.document
    roots = roots_of(document, layer_ids)
    parent, index = document.parent_of(roots[-1].id), document.index_of(roots[-1].id) + 1
    next_id, copies = document.next_layer_id(), []
    with open_document.edit(EditName.DUPLICATE) as edit:
        for offset, layer in enumerate(roots):
            copy, next_id = branch_with_new_ids(layer, next_id)
            copies.append(copy.id)
            named = copy.changed(name=name_of(layer.name))
            edit.insert_layer(named, None if parent is None else parent.id, index + offset)
    return copies


def group_layers(open_document: OpenDocument, layer_ids: Collection[LayerId], name: str) -> LayerId:
    """Puts layers into a new group at the place of the topmost."""
    document = open_document.document
    roots = roots_of(document, layer_ids)
    parent, index = document.parent_of(roots[-1].id), _index_without(document, roots)
    children = (roots[0].changed(clip_to_below=False), *roots[1:])
    group = GroupLayer(id=document.next_layer_id(), name=name, children=children)
    with open_document.edit(EditName.ADD_GROUP) as edit:
        without = _without(document, roots)
        edit.replace_document(without.with_layer_inserted(group, None if parent is None else parent.id, index))
    return group.id


def place_layers(
    open_document: OpenDocument, layer_ids: Collection[LayerId], parent_id: LayerId | None, index: int
) -> None:
    """Puts layers together at a place, order kept; `index` counts among the siblings as they are now."""
    document = open_document.document
    roots = roots_of(document, layer_ids)
    siblings = document.layers if parent_id is None else _children(document, parent_id)
    moved = {layer.id for layer in roots}
    start = sum(1 for layer in siblings[:index] if layer.id not in moved)
    moved_document = _without(document, roots)
    for offset, layer in enumerate(roots):
        moved_document = moved_document.with_layer_inserted(layer, parent_id, start + offset)
    with open_document.edit(EditName.REORDER) as edit:
        edit.replace_document(moved_document)


def move_to_end(open_document: OpenDocument, layer_ids: Collection[LayerId], *, front: bool) -> None:
    """Brings layers to the front or the back of the group they are in; those of several groups, of the topmost's."""
    document = open_document.document
    roots = roots_of(document, layer_ids)
    siblings = document.siblings_of(roots[-1].id)
    parent = document.parent_of(roots[-1].id)
    there = siblings[-len(roots) :] if front else siblings[: len(roots)]
    if [layer.id for layer in there] == [layer.id for layer in roots]:
        return
    place_layers(open_document, layer_ids, None if parent is None else parent.id, len(siblings) if front else 0)


def merged_layer(document: Document, layer_ids: Collection[LayerId]) -> RasterLayer:
    """What layers look like together, under the name and id of the topmost; a reading of one version."""
    roots = roots_of(document, layer_ids)
    alone = document.changed(layers=tuple(roots), selection=None)
    extent = extent_of(roots[0])
    for layer in roots[1:]:
        extent = extent.union(extent_of(layer))
    tiles = document.empty_tiles()
    if not extent.is_empty:
        tiles = TileMap.from_array(flatten(alone, extent), extent.x, extent.y)
    return RasterLayer(id=roots[-1].id, name=roots[-1].name, tiles=tiles)


def land_merged(open_document: OpenDocument, layer_ids: Collection[LayerId], merged: RasterLayer) -> LayerId:
    """Puts the merged layer into the place of the topmost and takes the others away."""
    document = open_document.document
    roots = roots_of(document, layer_ids)
    parent, index = document.parent_of(roots[-1].id), _index_without(document, roots)
    with open_document.edit(EditName.MERGE_LAYERS) as edit:
        without = _without(document, roots)
        edit.replace_document(without.with_layer_inserted(merged, None if parent is None else parent.id, index))
    return merged.id


def land_flat(open_document: OpenDocument, tiles: TileMap, name: str) -> LayerId:
    """One layer with the visible picture instead of all of them."""
    layer = RasterLayer(id=open_document.document.next_layer_id(), name=name, tiles=tiles)
    with open_document.edit(EditName.FLATTEN) as edit:
        edit.replace_document(open_document.document.changed(layers=(layer,)))
    return layer.id


def layer_via_copy(open_document: OpenDocument, layer_id: LayerId, name: str, *, cut: bool) -> LayerId:
    """The selected pixels as a layer of their own above; a cut takes them out of the old one. Soft edges stay soft."""
    document = open_document.document
    layer = paintable_layer(document, layer_id, Plane.PIXELS) if cut else document.raster_layer(layer_id)
    assert document.selection is not None
    area = document.selection.content_bounds().intersect(extent_of(layer))
    assert isinstance(layer, RasterLayer)
    pixels = layer.tiles.read(area)
    share = document.selection.read(area).astype(np.float32)[..., 0] / 255
    taken = _with_alpha(pixels, share)
    if area.is_empty or not taken[..., 3].any():
        raise UserError("tool.selection_empty", name=layer.name)
    copy = RasterLayer(id=document.next_layer_id(), name=name, tiles=TileMap.from_array(taken, area.x, area.y))
    parent, index = document.parent_of(layer_id), document.index_of(layer_id) + 1
    with open_document.edit(EditName.VIA_CUT if cut else EditName.VIA_COPY) as edit:
        if cut:
            edit.pixels(layer_id).write(area, _with_alpha(pixels, 1 - share))
            edit.touched(layer_id, area)
        edit.insert_layer(copy, None if parent is None else parent.id, index)
    return copy.id


def selection_from(document: Document, layer_id: LayerId, plane: Plane, joined: Joined) -> TileMap:
    """A layer's alpha, or its mask, as a soft selection joined with the one there is; a reading of one version."""
    canvas, layer = document.size.rect(), document.layer(layer_id)
    if plane is Plane.MASK:
        if layer.mask is None:
            raise UserError("document.no_mask", name=layer.name)
        found = layer.mask.tiles.read(canvas)[..., 0]
    else:
        plain = layer.changed(mask=None, opacity=1.0, visible=True, clip_to_below=False)
        alpha = flatten(document.changed(layers=(plain,), selection=None))[..., 3]
        found = alpha if alpha.dtype == np.uint8 else np.rint(alpha / 257.0).astype(np.uint8)
    return join(document.selection, found, canvas, joined)


def _with_alpha(pixels: Any, share: Any) -> Any:
    """Pixels with their alpha times 0..1; colour is kept."""
    out = pixels.copy()
    out[..., 3] = np.rint(pixels[..., 3] * share).astype(pixels.dtype)
    return out


def _without(document: Document, roots: Sequence[Layer]) -> Document:
    """Taken out in one step: listeners must not see layers gone that only move."""
    for layer in roots:
        document = document.with_layer_removed(layer.id)
    return document


def _children(document: Document, group_id: LayerId) -> tuple[Layer, ...]:
    group = document.layer(group_id)
    assert isinstance(group, GroupLayer)
    return group.children


def _index_without(document: Document, roots: Sequence[Layer]) -> int:
    """Where the topmost of some layers is once all of them are gone."""
    moved = {layer.id for layer in roots}
    siblings = document.siblings_of(roots[-1].id)[: document.index_of(roots[-1].id)]
    return sum(1 for layer in siblings if layer.id not in moved)
