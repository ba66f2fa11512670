"""Selection tools as gestures: rectangle, ellipse, lasso, wand; the corners of a polygon come click by click.

Shift at the press adds, Alt takes away, both keep what lies in both; pressed later they constrain the shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from desktop.core.color import Gray8, Pixels
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.fill import flooded
from desktop.core.geometry import Point, Rect
from desktop.core.layers import LayerId, RasterLayer
from desktop.core.select import Joined, Shape, ellipse, joined, polygon, rectangle
from desktop.core.select_modify import feathered, room_for
from desktop.core.tiles import TileMap
from desktop.tools.filling import Sample
from desktop.tools.gestures import Gesture, Modifier, PointerEvent
from desktop.tools.names import EditName
from desktop.tools.snapping import Snapping, no_snapping
from desktop.tools.waiting import later

ShowOutline = Callable[[Sequence[Point] | None], None]  # a closed line in image pixels
LEAST_DRAG_PX = 1.0
OUTLINE_CORNERS = 72


class Box(Enum):
    """What is drawn into the box that is dragged."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"


@dataclass(frozen=True, slots=True)
class SelectSettings:
    """How shapes become the selection; `tolerance` (0..1), `contiguous` and `sample` count for the wand."""

    how: Joined = Joined.REPLACE
    feather_px: float = 0.0
    antialias: bool = True
    tolerance: float = 0.12
    contiguous: bool = True
    sample: Sample = Sample.VISIBLE


def how_of(settings: SelectSettings, modifiers: Modifier) -> Joined:
    """The keys held at the press say more than the bar."""
    adds, takes = Modifier.SHIFT in modifiers, Modifier.ALT in modifiers
    if adds and takes:
        return Joined.INTERSECT
    return Joined.ADD if adds else Joined.SUBTRACT if takes else settings.how


def select_shape(open_document: OpenDocument, shape: Shape, how: Joined, feather_px: float = 0.0) -> None:
    """A shape becomes the selection, as one edit; nothing happens where it changes nothing."""
    document = open_document.document
    after = joined(document.selection, softened(shape, feather_px, document.size.rect()), how)
    _set(open_document, after)


def softened(shape: Shape, feather_px: float, canvas: Rect) -> Shape:
    """The shape with a soft rim, in as much more room as that takes."""
    if feather_px < 0.25 or shape.rect.is_empty:
        return shape
    room = room_for(shape.rect, 2 * feather_px, canvas)
    levels = np.zeros((room.height, room.width), np.uint8)
    top, left = shape.rect.top - room.top, shape.rect.left - room.left
    levels[top : top + shape.rect.height, left : left + shape.rect.width] = shape.levels
    return Shape(room, feathered(levels, feather_px))


def drag_box(
    open_document: OpenDocument,
    kind: Box,
    settings: SelectSettings,
    show: ShowOutline,
    snapping: Snapping | None = None,
) -> Gesture:
    """A rectangle or ellipse from corner to corner; Shift makes it regular, Alt centres it on where it began.

    A drag from inside the selection moves the selection; a click selects nothing.
    """
    event = yield
    snapping = snapping or no_snapping()
    how = how_of(settings, event.modifiers)
    if how is Joined.REPLACE and _is_selected(open_document.document, event.point):
        yield from _move(open_document, event)
        return
    keys, start = _LaterKeys(event.modifiers), snapping.point(event.point, event.modifiers)
    first = last = start
    try:
        while event.pressed:
            first, last = _corners(start, snapping.point(event.point, event.modifiers), keys.held(event.modifiers))
            show(outline_of(kind, first, last))
            event = yield
    finally:
        show(None)
        snapping.end()
    canvas = open_document.document.size.rect()
    if max(abs(last.x - first.x), abs(last.y - first.y)) < LEAST_DRAG_PX:
        if how is Joined.REPLACE:
            _set(open_document, None)
        return
    draw = rectangle if kind is Box.RECTANGLE else ellipse
    select_shape(open_document, draw(first, last, canvas, antialias=settings.antialias), how, settings.feather_px)


def draw_lasso(open_document: OpenDocument, settings: SelectSettings, show: ShowOutline) -> Gesture:
    """What the pointer goes around, closed by a straight line at the release; a click selects nothing."""
    event = yield
    how = how_of(settings, event.modifiers)
    if how is Joined.REPLACE and _is_selected(open_document.document, event.point):
        yield from _move(open_document, event)
        return
    points = [event.point]
    try:
        while event.pressed:
            if event.point != points[-1]:
                points.append(event.point)
                show(points)
            event = yield
    finally:
        show(None)
    shape = polygon(points, open_document.document.size.rect(), antialias=settings.antialias)
    if not shape.rect.is_empty:
        select_shape(open_document, shape, how, settings.feather_px)
    elif how is Joined.REPLACE:
        _set(open_document, None)


def touch_wand(open_document: OpenDocument, layer_id: LayerId | None, settings: SelectSettings) -> Gesture:
    """Everything like the pixel that is clicked on, connected with it or not."""
    event = yield
    document, point = open_document.document, event.point
    how = how_of(settings, event.modifiers)
    while event.pressed:
        event = yield
    canvas = document.size.rect()
    if not canvas.contains_point(point):
        return
    found = later(lambda: _like(document, layer_id, settings, point), canvas.area)
    while not found.done():
        event = yield True
    select_shape(open_document, Shape(canvas, found.result()), how, settings.feather_px)


def outline_of(kind: Box, first: Point, last: Point) -> list[Point]:
    """The line to show while a box is dragged."""
    if kind is Box.RECTANGLE:
        return [first, Point(last.x, first.y), last, Point(first.x, last.y)]
    center, a, b = Point((first.x + last.x) / 2, (first.y + last.y) / 2), (last.x - first.x) / 2, (last.y - first.y) / 2
    turns = [2 * math.pi * step / OUTLINE_CORNERS for step in range(OUTLINE_CORNERS)]
    return [center.translated(a * math.cos(turn), b * math.sin(turn)) for turn in turns]


class _LaterKeys:
    """Keys that choose how shapes meet only constrain the drag once they were let go and pressed again."""

    def __init__(self, at_press: Modifier) -> None:
        self._used = at_press

    def held(self, modifiers: Modifier) -> Modifier:
        self._used &= modifiers
        return modifiers & ~self._used


def _corners(start: Point, end: Point, keys: Modifier) -> tuple[Point, Point]:
    dx, dy = end.x - start.x, end.y - start.y
    if Modifier.SHIFT in keys:
        side = max(abs(dx), abs(dy))
        dx, dy = math.copysign(side, dx), math.copysign(side, dy)
    first = start.translated(-dx, -dy) if Modifier.ALT in keys else start
    return first, start.translated(dx, dy)


def _is_selected(document: Document, point: Point) -> bool:
    selection = document.selection
    if selection is None or not document.size.rect().contains_point(point):
        return False
    return bool(selection.read(Rect(int(point.x), int(point.y), 1, 1))[0, 0, 0] >= 128)


def _move(open_document: OpenDocument, event: PointerEvent) -> Gesture:
    """The selection follows the pointer, the picture stays; Shift keeps it on one axis. A click deselects."""
    start, before, moved = event.point, open_document.document.selection, (0, 0)
    assert before is not None
    with open_document.edit(EditName.MOVE_SELECTION) as edit:
        while event.pressed:
            dx, dy = round(event.point.x - start.x), round(event.point.y - start.y)
            if Modifier.SHIFT in event.modifiers:
                dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
            if (dx, dy) != moved:
                moved = (dx, dy)
                edit.set_selection(before.translated(dx, dy))
            event = yield
    if moved == (0, 0):
        _set(open_document, None)


def _like(document: Document, layer_id: LayerId | None, settings: SelectSettings, point: Point) -> Gray8:
    return flooded(
        _seen(document, layer_id, settings.sample),
        int(point.x),
        int(point.y),
        tolerance=settings.tolerance,
        contiguous=settings.contiguous,
        antialias=settings.antialias,
    )


def _seen(document: Document, layer_id: LayerId | None, sample: Sample) -> Pixels:
    if sample is Sample.VISIBLE:
        return flatten(document)
    if layer_id is None or not document.has_layer(layer_id):
        raise UserError("tool.no_layer")
    layer = document.layer(layer_id)
    if isinstance(layer, RasterLayer):
        return layer.tiles.read(document.size.rect())
    return flatten(document.changed(layers=(layer,), selection=None))


def _set(open_document: OpenDocument, selection: TileMap | None) -> None:
    before = open_document.document.selection
    if selection is None and before is None:
        return
    if selection is not None and before is not None and selection.same_pixels(before):
        return
    with open_document.edit(EditName.SELECT) as edit:
        edit.set_selection(selection)


def changed_selection(document: Document, change: Callable[[Gray8], Gray8], reach: float) -> TileMap | None:
    """The selection after `change` of its levels, which reaches so many pixels beyond it; a reading of one version."""
    selection = document.selection
    if selection is None:
        raise UserError("select.nothing")
    room = room_for(selection.content_bounds(), reach, document.size.rect())
    if room.is_empty:
        return None
    levels = np.ascontiguousarray(selection.read(room)[..., 0])
    return joined(None, Shape(room, change(levels)), Joined.REPLACE)
