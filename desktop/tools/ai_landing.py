"""Where results go that are no layer over the picture: a selection, a layer mask, a grey layer, a new document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import LayerId, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.runner import Result
from desktop.tools.ai_tool import MASK_TASKS, Landing, MaskPixels, Plan, recipe_of
from desktop.tools.layer_edits import place_above
from desktop.tools.tone_curves import land_curves

LandAtOnce = Callable[[OpenDocument, Plan, Result, str], LayerId | None]

SHOWS_ALL = 250  # a mask that is nowhere darker hides nothing that anybody would see


def without_preview(plan: Plan) -> LandAtOnce | None:
    """How a result lands that needs no preview, because it stays editable: masks, selections, curves."""
    if plan.settings.model.manifest.task in MASK_TASKS:
        return land_mask
    return land_curves if plan.settings.landing is Landing.CURVES else None


def mask_of(plan: Plan, result: Result) -> MaskPixels:
    """(rect.height, rect.width): what a mask network found, limited to the region."""
    found: npt.NDArray[Any] | None = result.outputs.get("mask")
    if found is None:
        classes = result.outputs["classes"]
        found = np.where(classes > 0, 255, 0).astype(np.uint8)  # no class was named: all but the background
    if found.shape != (plan.crop.height, plan.crop.width):
        found = cv2.resize(found, (plan.crop.width, plan.crop.height), interpolation=cv2.INTER_LINEAR)
    left, top = plan.rect.x - plan.crop.x, plan.rect.y - plan.crop.y
    mask: MaskPixels = np.ascontiguousarray(found[top : top + plan.rect.height, left : left + plan.rect.width])
    if plan.mask is None:
        return mask
    limited: MaskPixels = cv2.multiply(mask, plan.mask, scale=1 / 255)
    return limited


def land_mask(open_document: OpenDocument, plan: Plan, result: Result, edit_name: str) -> LayerId | None:
    """The mask as the landing says, as one edit; the new layer's id where there is one.

    UserError when the layer that was to be masked is gone, or nothing was found.
    """
    pixels = mask_of(plan, result)
    if not pixels.any():
        raise UserError("ai.nothing_found", model=plan.settings.model.manifest.title)
    tiles = TileMap.from_array(pixels, plan.rect.x, plan.rect.y, default=0)
    landing, document = plan.settings.landing, open_document.document
    if landing is Landing.SELECTION:
        with open_document.edit(edit_name) as edit:
            edit.set_selection(tiles)
        return None
    if landing is Landing.MASK:
        if plan.layer_id is None or not document.has_layer(plan.layer_id):
            raise UserError("tool.no_layer")
        if pixels.min() >= SHOWS_ALL:
            raise UserError("cutout.everything")
        with open_document.edit(edit_name) as edit:
            edit.replace_layer(document.layer(plan.layer_id).changed(mask=Mask(tiles)))
        return None
    layer = gray_layer(plan, result, document, edit_name, pixels)
    parent_id, index = place_above(document, plan.layer_id)
    with open_document.edit(edit_name) as edit:
        edit.insert_layer(layer, parent_id, index)
    return layer.id


def gray_layer(plan: Plan, result: Result, document: Document, name: str, mask: MaskPixels) -> RasterLayer:
    """The mask as an opaque grey picture."""
    top = 255 if document.depth == 8 else 65535
    levels = mask if document.depth == 8 else mask.astype(np.uint16) * 257
    pixels = np.dstack([levels, levels, levels, np.full_like(levels, top)])
    tiles = TileMap.from_array(pixels, plan.rect.x, plan.rect.y)
    return RasterLayer(id=document.next_layer_id(), name=name, tiles=tiles, recipe=recipe_of(plan, result))


def enlarged_document(plan: Plan, result: Result, name: str) -> Document:
    """A document of one layer with the enlarged picture; profile, metadata and depth stay."""
    base, image = plan.base, result.image
    scale = image.shape[1] / plan.crop.width
    dpi = (base.resolution_dpi[0] * scale, base.resolution_dpi[1] * scale)
    document = base.changed(
        size=Size(image.shape[1], image.shape[0]),
        layers=(),
        selection=None,
        guides=(),
        resolution_dpi=dpi,
    )
    layer = RasterLayer(id=1, name=name, tiles=TileMap.from_array(image))
    return document.with_layer_inserted(layer)
