"""An encoder that sees the picture once, and a decoder that answers every click (or brings the picture back).

What the encoder made is kept in the worker, so that a second click on the same picture costs only the decoder.
"""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import (
    CONSTANT_ROLES,
    AdapterJob,
    ArrayShapes,
    Asked,
    check_roles,
    image_results,
    tensor_info,
)
from desktop.runtime.adapters.constants import constant_feeds, is_fixed
from desktop.runtime.adapters.edges import mask_along_edges
from desktop.runtime.adapters.fitting import Fit, fitted_image, lay_whole, resized_planes
from desktop.runtime.adapters.wiring import Wiring
from desktop.runtime.manifest import Input, Manifest, Output
from desktop.runtime.pictures import Picture, copy_alpha
from desktop.runtime.runner import Array
from desktop.runtime.stitching import store_mask
from desktop.runtime.tensors import answer_to_masks, pixels_to_tensor, tensor_to_planes, typed_tensor

CLICK_ROLES = {"points", "point_labels", "mask_input", "has_mask_input"}
MASK_LIMIT_PX = 1024  # decoders enlarge masks of 256 pixels: more than this is left to us, at less memory
NO_POINT = -1
SURE_LOGITS = 4.0  # of an earlier mask, where it says all or nothing


def check(manifest: Manifest) -> None:
    check_roles(
        manifest,
        inputs={"image", "embedding", "latent"} | CLICK_ROLES | CONSTANT_ROLES,
        outputs={"embedding", "latent", "mask", "image", "score", "ignore"},
        needs={"image"},
        gives={"mask", "image"},
    )


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    height, width, _ = asked.shapes["image"]
    shapes: ArrayShapes = {}
    for spec in manifest.outputs:
        if spec.role == "mask":
            shapes["mask"] = ((height, width), "uint8")
        elif spec.role == "image":
            shapes |= image_results(manifest, asked)
        elif spec.role == "latent" and spec.shape is not None:
            shapes["latent"] = ((1, *spec.shape), "float32")
    return shapes


def run(job: AdapterJob) -> int:
    wiring = Wiring.of(job.manifest, job.inputs)
    order = wiring.order(wiring.last_part)
    job.report(0, 1)
    made: dict[tuple[str, str], Array] = {}
    for part in order:
        made |= _kept(job, wiring, part, made) if _sees_picture(job.manifest, part) else _run(job, wiring, part, made)
    for spec in job.manifest.outputs:
        answer = made.get((spec.part, spec.name))
        if answer is not None and spec.role == "latent" and "latent" in job.results:
            job.results["latent"][0] = answer.reshape(job.results["latent"].shape[1:])
    _finish(job, made, wiring.last_part)
    job.report(1, 1)
    return 1


def _sees_picture(manifest: Manifest, part: str) -> bool:
    return any(spec.role == "image" for spec in manifest.inputs_of(part))


def _kept(
    job: AdapterJob, wiring: Wiring, part: str, made: dict[tuple[str, str], Array]
) -> dict[tuple[str, str], Array]:
    """The encoder's answers for exactly these pixels and parameters, from the cache if they were made before."""
    session = job.session(part)
    digest = hashlib.blake2b(np.ascontiguousarray(job.image).data, digest_size=16).digest()
    facts = (job.image.shape, job.image.dtype.name, job.seed, *map(str, job.parameters.items()))
    keys: list[tuple[str, str]] = []

    def computed() -> list[Array]:
        return list(_run(job, wiring, part, made).values())

    keys = [(part, name) for name in _wanted(job.manifest, part)]
    return dict(zip(keys, job.embeddings.get((session.key, digest, facts), computed), strict=True))


def _run(
    job: AdapterJob, wiring: Wiring, part: str, made: dict[tuple[str, str], Array]
) -> dict[tuple[str, str], Array]:
    fit = _fit(job)
    feeds = constant_feeds(job, part, _asked_size(job))
    for spec in job.manifest.inputs_of(part):
        if spec.name not in feeds:
            feeds[spec.name] = _feed(job, wiring, spec, fit, made)
    names = _wanted(job.manifest, part)
    return dict(zip([(part, name) for name in names], job.run(part, names, feeds), strict=True))


def _wanted(manifest: Manifest, part: str) -> list[str]:
    return [spec.name for spec in manifest.outputs_of(part) if spec.role != "ignore"]


def _fit(job: AdapterJob) -> Fit:
    spec = next(spec for spec in job.manifest.inputs if spec.role == "image")
    return Fit.of(spec, (job.image.shape[0], job.image.shape[1]), job.tile_limit)


def _asked_size(job: AdapterJob) -> tuple[int, int]:
    """What a decoder is told to make its mask: the picture's size, but not larger than it is worth."""
    height, width = job.image.shape[:2]
    share = min(MASK_LIMIT_PX / max(height, width), 1)
    return max(round(height * share), 1), max(round(width * share), 1)


def _feed(job: AdapterJob, wiring: Wiring, spec: Input, fit: Fit, made: dict[tuple[str, str], Array]) -> Array:
    declared = tensor_info(job.session(spec.part), spec.name)
    source = wiring.source_of(spec)
    if source is not None:
        return typed_tensor(made[source.part, source.name], declared.shape, declared.type)
    if spec.role == "image":
        return pixels_to_tensor(fitted_image(job.image, spec, job.tile_limit), spec, declared.type)
    if spec.role in ("points", "point_labels"):
        clicks = _clicks(job)
        values = fit.points_into(clicks[:, :2]) if spec.role == "points" else clicks[:, 2]
        return typed_tensor(values, declared.shape, declared.type)
    if spec.role in ("mask_input", "has_mask_input"):
        stated = [1, *spec.shape] if spec.shape else declared.shape
        sides = [side if is_fixed(side) else 1 for side in stated]
        return typed_tensor(_earlier_mask(job, spec, fit, sides), declared.shape, declared.type)
    raise UserError("model.input_missing", model_id=job.manifest.id, role=spec.role)


def _clicks(job: AdapterJob) -> NDArray[np.float32]:
    """(N, 3); without a box there is one more that says so, as these decoders were trained."""
    if "points" not in job.inputs:
        raise UserError("model.input_missing", model_id=job.manifest.id, role="points")
    clicks = job.inputs["points"].astype(np.float32)
    if (clicks[:, 2] >= 2).any():
        return clicks
    return np.concatenate([clicks, np.array([[0, 0, NO_POINT]], np.float32)])


def _earlier_mask(job: AdapterJob, spec: Input, fit: Fit, sides: list[int]) -> NDArray[np.float32]:
    """What the request says lies roughly inside, in logits; zeros where it says nothing, and whether it does."""
    if "mask" not in job.inputs:
        return np.zeros(sides, np.float32)
    if spec.role == "has_mask_input":
        return np.ones(sides, np.float32)
    share = fit.into(job.inputs["mask"].astype(np.float32) / np.float32(np.iinfo(job.inputs["mask"].dtype).max))
    small = cv2.resize(share, (sides[-1], sides[-2]), interpolation=cv2.INTER_AREA)
    return np.broadcast_to((small * 2 - 1) * np.float32(SURE_LOGITS), sides).astype(np.float32)


def _finish(job: AdapterJob, made: dict[tuple[str, str], Array], part: str) -> None:
    for spec in job.manifest.outputs_of(part):
        if spec.role == "mask":
            mask = _best_mask(job, made, spec)
            is_asked_size = any(fed.role == "size" for fed in job.manifest.inputs_of(part))
            size = job.results["mask"].shape
            if spec.refine and max(size) > max(mask.shape[1:]):
                store_mask(job.results["mask"], mask_along_edges(_fit(job).shown(mask)[0], job.image))
            elif is_asked_size:
                store_mask(job.results["mask"], resized_planes(mask, size)[0])
            else:
                store_mask(job.results["mask"], _fit(job).back(mask)[0])
        elif spec.role == "image":
            planes = _fit(job).back(tensor_to_planes(made[part, spec.name], spec, job.manifest.id))
            copy_alpha(job.image, job.result, job.manifest.scale)
            lay_whole(job.result, Picture.of(job.image), resized_planes(planes, job.result.shape[:2]))


def _best_mask(job: AdapterJob, made: dict[tuple[str, str], Array], spec: Output) -> NDArray[np.float32]:
    """(1, h, w): of several answers, the one that the network itself scores highest."""
    masks = answer_to_masks(made[spec.part, spec.name], spec, job.manifest.id)
    chosen = spec.class_index or 0
    for score in job.manifest.outputs_of(spec.part):
        if score.role == "score":
            chosen = int(np.nanargmax(made[score.part, score.name].reshape(-1)[: len(masks)]))
    return masks[chosen : chosen + 1]
