"""Generated pictures as values: what decides one (`Sample`), the request that makes it, and the layer it becomes.

Only immutable values are read, so everything but `insert` and `replace` may be called in any thread.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.color import Depth
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import AiRecipe, LayerId, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.runtime.adapters.generate import picture_output
from desktop.runtime.catalog import Model
from desktop.runtime.latents import SEED_LIMIT, draw, free_latent, mix_params, mixed_latent, truncates_first
from desktop.runtime.manifest import Manifest, Param, Task, channels_of
from desktop.runtime.needs import needed_inputs
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import DeviceChoice, ParameterValue, Request
from desktop.tools.latent_moves import Latent, Latents, Space, between
from desktop.tools.layer_edits import place_above
from desktop.tools.locks import check_pixels_free
from desktop.tools.names import EditName

UNPLACED_SHARE = 1 / 3  # of the canvas's shorter side, for a picture that nobody said a place for

BAND_ROWS = 16  # what is worked on at once stays in the processor's cache

Picture = NDArray[np.uint8]  # (H, W, 3 | 4), straight alpha


class Fit(Enum):
    """How a picture meets its region: all of it inside, or the whole region full of it."""

    WHOLE = "whole"
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything that decides the bytes of one picture. An empty `latent` is the one that the seed gives.

    For a model that mixes in another picture, that one's latent may follow in `latent`.
    """

    model_id: str
    model_sha256: str
    parameters: tuple[tuple[str, ParameterValue], ...] = ()
    seed: int = 0
    truncation: float = 1.0
    latent: tuple[float, ...] = ()

    def changed(self, **changes: Any) -> Sample:
        return replace(self, **changes)

    def with_parameter(self, name: str, value: ParameterValue) -> Sample:
        return self.changed(parameters=tuple((key, value if key == name else old) for key, old in self.parameters))

    def with_latent(self, latent: Latent) -> Sample:
        """Another latent; what is mixed in stays."""
        numbers = tuple(float(number) for number in latent.reshape(-1))
        return self.changed(latent=numbers + self.latent[len(numbers) :])


@dataclass(frozen=True, slots=True)
class Target:
    """Where a picture belongs; `mask` cuts it to a region."""

    rect: Rect
    mask: TileMap | None = None


# what a model offers


def is_generator(manifest: Manifest) -> bool:
    """It makes pictures of a known size out of nothing but numbers."""
    has_size = any(spec.role == "image" and spec.size is not None for spec in manifest.outputs)
    return manifest.task is Task.GENERATE and has_size and not needed_inputs(manifest)


def can_encode(manifest: Manifest) -> bool:
    """It finds the latent of a given picture."""
    return any(spec.role == "image" for spec in manifest.inputs) and has_latent(manifest)


def has_latent(manifest: Manifest) -> bool:
    spec = free_latent(manifest)
    return spec is not None and spec.shape is not None


def space_of(manifest: Manifest) -> Space:
    spec = free_latent(manifest)
    assert spec is not None
    return Space.of(spec)


def label_param(manifest: Manifest) -> Param | None:
    """The choice that says which class the picture shows."""
    fed = next((spec.param for spec in manifest.inputs if spec.role == "label" and spec.param is not None), None)
    return None if fed is None else manifest.param(fed)


def steered_params(manifest: Manifest) -> list[Param]:
    """Directions that a model with a mapping network was given names for."""
    levels = {param.id for param in mix_params(manifest)}
    return [param for param in manifest.params if levels and param.type == "float" and param.id not in levels]


def first_sample(model: Model, seed: int) -> Sample:
    """The model as it comes: every parameter at its default."""
    parameters = complete_parameters(model.manifest, {})
    return Sample(model.id, model.sha256, tuple(parameters.items()), seed)


def aspect_of(manifest: Manifest) -> float:
    """Width over height of its pictures."""
    size = picture_output(manifest).size
    assert size is not None
    return size[1] / size[0]


# samples beside a sample


def latent_of(manifest: Manifest, sample: Sample) -> Latent:
    """The latent the picture is made from, given or drawn as the runtime draws it."""
    spec = free_latent(manifest)
    assert spec is not None
    assert spec.shape is not None
    if sample.latent:
        return np.array(sample.latent[: math.prod(spec.shape)], np.float32)
    drawn = draw(spec, manifest.inputs.index(spec), sample.seed, tuple(spec.shape)).reshape(-1)
    return drawn * np.float32(sample.truncation) if truncates_first(manifest) else drawn


def truncated(manifest: Manifest, sample: Sample, truncation: float) -> Sample:
    """Another truncation; a latent of its own is drawn in or out by the same share that a seed's would be."""
    changed = sample.changed(truncation=truncation)
    if not sample.latent or not truncates_first(manifest):
        return changed
    return changed.with_latent(latent_of(manifest, sample) * np.float32(truncation / sample.truncation))


def sampled_at(manifest: Manifest, sample: Sample, latents: Latents) -> list[Sample]:
    """One sample for each latent. Where the model takes noise too, seeds follow each other, as a request draws it."""
    step = 1 if any(spec.role == "noise" for spec in manifest.inputs) else 0
    first = min(sample.seed, SEED_LIMIT - step * len(latents) - 1 + step)
    return [sample.changed(seed=first + step * index).with_latent(latent) for index, latent in enumerate(latents)]


def reseeded(sample: Sample, seed: int, count: int) -> list[Sample]:
    """`count` pictures of seeds in a row, nothing given but the seeds."""
    first = min(seed, SEED_LIMIT - count)
    return [sample.changed(seed=first + index, latent=()) for index in range(count)]


def blended(manifest: Manifest, one: Sample, other: Sample, share: float) -> Sample:
    """Between two samples of a model; what cannot be mixed, such as the class, is that of the nearer one."""
    nearer = one if share < 0.5 else other
    latents = latent_of(manifest, one), latent_of(manifest, other)
    return nearer.with_latent(between(*latents, share, space_of(manifest)))


def mixed(manifest: Manifest, sample: Sample, other: Sample, levels: Mapping[str, float]) -> Sample:
    """The sample with the styles of another one of the same model, as much of them at each level as `levels` say."""
    latents = latent_of(manifest, sample), latent_of(manifest, other)
    both = sample.changed(latent=tuple(float(number) for number in np.concatenate(latents)))
    for name, share in levels.items():
        both = both.with_parameter(name, share)
    return both


def request_of(manifest: Manifest, samples: Sequence[Sample], device: DeviceChoice = "auto") -> Request:
    """One request for pictures of one model with equal parameters, as `sampled_at` and `reseeded` list them."""
    first = samples[0]
    inputs: dict[str, Any] = {}
    if any(sample.latent for sample in samples):
        shape = free_latent(manifest).shape or []  # type: ignore[union-attr]  # only a model with one has latents
        size = math.prod(shape)
        for sample in samples:
            _check_latent(manifest, sample.model_id, sample.latent)
        given = np.array([sample.latent for sample in samples], np.float32)
        inputs["latent"] = given[:, :size].reshape(-1, *shape)
        other = mixed_latent(manifest)
        if other is not None and given.shape[1] > size:
            inputs[other.name] = given[:, size:].reshape(-1, *shape)
    return Request(
        first.model_id,
        first.model_sha256,
        inputs,
        dict(first.parameters),
        first.seed,
        device,
        len(samples),
        truncation=first.truncation,
    )


def encode_request(sample: Sample, image: NDArray[Any], device: DeviceChoice = "auto") -> Request:
    """Asks for the latent of a picture; its result holds the latent and the picture made from it."""
    return Request(
        sample.model_id, sample.model_sha256, {"image": image}, dict(sample.parameters), sample.seed, device,
        truncation=sample.truncation,
    )  # fmt: skip


def picture_to_encode(
    document: Document, layer_id: LayerId | None, region: TileMap, manifest: Manifest
) -> tuple[NDArray[Any], Rect]:
    """The active layer's pixels, else the visible ones, under the region or selection; and where they were read.

    A model with alpha is shown all of it on nothing; others see the middle, so that no border is learned into it.
    """
    canvas = document.size.rect()
    layer = document.layer(layer_id) if layer_id is not None and document.has_layer(layer_id) else None
    tiles = layer.tiles if isinstance(layer, RasterLayer) else None
    bounds = _region_bounds(document, region)
    if bounds is None:
        content = canvas if tiles is None else tiles.content_bounds().intersect(canvas)
        bounds = canvas if content.is_empty else content
    rect = framed(bounds, manifest)
    if tiles is not None:
        pixels = tiles.read(rect)
        if pixels[..., 3].any():
            return pixels, rect
    pixels = flatten(document, rect)
    if not pixels[..., 3].any():
        raise UserError("generate.nothing_to_encode")
    return pixels, rect


# places


def target_for(document: Document, region: TileMap, manifest: Manifest, fit: Fit, hint: Rect | None = None) -> Target:
    """Under the painted region, else the selection, else at `hint`, else in the middle of the canvas."""
    canvas = document.size.rect()
    bounds = _region_bounds(document, region)
    if bounds is not None:
        shape = region if len(region) else document.selection
        mask = None if fit is Fit.WHOLE or shape is None else shape
        return Target(fitted(bounds, aspect_of(manifest), fit), mask)
    if hint is not None:
        return Target(hint)
    side = max(round(min(canvas.width, canvas.height) * UNPLACED_SHARE), 1)
    middle = Rect(canvas.width // 2 - side // 2, canvas.height // 2 - side // 2, side, side)
    return Target(fitted(middle, aspect_of(manifest), Fit.WHOLE))


def fitted(bounds: Rect, aspect: float, fit: Fit) -> Rect:
    """The rectangle of an aspect around the middle of another one: inside it (WHOLE) or covering it (FILL)."""
    is_wide = bounds.width > bounds.height * aspect
    if is_wide == (fit is Fit.WHOLE):
        width, height = bounds.height * aspect, float(bounds.height)
    else:
        width, height = float(bounds.width), bounds.width / aspect
    sides = max(round(width), 1), max(round(height), 1)
    return Rect(
        bounds.x + (bounds.width - sides[0]) // 2, bounds.y + (bounds.height - sides[1]) // 2, sides[0], sides[1]
    )


# layers


def picture_tiles(picture: Picture, rect: Rect, depth: Depth) -> TileMap:
    """The picture brought to the rectangle, in the document's depth, its alpha kept."""
    pixels = resized_rgba(picture, rect.width, rect.height)
    if depth == 16:
        return TileMap.from_array(pixels.astype(np.uint16) * 257, rect.x, rect.y)
    return TileMap.from_array(pixels, rect.x, rect.y)


def resized_rgba(picture: Picture, width: int, height: int) -> Picture:
    """(height, width, 4): smooth when it grows, averaged when it shrinks."""
    if picture.shape[2] == 3:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    if picture.shape[:2] == (height, width):
        return picture
    is_smaller = width < picture.shape[1] or height < picture.shape[0]
    how = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
    if (picture[..., 3] == 255).all():
        opaque: Picture = cv2.resize(picture, (width, height), interpolation=how)
        opaque[..., 3] = 255
        return opaque
    premultiplied = picture.astype(np.float32)
    premultiplied[..., :3] *= premultiplied[..., 3:] / 255
    resized = cv2.resize(premultiplied, (width, height), interpolation=how)
    result = np.empty((height, width, 4), np.uint8)
    for top in range(0, height, BAND_ROWS):
        band = resized[top : top + BAND_ROWS]
        band[..., :3] *= 255 / np.maximum(band[..., 3:], 1)  # before clipping: both overshoot by the same share
        np.clip(band, 0, 255, out=band)
        result[top : top + BAND_ROWS] = np.rint(band, out=band)
    return result


def generated_layer(document: Document, sample: Sample, tiles: TileMap, target: Target, name: str) -> RasterLayer:
    """The picture as a layer that knows how it was made, not yet inserted."""
    mask = None if target.mask is None else Mask(target.mask)
    recipe = recipe_of(sample, target.rect)
    return RasterLayer(id=document.next_layer_id(), name=name, tiles=tiles, mask=mask, recipe=recipe)


def insert(open_document: OpenDocument, layer: RasterLayer, above_id: LayerId | None) -> LayerId:
    """Puts a generated layer above another one, as one edit."""
    document = open_document.document
    layer = layer.changed(id=document.next_layer_id())
    with open_document.edit(EditName.GENERATE) as edit:
        edit.insert_layer(layer, *place_above(document, above_id))
    return layer.id


def replace_picture(
    open_document: OpenDocument, layer_id: LayerId, sample: Sample, tiles: TileMap, rect: Rect, key: Hashable
) -> RasterLayer:
    """Another picture in a generated layer; changes with one `key` in a row are one history entry.

    UserError when the layer is locked.
    """
    check_pixels_free(open_document.document, layer_id)
    layer = open_document.document.raster_layer(layer_id)
    layer = layer.changed(tiles=tiles, recipe=recipe_of(sample, rect))
    with open_document.edit(EditName.REGENERATE, merge_key=("generate", layer_id, key)) as edit:
        edit.replace_layer(layer)
    return layer


def recipe_of(sample: Sample, rect: Rect) -> AiRecipe:
    return AiRecipe(
        model_id=sample.model_id,
        model_sha256=sample.model_sha256,
        parameters=sample.parameters,
        seed=sample.seed,
        region=rect,
        latent=sample.latent,
        truncation=sample.truncation,
    )


def sample_of(recipe: AiRecipe, model: Model) -> Sample:
    """What a recipe asks for, checked against the model as it is now. UserError when it no longer fits."""
    parameters = complete_parameters(model.manifest, dict(recipe.parameters))
    if recipe.latent:
        _check_latent(model.manifest, model.id, recipe.latent)
    return Sample(model.id, model.sha256, tuple(parameters.items()), recipe.seed, recipe.truncation, recipe.latent)


def rect_of(layer: RasterLayer, picture: Picture, depth: Depth) -> Rect:
    """Where a generated layer's picture lies now: its recipe's place, moved as far as its pixels were."""
    assert layer.recipe is not None
    rect = layer.recipe.region
    made = picture_tiles(picture, rect, depth).content_bounds()
    found = layer.tiles.content_bounds()
    if made.size != found.size:
        return rect  # painted on, or cut: nothing to go by
    return rect.translated(found.x - made.x, found.y - made.y)


def _check_latent(manifest: Manifest, model_id: str, latent: tuple[float, ...]) -> None:
    """UserError unless it is one latent, or one and that of a picture which is mixed in."""
    spec = free_latent(manifest)
    expected = 0 if spec is None else math.prod(spec.shape or [])
    may_be = {expected} if mixed_latent(manifest) is None else {expected, 2 * expected}
    if len(latent) not in may_be:
        raise UserError("generate.bad_latent", model_id=model_id, expected=expected, found=len(latent))


def _region_bounds(document: Document, region: TileMap) -> Rect | None:
    """The rectangle around the painted region, else the selection, inside the canvas; None where there is neither."""
    for shape in (region, document.selection):
        if shape is not None and len(shape):
            bounds = shape.content_bounds().intersect(document.size.rect())
            if not bounds.is_empty:
                return bounds
    return None


def framed(bounds: Rect, manifest: Manifest) -> Rect:
    """What an encoder is shown: all of it and nothing around it for a model with alpha, the middle for one without."""
    has_alpha = channels_of(picture_output(manifest).order) == 4
    return fitted(bounds, aspect_of(manifest), Fit.FILL if has_alpha else Fit.WHOLE)
