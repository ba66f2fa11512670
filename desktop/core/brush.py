"""A brush stroke: places dabs along the pointer's way and paints them into a `TileEditor`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from desktop.core import raster
from desktop.core.color import Pixels
from desktop.core.geometry import EMPTY_RECT, Point, Rect
from desktop.core.tiles import TILE, Area, TileEditor, TileKey, TileMap, tiles_touched

MIN_DAB_STEP_PX = 0.5  # closer dabs cost time and cannot be seen


class BrushMode(Enum):
    PAINT = "paint"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class BrushSettings:
    """A soft round brush. Spacing is a share of the diameter; colour is sRGB 0..1; on masks its mean is the level."""

    diameter_px: float = 40.0
    hardness: float = 0.8
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.1
    color: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mode: BrushMode = BrushMode.PAINT
    pressure_changes_size: bool = True
    pressure_changes_flow: bool = False


class Stroke:
    """One stroke on a raster (4 channels) or a mask (1 channel). Each call returns the rectangle it changed.

    Dabs add up in a coverage of the stroke's own, so that opacity limits the stroke as a whole.
    """

    def __init__(
        self,
        editor: TileEditor,
        settings: BrushSettings,
        *,
        selection: TileMap | None = None,
        keeps_alpha: bool = False,
    ) -> None:
        self._editor = editor
        self._settings = settings
        self._selection = selection
        self._keeps_alpha = keeps_alpha
        self._coverage: dict[TileKey, np.ndarray[Any, np.dtype[np.float32]]] = {}
        self._bases: dict[TileKey, Pixels] = {}
        self._last: tuple[Point, float] | None = None
        self._until_next_dab_px = 0.0

    def to(self, point: Point, pressure: float = 1.0) -> Rect:
        """Goes on to a point (image pixels; the first call begins the stroke) at a pressure of 0..1."""
        dabs = self._dabs_to(point, pressure)
        dirty = EMPTY_RECT
        for center, dab_pressure in dabs:
            dirty = dirty.union(self._cover(center, dab_pressure))
        for key, part in tiles_touched(dirty):
            self._paint(key, part)
        return dirty

    def _dabs_to(self, point: Point, pressure: float) -> list[tuple[Point, float]]:
        """Evenly spaced places from the last point to this one."""
        if self._last is None:
            self._last = (point, pressure)
            self._until_next_dab_px = self._step_px(pressure)
            return [(point, pressure)]
        start, start_pressure = self._last
        length = math.hypot(point.x - start.x, point.y - start.y)
        dabs = []
        travelled = self._until_next_dab_px
        while travelled <= length and length > 0:
            share = travelled / length
            dab_pressure = start_pressure + (pressure - start_pressure) * share
            dabs.append((start.translated((point.x - start.x) * share, (point.y - start.y) * share), dab_pressure))
            travelled += self._step_px(dab_pressure)
        self._until_next_dab_px = travelled - length
        self._last = (point, pressure)
        return dabs

    def _step_px(self, pressure: float) -> float:
        return max(2 * self._radius_px(pressure) * self._settings.spacing, MIN_DAB_STEP_PX)

    def _radius_px(self, pressure: float) -> float:
        share = pressure if self._settings.pressure_changes_size else 1.0
        return max(self._settings.diameter_px * share / 2, 0.25)

    def _cover(self, center: Point, pressure: float) -> Rect:
        radius = self._radius_px(pressure)
        flow = self._settings.flow * (pressure if self._settings.pressure_changes_flow else 1.0)
        reach = radius + 1.0
        rect = Rect.from_edges(
            math.floor(center.x - reach),
            math.floor(center.y - reach),
            math.ceil(center.x + reach),
            math.ceil(center.y + reach),
        )
        for (column, row), part in tiles_touched(rect):
            raster.cover_dab(
                self._coverage_of((column, row)),
                area_in_tile((column, row), part),
                center=(center.x - column * TILE, center.y - row * TILE),
                radius=radius,
                hardness=self._settings.hardness,
                flow=flow,
            )
        return rect

    def _coverage_of(self, key: TileKey) -> np.ndarray[Any, np.dtype[np.float32]]:
        if key not in self._coverage:
            self._coverage[key] = np.zeros((TILE, TILE), np.float32)
            # The editor's tile may hold an earlier stroke of the same edit, so the base is what stands there now.
            base = self._editor.writable(*key).copy()
            base.flags.writeable = False
            self._bases[key] = base
        return self._coverage[key]

    def _paint(self, key: TileKey, part: Rect) -> None:
        settings, area = self._settings, area_in_tile(key, part)
        allowed = None
        if self._selection is not None:
            tile = self._selection.tile(*key)
            if tile is None and self._selection.default == 0:
                return
            allowed = None if tile is None else tile[..., 0]
        tile, base, coverage = self._editor.writable(*key), self._bases.get(key), self._coverage.get(key)
        if base is None or coverage is None:
            return  # the union of dabs touches tiles that no dab does
        if tile.shape[2] == 1:
            level = 0.0 if settings.mode is BrushMode.ERASE else sum(settings.color) / 3
            raster.paint_gray(tile, base, coverage, allowed, area, level=level, opacity=settings.opacity)
        elif settings.mode is BrushMode.ERASE:
            if not self._keeps_alpha:
                raster.erase(tile, base, coverage, allowed, area, opacity=settings.opacity)
        else:
            raster.paint_color(
                tile,
                base,
                coverage,
                allowed,
                area,
                color=settings.color,
                opacity=settings.opacity,
                keeps_alpha=self._keeps_alpha,
            )


def area_in_tile(key: TileKey, part: Rect) -> Area:
    """A rectangle inside a tile, in the tile's own pixels."""
    left, top = key[0] * TILE, key[1] * TILE
    return part.left - left, part.top - top, part.right - left, part.bottom - top
