"""Layers of one document as copies in another: in its depth, at the same place on the canvas, with masks and styles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.layers import GroupLayer, Layer, LayerId, RasterLayer
from desktop.tools.depth import with_depth
from desktop.tools.layer_edits import branch_with_new_ids, place_above
from desktop.tools.layer_sets import roots_of
from desktop.tools.names import EditName


def branches_for(source: Document, layer_ids: Collection[LayerId], target: Document) -> tuple[Layer, ...]:
    """The chosen layers, bottom first, as `target` takes them; a reading of two versions.

    Where the canvases differ in size, what lay in the middle of one lies in the middle of the other.
    """
    chosen = source.changed(layers=tuple(roots_of(source, layer_ids)))
    dx = (target.size.width - source.size.width) // 2
    dy = (target.size.height - source.size.height) // 2
    return tuple(_placed(one, dx, dy) for one in with_depth(chosen, target.depth).layers)


def land_branches(opened: OpenDocument, branches: tuple[Layer, ...], above_id: LayerId | None) -> list[LayerId]:
    """Puts layers of another document above a layer, as one edit; returns their new ids."""
    document = opened.document
    parent_id, index = place_above(document, above_id)
    next_id, ids = document.next_layer_id(), []
    for offset, branch in enumerate(branches):
        copy, next_id = branch_with_new_ids(branch, next_id)
        ids.append(copy.id)
        document = document.with_layer_inserted(copy, parent_id, None if index is None else index + offset)
    with opened.edit(EditName.FROM_DOCUMENT) as edit:
        edit.replace_document(document)
    return ids


def _placed(layer: Layer, dx: int, dy: int) -> Layer:
    """Moved with its mask, also where that is not linked; a recipe goes along, but not the layers that it names."""
    mask = layer.mask
    if mask is not None:
        mask = replace(mask, tiles=mask.tiles.translated(dx, dy))
    if isinstance(layer, GroupLayer):
        return layer.changed(mask=mask, children=tuple(_placed(child, dx, dy) for child in layer.children))
    if not isinstance(layer, RasterLayer):
        return layer.changed(mask=mask)
    recipe = None if layer.recipe is None else replace(layer.recipe, inputs=())
    return layer.changed(mask=mask, tiles=layer.tiles.translated(dx, dy), recipe=recipe)
