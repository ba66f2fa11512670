"""Commands on the layer tree, each one edit. Functions that make layers return the id of the one to work on next."""

from __future__ import annotations

import numpy as np

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import AdjustmentLayer, GroupLayer, Layer, LayerId, Mask, RasterLayer
from desktop.core.tiles import TileMap, bounds_of_tiles
from desktop.tools.layer_tree import with_layers_changed
from desktop.tools.locks import check_pixels_free
from desktop.tools.names import EditName


def add_layer(open_document: OpenDocument, name: str, above_id: LayerId | None) -> LayerId:
    """An empty layer above another one, or inside it when that is a group."""
    document = open_document.document
    layer = RasterLayer(id=document.next_layer_id(), name=name, tiles=document.empty_tiles())
    parent_id, index = place_above(document, above_id)
    with open_document.edit(EditName.ADD_LAYER) as edit:
        edit.insert_layer(layer, parent_id, index)
    return layer.id


def place_above(document: Document, layer_id: LayerId | None) -> tuple[LayerId | None, int | None]:
    """Parent and index for a new layer over `layer_id`; the top when there is no such layer."""
    if layer_id is None or not document.has_layer(layer_id):
        return None, None
    layer = document.layer(layer_id)
    if isinstance(layer, GroupLayer):
        return layer.id, None
    parent = document.parent_of(layer_id)
    return (None if parent is None else parent.id), document.index_of(layer_id) + 1


def add_mask(open_document: OpenDocument, layer_id: LayerId) -> None:
    """A white mask, or the selection as one."""
    document = open_document.document
    layer = document.layer(layer_id)
    if layer.mask is not None:
        raise UserError("tool.has_mask", name=layer.name)
    mask = Mask() if document.selection is None else Mask(document.selection)
    with open_document.edit(EditName.ADD_MASK) as edit:
        edit.replace_layer(layer.changed(mask=mask))


def delete_mask(open_document: OpenDocument, layer_id: LayerId) -> None:
    layer = _masked_layer(open_document, layer_id)
    with open_document.edit(EditName.DELETE_MASK) as edit:
        edit.replace_layer(layer.changed(mask=None))


def give_mask(open_document: OpenDocument, from_id: LayerId, to_id: LayerId, *, copies: bool) -> None:
    """Moves a layer's mask to another layer in the place of that one's own, or copies it there."""
    source = _masked_layer(open_document, from_id)
    mask = source.mask
    document = with_layers_changed(open_document.document, [to_id], lambda layer: layer.changed(mask=mask))
    if not copies:
        document = with_layers_changed(document, [from_id], lambda layer: layer.changed(mask=None))
    with open_document.edit(EditName.MOVE_MASK) as edit:
        edit.replace_document(document)


def invert_mask(open_document: OpenDocument, layer_id: LayerId) -> None:
    layer = _masked_layer(open_document, layer_id)
    assert layer.mask is not None
    tiles = inverted_tiles(layer.mask.tiles)
    with open_document.edit(EditName.INVERT_MASK) as edit:
        edit.replace_layer(layer.changed(mask=Mask(tiles, layer.mask.enabled, layer.mask.linked)))


def switch_mask(open_document: OpenDocument, layer_id: LayerId) -> None:
    """Enables or disables the mask."""
    layer = _masked_layer(open_document, layer_id)
    assert layer.mask is not None
    mask = Mask(layer.mask.tiles, not layer.mask.enabled, layer.mask.linked)
    with open_document.edit(EditName.MASK_ENABLED) as edit:
        edit.replace_layer(layer.changed(mask=mask))


def link_mask(open_document: OpenDocument, layer_id: LayerId) -> None:
    """Lets the mask move with its layer, or stay where it is."""
    layer = _masked_layer(open_document, layer_id)
    assert layer.mask is not None
    mask = Mask(layer.mask.tiles, layer.mask.enabled, not layer.mask.linked)
    with open_document.edit(EditName.MASK_LINKED) as edit:
        edit.replace_layer(layer.changed(mask=mask))


def with_mask_applied(document: Document, layer_id: LayerId) -> TileMap:
    """The layer's pixels with its mask in their alpha; a reading of one version, for any thread."""
    layer = document.raster_layer(layer_id)
    check_pixels_free(document, layer_id)
    if layer.mask is None:
        raise UserError("document.no_mask", name=layer.name)
    mask, tiles = layer.mask.tiles, layer.tiles
    applied = {}
    for key in tiles.stored():
        tile, levels = tiles.tile(*key), mask.tile(*key)
        assert tile is not None
        share = (mask.default if levels is None else levels[..., 0].astype(np.float32)) / np.float32(255)
        masked = tile.copy()
        masked[..., 3] = np.rint(tile[..., 3] * share).astype(tile.dtype)
        masked.flags.writeable = False
        applied[key] = masked
    return TileMap(tiles.channels, tiles.dtype, tiles.default, applied)


def land_applied_mask(open_document: OpenDocument, layer_id: LayerId, tiles: TileMap) -> None:
    with open_document.edit(EditName.APPLY_MASK) as edit:
        edit.replace_layer(
            open_document.document.raster_layer(layer_id).changed(tiles=tiles, mask=None, text=None, shape=None)
        )


def inverted_tiles(tiles: TileMap) -> TileMap:
    """A mask with black and white swapped, everywhere."""
    keys = list(tiles.keys())
    swapped = {key: 255 - tile for key in keys if (tile := tiles.tile(*key)) is not None}
    for tile in swapped.values():
        tile.flags.writeable = False
    return TileMap(1, np.uint8, 255 - tiles.default, swapped)


def merge_down(open_document: OpenDocument, layer_id: LayerId) -> LayerId:
    """Melts a layer into the raster layer below; that one keeps its name, blend mode and opacity."""
    return land_merged_down(open_document, layer_id, merged_down(open_document.document, layer_id))


def merged_down(document: Document, layer_id: LayerId) -> RasterLayer:
    """The layer that `merge_down` leaves; a reading of one version, for any thread."""
    index = document.index_of(layer_id)
    if index == 0:
        raise UserError("tool.nothing_below", name=document.layer(layer_id).name)
    upper, lower = document.layer(layer_id), document.siblings_of(layer_id)[index - 1]
    if isinstance(lower, AdjustmentLayer):
        raise UserError("document.layer_is_adjustment", name=lower.name)
    check_pixels_free(document, lower.id)
    plain = lower.changed(opacity=1.0, visible=True, clip_to_below=False)
    pair = document.changed(layers=(plain, upper), selection=None)
    extent = extent_of(plain).union(extent_of(upper))
    tiles = TileMap.from_array(flatten(pair, extent), extent.x, extent.y)
    return RasterLayer(
        id=lower.id, name=lower.name, visible=lower.visible, opacity=lower.opacity, blend_mode=lower.blend_mode,
        clip_to_below=lower.clip_to_below, tiles=tiles,
    )  # fmt: skip


def land_merged_down(open_document: OpenDocument, layer_id: LayerId, merged: RasterLayer) -> LayerId:
    with open_document.edit(EditName.MERGE_DOWN) as edit:
        edit.remove_layer(layer_id)
        edit.replace_layer(merged)
    return merged.id


def change_layer(
    open_document: OpenDocument, layer_id: LayerId, edit_name: EditName, /, *, merge: bool = False, **changes: object
) -> None:
    """Replaces fields of a layer in one edit; merged changes in a row are one history entry."""
    layer = open_document.document.layer(layer_id)
    changed = layer.changed(**changes)
    if changed == layer:
        return
    with open_document.edit(edit_name, merge_key=(edit_name, layer_id) if merge else None) as edit:
        edit.replace_layer(changed)


def _masked_layer(open_document: OpenDocument, layer_id: LayerId) -> Layer:
    layer = open_document.document.layer(layer_id)
    if layer.mask is None:
        raise UserError("document.no_mask", name=layer.name)
    return layer


def extent_of(layer: Layer) -> Rect:
    if isinstance(layer, GroupLayer):
        rect = Rect(0, 0, 0, 0)
        for child in layer.children:
            rect = rect.union(extent_of(child))
    else:
        rect = bounds_of_tiles(list(layer.tiles.keys()))
    styles = getattr(layer, "styles", None)
    return rect if styles is None or rect.is_empty else rect.expanded(styles.reach)


def branch_with_new_ids(layer: Layer, first_id: LayerId) -> tuple[Layer, LayerId]:
    """A copy of a branch under new ids, and the next free id."""
    next_id = first_id + 1
    if not isinstance(layer, GroupLayer):
        return layer.changed(id=first_id), next_id
    children = []
    for child in layer.children:
        copy, next_id = branch_with_new_ids(child, next_id)
        children.append(copy)
    return layer.changed(id=first_id, children=tuple(children)), next_id


def last_selection(open_document: OpenDocument) -> TileMap | None:
    """The newest selection in the history up to what is shown."""
    history = open_document.history
    for index in range(history.position, -1, -1):
        selection = history.entry(index).document.selection
        if selection is not None:
            return selection
    return None
