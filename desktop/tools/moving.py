"""The move tool: a layer or a whole group follows the pointer, its linked masks with it."""

from __future__ import annotations

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT
from desktop.core.layers import GroupLayer, Layer, LayerId, Mask
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.locks import check_position_free
from desktop.tools.names import EditName
from desktop.tools.snapping import Snapping, layer_bounds, no_snapping


def move(open_document: OpenDocument, layer_id: LayerId | None, snapping: Snapping | None = None) -> Gesture:
    """Drags the layer; Shift keeps it on the longer of both axes. Its bounds are attracted by what `snapping` knows."""
    event = yield
    layer = movable_layer(open_document, layer_id)
    snapping = snapping or no_snapping()
    start, bounds, moved = event.point, layer_bounds(layer) if snapping.has_targets else EMPTY_RECT, (0, 0)
    try:
        with open_document.edit(EditName.MOVE) as edit:
            while event.pressed:
                dx, dy = round(event.point.x - start.x), round(event.point.y - start.y)
                if Modifier.SHIFT in event.modifiers:
                    dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
                if event.point != start:
                    dx, dy = snapping.offset(bounds, dx, dy, event.modifiers)
                if (dx, dy) != moved:  # a click alone is no step of the history
                    moved = (dx, dy)
                    edit.replace_layer(translated(layer, dx, dy))
                event = yield
    finally:
        snapping.end()


def nudge(open_document: OpenDocument, layer_id: LayerId | None, dx: int, dy: int) -> None:
    """One step of an arrow key; steps in a row are one history entry."""
    layer = movable_layer(open_document, layer_id)
    with open_document.edit(EditName.MOVE, merge_key=("nudge", layer.id)) as edit:
        edit.replace_layer(translated(layer, dx, dy))


def movable_layer(open_document: OpenDocument, layer_id: LayerId | None) -> Layer:
    if layer_id is None or not open_document.document.has_layer(layer_id):
        raise UserError("tool.no_layer")
    check_position_free(open_document.document, layer_id)
    return open_document.document.layer(layer_id)


def translated(layer: Layer, dx: int, dy: int) -> Layer:
    """The layer with everything in it moved; the same object when nothing moves."""
    if dx == dy == 0:
        return layer
    mask = layer.mask
    if mask is not None and mask.linked:
        mask = Mask(mask.tiles.translated(dx, dy), mask.enabled, mask.linked)
    if isinstance(layer, GroupLayer):
        return layer.changed(mask=mask, children=tuple(translated(child, dx, dy) for child in layer.children))
    return layer.changed(mask=mask, tiles=layer.tiles.translated(dx, dy))
