"""What a layer with styles looks like: shadow and glow below its pixels, a glow in them, a stroke along their rim.

Masks stay soft: a widened rim is the mean of the rims of eight levels, each as round and as soft as distances make it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from desktop.core.backdrops import Backdrop
from desktop.core.color import FloatPixels, Pixels, max_level, to_depth16
from desktop.core.effect_values import Place, color_of_text
from desktop.core.filter_blurs import blurred
from desktop.core.geometry import Rect
from desktop.core.layer_styles import SIGMAS, LayerStyles, StrokeSide
from desktop.core.layers import LayerId, Mask
from desktop.core.tiles import TILE, Area, TileKey, TileMap

STYLED_TILES = 128  # of one layer that are kept: 64 MiB
RIM_LEVELS = 8
LEAST_BLUR_PX = 0.3
_NEIGHBOURS = np.ones((3, 3), np.uint8)
Plane = Any  # (H, W) float32, 0..1


@dataclass(frozen=True, slots=True)
class Look:
    """A layer's pixels with its mask and styles. Tiles are kept until `kept` is told to forget them."""

    tiles: TileMap
    mask: Mask | None
    styles: LayerStyles
    kept: Backdrop = field(default_factory=lambda: Backdrop(STYLED_TILES), compare=False)

    def touches(self, key: TileKey) -> bool:
        """False where nothing shows."""
        stored = self.tiles.stored()
        return any(one in stored for one in _tiles_around(key, self.styles.reach))

    def write(self, key: TileKey, area: Area, tile: Pixels) -> None:
        """Puts the area of a tile, straight, into (256, 256, 4) uint16."""
        tile[area[1] : area[3], area[0] : area[2]] = self.kept.result(key, area, self._made)

    def _made(self, rect: Rect) -> Pixels:
        return _styled_block(self.tiles.read, self.mask, self.styles, rect)


@dataclass(frozen=True, slots=True)
class GroupLook:
    """The same for what a group's layers look like together; `inside` is what makes them, for comparisons only.

    `kept` has tiles of both: of the inside, and with its styles.
    """

    inside: tuple[object, ...]
    mask: Mask | None
    styles: LayerStyles
    group_id: LayerId = 0
    kept: Backdrop = field(default_factory=lambda: Backdrop(2 * STYLED_TILES), compare=False)

    def tiles_around(self, key: TileKey) -> list[TileKey]:
        """Those whose pixels may show in a tile."""
        return _tiles_around(key, self.styles.reach)

    def write(self, read: Callable[[Rect], Pixels], key: TileKey, area: Area, tile: Pixels) -> None:
        """`read` gives straight pixels of the inside; puts the area, straight, into (256, 256, 4) uint16."""

        def made(rect: Rect) -> Pixels:
            return _styled_block(read, self.mask, self.styles, rect)

        tile[area[1] : area[3], area[0] : area[2]] = self.kept.result(key, area, made)


def _tiles_around(key: TileKey, reach: int) -> list[TileKey]:
    ring = -(-reach // TILE)
    columns, rows = range(key[0] - ring, key[0] + ring + 1), range(key[1] - ring, key[1] + ring + 1)
    return [(column, row) for column in columns for row in rows]


def _styled_block(read: Callable[[Rect], Pixels], mask: Mask | None, styles: LayerStyles, rect: Rect) -> Pixels:
    around = rect.expanded(styles.reach)
    pixels = read(around)
    levels = None if mask is None else mask.tiles.read(around)[..., 0]
    return styled_pixels(pixels, levels, styles, Place(around.x, around.y))


def styled_pixels(pixels: Pixels, mask: Pixels | None, styles: LayerStyles, place: Place) -> Pixels:
    """Straight (H, W, 4) of 8 or 16 bits and a mask (H, W) uint8 to (H - 2 reach, W - 2 reach, 4) uint16 straight.

    `place` is where the array lies in the picture: results do not depend on how a picture is cut.
    """
    reach = styles.reach
    inside = np.s_[reach : pixels.shape[0] - reach, reach : pixels.shape[1] - reach]
    alpha: Plane = pixels[..., 3].astype(np.float32) * np.float32(1 / max_level(pixels.dtype))
    if mask is not None:
        alpha *= mask.astype(np.float32) * np.float32(1 / 255)
    out: FloatPixels = np.zeros((*alpha[inside].shape, 4), np.float32)
    if not alpha.any():
        return out.astype(np.uint16)
    if alpha.min() == 1:  # nothing of a rim is near
        return to_depth16(pixels[inside])
    color = pixels[inside][..., :3].astype(np.float32) * np.float32(1 / max_level(pixels.dtype))
    if styles.shadow is not None:
        shadow = styles.shadow
        dx, dy = shadow.shift
        soft = _soft(alpha, shadow.size_px, shadow.spread, place)
        rows = slice(reach - dy, alpha.shape[0] - reach - dy)
        _lay(out, shadow.color, soft[rows, reach - dx : alpha.shape[1] - reach - dx] * shadow.opacity)
    if styles.outer_glow is not None:
        glow = styles.outer_glow
        _lay(out, glow.color, _glow(_soft(alpha, glow.size_px, glow.spread, place)[inside]) * glow.opacity)
    if styles.inner_glow is not None:
        glow = styles.inner_glow
        left = 1 - _soft(1 - alpha, glow.size_px, glow.spread, place)
        _mix(color, glow.color, _glow(_lost(left, alpha)[inside]) * glow.opacity)
    _lay_pixels(out, color, alpha, inside, styles)
    return _straight(out)


def widened(alpha: Plane, by_px: float) -> Plane:
    """The plane with everything in it grown by a round rim; the flat grey dilation, with soft discs."""
    total: Plane = np.zeros_like(alpha)
    known = grown = None
    for number in range(RIM_LEVELS):
        above = alpha >= (number + 0.5) / RIM_LEVELS
        if known is None or not np.array_equal(above, known):
            known, grown = above, _grown(above, by_px)
        total += grown
    total *= np.float32(1 / RIM_LEVELS)
    return np.maximum(total, alpha)


def _grown(above: Any, by_px: float) -> Plane:
    if not above.any():
        return np.zeros(above.shape, np.float32)
    distances: Plane = cv2.distanceTransform((~above).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.clip(np.float32(by_px + 1) - distances, 0, 1)


def _soft(alpha: Plane, size_px: float, spread: float, place: Place) -> Plane:
    """Widened by the spread, and blurred by the rest of the size."""
    wide = spread * size_px
    plane = widened(alpha, wide) if wide > 0 else alpha
    sigma = (size_px - wide) / SIGMAS
    return plane if sigma < LEAST_BLUR_PX else blurred(plane, sigma, place)


def _glow(plane: Plane) -> Plane:
    """A blur is one half at a rim: a glow begins there with all its light."""
    return np.minimum(2 * plane, 1)


def _lost(left: Plane, alpha: Plane) -> Plane:
    """Which share of the alpha around a pixel is gone in `left`: translucent pixels count like opaque ones."""
    around: Plane = cv2.dilate(alpha, _NEIGHBOURS)  # a rim's pixels belong to what they are the rim of
    return 1 - np.clip(np.divide(left, around, out=np.ones_like(alpha), where=around > 0), 0, 1)


def _lay_pixels(out: FloatPixels, color: FloatPixels, alpha: Plane, inside: Any, styles: LayerStyles) -> None:
    """The layer's own pixels with the stroke beside or upon them, over what is there. Both cover a pixel together."""
    stroke, shown = styles.stroke, alpha[inside]
    beside: Plane = np.zeros_like(shown)
    ink = np.zeros(3, np.float32)
    if stroke is not None:
        ink = np.array(color_of_text(stroke.color), np.float32)
        share = {StrokeSide.OUTSIDE: 1.0, StrokeSide.CENTER: 0.5, StrokeSide.INSIDE: 0.0}[stroke.side]
        if share > 0:
            beside = (widened(alpha, stroke.size_px * share)[inside] - shown) * np.float32(stroke.opacity)
        if share < 1:
            left = 1 - widened(1 - alpha, stroke.size_px * (1 - share))
            _mix(color, stroke.color, _lost(left, alpha)[inside] * np.float32(stroke.opacity))
    out *= (1 - shown - beside)[..., None]
    out[..., :3] += color * shown[..., None] + ink * beside[..., None]
    out[..., 3] += shown + beside


def _lay(out: FloatPixels, color: str, cover: Plane) -> None:
    """One colour over premultiplied pixels."""
    cover = cover[..., None]
    out *= 1 - cover
    out[..., :3] += cover * np.array(color_of_text(color), np.float32)
    out[..., 3:] += cover


def _mix(color: FloatPixels, other: str, share: Plane) -> None:
    """Straight colours towards another one."""
    color += (np.array(color_of_text(other), np.float32) - color) * share[..., None]


def _straight(values: FloatPixels) -> Pixels:
    alpha = np.clip(values[..., 3:], 0, 1)
    straight = np.divide(values[..., :3], alpha, out=np.zeros_like(values[..., :3]), where=alpha > 0)
    levels = np.concatenate([np.clip(straight, 0, 1), alpha], axis=2)
    rounded: Pixels = np.rint(levels * 65535).astype(np.uint16)
    return rounded
