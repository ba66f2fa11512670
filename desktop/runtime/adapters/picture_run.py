"""Running the network that sees the picture, tile by tile or fitted whole, with all else that it eats.

Adapters only say what becomes of the answers: `for placed, planes in PictureRun(job, outputs).answers()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import AdapterJob, bad_output, tensor_info
from desktop.runtime.adapters.classes import membership
from desktop.runtime.adapters.constants import constant_feeds, is_fixed, is_plane, number_for, plane_feed
from desktop.runtime.adapters.fields import Field
from desktop.runtime.adapters.fitting import (
    STYLE_LIMIT_PX,
    Fit,
    fitted_image,
    padding_levels,
    resized,
    resized_planes,
    shown_whole,
)
from desktop.runtime.adapters.hints import hints_tensor
from desktop.runtime.adapters.wiring import Wiring
from desktop.runtime.manifest import JOINED, TWO_PICTURES, WITH_MASK, Input, Manifest, Output, Task
from desktop.runtime.pictures import Picture, gather
from desktop.runtime.runner import Array, Pixels
from desktop.runtime.tensors import (
    answer_planes,
    answer_to_masks,
    joined_to_tensor,
    mask_to_tensor,
    masked_to_tensor,
    pixels_to_tensor,
    tensor_to_planes,
    typed_tensor,
)
from desktop.runtime.tiling import PlacedTile, Span, TilePlan, TileRules, plan_tiles

BAND_PX = 1024  # the side of the pieces in which an answer for the whole picture is laid

KEEPS_GRAY = (Task.RESTORE, Task.UPSCALE, Task.INPAINT)  # where colour in a grey picture could only be an error

Planes = NDArray[np.float32]
Show = Callable[[Array, Input], Array]  # the part of a whole array that belongs to what is fed now


def tile_rules(manifest: Manifest, tile_limit: int | None) -> TileRules | None:
    """How this model is cut; None for models that must see the picture whole. `tile_limit` makes tiles smaller."""
    size = image_input(manifest).size
    fixed = size if isinstance(size, tuple) else None
    if manifest.tile is None or (fixed and fixed[0] != fixed[1]):
        return None
    side = fixed[0] - 2 * margin_of(manifest) if fixed else min(manifest.tile.tile, tile_limit or manifest.tile.tile)
    return TileRules(
        tile=side,
        halo=manifest.tile.receptive_field,
        stride=manifest.tile.stride,
        multiple=size if isinstance(size, int) else 1,
        scale=manifest.scale,
        is_fixed=fixed is not None,
    )


def margin_of(manifest: Manifest) -> int:
    """Pixels of the picture that the network wants around what it answers for, because it pads nothing itself."""
    return max(-(-spec.border // manifest.scale) for spec in manifest.outputs)


def image_input(manifest: Manifest) -> Input:
    """The picture as the last part sees it."""
    part = Wiring.of(manifest, ("image", "image2", "style", "mask")).last_part
    return next(spec for spec in manifest.inputs_of(part) if spec.role == "image")


def image_output(manifest: Manifest) -> Output:
    return next(spec for spec in manifest.outputs if spec.role == "image")


class PictureRun:
    """`outputs` are the answers wanted, all of the part that sees the picture; `tiles` counts its runs."""

    def __init__(self, job: AdapterJob, outputs: list[Output]) -> None:
        self._job = job
        self._outputs = outputs
        self._wiring = Wiring.of(job.manifest, job.inputs)
        self._spec = image_input(job.manifest)
        self._part = self._spec.part
        self._others: dict[str, Picture] = {}
        picture = Picture.with_alpha(job.image) if self._spec.order == "RGBA" else Picture.of(job.image)
        self.picture = picture if job.manifest.task in KEEPS_GRAY else replace(picture, is_gray=False)
        self.tiles = 0

    def answers(self) -> Iterator[tuple[PlacedTile, list[Planes]]]:
        """Every tile in the order in which it must be laid, with (C, rows, columns) of each output at its scale."""
        plan = self._plan()
        if plan is None:
            yield from self._fitted()
            return
        self._job.report(0, len(plan))
        for placed in plan.tiles():
            wide = self._with_margin(placed)
            answers = self._run(self._shown_tile(wide), (wide.rows.length, wide.columns.length), wide)
            yield placed, [self._checked(spec, planes, placed) for spec, planes in answers]
            self.tiles += 1
            self._job.report(self.tiles, len(plan))

    def _plan(self) -> TilePlan | None:
        """None: the picture is fitted to the model's fixed size, or to what memory allows, instead of being cut."""
        height, width = self._job.image.shape[:2]
        rules = tile_rules(self._job.manifest, self._job.tile_limit)
        if rules is not None:
            return plan_tiles(height, width, rules)
        size = self._spec.size
        if isinstance(size, tuple) or self._job.tile_limit is not None:
            return None
        multiple = size if isinstance(size, int) else 1
        whole = TileRules(tile=max(height, width), multiple=multiple, scale=self._job.manifest.scale)
        return plan_tiles(height, width, whole)

    def _with_margin(self, placed: PlacedTile) -> PlacedTile:
        """The tile with what the network cuts off around it, sides on its multiple again."""
        margin = margin_of(self._job.manifest)
        if not margin:
            return placed
        multiple = self._spec.size if isinstance(self._spec.size, int) else 1

        def wider(span: Span) -> Span:
            length = -(-(span.length + 2 * margin) // multiple) * multiple
            return replace(span, start=span.start - margin, stop=span.start - margin + length)

        return PlacedTile(wider(placed.rows), wider(placed.columns))

    def _fitted(self) -> Iterator[tuple[PlacedTile, list[Planes]]]:
        height, width = self._job.image.shape[:2]
        self._job.report(0, 1)
        fit = Fit.of(self._spec, (height, width), self._job.tile_limit)

        def shown(array: Array, spec: Input) -> Array:
            if array.ndim == 2:
                return fit.into(array)
            picture = self._picture_of(array, spec.role)
            return fit.into(shown_whole(picture), padding_levels(spec, array))

        fields = [
            Field.of(
                planes,
                fit,
                self._job.manifest.scale,
                1 if spec.role == "classes" else None,
                spans_corners=spec.role == "grid",
            )
            for spec, planes in self._run(shown, fit.fed, None)
        ]
        for spec, field in zip(self._outputs, fields, strict=True):
            if spec.role == "flow":  # in pixels of what was fed
                field.planes[...] *= np.array([[[width / fit.inner[1]]], [[height / fit.inner[0]]]], np.float32)
        self.tiles = 1
        for placed in plan_tiles(height, width, TileRules(tile=BAND_PX, scale=self._job.manifest.scale)).tiles():
            yield placed, [field.at(placed) for field in fields]
        self._job.report(1, 1)

    def _shown_tile(self, placed: PlacedTile) -> Show:
        def shown(array: Array, spec: Input) -> Array:
            return gather(array, placed) if array.ndim == 2 else self._picture_of(array, spec.role).read(placed)

        return shown

    def _picture_of(self, array: Array, role: str) -> Picture:
        if role == "image":
            return self.picture
        if role not in self._others:
            self._others[role] = Picture.of(cast(Pixels, resized(array, self._job.image.shape[:2])))
        return self._others[role]

    def _run(self, shown: Show, size: tuple[int, int], placed: PlacedTile | None) -> list[tuple[Output, Planes]]:
        job = self._job
        feeds = {**self._constants, **constant_feeds(job, self._part, size, roles={"size"})}
        for spec in job.manifest.inputs_of(self._part):
            if spec.name not in feeds:
                feeds[spec.name] = self._feed(spec, shown, size, placed)
        names = [spec.name for spec in self._outputs]
        answers = zip(self._outputs, job.run(self._part, names, feeds), strict=True)
        return [(spec, self._planes(spec, answer)) for spec, answer in answers]

    @cached_property
    def _constants(self) -> dict[str, Array]:
        """What is the same for every tile: parameters, the style, what earlier parts made of whole pictures."""
        size = (self._job.image.shape[0], self._job.image.shape[1])
        made: dict[tuple[str, str], Array] = {}
        for part in self._wiring.order(self._part)[:-1]:
            specs = [spec for spec in self._job.manifest.outputs_of(part) if spec.role != "ignore"]
            feeds = {**constant_feeds(self._job, part, size), **self._whole_feeds(part, made)}
            answers = self._job.run(part, [spec.name for spec in specs], feeds)
            made |= {(part, spec.name): answer for spec, answer in zip(specs, answers, strict=True)}
        feeds = {**constant_feeds(self._job, self._part, size), **self._whole_feeds(self._part, made)}
        sizes = [spec.name for spec in self._job.manifest.inputs_of(self._part) if spec.role == "size"]
        return {name: tensor for name, tensor in feeds.items() if name not in sizes}

    def _whole_feeds(self, part: str, made: dict[tuple[str, str], Array]) -> dict[str, Array]:
        """Wired inputs, and pictures that are seen whole: the style, and any that an earlier part eats."""
        feeds: dict[str, Array] = {}
        for spec in self._job.manifest.inputs_of(part):
            declared = tensor_info(self._job.session(part), spec.name)
            source = self._wiring.source_of(spec)
            if source is not None:
                feeds[spec.name] = typed_tensor(made[source.part, source.name], declared.shape, declared.type)
            elif spec.role == "style" or (part != self._part and spec.role in ("image", "image2")):
                whole = fitted_image(cast(Pixels, self._job.inputs[spec.role]), spec, STYLE_LIMIT_PX)
                feeds[spec.name] = pixels_to_tensor(whole, spec, declared.type)
        return feeds

    def _feed(self, spec: Input, shown: Show, size: tuple[int, int], placed: PlacedTile | None) -> Array:
        job = self._job
        declared = tensor_info(job.session(self._part), spec.name)
        if is_plane(spec, job.session(self._part)):
            return plane_feed(job, spec, declared, size, placed)
        if spec.role == "hints":
            return hints_tensor(cast("Pixels | None", job.inputs.get("hints")), spec, declared.type)
        if spec.role not in job.inputs:
            raise UserError("model.input_missing", model_id=job.manifest.id, role=spec.role)
        if spec.role == "mask":
            channels = declared.shape[-1 if spec.layout.endswith("HWC") else -3] if len(declared.shape) > 2 else 1
            own = channels if is_fixed(channels) else 1
            return mask_to_tensor(shown(job.inputs["mask"], spec), spec, declared.type, own)
        pixels = shown(job.inputs[spec.role], spec)
        if spec.order in JOINED:
            return self._joined(spec, pixels, shown, declared.type)
        if spec.hole == "keep" and spec.order not in WITH_MASK:
            return pixels_to_tensor(pixels, spec, declared.type)
        return masked_to_tensor(pixels, shown(job.inputs["mask"], spec), spec, declared.type)

    def _joined(self, spec: Input, pixels: Pixels, shown: Show, tensor_type: str) -> Array:
        """Both pictures, or the picture and a number, in one tensor."""
        pictures = [pixels]
        if spec.order in TWO_PICTURES:
            second = msgspec.structs.replace(spec, role="image2")
            pictures.append(shown(self._job.inputs["image2"], second))
        number = number_for(self._job.manifest, spec, self._job.parameters) if spec.order.endswith("N") else None
        return joined_to_tensor(pictures, number, spec, tensor_type)

    def _planes(self, spec: Output, answer: Array) -> Planes:
        model_id = self._job.manifest.id
        if spec.role == "image":
            return tensor_to_planes(answer, spec, model_id)
        if spec.role == "mask":
            return answer_to_masks(answer, spec, model_id)
        if spec.role == "classes":
            return membership(answer, spec, self._job)
        planes = answer_planes(answer, spec, model_id)
        return planes * np.float32(spec.std[0]) + np.float32(spec.mean[0]) if spec.role == "ab" else planes

    def _checked(self, spec: Output, planes: Planes, placed: PlacedTile) -> Planes:
        """At the scale of the tile. Pictures must come so; masks, curves and grids are often smaller."""
        scale = self._job.manifest.scale
        height, width = placed.rows.length * scale, placed.columns.length * scale
        if spec.border:
            surplus = margin_of(self._job.manifest) * scale - spec.border
            planes = planes[:, surplus : surplus + height, surplus : surplus + width]
        if planes.shape[1:] == (height, width):
            return planes
        if spec.role == "image":
            raise bad_output(self._job.manifest, planes[None], f"{width} × {height} pixels")
        return resized_planes(planes, (height, width))
