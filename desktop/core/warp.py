"""Tiles under a perspective matrix: each output tile reads what it needs of the source, premultiplied and filtered.

A matrix (3, 3) float64 leads from image pixels of the source to those of the result; (0.5, 0.5) is a pixel's middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import FloatPixels, Pixels, max_level
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Point, Rect
from desktop.core.premultiply import levels_to_premultiplied, premultiplied_to_levels
from desktop.core.resample import Resampling
from desktop.core.tiles import TILE, StoredTile, TileKey, TileMap, tiles_touched

Matrix = npt.NDArray[np.float64]

REACH_PX = 5  # of the widest filter, and a pixel more
SHRINKS_FROM = 1.4  # source pixels to one of the result, above which the source is made smaller first
LARGEST_SIDE_PX = 60_000  # of a result: 235 tiles across
TINY = 1e-9

_FLAGS = {
    Resampling.NEAREST: cv2.INTER_NEAREST,
    Resampling.BILINEAR: cv2.INTER_LINEAR,
    Resampling.BICUBIC: cv2.INTER_CUBIC,
    Resampling.LANCZOS: cv2.INTER_LANCZOS4,
    Resampling.AREA: cv2.INTER_LINEAR,
    Resampling.PIXEL_ART: cv2.INTER_NEAREST,
}


def cv2_flag(how: Resampling) -> int:
    """OpenCV's word for a filter."""
    return _FLAGS[how]


def mapped(matrix: Matrix, point: Point) -> Point:
    x, y, w = matrix @ (point.x, point.y, 1.0)
    w = w if abs(w) > TINY else math.copysign(TINY, w)
    return Point(float(x / w), float(y / w))


def bounds_after(matrix: Matrix, rect: Rect) -> Rect:
    """Whole pixels around a rectangle after the matrix; UserError when that is absurdly large or turned inside out."""
    if rect.is_empty:
        return EMPTY_RECT
    corners = [(rect.left, rect.top), (rect.right, rect.top), (rect.right, rect.bottom), (rect.left, rect.bottom)]
    weights = [float(matrix[2] @ (x, y, 1.0)) for x, y in corners]
    if min(weights) <= TINY:
        raise UserError("transform.folded")
    places = [mapped(matrix, Point(x, y)) for x, y in corners]
    xs, ys = [place.x for place in places], [place.y for place in places]
    if max(max(xs) - min(xs), max(ys) - min(ys), *map(abs, xs + ys)) > LARGEST_SIDE_PX:
        raise UserError("transform.too_large", limit=LARGEST_SIDE_PX)
    slack = 1e-6  # rounding must not add a row of nothing
    return Rect.from_edges(
        math.floor(min(xs) + slack),
        math.floor(min(ys) + slack),
        math.ceil(max(xs) - slack),
        math.ceil(max(ys) - slack),
    )


def warped_later(tiles: TileMap, matrix: Matrix, how: Resampling, below: TileMap | None = None) -> TileMap:
    """The tiles after the matrix, each made when somebody looks at it, over `below`; `settled` before they are kept."""
    content = tiles.content_bounds()
    after = bounds_after(matrix, content)
    inverse: Matrix = np.linalg.inv(matrix).astype(np.float64)
    warp = _Warp(tiles, content, matrix, inverse, how, below)
    made: dict[TileKey, StoredTile] = {} if below is None else dict(below.stored())
    for key, _ in tiles_touched(after):
        made[key] = _WarpedTile(warp, key)
    return TileMap(tiles.channels, tiles.dtype, tiles.default, made)


@dataclass(frozen=True, slots=True, eq=False)
class _Warp:
    source: TileMap
    content: Rect
    matrix: Matrix
    inverse: Matrix
    how: Resampling
    below: TileMap | None

    def tile(self, key: TileKey) -> Pixels:
        place = Rect(key[0] * TILE, key[1] * TILE, TILE, TILE)
        below = None if self.below is None else self.below.tile(*key)
        pixels = self._pixels(place, below)
        pixels.flags.writeable = False
        return pixels

    def _pixels(self, place: Rect, below: Pixels | None) -> Pixels:
        source, covered = self._needed(place), self._coverage(place)
        if covered is None and below is None and self._pace(place) <= SHRINKS_FROM:
            raw = self.source.read(source)
            if raw.shape[2] == 1 or (raw[..., 3] == max_level(raw.dtype)).all():
                opaque: Pixels = self._sampled(raw, source, place, (1.0, 1.0))  # levels as they are: nothing to weigh
                return opaque
        covered = np.ones((TILE, TILE, 1), np.float32) if covered is None else covered
        default = np.full((TILE, TILE, self.source.channels), self.source.default, self.source.dtype)
        if source.is_empty or not covered.any():
            return default if below is None else below.copy()
        if self.how is Resampling.NEAREST:
            found = self._sampled(self.source.read(source), source, place, (1.0, 1.0))
            pixels: Pixels = np.where(covered >= 0.5, found, default)
            return pixels if below is None else over(levels_to_premultiplied(pixels), below)
        whole, shrunk = self._shrunk(levels_to_premultiplied(self.source.read(source)), place)
        values = self._sampled(whole, source, place, shrunk)
        border = np.float32(self.source.default / max_level(self.source.dtype))
        values = border + covered * (values - border)
        return premultiplied_to_levels(values, self.source.dtype) if below is None else over(values, below)

    def _coverage(self, place: Rect) -> FloatPixels | None:
        """(TILE, TILE, 1): how much of each pixel lies inside the rim of what is warped, 0..1; None for all of it.

        Filters see the rim's own pixels continued, so that a rim on whole pixels stays sharp and any other gets soft
        over one pixel.
        """
        rect = self.content
        sides = ((rect.left, rect.top), (rect.right, rect.top), (rect.right, rect.bottom), (rect.left, rect.bottom))
        corners = [mapped(self.matrix, Point(x, y)) for x, y in sides]
        turn = 1.0 if np.linalg.det(self.matrix) * self.matrix[2, 2] > 0 else -1.0
        x = np.arange(TILE, dtype=np.float32)[None, :]
        y = np.arange(TILE, dtype=np.float32)[:, None]
        covered: Any = None
        for one, two in zip(corners, [*corners[1:], corners[0]], strict=True):
            dx, dy = two.x - one.x, two.y - one.y
            length = max(math.hypot(dx, dy), TINY) * turn
            across = (x + np.float32(place.x + 0.5 - one.x)) * np.float32(-dy / length)
            down = (y + np.float32(place.y + 0.5 - one.y)) * np.float32(dx / length)
            if across.min() + down.min() >= 0.5:
                continue  # all of the tile lies on the inner side
            inside = np.clip(across + down + np.float32(0.5), 0, 1)
            covered = inside if covered is None else covered * inside
        return None if covered is None else covered[..., None]

    def _needed(self, place: Rect) -> Rect:
        """What of the source a place may show."""
        corners = [(place.left, place.top), (place.right, place.top), (place.left, place.bottom)]
        corners.append((place.right, place.bottom))
        seen = self.content
        if min(float(self.inverse[2] @ (x, y, 1.0)) * np.sign(self.inverse[2, 2]) for x, y in corners) <= TINY:
            return seen  # the horizon of a perspective crosses the tile
        points = [mapped(self.inverse, Point(x, y)) for x, y in corners]
        far = REACH_PX * max(self._pace(place), 1.0)
        xs, ys = [point.x for point in points], [point.y for point in points]
        around = Rect.from_edges(
            math.floor(min(xs) - far),
            math.floor(min(ys) - far),
            math.ceil(max(xs) + far),
            math.ceil(max(ys) + far),
        )
        inside = around.intersect(seen)
        if inside.is_empty and not seen.is_empty:  # beyond the rim its pixels go on
            x, y = min(max(around.x, seen.left), seen.right - 1), min(max(around.y, seen.top), seen.bottom - 1)
            return Rect(x, y, 1, 1)
        return inside

    def _pace(self, place: Rect) -> float:
        """How many source pixels the result skips from one pixel to the next, along the faster direction."""
        x, y = place.x + place.width / 2, place.y + place.height / 2
        here, across, down = (mapped(self.inverse, Point(x + dx, y + dy)) for dx, dy in ((0, 0), (1, 0), (0, 1)))
        steps = np.array([[across.x - here.x, down.x - here.x], [across.y - here.y, down.y - here.y]])
        return float(np.linalg.norm(steps, 2))

    def _shrunk(self, pixels: FloatPixels, place: Rect) -> tuple[FloatPixels, tuple[float, float]]:
        """The source made smaller where the result skips pixels, and by how much."""
        pace = self._pace(place)
        if pace <= SHRINKS_FROM:
            return pixels, (1.0, 1.0)
        height, width, channels = pixels.shape
        size = (max(round(width / pace), 1), max(round(height / pace), 1))
        smaller: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        return smaller.reshape(size[1], size[0], channels), (size[0] / width, size[1] / height)

    def _sampled(self, pixels: Any, source: Rect, place: Rect, shrunk: tuple[float, float]) -> Any:
        to_place = np.array([[1, 0, place.x + 0.5], [0, 1, place.y + 0.5], [0, 0, 1]], np.float64)
        to_source = np.array(
            [[shrunk[0], 0, -source.x * shrunk[0] - 0.5], [0, shrunk[1], -source.y * shrunk[1] - 0.5], [0, 0, 1]]
        )
        sampled: Any = cv2.warpPerspective(
            pixels,
            to_source @ self.inverse @ to_place,
            (TILE, TILE),
            flags=_FLAGS[self.how] | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return sampled.reshape(TILE, TILE, self.source.channels)


class _WarpedTile:
    """A tile of a warped map, made by `load`."""

    __slots__ = ("_key", "_warp", "nbytes")

    def __init__(self, warp: _Warp, key: TileKey) -> None:
        self._warp, self._key = warp, key
        self.nbytes = TILE * TILE * warp.source.channels * warp.source.dtype.itemsize

    def load(self) -> Pixels:
        return self._warp.tile(self._key)


def over(values: FloatPixels, below: Pixels) -> Pixels:
    """Premultiplied pixels laid over straight ones; where they are transparent, those keep their bytes."""
    alpha = np.clip(values[..., 3:], 0, 1)
    mixed = values + levels_to_premultiplied(below) * (1 - alpha)
    result: Pixels = np.where(alpha > 0, premultiplied_to_levels(mixed, below.dtype), below)
    return result
