"""Shape layers: pixels made of a `ShapeContent` by a renderer that is handed in, made anew when the shape changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from desktop.core.color import Gray8, Pixels, max_level
from desktop.core.document import Document
from desktop.core.effect_values import color_of_text
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Point, Rect
from desktop.core.later_tiles import map_of_later
from desktop.core.layers import LayerId, RasterLayer
from desktop.core.shapes import ShapeContent, ShapeKind, ShapeStyle, checked_shape
from desktop.core.tiles import TILE, TileKey, TileMap, tiles_touched
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.layer_edits import place_above

SMALLEST_DRAG_PX = 2  # a shorter one is a click
LINE_STEP = math.pi / 12  # Shift turns a line in steps of 15 degrees
MADE_AT_ONCE = 4  # tiles after the release, in each frame: some 20 ms at most


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of each pixel (256, 256) the fill and the stroke cover."""

    fill: Gray8
    stroke: Gray8


ShapeRenderer = Callable[[ShapeContent, Rect], Coverage]


def shape_tiles(content: ShapeContent, document: Document, render: ShapeRenderer) -> TileMap:
    """The pixels of a shape, each tile made when somebody looks at it; `settled` before they are kept."""
    empty = document.empty_tiles()
    size = document.size.rect()
    area = content.reach().intersect(size.expanded(max(size.width, size.height)))  # a shape far off costs nothing

    def make(key: TileKey) -> Pixels:
        place = Rect(key[0] * TILE, key[1] * TILE, TILE, TILE)
        pixels = _colored(render(content, place), content.style, empty)
        pixels.flags.writeable = False
        return pixels

    return map_of_later([key for key, _ in tiles_touched(area)], make, empty)


def with_shape(
    layer: RasterLayer, content: ShapeContent, document: Document, render: ShapeRenderer, *, is_shown: bool = False
) -> RasterLayer:
    """The layer as another shape, with its pixels; `is_shown` leaves them to whoever looks."""
    tiles = shape_tiles(checked_shape(content), document, render)
    if is_shown:
        return layer.changed(tiles=tiles, shape=content)
    return finished(layer.changed(tiles=tiles, shape=content))


def finished(layer: RasterLayer) -> RasterLayer:
    """The layer with every tile made."""
    assert layer.shape is not None
    tiles = layer.tiles.settled()
    return layer.changed(tiles=tiles, shape=replace(layer.shape, bounds=tiles.content_bounds()))


def placed_shape(layer: RasterLayer) -> ShapeContent:
    """The layer's shape where the layer is now: it may have been moved since its pixels were made."""
    assert layer.shape is not None
    then = layer.shape.bounds
    if then == EMPTY_RECT:
        return layer.shape
    now = layer.tiles.content_bounds()
    if now.size != then.size:
        return layer.shape
    return layer.shape.moved(now.x - then.x, now.y - then.y)


def shape_layer_at(document: Document, point: Point) -> RasterLayer | None:
    """The uppermost visible shape layer with something under a point."""
    around = Rect(math.floor(point.x) - 2, math.floor(point.y) - 2, 5, 5)
    shapes = [layer for layer in document.iter_layers() if isinstance(layer, RasterLayer) and layer.shape is not None]
    under = [layer for layer in shapes if layer.visible and layer.tiles.read(around)[..., 3].any()]
    return under[-1] if under else None


def new_shape_layer(document: Document, content: ShapeContent, name: str) -> RasterLayer:
    """Without pixels yet."""
    return RasterLayer(id=document.next_layer_id(), name=name, tiles=document.empty_tiles(), shape=content)


def constrained(style: ShapeStyle, start: Point, end: Point, modifiers: Modifier) -> tuple[Point, Point]:
    """Shift makes boxes square and turns lines in steps; Alt centres what is drawn on where it began."""
    dx, dy = end.x - start.x, end.y - start.y
    if Modifier.SHIFT in modifiers and style.is_line:
        turn, length = round(math.atan2(dy, dx) / LINE_STEP) * LINE_STEP, math.hypot(dx, dy)
        dx, dy = length * math.cos(turn), length * math.sin(turn)
    elif Modifier.SHIFT in modifiers:
        side = max(abs(dx), abs(dy))
        dx, dy = math.copysign(side, dx), math.copysign(side, dy)
    first = start.translated(-dx, -dy) if Modifier.ALT in modifiers else start
    return first, start.translated(dx, dy)


def is_drag(start: Point, end: Point) -> bool:
    return max(abs(end.x - start.x), abs(end.y - start.y)) >= SMALLEST_DRAG_PX


def made(layer: RasterLayer) -> Gesture:
    """Makes the tiles that nobody has looked at, some each frame."""
    for number, key in enumerate(list(layer.tiles.keys()), start=1):
        layer.tiles.tile(*key)
        if number % MADE_AT_ONCE == 0:
            yield True


def written(document: Document, content: ShapeContent, render: ShapeRenderer, above: LayerId | None) -> Document:
    """A version with the shape as a new layer. UserError when nothing of it would show."""
    layer = with_shape(new_shape_layer(document, content, name_of(content)), content, document, render)
    if layer.tiles.content_bounds().is_empty:
        raise UserError("shape.empty")
    return document.with_layer_inserted(layer, *place_above(document, above))


def name_of(content: ShapeContent) -> str:
    return content.style.kind.value.capitalize()


def kind_of(text: str) -> ShapeKind:
    """UserError for what is none."""
    if text not in {kind.value for kind in ShapeKind}:
        known = ", ".join(kind.value for kind in ShapeKind)
        raise UserError("text.bad_value", name="kind", wanted=f"one of {known}", value=text)
    return ShapeKind(text)


def _colored(coverage: Coverage, style: ShapeStyle, like: TileMap) -> Pixels:
    """Straight pixels: the stroke over the fill, each in its one colour."""
    top = max_level(like.dtype)
    out = np.zeros((*coverage.fill.shape, 4), like.dtype)
    if not style.has_stroke or not coverage.stroke.any():
        covered, color = coverage.fill, style.fill
    elif not style.has_fill or not coverage.fill.any():
        covered, color = coverage.stroke, style.stroke
    else:
        fill, stroke = (part.astype(np.float32) / np.float32(255) for part in (coverage.fill, coverage.stroke))
        alpha = stroke + fill * (1 - stroke)
        share = np.divide(stroke, alpha, out=np.zeros_like(stroke), where=alpha > 0)[..., None]
        inks = [np.array(color_of_text(text), np.float32) for text in (style.stroke, style.fill)]
        out[..., :3] = np.rint((inks[0] * share + inks[1] * (1 - share)) * top)
        out[..., 3] = np.rint(alpha * top)
        out[alpha == 0] = 0
        return out
    if not covered.any():
        return out
    out[..., :3] = [round(part * top) for part in color_of_text(color)]
    out[..., 3] = covered if top == 255 else covered.astype(like.dtype) * (top // 255)
    out[covered == 0] = 0
    return out
