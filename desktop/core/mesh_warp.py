"""Warping by a grid of four by four control points: a bicubic Bézier patch, and the tiles it makes of a raster.

Output pixels look for their place in the patch by Newton's method, from a coarse lattice inwards; see Farin, "Curves
and Surfaces for CAGD", chapter 15, for the patch.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.later_tiles import LaterTile
from desktop.core.premultiply import levels_to_premultiplied, premultiplied_to_levels
from desktop.core.resample import Resampling
from desktop.core.tiles import TILE, StoredTile, TileKey, TileMap, tiles_touched
from desktop.core.warp import LARGEST_SIDE_PX, Matrix, cv2_flag, mapped, over

SIDE = 4  # control points along each side
LATTICE = 16  # places in a tile where the search begins
SEARCH_STEPS = 17  # points of the patch along each side that a search may begin at
NODES = TILE // 4 + 1  # where it ends; between them a patch is as good as straight
COARSE_ROUNDS, FINE_ROUNDS = 12, 4
REACH_PX = 5
FAR_OFF_PX = 0.75  # a pixel whose search ends farther from it lies outside the patch
BEYOND = 0.5  # how far outside of 0..1 a search may go
TINY = 1e-6

Values = npt.NDArray[np.float64]
Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WarpMesh:
    """`source` is the rectangle of the raster that is warped; `points` lie row by row, in image pixels."""

    source: Rect
    points: tuple[Point, ...]

    @staticmethod
    def over(source: Rect, matrix: Matrix) -> WarpMesh:
        """The mesh that does what a matrix does; of a perspective, nearly."""
        shares = [number / (SIDE - 1) for number in range(SIDE)]
        places = [Point(source.x + u * source.width, source.y + v * source.height) for v in shares for u in shares]
        return WarpMesh(source, tuple(mapped(matrix, place) for place in places))

    def with_point(self, number: int, dx: float, dy: float) -> WarpMesh:
        """One control point elsewhere; a corner takes its neighbours along, so that the rim keeps its direction."""
        row, column = divmod(number, SIDE)
        moved = {number}
        if row in (0, SIDE - 1) and column in (0, SIDE - 1):
            inner_row, inner_column = (1 if row == 0 else SIDE - 2), (1 if column == 0 else SIDE - 2)
            moved |= {inner_row * SIDE + column, row * SIDE + inner_column, inner_row * SIDE + inner_column}
        points = tuple(point.translated(dx, dy) if place in moved else point for place, point in enumerate(self.points))
        return replace(self, points=points)

    def moved(self, dx: float, dy: float) -> WarpMesh:
        return replace(self, points=tuple(point.translated(dx, dy) for point in self.points))

    def line(self, share: float, *, is_level: bool, steps: int = 24) -> list[Point]:
        """A curve of the patch where v (level) or u is `share`."""
        along = np.linspace(0, 1, steps + 1)
        still = np.full_like(along, share)
        places = self._at(along, still) if is_level else self._at(still, along)
        return [Point(float(x), float(y)) for x, y in zip(*places, strict=True)]

    def bounds(self) -> Rect:
        """Whole pixels around all control points, which the patch lies within. UserError when absurdly large."""
        xs, ys = [point.x for point in self.points], [point.y for point in self.points]
        if max(max(xs) - min(xs), max(ys) - min(ys), *map(abs, xs + ys)) > LARGEST_SIDE_PX:
            raise UserError("transform.too_large", limit=LARGEST_SIDE_PX)
        return Rect.from_edges(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))

    def contains(self, point: Point) -> bool:
        """Whether a point lies in the net of control points."""
        corners = np.array([(one.x, one.y) for one in self.points], np.float32)
        return cv2.pointPolygonTest(cv2.convexHull(corners), (float(point.x), float(point.y)), False) >= 0

    def _net(self) -> Values:
        return np.array([(point.x, point.y) for point in self.points]).reshape(SIDE, SIDE, 2)

    def _at(self, u: Values, v: Values) -> tuple[Values, Values]:
        x, y = np.einsum("i...,j...,ijk->k...", _weights(v), _weights(u), self._net(), optimize=True)
        return x, y

    def _slopes(self, u: Values, v: Values) -> tuple[Values, Values, Values, Values]:
        """dx/du, dy/du, dx/dv, dy/dv."""
        net = self._net()
        across = np.einsum("i...,j...,ijk->k...", _weights(v), _weight_slopes(u), net, optimize=True)
        down = np.einsum("i...,j...,ijk->k...", _weight_slopes(v), _weights(u), net, optimize=True)
        return across[0], across[1], down[0], down[1]

    def places(self, rect: Rect) -> tuple[Plane, Plane, Plane]:
        """u and v (H, W) of a rectangle's pixels, and how much of each pixel the patch covers, 0..1."""
        coarse, fine = np.linspace(0, 1, LATTICE), np.linspace(0, 1, NODES)
        u, v = self._begun(rect.x + coarse * rect.width, rect.y + coarse * rect.height)
        u, v = (_spread(plane, fine, fine).astype(np.float64) for plane in (u, v))
        x, y = np.meshgrid(rect.x + fine * rect.width, rect.y + fine * rect.height)
        u, v = self._refined(u, v, x, y, FINE_ROUNDS)
        across = (np.arange(rect.width) + 0.5) / rect.width
        down = (np.arange(rect.height) + 0.5) / rect.height
        planes = [_spread(plane, across, down) for plane in (u, v, *self._paces(u, v), self._misses(u, v, x, y))]
        return planes[0], planes[1], _coverage(*planes)

    def _begun(self, xs: Values, ys: Values) -> tuple[Values, Values]:
        """Places of a coarse lattice, from the nearest of some points of the patch."""
        shares = np.linspace(0, 1, SEARCH_STEPS)
        starts_u, starts_v = (part.ravel() for part in np.meshgrid(shares, shares))
        from_x, from_y = self._at(starts_u, starts_v)
        x, y = np.meshgrid(xs, ys)
        nearest = np.argmin((x[..., None] - from_x) ** 2 + (y[..., None] - from_y) ** 2, axis=-1)
        return self._refined(starts_u[nearest], starts_v[nearest], x, y, COARSE_ROUNDS)

    def _refined(self, u: Values, v: Values, x: Values, y: Values, rounds: int) -> tuple[Values, Values]:
        for _ in range(rounds):
            now_x, now_y = self._at(u, v)
            xu, yu, xv, yv = self._slopes(u, v)
            area = xu * yv - xv * yu
            area = np.where(np.abs(area) < TINY, TINY, area)
            off_x, off_y = x - now_x, y - now_y
            u = np.clip(u + np.clip((off_x * yv - off_y * xv) / area, -BEYOND, BEYOND), -BEYOND, 1 + BEYOND)
            v = np.clip(v + np.clip((off_y * xu - off_x * yu) / area, -BEYOND, BEYOND), -BEYOND, 1 + BEYOND)
        return u, v

    def _paces(self, u: Values, v: Values) -> tuple[Values, Values]:
        """Pixels for each u and for each v, square to the lines of equal u and v."""
        xu, yu, xv, yv = self._slopes(u, v)
        area = np.abs(xu * yv - xv * yu)
        return area / np.maximum(np.hypot(xv, yv), TINY), area / np.maximum(np.hypot(xu, yu), TINY)

    def _misses(self, u: Values, v: Values, x: Values, y: Values) -> Values:
        """How far in pixels the searches ended from where they should."""
        now_x, now_y = self._at(u, v)
        return np.asarray(np.hypot(x - now_x, y - now_y))


def meshed_later(tiles: TileMap, mesh: WarpMesh, how: Resampling, below: TileMap | None = None) -> TileMap:
    """The tiles under a mesh, each made when somebody looks at it, over `below`; `settled` before they are kept."""

    def make(key: TileKey) -> Pixels:
        pixels = _made(tiles, mesh, how, None if below is None else below.tile(*key), key)
        pixels.flags.writeable = False
        return pixels

    made: dict[TileKey, StoredTile] = {} if below is None else dict(below.stored())
    for key, _ in tiles_touched(mesh.bounds()):
        made[key] = LaterTile(key, make, tiles)
    return TileMap(tiles.channels, tiles.dtype, tiles.default, made)


def _made(source: TileMap, mesh: WarpMesh, how: Resampling, below: Pixels | None, key: TileKey) -> Pixels:
    place = Rect(key[0] * TILE, key[1] * TILE, TILE, TILE)
    default = np.full((TILE, TILE, source.channels), source.default, source.dtype)
    u, v, covered = mesh.places(place)
    if not covered.any():
        return default if below is None else below.copy()
    rect = mesh.source
    x, y = np.clip(u, 0, 1) * rect.width + np.float32(rect.x), np.clip(v, 0, 1) * rect.height + np.float32(rect.y)
    shown = covered > 0
    needed = Rect.from_edges(
        math.floor(x[shown].min()) - REACH_PX,
        math.floor(y[shown].min()) - REACH_PX,
        math.ceil(x[shown].max()) + REACH_PX,
        math.ceil(y[shown].max()) + REACH_PX,
    ).intersect(rect)
    at_x, at_y = x - np.float32(needed.x + 0.5), y - np.float32(needed.y + 0.5)
    values: Any = levels_to_premultiplied(source.read(needed))
    sampled: Any = cv2.remap(values, at_x, at_y, cv2_flag(how), borderMode=cv2.BORDER_REPLICATE)
    sampled = sampled.reshape(TILE, TILE, source.channels)
    levels = np.float32(np.iinfo(source.dtype).max)
    border = np.float32(source.default) / levels
    values = border + covered[..., None] * (sampled - border)
    return premultiplied_to_levels(values, source.dtype) if below is None else over(values, below)


def _weights(t: Values) -> Values:
    """(4, ...): Bernstein's polynomials of degree three."""
    s = 1 - t
    return np.stack([s**3, 3 * t * s**2, 3 * t**2 * s, t**3])


def _weight_slopes(t: Values) -> Values:
    s = 1 - t
    return np.stack([-3 * s**2, 3 * s**2 - 6 * t * s, 6 * t * s - 3 * t**2, 3 * t**2])


def _coverage(u: Plane, v: Plane, across: Plane, down: Plane, missed: Plane) -> Plane:
    """Soft over one pixel at the rim; nothing where the search found no place."""
    covered: Plane = np.ones_like(u)
    for inside, pace in ((u, across), (1 - u, across), (v, down), (1 - v, down)):
        covered *= np.clip(inside * pace + np.float32(0.5), 0, 1)
    covered[missed > FAR_OFF_PX] = 0
    return covered


def _spread(plane: Values, across: Values, down: Values) -> Plane:
    """A square lattice, whose ends are 0 and 1, at other places, linearly."""
    last = plane.shape[0] - 1
    x, y = np.meshgrid((across * last).astype(np.float32), (down * last).astype(np.float32))
    spread: Plane = cv2.remap(plane.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return spread


def net_lines() -> list[tuple[int, int]]:
    """Which control points a drawn net joins."""
    level = [(row * SIDE + column, row * SIDE + column + 1) for row in range(SIDE) for column in range(SIDE - 1)]
    upright = [(row * SIDE + column, (row + 1) * SIDE + column) for row in range(SIDE - 1) for column in range(SIDE)]
    return list(itertools.chain(level, upright))
