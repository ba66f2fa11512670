"""Another background for a subject that was cut out: as layers, each of which can still be changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Gray8
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.layers import LayerId, Mask, RasterLayer
from desktop.core.light_match import light_gains, lit
from desktop.core.matting import blurred_behind, drop_shadow, foreground_colors
from desktop.core.tiles import TileMap
from desktop.tools.layer_edits import place_above

SHADOW_OFFSET = (0.012, 0.02)  # right and down, as shares of the picture's longer side
SHADOW_SOFTNESS = 0.012
SHADOW_OPACITY = 0.45
BLUR_AT_FULL = 0.03  # radius at strength 100, as a share of the longer side


class Backdrop(StrEnum):
    """What comes behind the subject."""

    COLOR = "color"
    GRADIENT = "gradient"
    PICTURE = "picture"
    BLUR = "blur"


@dataclass(frozen=True, slots=True)
class BackgroundSettings:
    """`color` is RGB 0..1, of a gradient where it begins; `angle` in degrees says where it goes, 90 is down. `picture`
    (H, W, 4) is scaled to cover; `strength` is 1..100. `matches_light`: the subject stands in the background's light.
    """

    backdrop: Backdrop = Backdrop.COLOR
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    picture: npt.NDArray[Any] | None = None
    strength: float = 50.0
    has_shadow: bool = False
    end_color: tuple[float, float, float] = (0.6, 0.65, 0.7)
    angle: float = 90.0
    matches_light: bool = False


@dataclass(frozen=True, slots=True)
class BackgroundNames:
    """What the new layers are called, in the person's language."""

    subject: str
    shadow: str
    background: str


def with_new_background(
    document: Document, layer_id: LayerId, alpha: Gray8, settings: BackgroundSettings, names: BackgroundNames
) -> tuple[Document, LayerId]:
    """(document, the subject's layer): over the old layer, which is hidden, a background, a shadow and the subject.

    `alpha` (H, W) covers the canvas. UserError when it shows nothing.
    """
    if not alpha.any():
        raise UserError("cutout.nothing")
    canvas, old = document.size.rect(), document.raster_layer(layer_id)
    pixels = old.tiles.read(canvas)
    own = alpha
    if old.mask is not None and old.mask.enabled:
        own = cv2.multiply(alpha, old.mask.tiles.read(canvas)[..., 0], scale=1 / 255)
    behind = backdrop_pixels(document, pixels, own, settings)
    layers: list[tuple[str, npt.NDArray[Any], Gray8 | None, float]] = [(names.background, behind, None, 1.0)]
    if settings.has_shadow:
        longer = max(canvas.width, canvas.height)
        offset = (round(SHADOW_OFFSET[0] * longer), round(SHADOW_OFFSET[1] * longer))
        seen = cv2.multiply(own, _gray8(pixels[..., 3]), scale=1 / 255)
        shade = drop_shadow(seen, offset=offset, softness_px=SHADOW_SOFTNESS * longer)
        layers.append((names.shadow, _filled(document, canvas, (0.0, 0.0, 0.0)), shade, SHADOW_OPACITY))
    subject = foreground_colors(pixels, own)
    if settings.matches_light:
        subject = lit(subject, light_gains(pixels, behind, own))
    layers.append((names.subject, subject, own, old.opacity))
    for name, made, mask, opacity in layers:
        parent_id, index = place_above(document, layer_id)
        layer_id = document.next_layer_id()
        shape = None if mask is None else Mask(TileMap.from_array(mask, default=0))
        layer = RasterLayer(id=layer_id, name=name, tiles=TileMap.from_array(made), mask=shape, opacity=opacity)
        document = document.with_layer_inserted(layer, parent_id, index)
    return document.with_layer_replaced(old.changed(visible=False)), layer_id


def backdrop_pixels(
    document: Document, pixels: npt.NDArray[Any], alpha: Gray8, settings: BackgroundSettings
) -> npt.NDArray[Any]:
    """(H, W, 4) in the document's depth: what comes behind the subject."""
    canvas = document.size.rect()
    if settings.backdrop is Backdrop.BLUR:
        radius = BLUR_AT_FULL * max(canvas.width, canvas.height) * settings.strength / 100
        return blurred_behind(pixels, alpha, radius)
    if settings.backdrop is Backdrop.PICTURE and settings.picture is not None:
        return _covering(settings.picture, canvas, pixels.dtype)
    if settings.backdrop is Backdrop.GRADIENT:
        return _shaded(document, canvas, settings)
    return _filled(document, canvas, settings.color)


def cut_out_pixels(pixels: npt.NDArray[Any], alpha: Gray8, *, clean_edges: bool = True) -> npt.NDArray[Any]:
    """(H, W, 4): the subject alone, alpha times the matte; `clean_edges`: without the old background in its colours."""
    cut = foreground_colors(pixels, alpha) if clean_edges else pixels.copy()
    cut[..., 3] = np.rint(pixels[..., 3] * (alpha.astype(np.float32) / np.float32(255))).astype(pixels.dtype)
    return cut


def composed(pixels: npt.NDArray[Any], alpha: Gray8, settings: BackgroundSettings) -> npt.NDArray[Any]:
    """(H, W, 4): the subject of a flat picture before its new background, flattened."""
    height, width = alpha.shape
    document = _one_layer(pixels, width, height)
    document, _ = with_new_background(document, 1, alpha, settings, BackgroundNames("", "", ""))
    return flatten(document, document.size.rect())


def _one_layer(pixels: npt.NDArray[Any], width: int, height: int) -> Document:
    document = Document(Size(width, height), 8 if pixels.dtype == np.uint8 else 16)
    return document.with_layer_inserted(RasterLayer(id=1, name="", tiles=TileMap.from_array(pixels)))


def _filled(document: Document, canvas: Rect, color: tuple[float, float, float]) -> npt.NDArray[Any]:
    dtype, top = (np.uint8, 255) if document.depth == 8 else (np.uint16, 65535)
    made = np.empty((canvas.height, canvas.width, 4), dtype)
    made[...] = [*(round(value * top) for value in color), top]
    return made


def _shaded(document: Document, canvas: Rect, settings: BackgroundSettings) -> npt.NDArray[Any]:
    """A linear gradient from rim to rim, with half a level of noise, so that it shows no steps."""
    made = _filled(document, canvas, settings.color)
    across, down = np.cos(np.radians(settings.angle)), np.sin(np.radians(settings.angle))
    columns = (np.arange(canvas.width, dtype=np.float32) + 0.5 - canvas.width / 2) * np.float32(across)
    rows = (np.arange(canvas.height, dtype=np.float32) + 0.5 - canvas.height / 2) * np.float32(down)
    reach = (abs(across) * canvas.width + abs(down) * canvas.height) / 2
    first, last = (np.array(color, np.float32) for color in (settings.color, settings.end_color))
    top, rng = np.float32(np.iinfo(made.dtype).max), np.random.default_rng(0)
    for row, height in enumerate(rows):
        share = ((columns + height) / np.float32(2 * reach) + np.float32(0.5))[:, None]
        noise = rng.random((canvas.width, 1), np.float32) - np.float32(0.5)
        levels = (first + (last - first) * share) * top + noise
        made[row, :, :3] = np.rint(np.clip(levels, 0, top))
    return made


def _covering(picture: npt.NDArray[Any], canvas: Rect, dtype: Any) -> npt.NDArray[Any]:
    """Scaled until it covers the canvas, its middle in the middle, in the canvas's depth."""
    height, width = picture.shape[:2]
    scale = max(canvas.width / width, canvas.height / height)
    cut_width, cut_height = min(round(canvas.width / scale), width), min(round(canvas.height / scale), height)
    left, top = (width - cut_width) // 2, (height - cut_height) // 2
    part = np.ascontiguousarray(picture[top : top + cut_height, left : left + cut_width])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    made: npt.NDArray[Any] = cv2.resize(part, (canvas.width, canvas.height), interpolation=method)
    if made.dtype == dtype:
        return made
    return made.astype(np.uint16) * 257 if dtype == np.uint16 else (made >> 8).astype(np.uint8)


def _gray8(alpha: npt.NDArray[Any]) -> Gray8:
    return alpha if alpha.dtype == np.uint8 else (alpha >> 8).astype(np.uint8)
