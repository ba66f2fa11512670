"""Smudging: every dab lays down some of what the dab before picked up."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from desktop.core import raster
from desktop.core.brush import BrushSettings, Dab, Stroke, area_in_tile
from desktop.core.color import FloatPixels
from desktop.core.geometry import EMPTY_RECT, Rect
from desktop.core.premultiply import levels_to_premultiplied, premultiplied_to_levels
from desktop.core.tiles import TileEditor, TileKey, TileMap, tiles_touched

DENSEST_SPACING = 0.08  # of the diameter: with more between dabs steps are seen
HARDEST = 0.97  # at full strength something still stays behind, or a stroke would only copy


class SmudgeStroke(Stroke):
    """`strength` 0..1: how much of what was picked up goes on to the next dab.

    It works on premultiplied floats of its own, so that no level is lost on a long way; each symmetrical copy carries
    its own paint.
    """

    def __init__(
        self,
        editor: TileEditor,
        settings: BrushSettings,
        strength: float,
        *,
        selection: TileMap | None = None,
        keeps_alpha: bool = False,
    ) -> None:
        super().__init__(editor, settings, selection=selection, keeps_alpha=keeps_alpha)
        self._strength = np.float32(min(strength, HARDEST))
        self._working: dict[TileKey, FloatPixels] = {}
        self._carried: dict[int, FloatPixels] = {}
        self._side = 2 * (math.ceil(settings.reach_px) + 1) + 1
        self._copy = 0

    def _touch(self, sample: Any, motion: Any) -> float:
        self._copy = 0
        return super()._touch(sample, motion)

    def _cover(self, dab: Dab, mirrored: bool) -> Rect:
        copy, self._copy = self._copy, self._copy + 1
        reach = self._side // 2
        box = Rect(math.floor(dab.center.x) - reach, math.floor(dab.center.y) - reach, self._side, self._side)
        shape = self._shape(dab, mirrored, box)
        pixels = self._read(box)
        carried = self._carried.get(copy)
        if carried is None:
            self._carried[copy] = pixels
            return EMPTY_RECT
        carried = pixels + self._strength * (carried - pixels)
        self._carried[copy] = carried
        self._write(box, pixels + shape[..., None] * (carried - pixels))
        return box

    def _shape(self, dab: Dab, mirrored: bool, box: Rect) -> FloatPixels:
        """The dab in its box, as the brush would cover it once."""
        shape = np.zeros((box.height, box.width), np.float32)
        area = (0, 0, box.width, box.height)
        tip = self._settings.tip
        if tip is None:
            raster.cover_dab(
                shape,
                area,
                center=(dab.center.x - box.x, dab.center.y - box.y),
                radius=dab.diameter / 2,
                hardness=self._settings.hardness,
                flow=dab.flow,
                cap=dab.cap,
                angle=dab.angle,
                roundness=dab.roundness,
            )
            return shape
        stamp = tip.stamp(dab.diameter, dab.angle, dab.roundness, mirrored)
        left, top = dab.center.x - stamp.shape[1] / 2 - box.x, dab.center.y - stamp.shape[0] / 2 - box.y
        x, y = math.floor(left), math.floor(top)
        part = Rect.from_edges(x + 1, y + 1, x + stamp.shape[1], y + stamp.shape[0]).intersect(Rect(*area))
        if not part.is_empty:
            inside = (part.left, part.top, part.right, part.bottom)
            raster.cover_stamp(shape, inside, stamp, left=left, top=top, flow=dab.flow, cap=dab.cap)
        return shape

    def _read(self, box: Rect) -> FloatPixels:
        parts = list(tiles_touched(box))
        for key, part in parts:
            self._tile(key, part)
        channels = self._working[parts[0][0]].shape[2]
        pixels = np.empty((box.height, box.width, channels), np.float32)
        for key, part in parts:
            x0, y0, x1, y1 = area_in_tile(key, part)
            top, left = part.y - box.y, part.x - box.x
            pixels[top : top + part.height, left : left + part.width] = self._working[key][y0:y1, x0:x1]
        return pixels

    def _write(self, box: Rect, pixels: FloatPixels) -> None:
        for key, part in tiles_touched(box):
            x0, y0, x1, y1 = area_in_tile(key, part)
            top, left = part.y - box.y, part.x - box.x
            self._working[key][y0:y1, x0:x1] = pixels[top : top + part.height, left : left + part.width]
            self._stale[key] = self._stale.get(key, EMPTY_RECT).union(part)
            coverage = self._coverage[key]
            coverage[y0:y1, x0:x1] = 1

    def _tile(self, key: TileKey, part: Rect) -> None:
        if key not in self._working:
            self._coverage_of(key, part)
            self._stale.pop(key, None)  # looked at, not changed
            self._working[key] = levels_to_premultiplied(self._bases[key])

    def _paint(self, key: TileKey, part: Rect) -> None:
        allowed: Any = None
        if self._selection is not None:
            tile = self._selection.tile(*key)
            if tile is None and self._selection.default == 0:
                return
            allowed = None if tile is None else tile[..., 0]
        x0, y0, x1, y1 = area_in_tile(key, part)
        raw, values = self._bases[key][y0:y1, x0:x1], self._working[key][y0:y1, x0:x1]
        share = np.float32(self._settings.opacity)
        weight: Any = share if allowed is None else share * allowed[y0:y1, x0:x1, None] * np.float32(1 / 255)
        base = levels_to_premultiplied(raw)
        moved = np.abs(values - base).max(axis=2, keepdims=True) > 1e-6
        target = self._editor.writable(*key)[y0:y1, x0:x1]
        levels = premultiplied_to_levels(base + weight * (values - base), target.dtype)
        if self._keeps_alpha and target.shape[2] == 4:
            levels[..., 3] = raw[..., 3]
        target[:] = np.where(moved & (np.asarray(weight) > 0), levels, raw)


def smudge_settings(settings: BrushSettings) -> BrushSettings:
    """The brush with its dabs close enough together."""
    return replace(settings, spacing=min(settings.spacing, DENSEST_SPACING))
