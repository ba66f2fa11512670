"""Where tiles lie and how they are joined: pure functions of sizes, nothing here knows a network.

Along one axis a tile reads `[start, stop)`. Origins are multiples of the network's stride, so every tile sees the same
grid as the whole picture would. Where two tiles overlap, each counts nothing inside its halo (there it lacks
surroundings), rises over a ramp beyond it, and the weights of all tiles sum to 1. The picture's own border is no halo:
there a tile ends exactly where the whole picture would, and meets the same padding inside the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RAMP_PX = 16  # wide enough to hide what a slightly too small halo would show, narrow enough to cost 3 % at 512
SMALLEST_TILE_PX = 64  # below this the halo is nearly all of the work

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class TileRules:
    """What the network asks for, in input pixels. `is_fixed`: every tile must be exactly `tile` wide and high.

    `multiple`: sides of what is fed must be multiples of it. `scale`: output pixels per input pixel.
    """

    tile: int
    halo: int = 0
    stride: int = 1
    multiple: int = 1
    scale: int = 1
    is_fixed: bool = False

    def __post_init__(self) -> None:
        assert self.tile > 0
        assert self.halo >= 0
        assert min(self.stride, self.multiple, self.scale) >= 1
        assert not self.is_fixed or self.tile >= 2 * self.halo + self.stride, "a fixed tile cannot grow to fit its halo"


@dataclass(frozen=True)
class Span:
    """One tile along one axis: reads `[start, stop)`, of which what lies beyond the picture is mirrored.

    `weights` (one per output pixel that the picture has, from `out_start` on) are this tile's share of 1, `earlier`
    the shares of the tiles before it.
    """

    start: int
    stop: int
    out_start: int
    weights: Weights
    earlier: Weights

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def out_stop(self) -> int:
        return self.out_start + len(self.weights)


@dataclass(frozen=True)
class PlacedTile:
    """One run of the network: rows and columns it reads and writes."""

    rows: Span
    columns: Span

    def opacity(self, rows: slice, columns: slice) -> Weights:
        """(rows, columns) of a part of the tile: how much of it to lay over the result so far, in plan order.

        Laying every tile over the ones before with this opacity gives the weighted sum of all tiles.
        """
        down, across = self.rows.weights[rows], self.columns.weights[columns]
        own = np.outer(down, across)
        before = self.rows.earlier[rows, None] + np.outer(down, self.columns.earlier[columns])
        opacity: Weights = (own / np.maximum(before + own, np.finfo(np.float32).tiny)).astype(np.float32)
        return opacity


@dataclass(frozen=True)
class TilePlan:
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    def tiles(self) -> Iterator[PlacedTile]:
        """Row by row, left to right; the order that `PlacedTile.opacity` counts on."""
        for row in self.rows:
            for column in self.columns:
                yield PlacedTile(row, column)

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)


def plan_tiles(height: int, width: int, rules: TileRules) -> TilePlan:
    """Cover a picture of any size of at least 1 × 1."""
    assert height > 0
    assert width > 0
    return TilePlan(plan_axis(height, rules), plan_axis(width, rules))


def plan_axis(length: int, rules: TileRules) -> tuple[Span, ...]:
    """The tiles along one side of the picture: as few as the rules allow, and all about as large."""
    tile, starts = _equal_tiles(length, rules)
    stops = [_stop(start, min(start + tile, length), rules) for start in starts]
    raw = [_raw_weights(start, stop, length, rules) for start, stop in zip(starts, stops, strict=True)]
    return _normalised(starts, stops, raw, length * rules.scale, rules.scale)


def smaller_rules(rules: TileRules) -> TileRules | None:
    """Half the tile, for when memory was short; None when it cannot get smaller."""
    half = rules.tile // 2
    if rules.is_fixed or half < max(SMALLEST_TILE_PX, 2 * rules.halo + rules.stride):
        return None
    return TileRules(half, rules.halo, rules.stride, rules.multiple, rules.scale)


def mirrored_indices(start: int, stop: int, length: int) -> NDArray[np.intp]:
    """Positions to read for `[start, stop)` when the picture is mirrored at its borders as often as needed."""
    positions = np.arange(start, stop)
    if length == 1:
        return np.zeros(len(positions), np.intp)
    period = 2 * (length - 1)
    folded = positions % period
    return np.minimum(folded, period - folded).astype(np.intp)


def _equal_tiles(length: int, rules: TileRules) -> tuple[int, list[int]]:
    """Tile side and origins. Tiles shrink until they just cover the picture: less work than a full-sized last one."""
    grid = rules.stride
    overlap = _up_to_grid(2 * rules.halo + RAMP_PX, grid)
    if length <= rules.tile:
        return rules.tile, [0]
    if rules.is_fixed:
        room = rules.tile - overlap
        return rules.tile, _spread(length, rules.tile, room if room >= grid else rules.tile - 2 * rules.halo, grid)
    longest_step = max((rules.tile - overlap) // grid * grid, grid)  # a tile too small for its halo is enlarged
    count = max(-(-(length - overlap) // longest_step), 1)
    step = _up_to_grid(-(-(length - overlap) // count), grid)
    return step + overlap, [index * step for index in range(count)]


def _spread(length: int, tile: int, longest_step: int, grid: int) -> list[int]:
    """Origins of tiles that cannot shrink: evenly from 0 to the first that reaches the end."""
    last = _up_to_grid(length - tile, grid)
    count = -(-last // (longest_step // grid * grid)) + 1
    return [index * last // (count - 1) // grid * grid for index in range(count)]


def _up_to_grid(length: int, grid: int) -> int:
    return -(-length // grid) * grid


def _stop(start: int, end: int, rules: TileRules) -> int:
    """Where the tile's input ends: at its side or the picture's end, rounded up to what the network accepts."""
    if rules.is_fixed:
        return start + rules.tile
    return start + _up_to_grid(end - start, rules.multiple)


def _raw_weights(start: int, stop: int, length: int, rules: TileRules) -> Weights:
    """Weight by distance from the tile's cut edges, in output pixels; edges on the picture's border are not cut."""
    scale, ramp = rules.scale, RAMP_PX * rules.scale
    count = (min(stop, length) - start) * scale
    inside = np.arange(count, dtype=np.float32) + np.float32(0.5) - rules.halo * scale
    weights = np.ones(count, np.float32)
    if start > 0:
        weights = np.minimum(weights, inside / ramp)
    if stop < length:
        weights = np.minimum(weights, inside[::-1] / ramp)
    return np.clip(weights, 0, 1)


def _normalised(
    starts: list[int], stops: list[int], raw: list[Weights], out_length: int, scale: int
) -> tuple[Span, ...]:
    total = np.zeros(out_length, np.float32)
    for start, weights in zip(starts, raw, strict=True):
        total[start * scale : start * scale + len(weights)] += weights
    earlier = np.zeros(out_length, np.float32)
    spans = []
    for start, stop, weights in zip(starts, stops, raw, strict=True):
        where = slice(start * scale, start * scale + len(weights))
        share = weights / total[where]
        spans.append(Span(start, stop, start * scale, share, earlier[where].copy()))
        earlier[where] += share
    return tuple(spans)
