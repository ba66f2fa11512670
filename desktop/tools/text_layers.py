"""Text layers: pixels made of a `TextContent` by a renderer that is handed in, made anew when the text changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from desktop.core.color import Rgba8, to_depth
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.effect_values import color_of_text
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Point
from desktop.core.layers import Alignment, LayerId, RasterLayer, TextContent
from desktop.core.tiles import TileMap
from desktop.tools.gestures import Gesture
from desktop.tools.names import EditName

LONGEST_TEXT = 20_000
SIZES_PX, LEADINGS, TRACKINGS, WEIGHTS = (4, 2000), (0.3, 4.0), (-500.0, 2000.0), (100, 900)
LARGEST_PLACE_PX = 1_000_000
NAME_LETTERS = 28
SMALLEST_BOX_PX = 8  # a shorter drag is a click


@dataclass(frozen=True, slots=True)
class RenderedText:
    """Straight pixels (H, W, 4) with the place of their upper left corner in the image."""

    pixels: Rgba8
    x: int
    y: int


TextRenderer = Callable[[TextContent], RenderedText]


def checked_text(content: TextContent) -> TextContent:
    """The same content. UserError says what of it cannot be."""
    if len(content.text) > LONGEST_TEXT:
        raise UserError("text.too_long", length=len(content.text), limit=LONGEST_TEXT)
    limits: Mapping[str, tuple[float, float]] = {
        "size_px": SIZES_PX,
        "leading": LEADINGS,
        "tracking": TRACKINGS,
        "weight": WEIGHTS,
        "width": (0, LARGEST_PLACE_PX),
        "height": (0, LARGEST_PLACE_PX),
        "x": (-LARGEST_PLACE_PX, LARGEST_PLACE_PX),
        "y": (-LARGEST_PLACE_PX, LARGEST_PLACE_PX),
    }
    for name, (least, most) in limits.items():
        value = getattr(content, name)
        if not (math.isfinite(value) and least <= value <= most):
            raise UserError("text.bad_value", name=name, wanted=f"a number from {least:g} to {most:g}", value=value)
    color_of_text(content.color)
    if not content.affine.is_sound:
        raise UserError("text.bad_transform")
    return content


def with_text(layer: RasterLayer, content: TextContent, document: Document, render: TextRenderer) -> RasterLayer:
    """The layer with other text and its pixels. UserError when it would be too large."""
    rendered = render(checked_text(content))
    tiles = document.empty_tiles()
    if rendered.pixels.size:
        tiles = TileMap.from_array(to_depth(rendered.pixels, document.depth), rendered.x, rendered.y)
        tiles = _sharing(tiles, layer.tiles)
    return layer.changed(tiles=tiles, text=replace(content, bounds=tiles.content_bounds()), name=name_of(content))


def _sharing(tiles: TileMap, before: TileMap) -> TileMap:
    """The same pixels with the tiles of before where nothing changed: only others are composited and kept anew."""
    old, shared = before.stored(), dict(tiles.stored())
    for key, tile in tiles.stored().items():
        if key in old and np.array_equal(before.tile(*key), tile):  # type: ignore[arg-type]
            shared[key] = old[key]
    return TileMap(tiles.channels, tiles.dtype, tiles.default, shared)


def placed_text(layer: RasterLayer) -> TextContent:
    """The layer's text where the layer is now: it may have been moved since its pixels were made."""
    assert layer.text is not None
    now, then = layer.tiles.content_bounds(), layer.text.bounds
    if now == EMPTY_RECT or now.size != then.size:
        return layer.text
    return layer.text.moved(now.x - then.x, now.y - then.y)


def new_text_layer(document: Document, content: TextContent, render: TextRenderer) -> RasterLayer:
    if not content.text.strip():
        raise UserError("text.empty")
    empty = RasterLayer(id=document.next_layer_id(), name="", tiles=document.empty_tiles())
    return with_text(empty, content, document, render)


def text_layer_at(document: Document, point: Point) -> RasterLayer | None:
    """The uppermost visible text layer whose letters lie around a point."""
    texts = [layer for layer in document.iter_layers() if isinstance(layer, RasterLayer) and layer.text is not None]
    around = [one for one in texts if one.visible and one.tiles.content_bounds().expanded(2).contains_point(point)]
    return around[-1] if around else None


def rasterise(opened: OpenDocument, layer_id: LayerId) -> None:
    """Forgets the text or the shape; the pixels stay and may be painted on."""
    layer = opened.document.raster_layer(layer_id)
    with opened.edit(EditName.RASTERISE) as edit:
        edit.replace_layer(layer.changed(text=None, shape=None))


def drag_box(show: Callable[[Any], None], done: Callable[[Point, float, float], None]) -> Gesture:
    """A click is a place for a text, a drag a box for its lines: `done` hears the corner, width and height or 0."""
    event = yield
    start = end = event.point
    try:
        while event.pressed:
            end = event.point
            corners = ((start.x, start.y), (end.x, start.y), (end.x, end.y), (start.x, end.y))
            show([Point(x, y) for x, y in corners])
            event = yield
    finally:
        show(None)
    width, height = abs(end.x - start.x), abs(end.y - start.y)
    if width < SMALLEST_BOX_PX:
        done(start, 0.0, 0.0)
    else:
        done(Point(min(start.x, end.x), min(start.y, end.y)), width, height if height >= SMALLEST_BOX_PX else 0.0)


def name_of(content: TextContent) -> str:
    line = next((line.strip() for line in content.text.splitlines() if line.strip()), "")
    return line if len(line) <= NAME_LETTERS else f"{line[: NAME_LETTERS - 1]}…"


def alignment_of(text: str) -> Alignment:
    """UserError for what is none."""
    if text not in {one.value for one in Alignment}:
        known = ", ".join(one.value for one in Alignment)
        raise UserError("text.bad_value", name="alignment", wanted=f"one of {known}", value=text)
    return Alignment(text)
