"""The picture on the screen, kept up to date: premultiplied tiles at every zoom level, recomposited where they changed.

Level 0 is the document; each level above halves it. Everything below the active layer's branch is kept per tile, so
that a dab recomposites only what lies at and above it.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from desktop.core import raster
from desktop.core.backdrops import spread
from desktop.core.branches import Branches, branch_index, cut_at_branch, cut_index
from desktop.core.brush import area_in_tile
from desktop.core.color import Pixels, Rgba8
from desktop.core.composite import (
    INLINE_PIXELS,
    Isolate,
    composite_onto,
    touches_tile,
)
from desktop.core.edits import OpenDocument
from desktop.core.geometry import EMPTY_RECT, Rect, rest_of
from desktop.core.group_cache import GroupCache
from desktop.core.layers import Layer, LayerId
from desktop.core.slabs import Slabs
from desktop.core.tile_jobs import TileJobs, weight_of
from desktop.core.tile_pool import Accumulator, TilePool, Workspace, usable_cores
from desktop.core.tile_pyramid import MOST_TILES, TilePyramid, ViewKey
from desktop.core.tiles import TILE, Area, TileKey, tiles_touched

AT_ONCE_S = 0.004  # what may be waited for; longer work is left to the threads
FIRST_TAKES = 2  # times as long the first piece under a brush may take
BRUSH_TILES = 24  # more are no brush's doing but a setting's, and nothing is known below them in time
FIRST_SPEED = 1.5e8  # blended pixels a second and thread, until it was measured
REFRESH_BATCH = 8  # tiles between two looks at the clock: enough to keep two threads busy
SMALL_PART = TILE * TILE // 8  # from here on parts of tiles wait for their turn
BELOW_TILES = 96  # 1 MiB each: the tiles under a wide brush and its way


@dataclass(slots=True)
class _Below:
    """What lies under the active branch in one tile, as far as it was needed; strips are added as a brush moves on."""

    picture: Accumulator
    known: Rect = EMPTY_RECT  # in the tile's pixels


class Compositor:
    """Tiles for the canvas. Lives in one thread; composites in a pool of its own while the caller waits.

    Connect `mark_changed` to the document's `changed` signal, call `refresh()` once a frame, then ask for tiles.
    """

    def __init__(self, open_document: OpenDocument, *, threads: int | None = None) -> None:
        self._document = open_document
        self._pool = TilePool(usable_cores() if threads is None else threads)
        self._tiles = TilePyramid(open_document.shown.size)
        self._stale: dict[TileKey, Rect] = {}
        self._below: OrderedDict[TileKey, _Below] = OrderedDict()
        self._below_pictures = Slabs((4, TILE, TILE), np.float32)
        self._groups = GroupCache()
        self._active: LayerId | None = None
        self._branches: Branches | None = None
        self._shown_layers: tuple[Layer, ...] = ()
        self._jobs = TileJobs(self._pool)
        self._arrived: list[Rect] = []  # refreshed by jobs, not yet told
        self._speed = FIRST_SPEED
        open_document.changed.connect(self.mark_changed)
        open_document.tree_changed.connect(self._tree_changed)

    def close(self) -> None:
        self._document.changed.disconnect(self.mark_changed)
        self._document.tree_changed.disconnect(self._tree_changed)
        self._pool.close()

    def set_active_layer(self, layer_id: LayerId | None) -> None:
        """The layer that is painted on; what lies below its branch is cached."""
        if layer_id != self._active:
            self._active = layer_id
            self._forget_below()
            self._groups.set_active(self._document.shown.layers, layer_id)

    def mark_changed(self, layer_id: LayerId, rect: Rect) -> None:
        """Notes that a layer looks different in `rect`; nothing is drawn before `refresh`."""
        rect = spread(self._document.shown, layer_id, rect)
        if self._branches is not None:
            self._branches.forget_backdrops(rect)
        is_below = self._is_below_active(layer_id)
        missing: list[TileKey] = []
        for key, part in tiles_touched(rect):
            if is_below:
                self._forget_below_in(key)
            if (0, *key) in self._tiles or key in self._jobs:
                known = self._stale.get(key)
                self._stale[key] = part if known is None else known.union(part)
            else:
                missing.append(key)
        self._tiles.drop_over(missing)
        if layer_id == 0:
            self._groups.forget()
            self._tiles.drop_over(key for key, _ in tiles_touched(rect))
        else:
            self._groups.forget_around(self._document.shown.layers, layer_id, rect)

    @property
    def is_stale(self) -> bool:
        """True while tiles still show what was there before a change."""
        return bool(self._stale) or bool(self._arrived) or len(self._jobs) > 0

    def refresh(self, *, first: Rect = EMPTY_RECT, budget_s: float = math.inf) -> list[Rect]:
        """Recomposites exactly what changed in the tiles at hand; returns the rectangles (image pixels).

        With a budget it stops when the time is up; tiles under `first` come before all others.
        """
        self._jobs.wait()
        self._take_finished()
        is_first = _touches(first)
        waiting = sorted(self._stale, key=lambda key: not is_first(key))
        done, self._arrived = self._arrived, []
        stop = time.perf_counter() + budget_s
        while waiting and (not done or time.perf_counter() < stop):
            count = REFRESH_BATCH if budget_s < math.inf else len(waiting)
            batch = [(key, self._stale.pop(key)) for key in waiting[:count]]
            del waiting[:count]
            self._compose([(key, part) for key, part in batch if (0, *key) in self._tiles])
            done += [part for _, part in batch]
        for part in done:
            self._tiles.update_over(part)
        return done

    def refresh_soon(self, *, first: Rect = EMPTY_RECT, at_once_s: float = AT_ONCE_S) -> list[Rect]:
        """As `refresh`, but only what takes `at_once_s` is done at once; the rest comes out of a later call.

        A brush's dabs are small, and go before whole tiles. Those come in the order they were marked in, so that under
        a slider that marks all of them again and again none waits for ever.
        """
        self._take_finished()
        is_first = _touches(first)
        waiting = sorted(
            (key for key in self._stale if key not in self._jobs),
            key=lambda key: (not is_first(key), min(self._stale[key].area, SMALL_PART)),
        )
        now = self._quick_ones([(key, self._stale[key]) for key in waiting], at_once_s)
        for key, _ in now:
            del self._stale[key]
        self._compose([(key, part) for key, part in now if (0, *key) in self._tiles])
        operations = self._current_branches().all
        for key in waiting[len(now) :]:
            if not self._jobs.has_room:
                break
            part = self._stale.pop(key)
            if (0, *key) in self._tiles:
                self._jobs.submit(key, part, operations, self._tiles.highest)
        for _, part in now:
            self._tiles.update_over(part)
        done, self._arrived = [*self._arrived, *(part for _, part in now)], []
        return done

    def request(self, keys: Iterable[TileKey]) -> None:
        """Has level-0 tiles made in the threads, as many as there is room for; `has_tile` tells when one is there."""
        self._take_finished()
        operations = self._current_branches().all
        for key in keys:
            if not self._jobs.has_room:
                return
            if (0, *key) in self._tiles or key in self._jobs:
                continue
            if weight_of(operations, key) == 0:
                self._tiles.put_empty(key)
            else:
                self._jobs.submit(key, _rect_of(key), operations, 0)
        self._limit_tiles()

    def prepare_quick(self, keys: Iterable[TileKey]) -> None:
        """Composites those level-0 tiles that take no time."""
        missing = [(key, _rect_of(key)) for key in keys if (0, *key) not in self._tiles and key not in self._jobs]
        self.prepare(key for key, _ in self._quick_ones(missing, AT_ONCE_S))

    def has_tile(self, level: int, column: int, row: int) -> bool:
        return (level, column, row) in self._tiles

    def tile(self, level: int, column: int, row: int) -> Rgba8:
        """The tile (256, 256, 4), premultiplied, blue first (QImage ARGB32), up to the last `refresh`.

        Composites it when it is not at hand: for level n up to 4ⁿ tiles, so prepare far levels in steps.
        """
        tile = self._tiles.used((level, column, row), self._made)
        self._limit_tiles()
        return tile

    def prepare(self, keys: Iterable[TileKey]) -> None:
        """Composites several level-0 tiles at once, in all threads."""
        missing = [key for key in keys if (0, *key) not in self._tiles]
        for key in missing:
            self._tiles.put_empty(key)
        self._compose([(key, Rect(key[0] * TILE, key[1] * TILE, TILE, TILE)) for key in missing])
        self._limit_tiles()

    def _take_finished(self) -> None:
        for composed in self._jobs.take_finished():
            tile = self._tiles.get((0, *composed.key))
            if composed.is_whole:
                self._tiles.put(composed.key, composed.pixels)
            elif tile is not None:
                x0, y0, x1, y1 = area_in_tile(composed.key, composed.part)
                tile[y0:y1, x0:x1] = composed.pixels[y0:y1, x0:x1]
            if tile is not None:
                self._arrived.append(composed.part)
                self._tiles.take_levels(composed)
        self._limit_tiles()

    def _quick_ones(self, items: list[tuple[TileKey, Rect]], at_once_s: float) -> list[tuple[TileKey, Rect]]:
        """The first of them that can be waited for, going by how long such work took until now.

        While a brush paints it is one at least, so that what lies below it becomes known.
        """
        quick: list[tuple[TileKey, Rect]] = []
        branches = self._current_branches()
        left = self._speed * at_once_s * (1 if len(self._jobs) > 0 else self._pool.threads)
        is_brush = self._document.is_editing and len(items) <= BRUSH_TILES
        least = -FIRST_TAKES * self._speed * AT_ONCE_S if is_brush else 0
        for key, part in items:
            left -= self._blended_pixels(key, part, branches)
            if left < (0 if quick else least):
                break
            quick.append((key, part))
        return quick

    def _blended_pixels(self, key: TileKey, part: Rect, branches: Branches) -> int:
        """How many pixels of layers a part of a tile takes: with an edit, only those that are not known below it."""
        if not self._document.is_editing:
            return part.area * (weight_of(branches.all, key) + 1)
        below = self._below.get(key)
        known = EMPTY_RECT if below is None else below.known
        wanted = known.union(Rect.from_edges(*area_in_tile(key, part)))
        new = sum(rest.area for rest in rest_of(wanted, known))
        return part.area * (weight_of(branches.rest, key) + 1) + new * weight_of(branches.below, key)

    def _made(self, key: ViewKey) -> Rgba8:
        level, column, row = key
        if level:
            return self._tiles.halved(key, lambda child: self.tile(*child))
        tile = self._tiles.put_empty((column, row))
        self._compose([((column, row), _rect_of((column, row)))])
        return tile

    def _compose(self, items: list[tuple[TileKey, Rect]]) -> None:
        branches = self._current_branches()

        def compose(item: tuple[TileKey, Rect], workspace: Workspace) -> None:
            key, part = item
            area = area_in_tile(key, part)
            tile = self._tiles[(0, *key)]
            if not any(touches_tile(operation, key) for operation in branches.all):
                tile[area[1] : area[3], area[0] : area[2]] = 0
                return
            acc = workspace.accumulator(0)
            self._begin_with_below(acc, key, area, branches, workspace)
            composite_onto(acc, branches.rest, key, area, workspace, kept_groups=self._kept_groups)
            raster.write_bgra(acc, tile, area)

        is_small = sum(part.area for _, part in items) < INLINE_PIXELS
        is_inline = is_small or len(self._jobs) > 0
        is_telling = not is_small and len(items) <= REFRESH_BATCH
        pixels = sum(self._blended_pixels(*item, branches) for item in items) if is_telling else 0
        start = time.perf_counter()
        largest_first = sorted(items, key=lambda item: -item[1].area)  # no thread is left with a large one at the end
        self._pool.run(compose, largest_first, inline=is_inline)
        if pixels:
            threads = 1 if is_inline else min(self._pool.threads, len(items))
            self._speed += (pixels / threads / (time.perf_counter() - start) - self._speed) / 8
        while len(self._below) > BELOW_TILES:
            self._forget_below_in(next(iter(self._below)))
        self._groups.limit()

    def _kept_groups(
        self, operation: Isolate, key: TileKey, area: Area, workspace: Workspace, depth: int
    ) -> Pixels | None:
        """Groups are kept while an edit paints: that is when the same tiles come again and again."""
        return self._groups(operation, key, area, workspace, depth) if self._document.is_editing else None

    def _begin_with_below(
        self, acc: Accumulator, key: TileKey, area: Area, branches: Branches, workspace: Workspace
    ) -> None:
        """Puts all below the active branch into the accumulator, from the cache while an edit paints."""
        x0, y0, x1, y1 = area
        is_empty = not any(touches_tile(operation, key) for operation in branches.below)
        if is_empty or not self._document.is_editing:
            acc[:, y0:y1, x0:x1] = 0
            composite_onto(acc, branches.below, key, area, workspace)
            return
        below = self._below.get(key)
        if below is None:
            below = self._below[key] = _Below(self._below_pictures.take())
        wanted = below.known.union(Rect.from_edges(*area))
        for part in rest_of(wanted, below.known):
            strip = (part.left, part.top, part.right, part.bottom)
            below.picture[:, part.top : part.bottom, part.left : part.right] = 0
            composite_onto(below.picture, branches.below, key, strip, workspace, depth=1)
        below.known = wanted
        acc[:, y0:y1, x0:x1] = below.picture[:, y0:y1, x0:x1]

    def _current_branches(self) -> Branches:
        layers = self._document.shown.layers
        if self._branches is None or layers is not self._shown_layers:
            self._branches = cut_at_branch(layers, self._active, self._document.shown.size.rect(), self._branches)
            self._shown_layers = layers
        return self._branches

    def _is_below_active(self, layer_id: LayerId) -> bool:
        layers = self._document.shown.layers
        return layer_id == 0 or branch_index(layers, layer_id) < cut_index(layers, self._active)

    def _forget_below(self) -> None:
        for key in list(self._below):
            self._forget_below_in(key)
        self._branches = None

    def _forget_below_in(self, key: TileKey) -> None:
        below = self._below.pop(key, None)
        if below is not None:
            self._below_pictures.give(below.picture)

    def _tree_changed(self) -> None:
        self._tiles.size = self._document.shown.size
        self._forget_below()
        self._groups.forget()
        self._groups.set_active(self._document.shown.layers, self._active)

    def _limit_tiles(self) -> None:
        for key in self._tiles.limit(MOST_TILES):
            if key in self._stale:
                self._tiles.drop_over([key])
                if key not in self._jobs:  # what a job brings was begun before the change
                    del self._stale[key]


def _touches(rect: Rect) -> Callable[[TileKey], bool]:
    """Tells of tiles whether a rectangle (image pixels) touches them."""
    left, top, right, bottom = (edge // TILE for edge in (rect.left, rect.top, rect.right - 1, rect.bottom - 1))
    if rect.is_empty:
        return lambda _: False
    return lambda key: left <= key[0] <= right and top <= key[1] <= bottom


def _rect_of(key: TileKey) -> Rect:
    return Rect(key[0] * TILE, key[1] * TILE, TILE, TILE)
