"""Any manifest as a tool: what the user chose becomes a request, what comes back becomes one edit.

The data flow: `prepare` reads one version of the document and makes a `Plan` (a request, and where its answer goes);
the runner runs the request; `land` puts the result above the layer it came from, masked by the region, with its recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np

from desktop.core.color import Pixels, to_depth
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import AiRecipe, LayerId, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.manifest import Manifest
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request, Result

VISIBLE_PICTURE: LayerId = 0  # what a recipe names when the input was not one layer
PREVIEW_SIDE_PX = 512  # about a third of a second on two cores for a network of 1 s a megapixel


class InputChoice(Enum):
    ACTIVE_LAYER = "active_layer"
    VISIBLE_PICTURE = "visible_picture"


class RegionChoice(Enum):
    PAINTED = "painted"
    SELECTION = "selection"
    ALL = "all"


@dataclass(frozen=True)
class Choices:
    """What the form of an AI tool holds when Run is pressed."""

    manifest: Manifest
    input: InputChoice = InputChoice.VISIBLE_PICTURE
    region: RegionChoice = RegionChoice.ALL
    parameters: Mapping[str, ParameterValue] | None = None
    seed: int = 0
    device: DeviceChoice = "auto"
    feather_px: float = 0.0


@dataclass(frozen=True)
class Plan:
    """A request, the version it was made from, and where the answer belongs."""

    request: Request
    version: Document
    source_id: LayerId  # VISIBLE_PICTURE, or the layer the pixels came from
    above_id: LayerId | None  # the result goes above this layer; None: on top
    rect: Rect  # what the request's picture covers, in image pixels
    mask: TileMap | None  # the soft region, None where everything is replaced
    recipe: AiRecipe
    title: str
    scale: int


def prepare(version: Document, active_id: LayerId | None, painted: TileMap, choices: Choices) -> Plan:
    """Reads the pixels the tool needs from one version of the document.

    UserError: no region painted or selected, no layer chosen, a group chosen, a parameter out of range.
    """
    manifest = choices.manifest
    parameters = complete_parameters(manifest, choices.parameters or {})
    source_id = _source_id(active_id, choices.input)
    region = _region(version, painted, choices)
    rect = _rect_with_context(version, region, manifest)
    pixels = _pixels_of(version, source_id, rect)
    request = Request(
        model_id=manifest.id,
        model_sha256=manifest.model_sha256,
        inputs={"image": pixels},
        parameters=parameters,
        seed=choices.seed,
        device=choices.device,
    )
    recipe = AiRecipe(
        model_id=manifest.id,
        model_sha256=manifest.model_sha256,
        inputs=(("image", source_id),),
        parameters=tuple(sorted(parameters.items())),
        seed=choices.seed,
        region=rect,
    )
    name = history_name(manifest, parameters)
    return Plan(request, version, source_id, active_id, rect, region, recipe, name, manifest.scale)


def preview_of(plan: Plan, max_side_px: int = PREVIEW_SIDE_PX) -> Plan:
    """The same plan on a picture reduced to at most `max_side_px`; as it is when it is small already."""
    pixels = plan.request.inputs["image"]
    height, width = pixels.shape[:2]
    share = max_side_px / max(height, width)
    if share >= 1:
        return plan
    size = (max(round(width * share), 1), max(round(height * share), 1))
    small: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return replace(plan, request=replace(plan.request, inputs={"image": small}))


def pixels_to_land(plan: Plan, result: Result) -> Pixels:
    """The result in the size of the plan's rectangle and the document's depth (an enlarged answer is brought back)."""
    pixels = to_depth(result.image, plan.version.depth)
    if pixels.shape[:2] == (plan.rect.height, plan.rect.width):
        return pixels
    shrinks = pixels.shape[0] > plan.rect.height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    resized: Pixels = cv2.resize(pixels, (plan.rect.width, plan.rect.height), interpolation=method)
    return resized


def land(document: OpenDocument, plan: Plan, result: Result) -> LayerId:
    """Adds the result as a new masked layer, one history entry; returns the layer's id."""
    layer_id = document.document.next_layer_id()
    layer = RasterLayer(
        id=layer_id,
        name=plan.title,
        tiles=TileMap.from_array(pixels_to_land(plan, result), plan.rect.x, plan.rect.y),
        mask=None if plan.mask is None else Mask(plan.mask),
        recipe=plan.recipe,
    )
    parent_id, index = _place_above(document.document, plan.above_id)
    with document.edit(plan.title) as edit:
        edit.insert_layer(layer, parent_id, index)
    return layer_id


def has_changed_since(document: Document, plan: Plan) -> bool:
    """True when the pixels the result was made from are no longer what the document shows there."""
    if document is plan.version:
        return False
    if plan.source_id != VISIBLE_PICTURE and not document.has_layer(plan.source_id):
        return True
    return not np.array_equal(_pixels_of(document, plan.source_id, plan.rect), _original_pixels(plan))


def history_name(manifest: Manifest, parameters: Mapping[str, ParameterValue]) -> str:
    """For people: "Denoise photo, strength 40"."""
    shown = [f"{param.label.lower()} {_short(parameters[param.id])}" for param in manifest.params]
    return ", ".join([manifest.title, *shown[:2]])


def _source_id(active_id: LayerId | None, choice: InputChoice) -> LayerId:
    if choice is InputChoice.VISIBLE_PICTURE:
        return VISIBLE_PICTURE
    if active_id is None:
        raise UserError("ai.no_layer")
    return active_id


def _region(version: Document, painted: TileMap, choices: Choices) -> TileMap | None:
    """The soft mask to work in; None means the whole canvas."""
    if choices.region is RegionChoice.ALL:
        return None
    if choices.region is RegionChoice.SELECTION:
        region = version.selection
        if region is None or region.content_bounds().is_empty:
            raise UserError("ai.no_selection")
    else:
        region = painted
        if region.content_bounds().is_empty:
            raise UserError("ai.no_region")
    inside = _cut_to_canvas(version, region)
    if inside.content_bounds().is_empty:
        raise UserError("ai.region_outside")
    return feathered(inside, choices.feather_px)


def feathered(region: TileMap, radius_px: float) -> TileMap:
    """The region with a Gaussian rim; never made hard."""
    if radius_px <= 0:
        return region
    bounds = region.content_bounds().expanded(round(3 * radius_px))
    soft = cv2.GaussianBlur(region.read(bounds), (0, 0), radius_px)
    return TileMap.from_array(soft, bounds.x, bounds.y, default=0)


def _cut_to_canvas(version: Document, region: TileMap) -> TileMap:
    bounds = region.content_bounds().intersect(version.size.rect())
    if bounds.is_empty:
        return TileMap(1, np.uint8, 0)
    return TileMap.from_array(region.read(bounds), bounds.x, bounds.y, default=0)


def _rect_with_context(version: Document, region: TileMap | None, manifest: Manifest) -> Rect:
    """What the network has to see: the region and what its receptive field reaches."""
    canvas = version.size.rect()
    if region is None or manifest.tile is None:
        return canvas
    return region.content_bounds().expanded(manifest.tile.receptive_field).intersect(canvas)


def _pixels_of(version: Document, source_id: LayerId, rect: Rect) -> Pixels:
    if source_id == VISIBLE_PICTURE:
        return flatten(version, rect)
    return version.raster_layer(source_id).tiles.read(rect)


def _original_pixels(plan: Plan) -> Pixels:
    return _pixels_of(plan.version, plan.source_id, plan.rect)


def _place_above(document: Document, layer_id: LayerId | None) -> tuple[LayerId | None, int | None]:
    """Parent and index for a layer right above another one; on top when that is gone."""
    if layer_id is None or not document.has_layer(layer_id):
        return None, None
    parent = document.parent_of(layer_id)
    return (None if parent is None else parent.id), document.index_of(layer_id) + 1


def _short(value: ParameterValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
