"""What lies under an adjustment layer that looks at surroundings, and how far changes reach through such layers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.effects import prepared
from desktop.core.geometry import Rect
from desktop.core.layers import AdjustmentLayer, GroupLayer, Layer, LayerId
from desktop.core.tiles import TileKey, tiles_touched

BACKDROP_TILES = 192  # half a MiB each: three rows of tiles of a picture 16,000 pixels wide


class Backdrop:
    """Tiles (256, 256, 4) uint16 straight, kept until they are forgotten; used from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[TileKey, Pixels] = OrderedDict()
        self._lock = threading.Lock()
        self._changes = 0  # what was begun before a change is not kept after it

    def tile(self, key: TileKey, make: Callable[[], Pixels]) -> Pixels:
        with self._lock:
            kept, changes = self._kept.get(key), self._changes
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = make()
        with self._lock:
            if changes == self._changes:
                self._kept[key] = made
                while len(self._kept) > BACKDROP_TILES:
                    self._kept.popitem(last=False)
        return made

    def forget(self, rect: Rect) -> None:
        with self._lock:
            self._changes += 1
            if not self._kept:
                return
            for key, _ in tiles_touched(rect):
                self._kept.pop(key, None)


def spread(document: Document, layer_id: LayerId, rect: Rect) -> Rect:
    """Where the picture looks different after a change of a layer in `rect`: blurs above it carry it further.

    `layer_id` 0 stands for a change of everything.
    """
    reach, is_above = 0, layer_id == 0
    for layer in _in_order(document.layers):
        if is_above and isinstance(layer, AdjustmentLayer) and layer.visible:
            reach += prepared(layer.settings).reach
        is_above = is_above or layer.id == layer_id
    return rect if reach == 0 else rect.union(rect.expanded(reach).intersect(document.size.rect()))


def _in_order(layers: Iterable[Layer]) -> Iterator[Layer]:
    """As they are painted; a group after its children."""
    for layer in layers:
        if isinstance(layer, GroupLayer):
            yield from _in_order(layer.children)
        yield layer
