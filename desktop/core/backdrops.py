"""What lies under an adjustment layer that looks at surroundings, and how far changes reach through such layers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.effects import prepared
from desktop.core.geometry import Rect
from desktop.core.layers import AdjustmentLayer, GroupLayer, Layer, LayerId
from desktop.core.tiles import TILE, Area, TileKey, tiles_touched

BACKDROP_TILES = 512  # half a MiB each: both kinds of a picture of 4096² pixels
WHOLE: Area = (0, 0, TILE, TILE)


class Backdrop:
    """Tiles (256, 256, 4) uint16 straight, kept until they are forgotten; used from several threads.

    Of both what lies below, and what the effect makes of it. It belongs to one version of the layers: once a part is
    forgotten, who still composites that version keeps nothing there, and a later version's backdrop adopts the rest.
    """

    def __init__(self, limit: int = BACKDROP_TILES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[bool, TileKey], Pixels] = OrderedDict()
        self._stale: dict[TileKey, Rect] = {}  # which part of a tile below changed, in the tile's pixels
        self._outdated: set[TileKey] = set()
        self._lock = threading.Lock()
        self._changes = 0  # what was begun before a change is not kept after it

    def tile(self, key: TileKey, make: Callable[[Area, Pixels], None]) -> Pixels:
        """What lies below in a tile; `make` puts an area of it into a tile: all of it, or only what changed."""
        with self._lock:
            kept, stale, changes = self._kept.get((False, key)), self._stale.get(key), self._changes
            if kept is not None and stale is None:
                self._kept.move_to_end((False, key))
                return kept
        tile: Pixels = np.zeros((TILE, TILE, 4), np.uint16) if kept is None else kept.copy()
        area = WHOLE if kept is None or stale is None else (stale.left, stale.top, stale.right, stale.bottom)
        make(area, tile)
        with self._lock:
            if changes == self._changes and key not in self._outdated:
                self._stale.pop(key, None)
                self._keep((False, key), tile)
        return tile

    def result(self, key: TileKey, area: Area, make: Callable[[Rect], Pixels]) -> Pixels:
        """What the effect makes of a part of a tile; `make` gets image pixels. Only whole tiles are kept."""
        origin_x, origin_y = key[0] * TILE, key[1] * TILE
        if area == WHOLE:
            return self._tile((True, key), lambda: make(Rect(origin_x, origin_y, TILE, TILE)))
        with self._lock:
            kept = self._kept.get((True, key))
        if kept is not None:
            return kept[area[1] : area[3], area[0] : area[2]]
        return make(Rect.from_edges(*area).translated(origin_x, origin_y))

    def forget(self, rect: Rect) -> None:
        with self._lock:
            self._changes += 1
            for key, part in tiles_touched(rect):
                self._outdated.add(key)
                self._kept.pop((True, key), None)
                if (False, key) in self._kept:
                    inside = part.translated(-key[0] * TILE, -key[1] * TILE)
                    known = self._stale.get(key)
                    self._stale[key] = inside if known is None else known.union(inside)

    def adopt(self, other: Backdrop) -> None:
        """Takes what another one has kept of the same layers."""
        with other._lock:
            kept, stale = OrderedDict(other._kept), dict(other._stale)
        with self._lock:
            self._kept, self._stale = kept, stale

    def _tile(self, key: tuple[bool, TileKey], make: Callable[[], Pixels]) -> Pixels:
        with self._lock:
            kept, changes = self._kept.get(key), self._changes
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = make()
        with self._lock:
            if changes == self._changes and key[1] not in self._outdated:
                self._keep(key, made)
        return made

    def _keep(self, key: tuple[bool, TileKey], made: Pixels) -> None:
        self._kept[key] = made
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            (is_result, oldest), _ = self._kept.popitem(last=False)
            if not is_result:
                self._stale.pop(oldest, None)


def spread(document: Document, layer_id: LayerId, rect: Rect) -> Rect:
    """Where the picture looks different after a change of a layer in `rect`: its styles and blurs above carry it on.

    `layer_id` 0 stands for a change of everything.
    """
    canvas, is_above = document.size.rect(), layer_id == 0
    for layer in _in_order(document.layers):
        if is_above and isinstance(layer, AdjustmentLayer) and layer.visible:
            rect = prepared(layer.settings).shown_in(rect, canvas)
        styles = getattr(layer, "styles", None)
        if styles is not None and (layer_id in (0, layer.id) or _holds(layer, layer_id)):
            rect = rect.union(rect.expanded(styles.reach).intersect(canvas))
        is_above = is_above or layer.id == layer_id
    return rect


def _holds(layer: Layer, layer_id: LayerId) -> bool:
    children = layer.children if isinstance(layer, GroupLayer) else ()
    return any(child.id == layer_id or _holds(child, layer_id) for child in children)


def _in_order(layers: Iterable[Layer]) -> Iterator[Layer]:
    """As they are painted; a group after its children."""
    for layer in layers:
        if isinstance(layer, GroupLayer):
            yield from _in_order(layer.children)
        yield layer
