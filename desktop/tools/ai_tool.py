"""Any model as a tool: settings → plan (a request and where its result belongs) → a new layer with its mask.

`plan_run` only reads immutable values, so it may be called in any thread; `landed` makes the layer, `land` inserts it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument, changed_rects
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import AiRecipe, GroupLayer, LayerId, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.catalog import Model
from desktop.runtime.manifest import Manifest, Task
from desktop.runtime.needs import allowed_inputs, needed_inputs
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request, Result
from desktop.tools.layer_edits import place_above

MASK_TASKS = (Task.MATTE, Task.SEGMENT)
PICTURE_TASKS = (  # their result is a picture of the same size as its input
    Task.RESTORE,
    Task.STYLE,
    Task.TRANSLATE,
    Task.FILTER,
    Task.COLOURISE,
    Task.INPAINT,
    Task.TWO_IMAGE,
    Task.INTERPOLATE,
)
FORM_INPUTS = {"image", "mask", "image2", "style", "hints"}  # what the form can hand in
CONTEXT_PX = 32  # what a network that states no receptive field is shown around the region
HOLE_CONTEXT_PX = 128  # around a hole, at least: what fills it has to come from somewhere

MaskPixels = npt.NDArray[np.uint8]


class Source(Enum):
    """What the model is shown."""

    LAYER = "layer"
    VISIBLE = "visible"


class Where(Enum):
    """What decides the region."""

    PAINTED = "painted"
    SELECTION = "selection"
    ALL = "all"


class Landing(Enum):
    """What becomes of the result."""

    LAYER = "layer"
    SELECTION = "selection"
    MASK = "mask"
    DOCUMENT = "document"
    CURVES = "curves"


@dataclass(frozen=True, slots=True)
class SecondPicture:
    """A style, or the other of two pictures: a layer of the document, or pixels (H, W, 4) from a file."""

    layer_id: LayerId | None = None
    pixels: npt.NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What the panel's form says."""

    model: Model
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    source: Source = Source.LAYER
    where: Where = Where.PAINTED
    feather_px: float = 8.0
    landing: Landing = Landing.LAYER
    second: SecondPicture | None = None
    seed: int = 0
    device: DeviceChoice = "auto"
    tile_side: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A request and all that is needed to put its result where it belongs.

    `crop` is what the model sees, `rect` the part of it that lands, `mask` (rect.height, rect.width) or None for all.
    """

    settings: RunSettings
    base: Document
    layer_id: LayerId | None
    crop: Rect
    rect: Rect
    mask: MaskPixels | None
    request: Request
    is_preview: bool = False


def supports(manifest: Manifest) -> bool:
    """Whether the AI tool can run it; generators and click models have tools of their own."""
    if not set(needed_inputs(manifest)) <= FORM_INPUTS:
        return False
    if manifest.task is Task.UPSCALE:
        return True
    return manifest.task in (*PICTURE_TASKS, *MASK_TASKS) and manifest.scale == 1


def takes_clicks(manifest: Manifest) -> bool:
    """Whether the object tool can ask it."""
    return manifest.task is Task.ENCODE_DECODE and "points" in needed_inputs(manifest)


def landings(manifest: Manifest) -> tuple[Landing, ...]:
    """What may become of this model's results, the usual one first."""
    if manifest.task in MASK_TASKS:
        return (Landing.SELECTION, Landing.MASK, Landing.LAYER)
    if manifest.task is Task.UPSCALE:
        return (Landing.DOCUMENT,)
    return (Landing.LAYER, Landing.CURVES) if gives_curves(manifest) else (Landing.LAYER,)


def gives_curves(manifest: Manifest) -> bool:
    """Whether its answer is levels of curves, and so perhaps one curve for the whole picture."""
    return any(spec.role == "curve" and spec.knots for spec in manifest.outputs)


def second_role(manifest: Manifest) -> str | None:
    """The role of the further picture that the model wants, or that it takes if there is one: hints."""
    return next((role for role in allowed_inputs(manifest) if role in ("image2", "style", "hints")), None)


def is_second_needed(manifest: Manifest) -> bool:
    """Whether it does not run without the further picture."""
    return second_role(manifest) in needed_inputs(manifest)


def takes_seed(manifest: Manifest) -> bool:
    """Whether another seed makes another picture."""
    return any(spec.role == "noise" for spec in manifest.inputs)


def plan_run(document: Document, layer_id: LayerId | None, region: TileMap, settings: RunSettings) -> Plan:
    """Reads the pixels of a run. UserError when there is no layer to read or the region is empty."""
    canvas = document.size.rect()
    parameters = complete_parameters(settings.model.manifest, settings.parameters)
    settings = replace(settings, parameters=parameters)
    if settings.source is Source.LAYER:
        _check_layer(document, layer_id)
    manifest = settings.model.manifest
    if "mask" in needed_inputs(manifest) and settings.where is Where.ALL:
        raise UserError("ai.no_region")
    if manifest.task is Task.UPSCALE:
        settings = replace(settings, where=Where.ALL)
    shape = _shape_of(document, region, settings.where)
    bounds = canvas if shape is None else shape.content_bounds().intersect(canvas)
    if bounds.is_empty:
        raise UserError("ai.region_outside")
    rect = bounds if shape is None else bounds.expanded(math.ceil(settings.feather_px)).intersect(canvas)
    mask = None if shape is None else feathered(shape.read(rect)[..., 0], settings.feather_px)
    crop = crop_for(manifest, rect, canvas)
    hints = hint_layer(settings)
    image = _read_source(without_hints(document, hints), layer_id, settings.source, crop)
    if settings.source is Source.LAYER and layer_id is not None and not image[..., 3].any():
        raise UserError("ai.empty_layer", name=document.layer(layer_id).name)
    inputs = {"image": image, **_further_inputs(document, settings, shape, crop)}
    request = Request(
        model_id=settings.model.id,
        model_sha256=settings.model.sha256,
        inputs=inputs,
        parameters=parameters,
        seed=settings.seed,
        device=settings.device,
        tile_side=settings.tile_side,
    )
    return Plan(settings, document, layer_id, crop, rect, mask, request)


def landed(plan: Plan, result: Result, document: Document, name: str) -> RasterLayer:
    """The result as a raster layer of `document` with the mask of the region, not yet inserted."""
    image: npt.NDArray[Any] = result.image
    if image.shape[:2] != (plan.crop.height, plan.crop.width):
        image = cv2.resize(image, (plan.crop.width, plan.crop.height), interpolation=cv2.INTER_CUBIC)
    left, top = plan.rect.x - plan.crop.x, plan.rect.y - plan.crop.y
    pixels = image[top : top + plan.rect.height, left : left + plan.rect.width]
    mask = region_mask(plan)
    return RasterLayer(
        id=document.next_layer_id(),
        name=name,
        tiles=TileMap.from_array(pixels, plan.rect.x, plan.rect.y),
        blend_mode=BlendMode.COLOR if plan.settings.model.manifest.task is Task.COLOURISE else BlendMode.NORMAL,
        mask=None if mask is None else Mask(TileMap.from_array(mask, plan.rect.x, plan.rect.y)),
        recipe=recipe_of(plan, result),
    )


def land(open_document: OpenDocument, layer: RasterLayer, plan: Plan, edit_name: str) -> LayerId:
    """Inserts a landed layer over the one it was made from, as one edit."""
    document = open_document.document
    above = plan.layer_id if plan.settings.source is Source.LAYER else None
    parent_id, index = place_above(document, above)
    layer = layer.changed(id=document.next_layer_id())
    hints = hint_layer(plan.settings)
    with open_document.edit(edit_name) as edit:
        if hints is not None and document.has_layer(hints):
            edit.replace_layer(document.layer(hints).changed(visible=False))
        edit.insert_layer(layer, parent_id, index)
    return layer.id


def with_layer(document: Document, layer: RasterLayer, plan: Plan) -> Document:
    """The document as it will look once the layer has landed; for showing a result before it is kept."""
    above = plan.layer_id if plan.settings.source is Source.LAYER else None
    return without_hints(document, hint_layer(plan.settings)).with_layer_inserted(layer, *place_above(document, above))


def changed_meanwhile(plan: Plan, document: Document) -> bool:
    """True when what the model was shown no longer looks the same."""
    base = plan.base
    if base.layers is document.layers:
        return False
    if plan.settings.source is Source.LAYER:
        assert plan.layer_id is not None
        if not document.has_layer(plan.layer_id):
            return True
        before, after = base.raster_layer(plan.layer_id), document.raster_layer(plan.layer_id)
        one = Document(base.size, base.depth, layers=(before,))
        other = Document(base.size, base.depth, layers=(after.changed(name=before.name, mask=before.mask),))
        return any(not rect.intersect(plan.rect).is_empty for _, rect in changed_rects(one, other))
    if [layer.id for layer in base.iter_layers()] != [layer.id for layer in document.iter_layers()]:
        return True
    return any(not rect.intersect(plan.rect).is_empty for _, rect in changed_rects(base, document))


def recipe_of(plan: Plan, result: Result) -> AiRecipe:
    source = plan.layer_id if plan.settings.source is Source.LAYER and plan.layer_id is not None else 0
    second, role = plan.settings.second, second_role(plan.settings.model.manifest)
    further = () if second is None or second.layer_id is None or role is None else ((role, second.layer_id),)
    return AiRecipe(
        model_id=plan.request.model_id,
        model_sha256=result.model_sha256,
        inputs=(("image", source), *further),
        parameters=tuple(plan.request.parameters.items()),
        seed=plan.request.seed,
        region=plan.rect,
    )


def run_name(plan: Plan) -> str:
    """What the history calls the run: "Denoise photo, strength 40"."""
    manifest = plan.settings.model.manifest
    shown = [
        f"{param.label.lower()} {_short(plan.request.parameters[param.id])}"
        for param in manifest.params
        if param.type in ("float", "int", "choice")
    ]
    return ", ".join([manifest.title, *shown])


def crop_for(manifest: Manifest, rect: Rect, canvas: Rect) -> Rect:
    """The region with all that the network needs around it, its corner on the grid of the network's strides."""
    halo = CONTEXT_PX if manifest.tile is None else manifest.tile.receptive_field
    if manifest.task is Task.INPAINT:
        halo = max(halo, HOLE_CONTEXT_PX, rect.width, rect.height)
    stride = 1 if manifest.tile is None else manifest.tile.stride
    crop = rect.expanded(halo).intersect(canvas)
    left, top = crop.left // stride * stride, crop.top // stride * stride
    return Rect.from_edges(left, top, crop.right, crop.bottom)


def feathered(mask: MaskPixels, feather_px: float) -> MaskPixels:
    """The mask with a soft rim: a Gaussian whose visible width is `feather_px`."""
    if feather_px < 0.5:
        return mask
    blurred: MaskPixels = cv2.GaussianBlur(mask, (0, 0), feather_px / 2)
    return blurred


def _check_layer(document: Document, layer_id: LayerId | None) -> None:
    if layer_id is None or not document.has_layer(layer_id):
        raise UserError("tool.no_layer")
    layer = document.layer(layer_id)
    if isinstance(layer, GroupLayer):
        raise UserError("ai.group", name=layer.name)
    if layer.tiles.content_bounds().intersect(document.size.rect()).is_empty:
        raise UserError("ai.empty_layer", name=layer.name)


def _shape_of(document: Document, region: TileMap, where: Where) -> TileMap | None:
    if where is Where.ALL:
        return None
    if where is Where.SELECTION:
        if document.selection is None:
            raise UserError("ai.no_selection")
        return document.selection
    if len(region) == 0:
        raise UserError("ai.no_region")
    return region


def _further_inputs(document: Document, settings: RunSettings, shape: TileMap | None, crop: Rect) -> dict[str, Any]:
    """The mask of a hole and the second picture, for models that want them."""
    manifest = settings.model.manifest
    inputs: dict[str, Any] = {}
    if shape is not None and "mask" in needed_inputs(manifest):
        # The hole is wherever the result will show at all; how softly it shows is the affair of the layer's mask. What
        # is to be cut out is wanted as it was painted: half covered means that the network has to find out.
        painted = shape.read(crop)[..., 0]
        shows = np.where(feathered(painted, settings.feather_px) > 0, 255, 0).astype(np.uint8)
        inputs["mask"] = painted if manifest.task in MASK_TASKS else shows
    role = second_role(manifest)
    if role is None or (settings.second is None and not is_second_needed(manifest)):
        return inputs
    on_canvas = role != "style"
    second = _second_pixels(document, settings.second, on_canvas=on_canvas)
    inputs[role] = np.ascontiguousarray(second[crop.top : crop.bottom, crop.left : crop.right]) if on_canvas else second
    return inputs


def hint_layer(settings: RunSettings) -> LayerId | None:
    """The layer on which colours were painted as hints: no part of the picture."""
    is_hints = second_role(settings.model.manifest) == "hints"
    return settings.second.layer_id if is_hints and settings.second is not None else None


def without_hints(document: Document, hints: LayerId | None) -> Document:
    """The document with the layer of hints hidden."""
    if hints is None or not document.has_layer(hints):
        return document
    return document.with_layer_replaced(document.layer(hints).changed(visible=False))


def _second_pixels(document: Document, second: SecondPicture | None, *, on_canvas: bool) -> npt.NDArray[Any]:
    """The further picture, whole; `on_canvas`: as large as the canvas, in the place where the layer lies."""
    canvas = document.size.rect()
    if second is not None and second.pixels is not None:
        if on_canvas and second.pixels.shape[:2] != (canvas.height, canvas.width):
            resized: npt.NDArray[Any] = cv2.resize(
                second.pixels, (canvas.width, canvas.height), interpolation=cv2.INTER_AREA
            )
            return resized
        return second.pixels
    if second is None or second.layer_id is None or not document.has_layer(second.layer_id):
        raise UserError("ai.no_second")
    layer = document.raster_layer(second.layer_id)
    bounds = layer.tiles.content_bounds().intersect(canvas)
    if bounds.is_empty:
        raise UserError("ai.empty_layer", name=layer.name)
    return layer.tiles.read(canvas if on_canvas else bounds)


def _read_source(document: Document, layer_id: LayerId | None, source: Source, crop: Rect) -> Any:
    if source is Source.VISIBLE:
        return flatten(document, crop)
    assert layer_id is not None
    return document.raster_layer(layer_id).tiles.read(crop)


def region_mask(plan: Plan) -> MaskPixels | None:
    """The region's mask; where the source layer has a mask of its own, the result hides there too."""
    mask = plan.mask
    if plan.settings.source is Source.VISIBLE or plan.layer_id is None:
        return mask
    own = plan.base.raster_layer(plan.layer_id).mask
    if own is None or not own.enabled:
        return mask
    own_pixels = own.tiles.read(plan.rect)[..., 0]
    if mask is None:
        return own_pixels
    both: MaskPixels = cv2.multiply(mask, own_pixels, scale=1 / 255)
    return both


def _short(value: ParameterValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
