"""What isolated groups look like inside, kept per tile, so that painting elsewhere does not composite them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from desktop.core import raster
from desktop.core.color import Pixels
from desktop.core.composite import Isolate, composite_tile
from desktop.core.geometry import EMPTY_RECT, Rect, rest_of
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.core.tile_pool import Workspace
from desktop.core.tiles import TILE, Area, TileKey, tiles_touched

GROUP_TILES = 192  # half a MiB each: 96 MiB, the tiles of a few groups under a brush and its way


@dataclass(slots=True)
class _Inside:
    """A group's straight 16-bit picture in one tile, as far as it was needed."""

    picture: Pixels
    known: Rect = EMPTY_RECT  # in the tile's pixels


class GroupCache:
    """Call it with an operation to get the group's tile; None for what is not kept. Tell it of every change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[LayerId, TileKey], _Inside] = OrderedDict()
        self._changing: frozenset[LayerId] = frozenset()

    def __len__(self) -> int:
        return len(self._kept)

    def __call__(self, operation: Isolate, key: TileKey, area: Area, workspace: Workspace, depth: int) -> Pixels | None:
        if operation.group_id == 0 or operation.group_id in self._changing:
            return None
        inside = self._kept.get((operation.group_id, key))
        if inside is None:
            inside = _Inside(np.zeros((TILE, TILE, 4), np.uint16))
            self._kept[operation.group_id, key] = inside
        wanted = inside.known.union(Rect.from_edges(*area))
        for part in rest_of(wanted, inside.known):
            strip = (part.left, part.top, part.right, part.bottom)
            inner = composite_tile(operation.children, key, strip, workspace, depth + 1)
            raster.write_straight(inner, inside.picture, strip)
        inside.known = wanted
        return inside.picture

    def set_active(self, layers: tuple[Layer, ...], layer_id: LayerId | None) -> None:
        """Groups around the layer that is painted on change with every dab: they are not kept."""
        self._changing = frozenset(groups_around(layers, layer_id))

    def forget(self) -> None:
        self._kept.clear()

    def forget_around(self, layers: tuple[Layer, ...], layer_id: LayerId, rect: Rect) -> None:
        """A layer looks different in `rect`: so do the groups around it."""
        for group_id in groups_around(layers, layer_id):
            for key, _ in tiles_touched(rect):
                self._kept.pop((group_id, key), None)

    def limit(self) -> None:
        while len(self._kept) > GROUP_TILES:
            self._kept.popitem(last=False)


def groups_around(layers: Iterable[Layer], layer_id: LayerId | None) -> list[LayerId]:
    """The ids of all groups that a layer is in, innermost first."""
    for layer in layers:
        if isinstance(layer, GroupLayer):
            if any(child.id == layer_id for child in layer.children):
                return [layer.id]
            inner = groups_around(layer.children, layer_id)
            if inner:
                return [*inner, layer.id]
    return []
