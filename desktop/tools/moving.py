"""The move tool: a layer or a whole group follows the pointer, its linked masks with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT
from desktop.core.layers import GroupLayer, Layer, LayerId, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.locks import check_position_free
from desktop.tools.names import EditName
from desktop.tools.snapping import Snapping, layer_bounds, no_snapping

MADE_AT_ONCE = 48  # tiles of a moved layer after the release: some milliseconds


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
                    shown = _changed_tiles(layer, partial(TileMap.translated_later, dx=dx, dy=dy))
                    edit.replace_layer(shown if moved != (0, 0) else layer)
                event = yield
            if moved != (0, 0):
                yield from _make_tiles(shown)
                edit.replace_layer(_changed_tiles(shown, TileMap.settled))
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
    return layer if dx == dy == 0 else _changed_tiles(layer, partial(TileMap.translated, dx=dx, dy=dy))


def _changed_tiles(layer: Layer, change: Callable[[TileMap], TileMap]) -> Layer:
    """The layer with all tiles that belong to it changed: its pixels or children, and a mask that is linked."""
    mask = layer.mask
    if mask is not None and mask.linked:
        mask = Mask(change(mask.tiles), mask.enabled, mask.linked)
    if isinstance(layer, GroupLayer):
        return layer.changed(mask=mask, children=tuple(_changed_tiles(child, change) for child in layer.children))
    if not isinstance(layer, RasterLayer):
        return layer.changed(mask=mask)
    return layer.changed(mask=mask, tiles=change(layer.tiles))


def _make_tiles(layer: Layer) -> Gesture:
    """Makes the tiles that nobody has looked at yet, some each frame."""
    maps: list[TileMap] = []

    def note(tiles: TileMap) -> TileMap:
        maps.append(tiles)
        return tiles

    _changed_tiles(layer, note)
    for number, (owner, key) in enumerate([(tiles, key) for tiles in maps for key in tiles.stored()], start=1):
        owner.tile(*key)
        if number % MADE_AT_ONCE == 0:
            yield True
