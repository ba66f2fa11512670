"""A picture as a network reads it: mirrored beyond its borders, colour extended under transparency, grey kept grey.

A constant alpha is passed by. Otherwise the network sees colour continued from the visible pixels where alpha is low
(by normalised convolution on a pyramid), so that no invisible colour bleeds into the visible; afterwards the
invisible pixels get their own colour back, because it must survive every tool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.runner import Pixels
from desktop.runtime.stitching import levels_of
from desktop.runtime.tiling import PlacedTile, Span, mirrored_indices

FILL_SHRINK = 8  # the fill is smooth: at an eighth it costs 1/64 of the memory
TRUSTED_ALPHA = 16 / 255  # colour with less alpha than this is mixed with the fill: at 8 bits it is badly rounded
BAND_ROWS = 256  # rows looked at in one go, so that no temporary is as large as the picture

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Picture:
    """`pixels` (H, W, 3|4) uint8 or uint16, straight. `fill` is None when no alpha path is needed.

    A picture with `shows_alpha` is for networks that eat RGBA: they see transparency as it is.
    """

    pixels: Pixels
    fill: NDArray[np.float32] | None
    is_gray: bool
    shows_alpha: bool = False

    @classmethod
    def of(cls, pixels: Pixels) -> Picture:
        fill = _fill_colours(pixels) if has_varying_alpha(pixels) else None
        return cls(pixels, fill, is_gray(pixels))

    @classmethod
    def with_alpha(cls, pixels: Pixels) -> Picture:
        """(H, W, 3|4) → a picture of four channels that is read as it is."""
        if pixels.shape[2] == 3:
            opaque = np.full_like(pixels[..., :1], levels_of(pixels))
            pixels = cast(Pixels, np.concatenate([pixels, opaque], axis=2))
        return cls(pixels, None, False, shows_alpha=True)

    def read(self, placed: PlacedTile) -> Pixels:
        """(rows, columns, 3), or 4 where alpha shows: what the network is given for this tile."""
        tile = self._gather(placed)
        if self.shows_alpha:
            return tile
        return tile[..., :3] if self.fill is None else self._extended(tile, placed)

    def finish(self, planes: Planes, placed: PlacedTile, scale: int) -> Planes:
        """What the network returned, made the picture's own: grey stays grey, invisible colour is as it was."""
        if self.is_gray:
            planes = np.broadcast_to(np.mean(planes, axis=0, dtype=np.float32), planes.shape)
        if self.fill is None:
            return planes
        tile = self._gather(placed)
        own = colour_planes(tile[..., :3])
        if scale > 1:
            return _mixed_enlarged(planes, own, tile[..., 3])
        changed: Planes = own + (planes - colour_planes(self._extended(tile, placed))) * _trust(tile[..., 3])
        return changed

    def _extended(self, tile: Pixels, placed: PlacedTile) -> Pixels:
        trust = _trust(tile[..., 3])[..., None]
        shown = tile[..., :3] * trust + self._fill_for(placed) * (1 - trust)
        return cast(Pixels, np.rint(shown).astype(tile.dtype))

    def _gather(self, placed: PlacedTile) -> Pixels:
        return gather(self.pixels, placed)

    def _fill_for(self, placed: PlacedTile) -> NDArray[np.float32]:
        """The fill at full size for one tile, by the same positions from whichever tile it is asked."""
        assert self.fill is not None
        height, width = self.pixels.shape[:2]
        down = _fill_positions(placed.rows, height, self.fill.shape[0])
        across = _fill_positions(placed.columns, width, self.fill.shape[1])
        map_x, map_y = np.meshgrid(across, down)
        fill: NDArray[np.float32] = cv2.remap(
            self.fill, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return fill


def gather(pixels: NDArray[Any], placed: PlacedTile) -> NDArray[Any]:
    """(rows, columns[, C]) of the tile; what lies beyond the picture is mirrored."""
    rows, columns = placed.rows, placed.columns
    height, width = pixels.shape[:2]
    if min(rows.start, columns.start) >= 0 and rows.stop <= height and columns.stop <= width:
        return pixels[rows.start : rows.stop, columns.start : columns.stop]
    there = pixels[mirrored_indices(rows.start, rows.stop, height)]
    return there[:, mirrored_indices(columns.start, columns.stop, width)]


def colour_planes(colour: Pixels) -> Planes:
    """(H, W, 3) in levels → (3, H, W) 0..1."""
    planes = np.ascontiguousarray(colour.transpose(2, 0, 1)).astype(np.float32)
    planes /= np.float32(levels_of(colour))
    return planes


def copy_alpha(source: Pixels, target: Pixels, scale: int) -> None:
    """Alpha by its own path: as it is, or enlarged smoothly. Nothing to do for pictures without."""
    if target.shape[2] < 4:
        return
    if source.shape[2] < 4:
        target[..., 3] = np.iinfo(target.dtype).max
        return
    if scale == 1 or not has_varying_alpha(source):
        target[..., 3] = source[..., 3] if scale == 1 else source[0, 0, 3]
        return
    height, width = source.shape[:2]
    margin = 2  # what cubic interpolation sees beyond the band
    for start in range(0, height, BAND_ROWS):
        stop = min(start + BAND_ROWS, height)
        first, last = max(start - margin, 0), min(stop + margin, height)
        band = cv2.resize(
            np.ascontiguousarray(source[first:last, :, 3]),
            (width * scale, (last - first) * scale),
            interpolation=cv2.INTER_CUBIC,
        )
        target[start * scale : stop * scale, :, 3] = band[(start - first) * scale : (stop - first) * scale]


def has_varying_alpha(pixels: Pixels) -> bool:
    if pixels.shape[2] < 4:
        return False
    first = pixels[0, 0, 3]
    return any(bool((band[..., 3] != first).any()) for band in _bands(pixels))


def is_gray(pixels: Pixels) -> bool:
    """Red, green and blue are equal everywhere."""
    return all(
        bool((band[..., 0] == band[..., 1]).all() and (band[..., 1] == band[..., 2]).all()) for band in _bands(pixels)
    )


def _bands(pixels: Pixels) -> list[Pixels]:
    return [pixels[start : start + BAND_ROWS] for start in range(0, len(pixels), BAND_ROWS)]


def _trust(alpha: Pixels) -> NDArray[np.float32]:
    trust = alpha.astype(np.float32)
    trust /= np.float32(TRUSTED_ALPHA * levels_of(alpha))
    return np.clip(trust, 0, 1, out=trust)


def _mixed_enlarged(planes: Planes, own: Planes, alpha: Pixels) -> Planes:
    """The network's colour wherever the enlarged alpha shows anything, the picture's own where it does not."""
    size = (planes.shape[2], planes.shape[1])
    trust = _trust(cv2.resize(np.ascontiguousarray(alpha), size, interpolation=cv2.INTER_CUBIC))
    own_enlarged = cv2.resize(np.ascontiguousarray(own.transpose(1, 2, 0)), size).transpose(2, 0, 1)
    mixed: Planes = planes * trust + own_enlarged * (1 - trust)
    return mixed


def _fill_positions(span: Span, length: int, small: int) -> NDArray[np.float32]:
    positions = mirrored_indices(span.start, span.stop, length).astype(np.float32)
    return (positions + np.float32(0.5)) * np.float32(small / length) - np.float32(0.5)


def _fill_colours(pixels: Pixels) -> NDArray[np.float32]:
    """(h, w, 3) float32 in levels: visible colour averaged by alpha, spread into the gaps from ever coarser levels."""
    bands = [_shrunk_premultiplied(band) for band in _bands(pixels)]
    level = np.concatenate(bands)
    levels = [level]
    while max(level.shape[:2]) > 1:
        size = (max(level.shape[1] // 2, 1), max(level.shape[0] // 2, 1))
        level = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
        levels.append(level)
    colour = _unpremultiplied(levels[-1].reshape(1, 1, 4))[0]
    for finer in reversed(levels[:-1]):
        own, weight = _unpremultiplied(finer)
        coarse = cv2.resize(colour, (finer.shape[1], finer.shape[0])).reshape(own.shape)
        colour = own * weight + coarse * (1 - weight)
    return colour


def _shrunk_premultiplied(band: Pixels) -> NDArray[np.float32]:
    """A band at an eighth: colour × alpha and alpha (0..1), averaged."""
    alpha = band[..., 3:].astype(np.float32) / np.float32(levels_of(band))
    premultiplied = np.concatenate([band[..., :3] * alpha, alpha], axis=2)
    size = (max(band.shape[1] // FILL_SHRINK, 1), max(band.shape[0] // FILL_SHRINK, 1))
    shrunk: NDArray[np.float32] = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
    return shrunk.reshape(size[1], size[0], 4)


def _unpremultiplied(level: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour and how far to trust it: fully from an average alpha of a quarter on."""
    alpha = level[..., 3:]
    colour = level[..., :3] / np.maximum(alpha, np.float32(1e-6))
    return colour.astype(np.float32, copy=False), np.minimum(alpha * np.float32(4), np.float32(1))
