"""A brush stroke: places dabs along the pen's way and paints them into a `TileEditor`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from desktop.core import raster
from desktop.core.blend_modes import BlendMode
from desktop.core.color import Pixels
from desktop.core.dynamics import Dynamic, Motion, PenSample, Sensor, SpeedMeter, Target, factors_of
from desktop.core.geometry import EMPTY_RECT, Point, Rect, union_of
from desktop.core.slabs import Slabs
from desktop.core.stabilizer import UNSTEADIED, StabilizerSettings
from desktop.core.symmetry import NO_SYMMETRY, Copy, Symmetry
from desktop.core.tiles import TILE, Area, TileEditor, TileKey, TileMap, tiles_touched
from desktop.core.tips import ImageTip

MIN_DAB_STEP_PX = 0.5  # closer dabs cost time and cannot be seen
LEAST_ROUNDNESS = 0.05
PIXEL_SHARP_PX = 1.25  # a hard brush this small fills whole pixels, whose middles it is moved to
PLACE_STEPS = 64  # dabs lie on this part of a pixel: sums of lengths differ in their last digits, pixels must not


class BrushMode(Enum):
    PAINT = "paint"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class BrushSettings:
    """Everything about a brush. Shares are 0..1; `angle` is in degrees, clockwise.

    Spacing is a share of the dab's diameter, measured along its shorter side; scatter and jitters are drawn from
    `seed`; colour is sRGB, on masks its mean is the level. A `tip` takes the place of the round one and of hardness.
    """

    diameter_px: float = 40.0
    hardness: float = 0.8
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.1
    color: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mode: BrushMode = BrushMode.PAINT
    angle: float = 0.0
    roundness: float = 1.0
    scatter: float = 0.0  # of the diameter
    size_jitter: float = 0.0
    angle_jitter: float = 0.0  # of half a turn to either side
    seed: int = 0
    tip: ImageTip | None = None
    blend_mode: BlendMode = BlendMode.NORMAL
    dynamics: tuple[Dynamic, ...] = (Dynamic(Sensor.PRESSURE, Target.SIZE),)
    stabilizer: StabilizerSettings = UNSTEADIED
    symmetry: Symmetry = NO_SYMMETRY

    @property
    def reach_px(self) -> float:
        """The distance from the middle of a dab to its farthest pixel."""
        return self.diameter_px * (0.5 if self.tip is None else self.tip.reach)


PLAIN_BRUSH = BrushSettings()


@dataclass(frozen=True, slots=True)
class Dab:
    """One touch of the brush."""

    center: Point
    diameter: float
    angle: float
    roundness: float
    flow: float
    cap: float  # what the coverage may reach here


class Stroke:
    """One stroke on a raster (4 channels) or a mask (1 channel): `add` samples, then `paint` once a frame.

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
        self._center = settings.symmetry.center or Point(0.0, 0.0)
        self._copies = settings.symmetry.copies()
        self._random = np.random.default_rng(settings.seed)
        self._needs_direction = any(dynamic.sensor is Sensor.DIRECTION for dynamic in settings.dynamics)
        self._is_random = bool(settings.scatter or settings.size_jitter or settings.angle_jitter)
        self._coverage: dict[TileKey, np.ndarray[Any, np.dtype[np.float32]]] = {}
        self._room = Slabs((TILE, TILE), np.float32)
        self._bases: dict[TileKey, Pixels] = {}
        self._stale: dict[TileKey, Rect] = {}
        self._dirty: list[Rect] = [EMPTY_RECT] * len(self._copies)
        self._last: PenSample | None = None
        self._waits_for_direction = False
        self._speed = SpeedMeter()
        self._until_next_dab_px = 0.0

    def to(self, point: Point, pressure: float = 1.0) -> Rect:
        """Goes on to a point (image pixels) at a pressure of 0..1 and paints; returns the rectangle that changed."""
        self.add(PenSample(point, pressure))
        return union_of(self.paint())

    def add(self, sample: PenSample) -> None:
        """Goes on to a sample; the first one begins the stroke. Nothing is painted before `paint`."""
        if self._last is None:
            self._last = sample
            if self._needs_direction:
                self._waits_for_direction = True
            else:
                self._until_next_dab_px = self._touch(sample, Motion())
            return
        start = self._last
        dx, dy = sample.point.x - start.point.x, sample.point.y - start.point.y
        length = math.hypot(dx, dy)
        if length == 0:
            self._last = sample
            return
        direction = math.degrees(math.atan2(dy, dx))
        self._speed.begin(length, sample.time_ms - start.time_ms)
        if self._waits_for_direction:
            self._waits_for_direction = False
            self._until_next_dab_px = self._touch(start, Motion(direction, 0.0))
        travelled = self._until_next_dab_px
        while travelled <= length:
            share = travelled / length
            travelled += self._touch(start.towards(sample, share), Motion(direction, self._speed.at(share)))
        self._until_next_dab_px = travelled - length
        self._last = sample

    def finish(self) -> None:
        """The end of the way: a brush that waited for a direction makes its one dab."""
        if self._waits_for_direction and self._last is not None:
            self._waits_for_direction = False
            self._touch(self._last, Motion())

    def paint(self) -> list[Rect]:
        """Paints what was added since the last call; returns a rectangle for each symmetrical copy that changed."""
        for key, part in self._stale.items():
            self._paint(key, part)
        self._stale.clear()
        changed = [rect for rect in self._dirty if not rect.is_empty]
        self._dirty = [EMPTY_RECT] * len(self._copies)
        return changed

    # dabs

    def _touch(self, sample: PenSample, motion: Motion) -> float:
        """Makes a dab and its copies; returns how far it is to the next one."""
        dab = self._dab(sample, motion)
        for index, copy in enumerate(self._copies):
            placed = self._copied(dab, copy)
            rect = self._cover(placed, copy.mirrored)
            self._dirty[index] = self._dirty[index].union(rect)
        return max(dab.diameter * max(dab.roundness, 0.2) * self._settings.spacing, MIN_DAB_STEP_PX)

    def _dab(self, sample: PenSample, motion: Motion) -> Dab:
        settings = self._settings
        factors = factors_of(settings.dynamics, sample, motion)
        diameter = settings.diameter_px * factors.size
        angle, x, y = settings.angle + factors.turn, sample.point.x, sample.point.y
        if self._is_random:
            smaller, turned, away, towards = self._random.random(4).tolist()
            diameter *= 1.0 - settings.size_jitter * smaller
            angle += settings.angle_jitter * 180.0 * (2.0 * turned - 1.0)
            distance = settings.scatter * factors.scatter * settings.diameter_px * math.sqrt(away)
            x += distance * math.cos(2.0 * math.pi * towards)
            y += distance * math.sin(2.0 * math.pi * towards)
        if diameter <= PIXEL_SHARP_PX and settings.hardness >= 1.0 and settings.tip is None:
            x, y = math.floor(x) + 0.5, math.floor(y) + 0.5
        return Dab(
            Point(round(x * PLACE_STEPS) / PLACE_STEPS, round(y * PLACE_STEPS) / PLACE_STEPS),
            max(diameter, 0.5),
            angle,
            max(settings.roundness * factors.roundness, LEAST_ROUNDNESS),
            settings.flow * factors.flow,
            factors.opacity,
        )

    def _copied(self, dab: Dab, copy: Copy) -> Dab:
        if copy == Copy():
            return dab
        place, angle = copy.point(dab.center, self._center), copy.angle(dab.angle)
        return Dab(place, dab.diameter, angle, dab.roundness, dab.flow, dab.cap)

    def _cover(self, dab: Dab, mirrored: bool) -> Rect:
        if self._settings.tip is not None:
            return self._cover_with_tip(self._settings.tip, dab, mirrored)
        radius, center = dab.diameter / 2, dab.center
        reach = radius + 1.0
        rect = Rect.from_edges(
            math.floor(center.x - reach),
            math.floor(center.y - reach),
            math.ceil(center.x + reach),
            math.ceil(center.y + reach),
        )
        for (column, row), part in tiles_touched(rect):
            raster.cover_dab(
                self._coverage_of((column, row), part),
                area_in_tile((column, row), part),
                center=(center.x - column * TILE, center.y - row * TILE),
                radius=radius,
                hardness=self._settings.hardness,
                flow=dab.flow,
                cap=dab.cap,
                angle=dab.angle,
                roundness=dab.roundness,
            )
        return rect

    def _cover_with_tip(self, tip: ImageTip, dab: Dab, mirrored: bool) -> Rect:
        stamp = tip.stamp(dab.diameter, dab.angle, dab.roundness, mirrored)
        height, width = stamp.shape
        left, top = dab.center.x - width / 2, dab.center.y - height / 2
        x, y = math.floor(left), math.floor(top)
        rect = Rect.from_edges(x + 1, y + 1, x + width, y + height)
        for (column, row), part in tiles_touched(rect):
            raster.cover_stamp(
                self._coverage_of((column, row), part),
                area_in_tile((column, row), part),
                stamp,
                left=left - column * TILE,
                top=top - row * TILE,
                flow=dab.flow,
                cap=dab.cap,
            )
        return rect

    def _coverage_of(self, key: TileKey, part: Rect) -> np.ndarray[Any, np.dtype[np.float32]]:
        self._stale[key] = self._stale.get(key, EMPTY_RECT).union(part)
        if key not in self._coverage:
            coverage = self._coverage[key] = self._room.take()
            coverage[:] = 0
            # The editor's tile may hold an earlier stroke of the same edit, so the base is what stands there now.
            self._bases[key] = self._editor.unchanging(*key)
        return self._coverage[key]

    # pixels

    def _paint(self, key: TileKey, part: Rect) -> None:
        settings, area = self._settings, area_in_tile(key, part)
        allowed = None
        if self._selection is not None:
            tile = self._selection.tile(*key)
            if tile is None and self._selection.default == 0:
                return
            allowed = None if tile is None else tile[..., 0]
        tile, base, coverage = self._editor.writable(*key), self._bases[key], self._coverage[key]
        if tile.shape[2] == 1:
            level = 0.0 if settings.mode is BrushMode.ERASE else sum(settings.color) / 3
            raster.paint_gray(tile, base, coverage, allowed, area, level=level, opacity=settings.opacity)
        elif settings.mode is BrushMode.ERASE:
            if not self._keeps_alpha:
                raster.erase(tile, base, coverage, allowed, area, opacity=settings.opacity)
        elif settings.blend_mode is not BlendMode.NORMAL:
            self._blend(key, area, allowed)
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

    def _blend(self, key: TileKey, area: Area, allowed: Any | None) -> None:
        """The brush's blend mode: its colour, as opaque as the coverage, blended over the old pixels as a layer."""
        x0, y0, x1, y1 = area
        settings, base, coverage = self._settings, self._bases[key], self._coverage[key][y0:y1, x0:x1]
        paint = np.empty((TILE, TILE, 4), np.uint16)
        paint[y0:y1, x0:x1, :3] = np.round(np.array(settings.color) * 65535)
        paint[y0:y1, x0:x1, 3] = np.round(coverage * 65535)
        paint.flags.writeable = False
        accumulator = np.empty((4, TILE, TILE), np.float32)
        below = base[y0:y1, x0:x1].astype(np.float32) / np.float32(np.iinfo(base.dtype).max)
        accumulator[3, y0:y1, x0:x1] = below[..., 3]
        for channel in range(3):
            accumulator[channel, y0:y1, x0:x1] = below[..., channel] * below[..., 3]
        raster.blend_tile(
            settings.blend_mode,
            accumulator,
            paint,
            allowed,
            area,
            opacity=settings.opacity,
            atop=self._keeps_alpha,
            key=key,
        )
        blended = np.empty((y1 - y0, x1 - x0, 4), base.dtype)
        raster.write_straight(accumulator, blended, area, x0, y0)
        if self._keeps_alpha:  # erasing takes alpha away all the same
            blended[..., 3] = base[y0:y1, x0:x1, 3]
        target = self._editor.writable(*key)[y0:y1, x0:x1]
        target[:] = np.where((coverage > 0)[..., None], blended, base[y0:y1, x0:x1])


def area_in_tile(key: TileKey, part: Rect) -> Area:
    """A rectangle inside a tile, in the tile's own pixels."""
    left, top = key[0] * TILE, key[1] * TILE
    return part.left - left, part.top - top, part.right - left, part.bottom - top
