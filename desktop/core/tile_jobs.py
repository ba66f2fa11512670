"""Tiles composited in threads while whoever wants them goes on. Each is a picture of its own until it is taken over."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import cv2
import numpy as np

from desktop.core import raster
from desktop.core.brush import area_in_tile
from desktop.core.color import Rgba8
from desktop.core.composite import (
    Adjust,
    Isolate,
    Operation,
    Paint,
    PassThrough,
    composite_tile,
    touches_tile,
)
from desktop.core.effects import prepared
from desktop.core.geometry import Rect
from desktop.core.tile_pool import TilePool, Workspace
from desktop.core.tiles import TILE, TileKey

MOST_AT_ONCE = 24  # tiles on their way: work for two threads and a frame
STYLE_WORK = 16  # times as long as a blend
SMALLEST_LEVEL = TILE.bit_length() - 1  # there a tile is one pixel


@dataclass(frozen=True, slots=True)
class Composed:
    """A part (image pixels) of a tile; the rest of `pixels` (256, 256, 4), premultiplied BGRA, means nothing.

    `halved` has what a whole tile looks like at each level from 1 on.
    """

    key: TileKey
    part: Rect
    pixels: Rgba8
    halved: tuple[Rgba8, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.part.area == TILE * TILE


class TileJobs:
    """What is on its way. Used by one thread; a tile is on its way once at most."""

    def __init__(self, pool: TilePool) -> None:
        self._pool = pool
        self._running: dict[TileKey, Future[Composed]] = {}

    def __contains__(self, key: TileKey) -> bool:
        return key in self._running

    def __len__(self) -> int:
        return len(self._running)

    @property
    def has_room(self) -> bool:
        return len(self._running) < MOST_AT_ONCE

    def submit(self, key: TileKey, part: Rect, operations: Sequence[Operation], levels: int) -> None:
        """`levels`: how many times a whole tile is halved as well."""
        assert key not in self._running

        def work(workspace: Workspace) -> Composed:
            composed = _composed(key, part, operations, workspace)
            return replace(composed, halved=_halved(composed.pixels, levels)) if composed.is_whole else composed

        self._running[key] = self._pool.submit(work)

    def wait(self) -> None:
        """Returns when all is done."""
        for future in self._running.values():
            future.exception()

    def take_finished(self) -> list[Composed]:
        """What was done since the last call; raises what a job raised."""
        finished = [key for key, future in self._running.items() if future.done()]
        return [self._running.pop(key).result() for key in finished]


def weight_of(operations: Sequence[Operation], key: TileKey) -> int:
    """How often each pixel of the tile is blended."""
    count = 0
    for operation in operations:
        if not touches_tile(operation, key):
            continue
        count += 1
        if isinstance(operation, Paint | Isolate) and operation.look is not None:
            count += STYLE_WORK
        if isinstance(operation, Adjust):
            count += prepared(operation.settings).work
        elif isinstance(operation, Isolate | PassThrough):
            count += weight_of(operation.children, key)
    return count


def _halved(pixels: Rgba8, levels: int) -> tuple[Rgba8, ...]:
    result = [pixels]
    for level in range(1, min(levels, SMALLEST_LEVEL) + 1):
        side = TILE >> level
        result.append(cv2.resize(result[-1], (side, side), interpolation=cv2.INTER_AREA))
    return tuple(result[1:])


def _composed(key: TileKey, part: Rect, operations: Sequence[Operation], workspace: Workspace) -> Composed:
    pixels = np.zeros((TILE, TILE, 4), np.uint8)
    if any(touches_tile(operation, key) for operation in operations):
        area = area_in_tile(key, part)
        raster.write_bgra(composite_tile(operations, key, area, workspace), pixels, area)
    return Composed(key, part, pixels)
