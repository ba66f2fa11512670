"""Commands on several layers at once, each one edit. What takes long is computed apart from a version, then landed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.layers import GroupLayer, Layer, LayerBase, LayerId, RasterLayer
from desktop.core.select import Joined, Shape
from desktop.core.select import joined as joined_selection
from desktop.core.tiles import TileMap
from desktop.tools.layer_edits import branch_with_new_ids, extent_of
from desktop.tools.layer_tree import with_layers_changed
from desktop.tools.locks import check_alpha_free
from desktop.tools.names import EditName
from desktop.tools.painting import Plane, paintable_layer


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
    document = with_layers_changed(open_document.document, layer_ids, change)
    if document is not open_document.document:
        with open_document.edit(name, merge_key=merge_key) as edit:
            edit.replace_document(document)


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
    topmost = roots_of(document, layer_ids)[-1]
    parent, index = document.parent_of(topmost.id), document.index_of(topmost.id) + 1
    return copy_layers_to(open_document, layer_ids, name_of, None if parent is None else parent.id, index)


def copy_layers_to(
    open_document: OpenDocument,
    layer_ids: Collection[LayerId],
    name_of: Callable[[str], str],
    parent_id: LayerId | None,
    index: int,
) -> list[LayerId]:
    """Puts copies of layers together at a place, order kept; returns their ids."""
    document = copied = open_document.document
    next_id, copies = document.next_layer_id(), []
    for offset, layer in enumerate(roots_of(document, layer_ids)):
        copy, next_id = branch_with_new_ids(layer, next_id)
        copies.append(copy.id)
        copied = copied.with_layer_inserted(copy.changed(name=name_of(layer.name)), parent_id, index + offset)
    with open_document.edit(EditName.DUPLICATE) as edit:
        edit.replace_document(copied)
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


def step_layers(open_document: OpenDocument, layer_ids: Collection[LayerId], *, up: bool) -> None:
    """Raises or lowers layers together, past the next one of their siblings; at the end of a group they leave it."""
    document = open_document.document
    roots = roots_of(document, layer_ids)
    edge = roots[-1] if up else roots[0]
    parent, index = document.parent_of(edge.id), document.index_of(edge.id)
    parent_id = None if parent is None else parent.id
    if up and index + 1 < len(document.siblings_of(edge.id)):
        place_layers(open_document, layer_ids, parent_id, index + 2)
    elif not up and index > 0:
        place_layers(open_document, layer_ids, parent_id, index - 1)
    elif parent is not None:
        outer = document.parent_of(parent.id)
        outside = document.index_of(parent.id) + (1 if up else 0)
        place_layers(open_document, layer_ids, None if outer is None else outer.id, outside)


def ungroup_layers(open_document: OpenDocument, layer_ids: Collection[LayerId]) -> list[LayerId]:
    """Puts the layers of each chosen group in its place; returns them."""
    document = ungrouped = open_document.document
    roots = roots_of(document, layer_ids)
    groups = [layer for layer in roots if isinstance(layer, GroupLayer)]
    if not groups:
        raise UserError("tool.not_a_group", name=roots[-1].name)
    for group in groups:
        parent, index = ungrouped.parent_of(group.id), ungrouped.index_of(group.id)
        ungrouped = ungrouped.with_layer_removed(group.id)
        for offset, child in enumerate(group.children):
            parent_id = None if parent is None else parent.id
            ungrouped = ungrouped.with_layer_inserted(child, parent_id, index + offset)
    with open_document.edit(EditName.UNGROUP) as edit:
        edit.replace_document(ungrouped)
    return [child.id for group in groups for child in group.children]


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


def merged_group(document: Document, group_id: LayerId) -> RasterLayer:
    """A group as one layer that keeps its name, mask, opacity and blend mode; a reading of one version."""
    group = document.layer(group_id)
    if not isinstance(group, GroupLayer):
        raise UserError("tool.not_a_group", name=group.name)
    plain = group.changed(visible=True, opacity=1.0, blend_mode=BlendMode.NORMAL, clip_to_below=False)
    if group.styles is None:  # styles go around what the mask shows
        plain = plain.changed(mask=None)
    extent = extent_of(group)
    tiles = document.empty_tiles()
    if not extent.is_empty:
        alone = document.changed(layers=(plain,), selection=None)
        tiles = TileMap.from_array(flatten(alone, extent), extent.x, extent.y)
    look = {field.name: getattr(group, field.name) for field in fields(LayerBase)}
    look |= {} if group.styles is None else {"mask": None}
    return RasterLayer(**look, tiles=tiles)


def land_merged_group(open_document: OpenDocument, merged: RasterLayer) -> LayerId:
    with open_document.edit(EditName.MERGE_GROUP) as edit:
        edit.replace_layer(merged)
    return merged.id


def land_visible(open_document: OpenDocument, tiles: TileMap) -> LayerId:
    """The visible picture in the place of the topmost visible layer; hidden layers stay."""
    document = open_document.document
    visible = [number for number, layer in enumerate(document.layers) if layer.visible]
    if not visible:
        raise UserError("tool.nothing_visible")
    top = document.layers[visible[-1]]
    merged = RasterLayer(id=top.id, name=top.name, tiles=tiles, color_tag=top.color_tag)
    if isinstance(top, GroupLayer):  # what is hidden in it may keep the group
        merged = merged.changed(id=document.next_layer_id())
    below, above = document.layers[: visible[-1] + 1], document.layers[visible[-1] + 1 :]
    with open_document.edit(EditName.MERGE_VISIBLE) as edit:
        edit.replace_document(document.changed(layers=(*_hidden_of(below), merged, *above)))
    return merged.id


def _hidden_of(layers: Sequence[Layer]) -> list[Layer]:
    """What of some layers is not seen: hidden ones, and groups with hidden ones in them."""
    hidden: list[Layer] = []
    for layer in layers:
        if not layer.visible:
            hidden.append(layer)
        elif isinstance(layer, GroupLayer) and (rest := _hidden_of(layer.children)):
            hidden.append(layer.changed(children=tuple(rest)))
    return hidden


def land_stamp(open_document: OpenDocument, tiles: TileMap, name: str) -> LayerId:
    """The visible picture as a new layer on top; nothing is lost."""
    layer = RasterLayer(id=open_document.document.next_layer_id(), name=name, tiles=tiles)
    with open_document.edit(EditName.STAMP_VISIBLE) as edit:
        edit.insert_layer(layer)
    return layer.id


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
    if cut:
        check_alpha_free(document, layer_id)
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


def selection_from(document: Document, layer_id: LayerId, plane: Plane, joined: Joined) -> TileMap | None:
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
    return joined_selection(document.selection, Shape(canvas, found), joined)


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
