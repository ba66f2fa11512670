"""The rows of the layer list as values, which of them are shown, and where a dragged layer would land. No widget."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from desktop.core.document import Document
from desktop.core.layers import AdjustmentLayer, ColorTag, GroupLayer, Layer, LayerId, RasterLayer

ROW_PX = 40
EDGE_SHARE = 0.3  # of a group's row: nearer its edges means beside it, the middle means into it


class Kind(StrEnum):
    """What the filter can look for besides the name."""

    ANY = "any"
    PIXELS = "pixels"
    GROUP = "group"
    ADJUSTMENT = "adjustment"
    TEXT = "text"
    SHAPE = "shape"
    STYLED = "styled"
    AI = "ai"
    MASKED = "masked"
    CLIPPED = "clipped"
    LOCKED = "locked"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class LayerFilter:
    """Which layers are listed; the groups around them are as well."""

    text: str = ""
    kind: Kind = Kind.ANY
    tag: ColorTag | None = None

    @property
    def is_open(self) -> bool:
        """True when it lets everything through."""
        return self == LayerFilter()

    def lets(self, layer: Layer) -> bool:
        if self.tag is not None and layer.color_tag is not self.tag:
            return False
        return self.text.casefold() in layer.name.casefold() and _is_kind(layer, self.kind)


@dataclass(frozen=True, slots=True)
class Row:
    layer: Layer
    depth: int
    is_shown: bool  # False when a group above it is hidden
    is_found: bool = True  # False for a group that is listed only for what it holds


@dataclass(frozen=True, slots=True)
class Place:
    """Where a drop lands: `index` from the bottom among the siblings as they are now; `line_y` None means into."""

    parent_id: LayerId | None
    index: int
    line_y: int | None
    row: int
    depth: int


def has_settings(row: Row) -> bool:
    """An adjustment layer, a text or a shape: a double click changes what it was made of."""
    made_of = (getattr(row.layer, "text", None), getattr(row.layer, "shape", None))
    return isinstance(row.layer, AdjustmentLayer) or made_of != (None, None)


def rows_of(document: Document, collapsed: Collection[LayerId], wanted: LayerFilter | None = None) -> list[Row]:
    """Front first, the children of a group below it. What a filter finds is shown in collapsed groups as well."""
    if wanted is not None and not wanted.is_open:
        return _found_rows(document.layers, wanted, 0, is_shown=True)
    rows: list[Row] = []

    def add(layers: tuple[Layer, ...], depth: int, is_shown: bool) -> None:
        for layer in reversed(layers):
            rows.append(Row(layer, depth, is_shown))
            if isinstance(layer, GroupLayer) and layer.id not in collapsed:
                add(layer.children, depth + 1, is_shown and layer.visible)

    add(document.layers, 0, True)
    return rows


def place_at(document: Document, rows: list[Row], y: int, depth: int | None = None) -> Place:
    """The place under a height of the list. Below the last layer of a group, `depth` says how far out it lands."""
    if not rows:
        return Place(None, 0, 0, 0, 0)
    if y >= len(rows) * ROW_PX:
        return Place(None, 0, len(rows) * ROW_PX, len(rows) - 1, 0)
    number = max(y // ROW_PX, 0)
    row, share = rows[number], (y - number * ROW_PX) / ROW_PX
    next_depth = rows[number + 1].depth if number + 1 < len(rows) else 0
    if isinstance(row.layer, GroupLayer):
        if EDGE_SHARE < share < 1 - EDGE_SHARE:
            return Place(row.layer.id, len(row.layer.children), None, number, row.depth + 1)
        if share > 0.5 and next_depth > row.depth:  # between an open group and its first layer
            return Place(row.layer.id, len(row.layer.children), (number + 1) * ROW_PX, number, row.depth + 1)
    if share < 0.5:
        return _beside(document, row.layer.id, 1, number * ROW_PX, number, row.depth)
    wanted = row.depth if depth is None else max(min(depth, row.depth), next_depth)
    layer_id = row.layer.id
    for _ in range(row.depth - wanted):
        parent = document.parent_of(layer_id)
        assert parent is not None
        layer_id = parent.id
    return _beside(document, layer_id, 0, (number + 1) * ROW_PX, number, wanted)


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


def groups_around(document: Document, layer_id: LayerId) -> list[LayerId]:
    """The groups a layer is in, the nearest first."""
    found: list[LayerId] = []
    parent = document.parent_of(layer_id)
    while parent is not None:
        found.append(parent.id)
        parent = document.parent_of(parent.id)
    return found


def _beside(document: Document, layer_id: LayerId, above: int, line_y: int, row: int, depth: int) -> Place:
    parent = document.parent_of(layer_id)
    index = document.index_of(layer_id) + above
    return Place(None if parent is None else parent.id, index, line_y, row, depth)


def _found_rows(layers: tuple[Layer, ...], wanted: LayerFilter, depth: int, *, is_shown: bool) -> list[Row]:
    rows: list[Row] = []
    for layer in reversed(layers):
        inside: list[Row] = []
        if isinstance(layer, GroupLayer):
            inside = _found_rows(layer.children, wanted, depth + 1, is_shown=is_shown and layer.visible)
        is_found = wanted.lets(layer)
        if is_found or inside:
            rows += [Row(layer, depth, is_shown, is_found), *inside]
    return rows


def _is_kind(layer: Layer, kind: Kind) -> bool:
    locks = layer.locks
    return {
        Kind.ANY: True,
        Kind.PIXELS: isinstance(layer, RasterLayer),
        Kind.GROUP: isinstance(layer, GroupLayer),
        Kind.ADJUSTMENT: isinstance(layer, AdjustmentLayer),
        Kind.TEXT: getattr(layer, "text", None) is not None,
        Kind.SHAPE: getattr(layer, "shape", None) is not None,
        Kind.STYLED: getattr(layer, "styles", None) is not None,
        Kind.AI: getattr(layer, "recipe", None) is not None,
        Kind.MASKED: layer.mask is not None,
        Kind.CLIPPED: layer.clip_to_below,
        Kind.LOCKED: locks.pixels or locks.alpha or locks.position,
        Kind.HIDDEN: not layer.visible,
    }[kind]
