"""Text and shape layers when their pixels are turned or scaled: what they are made of goes along, and is drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from desktop.core.affine import Affine
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT
from desktop.core.layers import GroupLayer, Layer, RasterLayer, TextContent
from desktop.tools.shape_layers import ShapeRenderer, placed_shape, with_shape
from desktop.tools.text_layers import SIZES_PX, TextRenderer, placed_text, with_text

SAME = 1e-9  # of a scale: what folding leaves of none


@dataclass(frozen=True, slots=True)
class Makers:
    """What draws the pixels of made layers; may be called in any thread."""

    text: TextRenderer
    shape: ShapeRenderer


def is_made(layer: Layer) -> bool:
    """Whether its pixels are made of a text or a shape."""
    return isinstance(layer, RasterLayer) and not (layer.text is None and layer.shape is None)


def made_layers(layers: Iterator[Layer] | tuple[Layer, ...]) -> Iterator[RasterLayer]:
    """Those among layers and inside groups whose pixels are made of something."""
    for layer in layers:
        if isinstance(layer, GroupLayer):
            yield from made_layers(layer.children)
        elif isinstance(layer, RasterLayer) and is_made(layer):
            yield layer


def drawn_through(layer: RasterLayer, affine: Affine) -> RasterLayer:
    """Text and shape as they are after one more map; their pixels, and where those lie, are the caller's matter."""
    return layer.changed(
        recipe=None,
        text=None if layer.text is None else placed_text(layer).transformed(affine),
        shape=None if layer.shape is None else placed_shape(layer).transformed(affine),
    )


def noted(layer: Layer) -> Layer:
    """Made layers know where their pixels lie now, so that moves from here on are counted."""
    if isinstance(layer, GroupLayer):
        return layer.changed(children=tuple(map(noted, layer.children))) if any(made_layers((layer,))) else layer
    if not isinstance(layer, RasterLayer) or not is_made(layer):
        return layer
    text, shape = layer.text, layer.shape
    if text is not None and text.bounds == EMPTY_RECT:
        text = replace(text, bounds=layer.tiles.content_bounds())
    if shape is not None and shape.bounds == EMPTY_RECT:
        shape = replace(shape, bounds=layer.tiles.content_bounds())
    return layer if text is layer.text and shape is layer.shape else layer.changed(text=text, shape=shape)


def drawn_anew(before: Document, after: Document, makers: Makers) -> Document:
    """Made layers that were turned or scaled between two versions, sharp again: drawn, not filtered.

    One that cannot be drawn (a font that is not here, letters too large) keeps the pixels it has.
    """
    for layer in list(made_layers(after.layers)):
        if not before.has_layer(layer.id):
            continue
        was = before.layer(layer.id)
        if isinstance(was, RasterLayer) and is_made(was) and _is_other(was, layer):
            try:
                after = after.with_layer_replaced(_drawn(layer, after, makers))
            except UserError:
                continue
    return after


def _drawn(layer: RasterLayer, document: Document, makers: Makers) -> RasterLayer:
    if layer.text is not None:
        content = with_scale_in_size(placed_text(layer))
        return with_text(layer, content, document, makers.text).changed(name=layer.name)
    return with_shape(layer, placed_shape(layer), document, makers.shape)


def _is_other(was: RasterLayer, layer: RasterLayer) -> bool:
    """Whether anything but the place is another; then pixels were filtered."""
    return any(
        one is not None
        and other is not None
        and replace(one.affine, x0=0.0, y0=0.0) != replace(other.affine, x0=0.0, y0=0.0)
        for one, other in ((was.text, layer.text), (was.shape, layer.shape))
    )


def with_scale_in_size(content: TextContent) -> TextContent:
    """The same letters with the scale in their size, so that the size says how large they are.

    Lines that are broken at a width stay as they are: other sizes could break them elsewhere.
    """
    least, most = SIZES_PX
    size = min(max(round(content.size_px * content.affine.scale), least), most)
    if content.width or size == content.size_px:
        return content
    ratio, affine = size / content.size_px, content.affine
    rest = Affine(affine.xx / ratio, affine.xy / ratio, affine.yx / ratio, affine.yy / ratio, affine.x0, affine.y0)
    scaled = replace(content, size_px=size, x=content.x * ratio, y=content.y * ratio, affine=rest)
    if max(abs(rest.xx - 1), abs(rest.yy - 1), abs(rest.xy), abs(rest.yx)) > SAME:
        return scaled
    return replace(scaled, x=scaled.x + rest.x0, y=scaled.y + rest.y0, affine=Affine())
