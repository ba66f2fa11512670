"""Bucket and gradient as gestures, and filling the selection at once.

Both work in slices: a gesture that yields True is sent its last event again in the next frame, so that no picture is
too large to stay responsive, and Escape works at any time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any

import cv2
import numpy as np

from desktop.core.blend_modes import BlendMode
from desktop.core.color import Gray8, Pixels, dtype_of_depth
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import Edit, OpenDocument
from desktop.core.fill import GradientPaint, Laying, Paint, SolidPaint, flooded, lay_paint, limited
from desktop.core.geometry import Point, Rect
from desktop.core.gradients import Color, Gradient, GradientLine, GradientRepeat, GradientShape
from desktop.core.layers import GroupLayer, Layer, LayerId
from desktop.core.patterns import PatternPaint
from desktop.core.tile_pool import TilePool, Workspace, usable_cores
from desktop.core.tiles import TileKey, tiles_touched
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.locks import check_alpha_free, keeps_alpha
from desktop.tools.names import EditName
from desktop.tools.painting import Plane, paintable_layer
from desktop.tools.snapping import Snapping, no_snapping
from desktop.tools.waiting import later

SLICE_S = 0.010  # of a frame; the rest is for the compositor
BATCH_TILES = 4
SHORTEST_LINE_PX = 1.0
STEP_ANGLE = math.pi / 4

ShowLine = Callable[[GradientLine | None], None]


class Sample(Enum):
    """What a bucket looks at."""

    LAYER = "layer"
    VISIBLE = "visible"


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """Tolerance and opacity are 0..1."""

    color: Color
    tolerance: float = 0.15
    contiguous: bool = True
    antialias: bool = True
    sample: Sample = Sample.LAYER
    mode: BlendMode = BlendMode.NORMAL
    opacity: float = 1.0
    pattern: Pixels | None = None  # (H, W, 4), laid instead of the colour


@dataclass(frozen=True, slots=True)
class GradientSettings:
    gradient: Gradient
    shape: GradientShape = GradientShape.LINEAR
    repeat: GradientRepeat = GradientRepeat.NONE
    dithers: bool = True
    mode: BlendMode = BlendMode.NORMAL
    opacity: float = 1.0


def pour(open_document: OpenDocument, layer_id: LayerId | None, plane: Plane, settings: BucketSettings) -> Gesture:
    """Fills what is like the pixel that was pressed. UserError when nothing may be painted there."""
    event = yield
    document = open_document.document
    layer = paintable_layer(document, layer_id, plane)
    if not document.size.rect().contains_point(event.point):
        return
    with open_document.edit(EditName.BUCKET) as edit:
        found = later(lambda: _region_at(document, layer, plane, settings, event.point), document.size.area)
        while not found.done():
            event = yield True
        dtype = _paint_dtype(document, plane)
        paint: Paint = SolidPaint(settings.color, dtype)
        if settings.pattern is not None:
            paint = PatternPaint(settings.pattern, dtype)
        with Filler(edit, layer, plane, document, region=found.result()) as filler:
            filler.start(paint, Laying(settings.mode, settings.opacity, keeps_alpha(document, layer.id)))
            while filler.work():
                event = yield True
        while event.pressed:
            event = yield


def drag_gradient(
    open_document: OpenDocument,
    layer_id: LayerId | None,
    plane: Plane,
    settings: GradientSettings,
    show_line: ShowLine = lambda _line: None,
    snapping: Snapping | None = None,
) -> Gesture:
    """Lays a gradient along the drag, anew at every move; Shift keeps to steps of 45°. A click alone does nothing.

    Both ends are attracted by what `snapping` knows; with Shift the angle counts more.
    """
    event = yield
    snapping = snapping or no_snapping()
    document = open_document.document
    layer = paintable_layer(document, layer_id, plane)
    pressed_at, start, line = event.point, snapping.point(event.point, event.modifiers), None
    laying = Laying(settings.mode, settings.opacity, keeps_alpha(document, layer.id), settings.dithers)
    table = settings.gradient.table()
    try:
        while _distance(pressed_at, event.point) < SHORTEST_LINE_PX:
            if not event.pressed:
                return
            event = yield
        with open_document.edit(EditName.GRADIENT) as edit, Filler(edit, layer, plane, document) as filler:
            while True:
                if Modifier.SHIFT in event.modifiers:
                    end = snapped_to_angle(start, event.point)
                    snapping.end()
                else:
                    end = snapping.point(event.point, event.modifiers)
                wanted = GradientLine(start, end, settings.shape, settings.repeat)
                if wanted != line and wanted.length_px >= SHORTEST_LINE_PX:
                    line = wanted
                    show_line(line)
                    filler.start(GradientPaint(line, table), laying)
                is_waiting = filler.work()
                if not event.pressed and not is_waiting:
                    break
                event = yield is_waiting
    finally:
        show_line(None)
        snapping.end()


def fill_selection(open_document: OpenDocument, layer_id: LayerId | None, plane: Plane, color: Color) -> None:
    """Fills the selection, or the canvas, with a colour; a layer whose alpha is locked keeps its alpha."""
    document = open_document.document
    layer = paintable_layer(document, layer_id, plane)
    paint = SolidPaint(color, _paint_dtype(document, plane))
    with open_document.edit(EditName.FILL) as edit, Filler(edit, layer, plane, document) as filler:
        filler.start(paint, Laying(keeps_alpha=keeps_alpha(document, layer.id)))
        while filler.work():
            pass


def clear_selection(
    open_document: OpenDocument, layer_id: LayerId | None, plane: Plane, name: EditName = EditName.CLEAR
) -> None:
    """Makes the selection, or the canvas, transparent; colours stay beneath. Masks become black.

    UserError under an alpha lock.
    """
    document = open_document.document
    layer = paintable_layer(document, layer_id, plane)
    paint = SolidPaint((0, 0, 0), _paint_dtype(document, plane))
    mode = BlendMode.NORMAL if plane is Plane.MASK else BlendMode.ERASE
    if plane is Plane.PIXELS:
        check_alpha_free(document, layer.id)
    with open_document.edit(name) as edit, Filler(edit, layer, plane, document) as filler:
        filler.start(paint, Laying(mode))
        while filler.work():
            pass


class Filler:
    """Lays paint over the canvas tile by tile, within a region and the selection. Starting again begins afresh."""

    def __init__(
        self, edit: Edit, layer: Layer, plane: Plane, document: Document, *, region: Gray8 | None = None
    ) -> None:
        self._edit, self._layer_id, self._region = edit, layer.id, region
        self._editor = edit.mask_pixels(layer.id) if plane is Plane.MASK else edit.pixels(layer.id)
        self._selection = document.selection
        self._canvas = document.size.rect()
        bounds = self._canvas
        if self._selection is not None:
            bounds = self._selection.content_bounds().intersect(bounds)
        if region is not None:
            bounds = bounds.intersect(_bounds_of(region))
        self._parts = list(tiles_touched(bounds))
        self._waiting: list[tuple[TileKey, Rect]] = []
        self._pool = TilePool(usable_cores())

    def __enter__(self) -> Filler:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._pool.close()

    def start(self, paint: Paint, laying: Laying) -> None:
        self._paint, self._laying = paint, laying
        self._waiting = self._parts[::-1]

    def work(self) -> bool:
        """Goes on for a slice of a frame; True when there is more to do."""
        stop = time.perf_counter() + SLICE_S
        while self._waiting:
            batch = [self._waiting.pop() for _ in range(min(BATCH_TILES, len(self._waiting)))]
            for key, _ in batch:
                self._editor.writable(*key)
            self._pool.run(self._lay, batch)
            for _, part in batch:
                self._edit.touched(self._layer_id, part)
            if time.perf_counter() > stop:
                break
        return bool(self._waiting)

    def _lay(self, item: tuple[TileKey, Rect], workspace: Workspace) -> None:
        key, part = item
        region = limited(self._region, self._selection, key, self._canvas)
        lay_paint(self._editor, key, part, self._paint, region, self._laying, workspace)


def snapped_to_angle(start: Point, end: Point) -> Point:
    """The point as far away in the nearest of eight directions."""
    length = _distance(start, end)
    angle = round(math.atan2(end.y - start.y, end.x - start.x) / STEP_ANGLE) * STEP_ANGLE
    return start.translated(length * math.cos(angle), length * math.sin(angle))


def _region_at(document: Document, layer: Layer, plane: Plane, settings: BucketSettings, point: Point) -> Gray8:
    """Computed from immutable values, in any thread."""
    return flooded(
        _sampled(document, layer, plane, settings.sample),
        math.floor(point.x),
        math.floor(point.y),
        tolerance=settings.tolerance,
        contiguous=settings.contiguous,
        antialias=settings.antialias,
    )


def _sampled(document: Document, layer: Layer, plane: Plane, sample: Sample) -> Pixels:
    canvas = document.size.rect()
    if sample is Sample.VISIBLE:
        return flatten(document)
    if plane is Plane.MASK:
        assert layer.mask is not None
        return layer.mask.tiles.read(canvas)
    assert not isinstance(layer, GroupLayer)
    return layer.tiles.read(canvas)


def _paint_dtype(document: Document, plane: Plane) -> np.dtype[Any]:
    return np.dtype(np.uint8) if plane is Plane.MASK else dtype_of_depth(document.depth)


def _bounds_of(region: Gray8) -> Rect:
    return Rect(*cv2.boundingRect(region))


def _distance(start: Point, end: Point) -> float:
    return math.hypot(end.x - start.x, end.y - start.y)
