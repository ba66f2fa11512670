"""The move tool: the chosen layers and groups follow the pointer, their linked masks with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import partial

from desktop.core.edits import Edit, OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, union_of
from desktop.core.layers import GroupLayer, Layer, LayerId, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.layer_sets import roots_of
from desktop.tools.locks import check_position_free
from desktop.tools.names import EditName
from desktop.tools.snapping import Snapping, layer_bounds, no_snapping

MAKING_S = 0.003  # of a frame, after the release: the frame has to be drawn as well
MAKING_TILES = 6  # at least in each frame, two to three milliseconds: a small layer lands with the release


def move(open_document: OpenDocument, layer_ids: Collection[LayerId], snapping: Snapping | None = None) -> Gesture:
    """Drags layers together; Shift keeps to the longer of both axes. `snapping` attracts their bounds."""
    event = yield
    layers = movable_layers(open_document, layer_ids)
    snapping = snapping or no_snapping()
    bounds = union_of(map(layer_bounds, layers)) if snapping.has_targets else EMPTY_RECT
    start, moved, shown = event.point, (0, 0), layers
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
                    later = partial(TileMap.translated_later, dx=dx, dy=dy)
                    shown = [_changed_tiles(layer, later) for layer in layers] if moved != (0, 0) else layers
                    _replace(edit, shown)
                event = yield
            if moved != (0, 0):
                for layer in shown:
                    yield from _make_tiles(layer)
                _replace(edit, [_changed_tiles(layer, TileMap.settled) for layer in shown])
    finally:
        snapping.end()


def nudge(open_document: OpenDocument, layer_ids: Collection[LayerId], dx: int, dy: int) -> None:
    """One step of an arrow key; steps in a row are one history entry."""
    layers = movable_layers(open_document, layer_ids)
    key = ("nudge", *(layer.id for layer in layers))
    with open_document.edit(EditName.MOVE, merge_key=key) as edit:
        _replace(edit, [translated(layer, dx, dy) for layer in layers])


def movable_layers(open_document: OpenDocument, layer_ids: Collection[LayerId]) -> list[Layer]:
    """The layers that move, without those inside others. UserError when there is none, or one is locked."""
    roots = roots_of(open_document.document, layer_ids)
    if not roots:
        raise UserError("tool.no_layer")
    for layer in roots:
        check_position_free(open_document.document, layer.id)
    return roots


def _replace(edit: Edit, layers: Collection[Layer]) -> None:
    for layer in layers:
        edit.replace_layer(layer)


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
    stop = time.perf_counter() + MAKING_S
    wanted = [(tiles, key) for tiles in maps for key in tiles.stored()]
    made = 0
    for owner, key in wanted:
        owner.tile(*key)
        made += 1
        if made >= MAKING_TILES and time.perf_counter() > stop:
            yield True
            made, stop = 0, time.perf_counter() + MAKING_S
