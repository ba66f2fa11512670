"""Strokes that mix in other pixels instead of a colour: copies from elsewhere, or what became of the pixels themselves.

They share everything with the brush (dabs, dynamics, symmetry, selection); what is mixed in comes from a source that is
asked for each tile once, so that opacity limits the stroke as a whole and nothing is processed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import cv2
import numpy as np

from desktop.core.brush import BrushSettings, Stroke, area_in_tile
from desktop.core.color import LUMA, FloatPixels, Gray8, Pixels
from desktop.core.geometry import EMPTY_RECT, Rect, union_of
from desktop.core.premultiply import TINY, levels_to_premultiplied, premultiplied_to_levels
from desktop.core.tiles import TILE, TileEditor, TileKey, TileMap

ReadRect: TypeAlias = Callable[[Rect], Pixels]  # straight RGBA of image pixels, (height, width, 4)
Source: TypeAlias = Callable[[Rect], FloatPixels]  # premultiplied 0..1 of a rectangle

LARGEST_BLUR_PX = 12.0  # the standard deviation at full strength
SHARPEN_RADIUS_PX = 1.6
SHARPEN_MOST = 2.0


class Mixing(Enum):
    """How the source meets what is there."""

    OVER = "over"  # laid over it: where the source is transparent nothing happens
    INSTEAD = "instead"  # takes its place


class MixStroke(Stroke):
    """A stroke that mixes in `source`; `mix_in` exchanges it and paints all of the stroke anew."""

    def __init__(
        self,
        editor: TileEditor,
        settings: BrushSettings,
        source: Source,
        mixing: Mixing,
        *,
        selection: TileMap | None = None,
        keeps_alpha: bool = False,
    ) -> None:
        super().__init__(editor, settings, selection=selection, keeps_alpha=keeps_alpha)
        self._source, self._mixing = source, mixing
        self._sources: dict[TileKey, FloatPixels] = {}
        self._touched = EMPTY_RECT

    @property
    def touched(self) -> Rect:
        """Everything the stroke has covered so far."""
        return self._touched

    def paint(self) -> list[Rect]:
        changed = super().paint()
        self._touched = union_of([self._touched, *changed])
        return changed

    def coverage(self, rect: Rect) -> FloatPixels:
        """(height, width): how much of the stroke lies where, 0..1, without opacity and selection."""
        result = np.zeros((rect.height, rect.width), np.float32)
        for (column, row), tile in self._coverage.items():
            place = Rect(column * TILE, row * TILE, TILE, TILE).intersect(rect)
            if not place.is_empty:
                x0, y0, x1, y1 = area_in_tile((column, row), place)
                top, left = place.y - rect.y, place.x - rect.x
                result[top : top + place.height, left : left + place.width] = tile[y0:y1, x0:x1]
        return result

    def mix_in(self, source: Source, mixing: Mixing) -> list[Rect]:
        """The same stroke with another source."""
        self._source, self._mixing = source, mixing
        self._sources.clear()
        for key in self._coverage:
            self._paint(key, Rect(key[0] * TILE, key[1] * TILE, TILE, TILE))
        return [self._touched]

    def _paint(self, key: TileKey, part: Rect) -> None:
        allowed = self._allowed(key)
        if isinstance(allowed, int):
            return
        x0, y0, x1, y1 = area_in_tile(key, part)
        strength: Any = self._coverage[key][y0:y1, x0:x1] * np.float32(self._settings.opacity)
        if allowed is not None:
            strength = strength * (allowed[y0:y1, x0:x1] * np.float32(1 / 255))
        if key not in self._sources:
            self._sources[key] = self._source(Rect(key[0] * TILE, key[1] * TILE, TILE, TILE))
        raw = self._bases[key][y0:y1, x0:x1]
        mixed: FloatPixels = self._mixed(
            levels_to_premultiplied(raw), self._sources[key][y0:y1, x0:x1], strength[..., None]
        )
        target = self._editor.writable(*key)[y0:y1, x0:x1]
        levels = premultiplied_to_levels(mixed, target.dtype)
        if self._keeps_alpha and target.shape[2] == 4:
            levels[..., 3] = raw[..., 3]
        target[:] = np.where(strength[..., None] > 0, levels, raw)

    def _allowed(self, key: TileKey) -> Gray8 | int | None:
        """The selection's tile; None where nothing limits, 0 where nothing is selected."""
        if self._selection is None:
            return None
        tile = self._selection.tile(*key)
        if tile is not None:
            return tile[..., 0]
        return None if self._selection.default else 0

    def _mixed(self, base: Any, source: Any, strength: Any) -> FloatPixels:
        result: FloatPixels
        if base.shape[2] == 1:
            result = base + strength * (source - base)
            return result
        if self._keeps_alpha:  # only the colour changes, as far as the source has any
            weight = strength * source[..., 3:]
            color = base[..., :3] + weight * (straight_colors(source) * base[..., 3:] - base[..., :3])
            result = np.concatenate([color, base[..., 3:]], axis=2)
            return result
        if self._mixing is Mixing.OVER:
            result = source * strength + base * (1 - strength * source[..., 3:])
        else:
            result = base + strength * (source - base)
        return result


def straight_colors(values: FloatPixels) -> FloatPixels:
    """(H, W, 3) of premultiplied (H, W, 4)."""
    alpha: Any = np.maximum(values[..., 3:], TINY)
    colors: FloatPixels = values[..., :3] / alpha
    return colors


def shifted(read: ReadRect, dx: int, dy: int) -> Source:
    """The picture moved by whole pixels, as a source."""
    return lambda rect: levels_to_premultiplied(read(rect.translated(-dx, -dy)))


class Focus(Enum):
    BLUR = "blur"
    SHARPEN = "sharpen"


def focused(read: ReadRect, canvas: Rect, focus: Focus, strength: float) -> Source:
    """The picture blurred or sharpened, `strength` 0..1; the canvas's border is continued outwards."""
    sigma = max(LARGEST_BLUR_PX * strength**2, 0.3) if focus is Focus.BLUR else SHARPEN_RADIUS_PX

    def source(rect: Rect) -> FloatPixels:
        margin = round(4 * sigma) + 1
        pixels = levels_to_premultiplied(read_continued(read, rect.expanded(margin), canvas))
        blurred: Any = cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE).reshape(pixels.shape)
        inside = np.s_[margin:-margin, margin:-margin]
        if focus is Focus.BLUR:
            return np.ascontiguousarray(blurred[inside])
        sharp: Any = pixels[inside] + SHARPEN_MOST * strength * (pixels[inside] - blurred[inside])
        if sharp.shape[2] == 4:
            sharp[..., 3] = pixels[inside][..., 3]
            sharp[..., :3] = np.clip(sharp[..., :3], 0, sharp[..., 3:])
        limited: FloatPixels = np.clip(sharp, 0, 1)
        return limited

    return source


def read_continued(read: ReadRect, rect: Rect, canvas: Rect) -> Pixels:
    """Pixels of a rectangle; what lies outside the canvas repeats its border, where the rectangle reaches it at all."""
    inside = rect.intersect(canvas)
    if inside.is_empty or inside == rect:
        return read(rect)
    pixels = read(inside)
    edges = (inside.top - rect.top, rect.bottom - inside.bottom, inside.left - rect.left, rect.right - inside.right)
    continued: Any = cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_REPLICATE)
    deep: Pixels = continued.reshape(rect.height, rect.width, pixels.shape[2])
    return deep


class Tone(Enum):
    DODGE = "dodge"
    BURN = "burn"
    SATURATE = "saturate"
    DESATURATE = "desaturate"


class Tones(Enum):
    """What dodging and burning take hold of."""

    SHADOWS = "shadows"
    MIDTONES = "midtones"
    HIGHLIGHTS = "highlights"


@dataclass(frozen=True, slots=True)
class Toning:
    """`exposure` is 0..1."""

    tone: Tone = Tone.DODGE
    tones: Tones = Tones.MIDTONES
    exposure: float = 0.5


def toned(read: ReadRect, toning: Toning) -> Source:
    """The picture lighter, darker, or with more or less saturated colours."""

    def source(rect: Rect) -> FloatPixels:
        values = levels_to_premultiplied(read(rect))
        if values.shape[2] == 1:
            colors = np.repeat(values, 3, axis=2)
            return _toned_colors(colors, toning)[..., :1]
        changed = np.clip(_toned_colors(straight_colors(values), toning), 0, 1)
        return np.concatenate([changed * values[..., 3:], values[..., 3:]], axis=2).astype(np.float32)

    return source


def _toned_colors(colors: FloatPixels, toning: Toning) -> FloatPixels:
    light: Any = (colors @ LUMA)[..., None]
    result: FloatPixels
    if toning.tone in (Tone.SATURATE, Tone.DESATURATE):
        if toning.tone is Tone.DESATURATE:
            result = light + (colors - light) * (1 - toning.exposure)
            return result
        spread = colors.max(axis=2, keepdims=True) - colors.min(axis=2, keepdims=True)
        result = light + (colors - light) * (1 + toning.exposure * (1 - spread))  # what is vivid gains less
        return result
    reach = {
        Tones.SHADOWS: np.clip(1 - light, 0, 1) ** 2,
        Tones.MIDTONES: 4 * light * np.clip(1 - light, 0, 1),
        Tones.HIGHLIGHTS: np.clip(light, 0, 1) ** 2,
    }[toning.tones]
    amount = toning.exposure * reach
    if toning.tone is Tone.DODGE:
        result = np.clip(colors + amount * (1 - colors) * (0.25 + 0.75 * colors), 0, 1)
        return result
    result = colors * (1 - amount * (1 - 0.5 * colors) * 0.9)
    return result


def darkened(read: ReadRect) -> Source:
    """What is marked for healing, while the stroke is drawn: the picture under a dark glaze."""

    def source(rect: Rect) -> FloatPixels:
        values = levels_to_premultiplied(read(rect))
        values[..., :3] *= np.float32(0.5)
        return values

    return source


def fixed(values: FloatPixels, origin: Rect) -> Source:
    """Premultiplied pixels that lie in `origin`, as a source; nothing around them."""

    def source(rect: Rect) -> FloatPixels:
        result = np.zeros((rect.height, rect.width, values.shape[2]), np.float32)
        part = rect.intersect(origin)
        if not part.is_empty:
            x, y = part.x - origin.x, part.y - origin.y
            target = result[part.y - rect.y : part.bottom - rect.y, part.x - rect.x : part.right - rect.x]
            target[:] = values[y : y + part.height, x : x + part.width]
        return result

    return source
