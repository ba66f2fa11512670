"""Brush, eraser and mask brush as gestures, and what may be painted on."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import partial

from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.document import Document
from desktop.core.edits import Edit, OpenDocument
from desktop.core.errors import UserError
from desktop.core.layers import Layer, LayerId, Mask
from desktop.tools.gestures import Gesture
from desktop.tools.locks import check_alpha_free, check_pixels_free, keeps_alpha, with_groups_around
from desktop.tools.names import EditName
from desktop.tools.strokes import LastStroke, follow


class Plane(Enum):
    """What of a layer the painting tools change."""

    PIXELS = "pixels"
    MASK = "mask"


def paint(
    open_document: OpenDocument,
    layer_id: LayerId | None,
    plane: Plane,
    settings: BrushSettings,
    last: LastStroke | None = None,
) -> Gesture:
    """A stroke of the brush or eraser on a layer's pixels or its mask. UserError when nothing may be painted there.

    `last` is where the stroke before ended; Shift goes on from there.
    """
    event = yield
    layer = paintable_layer(open_document.document, layer_id, plane)
    if plane is Plane.PIXELS and settings.mode is BrushMode.ERASE:
        check_alpha_free(open_document.document, layer.id)
    with open_document.edit(_name_of(plane, settings.mode)) as edit:
        stroke = _stroke_on(edit, open_document.document, layer, plane, settings)
        yield from follow(event, stroke, settings, partial(edit.touched, layer.id), last or LastStroke())


def paint_mask(
    open_document: OpenDocument,
    layer_id: LayerId | None,
    settings: BrushSettings,
    *,
    reveals: bool,
    last: LastStroke | None = None,
) -> Gesture:
    """A stroke on the layer's mask, white where it reveals and black where it hides; adds the mask where none is."""
    level = 1.0 if reveals else 0.0
    event = yield
    layer = paintable_layer(open_document.document, layer_id, Plane.MASK)
    with open_document.edit(EditName.MASK_BRUSH) as edit:
        if layer.mask is None:
            edit.replace_layer(layer.changed(mask=Mask()))
        settings = replace(settings, color=(level, level, level), mode=BrushMode.PAINT)
        stroke = _stroke_on(edit, open_document.document, layer, Plane.MASK, settings)
        yield from follow(event, stroke, settings, partial(edit.touched, layer.id), last or LastStroke())


def paintable_layer(document: Document, layer_id: LayerId | None, plane: Plane) -> Layer:
    """The layer, if it can be painted on and would be seen; UserError says why not."""
    if layer_id is None or not document.has_layer(layer_id):
        raise UserError("tool.no_layer")
    layer = document.layer(layer_id) if plane is Plane.MASK else document.raster_layer(layer_id)
    for held in with_groups_around(document, layer.id):
        if not held.visible:
            raise UserError("tool.layer_hidden", name=held.name)
    if plane is not Plane.MASK and getattr(layer, "text", None) is not None:
        raise UserError("text.not_pixels", name=layer.name)
    if plane is not Plane.MASK and getattr(layer, "shape", None) is not None:
        raise UserError("shape.not_pixels", name=layer.name)
    check_pixels_free(document, layer.id)
    return layer


def _name_of(plane: Plane, mode: BrushMode) -> EditName:
    if plane is Plane.MASK:
        return EditName.MASK_BRUSH
    return EditName.ERASE if mode is BrushMode.ERASE else EditName.BRUSH


def _stroke_on(edit: Edit, document: Document, layer: Layer, plane: Plane, settings: BrushSettings) -> Stroke:
    editor = edit.mask_pixels(layer.id) if plane is Plane.MASK else edit.pixels(layer.id)
    return Stroke(editor, settings, selection=document.selection, keeps_alpha=keeps_alpha(document, layer.id))
