"""Layer trees that OpenRaster can say, and ones that it cannot, side by side in strips of one canvas."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from desktop.core.blend_modes import BlendMode
from desktop.core.color import Depth
from desktop.core.document import Document
from desktop.core.layers import GroupLayer, Layer, Mask, RasterLayer
from desktop.core.tiles import TileMap
from tests.builders import document_with, noise, raster_layer

STRIP, HEIGHT = 64, 48


def smooth(seed: int, *, width: int = STRIP, depth: Depth = 8, is_opaque: bool = False) -> Any:
    """Soft colours with soft alpha."""
    pixels = cv2.resize(noise(5, 4, seed=seed, depth=depth), (width, HEIGHT), interpolation=cv2.INTER_CUBIC)
    if is_opaque:
        pixels[..., 3] = np.iinfo(pixels.dtype).max
    return pixels


def soft_mask(seed: int, x: int) -> Mask:
    levels = cv2.resize(noise(4, 3, seed=seed, channels=1)[..., 0], (STRIP, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return Mask(TileMap.from_array(levels, x, 0, default=255))


class Strips:
    """Builds layers strip by strip, each with a number of its own."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.layers: list[Layer] = []
        self._id = 1

    def layer(self, **fields: Any) -> RasterLayer:
        self._id += 1
        return raster_layer(self._id, smooth(self._id), x=self.x, **fields)

    def group(self, *children: Layer, **fields: Any) -> GroupLayer:
        self._id += 1
        return GroupLayer(id=self._id, name=f"Group {self._id}", children=children, **fields)

    @property
    def x(self) -> int:
        return STRIP * len(self.names)

    def add(self, name: str, *layers: Layer) -> None:
        self.layers += layers
        self.names.append(name)

    def document(self) -> Document:
        width = STRIP * len(self.names)
        background = raster_layer(1, smooth(1, width=width))
        return document_with(background, *self.layers, width=width, height=HEIGHT)


def many_structures() -> Strips:
    s = Strips()
    multiply, screen = BlendMode.MULTIPLY, BlendMode.SCREEN
    s.add("mask", s.layer(mask=soft_mask(90, s.x), blend_mode=multiply))
    s.add("mask off", s.layer(mask=Mask(soft_mask(91, s.x).tiles, enabled=False)))
    s.add("hidden", s.layer(visible=False))
    s.add("group", s.group(s.layer(), s.layer(blend_mode=multiply), opacity=0.6, blend_mode=screen))
    s.add("passing group", s.group(s.layer(blend_mode=multiply), s.layer(), pass_through=True))
    s.add("fading group", s.group(s.layer(), s.layer(), pass_through=True, opacity=0.5))
    s.add("masked group", s.group(s.layer(), s.layer(blend_mode=screen), mask=soft_mask(92, s.x), opacity=0.8))
    s.add("clipped", s.layer(), s.layer(clip_to_below=True), s.layer(clip_to_below=True, opacity=0.5))
    s.add("clipped on mode", s.layer(blend_mode=multiply, opacity=0.7), s.layer(clip_to_below=True))
    s.add("clipped mode", s.layer(), s.layer(clip_to_below=True, blend_mode=multiply))
    s.add("clipped mask", s.layer(mask=soft_mask(93, s.x)), s.layer(clip_to_below=True, mask=soft_mask(94, s.x)))
    s.add("clipped group", s.layer(), s.group(s.layer(), s.layer(), clip_to_below=True, opacity=0.7))
    s.add("clipped on group", s.group(s.layer(), s.layer()), s.layer(clip_to_below=True))
    s.add("clipped in group", s.group(s.layer(), s.layer(clip_to_below=True), blend_mode=multiply))
    hidden = s.layer(clip_to_below=True, visible=False, blend_mode=multiply)
    s.add("clipped hidden", s.group(s.layer(blend_mode=multiply), pass_through=True), hidden)
    mask = soft_mask(96, s.x)
    lowest = s.group(s.layer(), s.layer(blend_mode=multiply), pass_through=True, opacity=0.5, mask=mask)
    s.add("fading at the bottom", s.group(lowest, s.layer(opacity=0.5)))
    s.add("hidden fading group", lowest_hidden(s))
    return s


def lowest_hidden(strips: Strips) -> GroupLayer:
    return strips.group(strips.layer(blend_mode=BlendMode.MULTIPLY), pass_through=True, opacity=0.5, visible=False)


def fading_structures() -> list[Strips]:
    """Groups that fade what blends through them: everything up to them has to be flattened."""
    by_mask, by_opacity = Strips(), Strips()
    inside, clipped = Strips(), Strips()
    by_mask.add("by mask", by_mask.layer(), fading(by_mask, mask=soft_mask(95, 0)), by_mask.layer(opacity=0.5))
    by_opacity.add("by opacity", by_opacity.layer(), fading(by_opacity, opacity=0.4), by_opacity.layer(opacity=0.5))
    group = inside.group(fading(inside, opacity=0.4), pass_through=True)
    inside.add("inside a group", inside.layer(), group, inside.layer(opacity=0.5))
    hidden = clipped.layer(clip_to_below=True, visible=False)
    clipped.add("under a hidden clipped layer", clipped.layer(), fading(clipped, opacity=0.4), hidden)
    return [by_mask, by_opacity, inside, clipped]


def fading(strips: Strips, **fields: Any) -> GroupLayer:
    return strips.group(strips.layer(blend_mode=BlendMode.MULTIPLY), strips.layer(), pass_through=True, **fields)
