"""One picture in, one picture out, tile by tile: what restoring and enlarging have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.runtime.adapters.base import CONSTANT_ROLES, AdapterJob, bad_output, broken, check_roles, tensor_info
from desktop.runtime.adapters.constants import constant_feeds
from desktop.runtime.adapters.fitting import Fit, lay_whole, padding_levels, resized_planes, shown_whole
from desktop.runtime.manifest import Input, Manifest, Output
from desktop.runtime.pictures import Picture, copy_alpha
from desktop.runtime.runner import Pixels
from desktop.runtime.stitching import lay_tile
from desktop.runtime.tensors import pixels_to_tensor, tensor_to_planes
from desktop.runtime.tiling import TilePlan, TileRules, plan_tiles

Planes = NDArray[np.float32]


def check_manifest(manifest: Manifest) -> None:
    check_roles(
        manifest, inputs={"image"} | CONSTANT_ROLES, outputs={"image", "ignore"}, needs={"image"}, gives={"image"}
    )
    if manifest.blend not in ("replace", "inside_mask"):
        raise broken(manifest, f"blend = {manifest.blend} does not fit a model of the kind {manifest.task}.")
    if len(manifest.parts) != 1:
        raise broken(manifest, "this kind of model has exactly one part.")


def tile_rules(manifest: Manifest, tile_limit: int | None) -> TileRules | None:
    """How this model is cut; None for models that must see the picture whole. `tile_limit` makes tiles smaller."""
    size = image_input(manifest).size
    fixed = size if isinstance(size, tuple) else None
    if manifest.tile is None or (fixed and fixed[0] != fixed[1]):
        return None
    side = fixed[0] if fixed else min(manifest.tile.tile, tile_limit or manifest.tile.tile)
    return TileRules(
        tile=side,
        halo=manifest.tile.receptive_field,
        stride=manifest.tile.stride,
        multiple=size if isinstance(size, int) else 1,
        scale=manifest.scale,
        is_fixed=fixed is not None,
    )


def run_tiled_image(job: AdapterJob) -> int:
    """Fill `job.result`; returns how many times the network ran."""
    pixels = job.image
    part = image_input(job.manifest).part
    feeds = constant_feeds(job, part, (pixels.shape[0], pixels.shape[1]))
    picture = Picture.of(pixels)
    plan = _plan(job, pixels)
    if plan is None:
        _run_fitted(job, picture, feeds)
        return 1
    copy_alpha(pixels, job.result, job.manifest.scale)
    job.report(0, len(plan))
    for done, placed in enumerate(plan.tiles(), start=1):
        planes = _run_network(job, picture.read(placed), feeds)
        lay_tile(job.result, picture.finish(planes, placed, job.manifest.scale), placed)
        job.report(done, len(plan))
    return len(plan)


def image_input(manifest: Manifest) -> Input:
    return next(spec for spec in manifest.inputs if spec.role == "image")


def image_output(manifest: Manifest) -> Output:
    return next(spec for spec in manifest.outputs if spec.role == "image")


def _plan(job: AdapterJob, pixels: Pixels) -> TilePlan | None:
    """None: the picture is fitted to the model's fixed size instead of being cut."""
    height, width = pixels.shape[:2]
    rules = tile_rules(job.manifest, job.tile_limit)
    if rules is not None:
        return plan_tiles(height, width, rules)
    size = image_input(job.manifest).size
    if isinstance(size, tuple):
        return None
    multiple = size if isinstance(size, int) else 1
    whole = TileRules(tile=max(height, width), multiple=multiple, scale=job.manifest.scale)
    return plan_tiles(height, width, whole)


def _run_network(job: AdapterJob, shown: Pixels, feeds: dict[str, Any]) -> Planes:
    """(3, H × scale, W × scale) for (H, W, 3); UserError when the network returns another size."""
    spec, answer = image_input(job.manifest), image_output(job.manifest)
    tensor = pixels_to_tensor(shown, spec, tensor_info(job.session(spec.part), spec.name).type)
    (output,) = job.run(spec.part, [answer.name], {**feeds, spec.name: tensor})
    planes = tensor_to_planes(output, answer, job.manifest.id)
    height, width = (side * job.manifest.scale for side in shown.shape[:2])
    if planes.shape[1:] != (height, width):
        raise bad_output(job.manifest, output, f"{width} × {height} pixels")
    return planes


def _run_fitted(job: AdapterJob, picture: Picture, feeds: dict[str, Any]) -> None:
    """A network of fixed size that cannot be cut: fit the picture, run once, map the answer back."""
    spec, answer = image_input(job.manifest), image_output(job.manifest)
    job.report(0, 1)
    fit = Fit.of(spec, (job.image.shape[0], job.image.shape[1]))
    fitted = fit.into(shown_whole(picture), padding_levels(spec, job.image))
    tensor = pixels_to_tensor(fitted, spec, tensor_info(job.session(spec.part), spec.name).type)
    (output,) = job.run(spec.part, [answer.name], {**feeds, spec.name: tensor})
    planes = fit.back(tensor_to_planes(output, answer, job.manifest.id))
    copy_alpha(job.image, job.result, job.manifest.scale)
    lay_whole(job.result, picture, resized_planes(planes, job.result.shape[:2]))
    job.report(1, 1)
