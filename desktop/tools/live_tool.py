"""Drawings that are translated while they are drawn: what of a layer is the drawing, and the layer the result goes to.

A drawing is black lines (and dabs of colour) on nothing or on white paper. The network is shown the drawing alone, in a
square around its lines, however small it stands on the canvas: it was trained on pictures that fill their frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import AiRecipe, LayerId, RasterLayer
from desktop.runtime.catalog import Model
from desktop.runtime.labels import label_input
from desktop.runtime.manifest import Manifest, Task
from desktop.runtime.needs import needed_inputs
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request
from desktop.tools.generate_tool import picture_tiles, resized_rgba
from desktop.tools.layer_edits import place_above
from desktop.tools.locks import check_pixels_free

QUICK_SIDE_PX = 320  # what is shown beside the canvas: there in well under 200 ms on two cores
LARGEST_SIDE_PX = 4096  # what is put on a layer; larger drawings are enlarged from this
MARGIN = 0.1  # of the drawing's longer side, around it
PAPER_OFF = 24  # levels a pixel of an opaque layer must be from white to be drawn
LEAST_PAPER = 0.4  # share of an opaque layer that is white in a drawing: even crowded ones have more, photographs less
LINES_SIDE_PX = 1024  # photographs are read at this: lines have one width, and in larger ones they would be hair
LINES_MODEL = "line-art"
LINES_DETAIL = 30.0  # of 100: the outlines of things, not their texture

Picture = npt.NDArray[np.uint8]  # (H, W, 4) straight alpha


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing on a layer: `picture` at the size it is read at, `rect` its square on the canvas.

    On paper means that the layer is opaque: what lies under it cannot be seen.
    """

    layer_id: LayerId
    rect: Rect
    picture: Picture
    is_on_paper: bool


def takes_drawings(manifest: Manifest) -> bool:
    """Whether it translates one picture into another of the same size and needs nothing else."""
    return manifest.task is Task.TRANSLATE and manifest.scale == 1 and needed_inputs(manifest) == ["image"]


def fixed_side(manifest: Manifest) -> int | None:
    """The side of the square that the network insists on."""
    size = next(spec.size for spec in manifest.inputs if spec.role == "image")
    return min(size) if isinstance(size, tuple) else None


def read_drawing(document: Document, layer_id: LayerId, manifest: Manifest, limit_px: int) -> Drawing:
    """The drawing at LIMIT_PX or less; a label map is the whole canvas.

    UserError when nothing is drawn, or when it is no drawing: its dark places would be taken for lines.
    """
    layer = document.layer(layer_id)
    if not isinstance(layer, RasterLayer):
        raise UserError("ai.group", name=layer.name)
    canvas = document.size.rect()
    bounds = layer.tiles.content_bounds().intersect(canvas)
    pixels = np.empty((0, 0, 4), np.uint8) if bounds.is_empty else eight_bits(layer.tiles.read(bounds))
    drawn = drawn_rect(pixels)
    if drawn.is_empty:
        raise UserError("live.nothing_drawn", name=layer.name)
    if label_input(manifest) is None and is_photograph(pixels):
        raise UserError("live.photograph", name=layer.name)
    rect = canvas
    if label_input(manifest) is None:
        rect = framed(Rect(drawn.x + bounds.x, drawn.y + bounds.y, drawn.width, drawn.height), canvas)
    share = min(1.0, limit_px / max(rect.width, rect.height))
    size = max(round(rect.width * share), 1), max(round(rect.height * share), 1)
    picture = resized_rgba(eight_bits(layer.tiles.read(rect)), *size)
    return Drawing(layer_id, rect, picture, is_on_paper=bool((pixels[..., 3] == 255).all()))


def drawn_rect(pixels: Picture) -> Rect:
    """Where anything is drawn: what is not transparent, or on an opaque layer what is not white paper."""
    if not pixels.size:
        return Rect(0, 0, 0, 0)
    drawn = pixels[..., 3] > PAPER_OFF
    if drawn.all():
        drawn = pixels[..., :3].min(axis=2) < 255 - PAPER_OFF
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if not len(rows):
        return Rect(0, 0, 0, 0)
    return Rect.from_edges(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def is_photograph(pixels: Picture) -> bool:
    """Whether an opaque layer (H, W, 4) has too little white paper to be a drawing on it."""
    if not (pixels[..., 3] == 255).all():
        return False
    paper = pixels[..., :3].min(axis=2) >= 255 - PAPER_OFF
    return float(paper.mean()) < LEAST_PAPER


def framed(drawn: Rect, canvas: Rect) -> Rect:
    """A square around it with a margin, as far as the canvas goes."""
    side = round(max(drawn.width, drawn.height) * (1 + 2 * MARGIN)) + 2
    left, top = drawn.x + (drawn.width - side) // 2, drawn.y + (drawn.height - side) // 2
    return Rect(left, top, side, side).intersect(canvas)


def request_for(
    drawing: Drawing, model: Model, parameters: Mapping[str, ParameterValue], device: DeviceChoice
) -> Request:
    return Request(model.id, model.sha256, {"image": drawing.picture}, parameters, 0, device)


def lines_request(document: Document, layer_id: LayerId, model: Model, device: DeviceChoice) -> tuple[Rect, Request]:
    """Asks a model for the lines of what a layer shows of the canvas, and where they belong. UserError for a group."""
    layer = document.layer(layer_id)
    if not isinstance(layer, RasterLayer):
        raise UserError("ai.group", name=layer.name)
    rect = layer.tiles.content_bounds().intersect(document.size.rect())
    share = min(1.0, LINES_SIDE_PX / max(rect.width, rect.height, 1))
    size = max(round(rect.width * share), 1), max(round(rect.height * share), 1)
    picture = resized_rgba(eight_bits(layer.tiles.read(rect)), *size)
    return rect, Request(model.id, model.sha256, {"image": picture}, lines_parameters(model), 0, device)


def lines_parameters(model: Model) -> dict[str, ParameterValue]:
    return {param.id: LINES_DETAIL for param in model.manifest.params if param.id == "detail"}


def land_lines(
    open_document: OpenDocument, layer_id: LayerId, lines: Picture, *, rect: Rect, model: Model, name: str
) -> LayerId:
    """White paper with the lines, over the photograph; one edit. UserError when the photograph is gone."""
    document = open_document.document
    if not document.has_layer(layer_id):
        raise UserError("tool.no_layer")
    recipe = AiRecipe(
        model_id=model.id,
        model_sha256=model.sha256,
        inputs=(("image", layer_id),),
        parameters=tuple(lines_parameters(model).items()),
        region=rect,
    )
    tiles = picture_tiles(lines, rect, document.depth)
    layer = RasterLayer(id=document.next_layer_id(), name=name, tiles=tiles, recipe=recipe)
    with open_document.edit(name) as edit:
        edit.insert_layer(layer, *place_above(document, layer_id))
    return layer.id


def result_layer(document: Document, model_id: str, layer_id: LayerId) -> RasterLayer | None:
    """The layer that holds this model's result of that drawing."""
    for layer in document.iter_layers():
        recipe = layer.recipe if isinstance(layer, RasterLayer) else None
        if recipe is not None and recipe.model_id == model_id and recipe.inputs == (("image", layer_id),):
            assert isinstance(layer, RasterLayer)
            return layer
    return None


def land(
    open_document: OpenDocument,
    drawing: Drawing,
    result: Picture,
    *,
    model: Model,
    parameters: Mapping[str, ParameterValue],
    name: str,
) -> LayerId:
    """The result on a layer of its own, or in the place of an earlier one; one edit.

    It comes under the lines, so that further ones are seen; over a drawing on paper, which would hide it, and over a
    sketch when it is a whole picture without a hole, of which the sketch is no part.
    UserError when that layer is locked or the drawing is gone.
    """
    document = open_document.document
    if not document.has_layer(drawing.layer_id):
        raise UserError("tool.no_layer")
    recipe = AiRecipe(
        model_id=model.id,
        model_sha256=model.sha256,
        inputs=(("image", drawing.layer_id),),
        parameters=tuple(parameters.items()),
        region=drawing.rect,
    )
    tiles = picture_tiles(result, drawing.rect, document.depth)
    earlier = result_layer(document, model.id, drawing.layer_id)
    if earlier is not None:
        check_pixels_free(document, earlier.id)
        with open_document.edit(name) as edit:
            edit.replace_layer(earlier.changed(tiles=tiles, recipe=recipe))
        return earlier.id
    layer = RasterLayer(id=document.next_layer_id(), name=name, tiles=tiles, recipe=recipe)
    parent_id, index = place_above(document, drawing.layer_id)
    is_whole = bool((result[..., 3] == 255).all())
    if index is not None and not drawing.is_on_paper and not is_whole:
        index -= 1
    with open_document.edit(name) as edit:
        edit.insert_layer(layer, parent_id, index)
    return layer.id


def eight_bits(pixels: npt.NDArray[Any]) -> Picture:
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
