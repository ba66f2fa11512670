"""The rows of the layer list as values, and where a dragged layer would land. No widget here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from desktop.core.document import Document
from desktop.core.layers import GroupLayer, Layer, LayerId

ROW_PX = 40
EDGE_SHARE = 0.3  # of a group's row: nearer its edges means beside it, the middle means into it


@dataclass(frozen=True, slots=True)
class Row:
    layer: Layer
    depth: int
    is_shown: bool  # False when a group above it is hidden


@dataclass(frozen=True, slots=True)
class Place:
    """Where a drop lands: `index` from the bottom among the siblings as they are now; `line_y` None means into."""

    parent_id: LayerId | None
    index: int
    line_y: int | None
    row: int
    depth: int


def rows_of(document: Document, collapsed: Collection[LayerId]) -> list[Row]:
    """Front first, the children of a group below it."""
    rows: list[Row] = []

    def add(layers: tuple[Layer, ...], depth: int, is_shown: bool) -> None:
        for layer in reversed(layers):
            rows.append(Row(layer, depth, is_shown))
            if isinstance(layer, GroupLayer) and layer.id not in collapsed:
                add(layer.children, depth + 1, is_shown and layer.visible)

    add(document.layers, 0, True)
    return rows


def place_at(document: Document, rows: list[Row], y: int) -> Place:
    """The place under a height of the list."""
    if not rows:
        return Place(None, 0, 0, 0, 0)
    if y >= len(rows) * ROW_PX:
        return Place(None, 0, len(rows) * ROW_PX, len(rows) - 1, 0)
    number = max(y // ROW_PX, 0)
    row, share = rows[number], (y - number * ROW_PX) / ROW_PX
    if isinstance(row.layer, GroupLayer) and EDGE_SHARE < share < 1 - EDGE_SHARE:
        return Place(row.layer.id, len(row.layer.children), None, number, row.depth + 1)
    parent = document.parent_of(row.layer.id)
    index = document.index_of(row.layer.id) + (1 if share < 0.5 else 0)
    line = number * ROW_PX if share < 0.5 else (number + 1) * ROW_PX
    return Place(None if parent is None else parent.id, index, line, number, row.depth)


def index_after_removal(document: Document, layer_id: LayerId, place: Place) -> int:
    """The index for `move_layer`, which counts once the layer has been taken out."""
    parent = document.parent_of(layer_id)
    parent_id = None if parent is None else parent.id
    if parent_id == place.parent_id and document.index_of(layer_id) < place.index:
        return place.index - 1
    return place.index


def can_land(document: Document, layer_id: LayerId, place: Place) -> bool:
    """False inside itself, and where it is already."""
    if is_within(document, place.parent_id, layer_id):
        return False
    parent = document.parent_of(layer_id)
    is_home = (None if parent is None else parent.id) == place.parent_id
    return not (is_home and index_after_removal(document, layer_id, place) == document.index_of(layer_id))


def is_within(document: Document, place_id: LayerId | None, group_id: LayerId) -> bool:
    """True for a group itself and for everything in it."""
    while place_id is not None:
        if place_id == group_id:
            return True
        parent = document.parent_of(place_id)
        place_id = None if parent is None else parent.id
    return False
