"""The tensors that no pixel goes into: parameters, labels, sizes, factors, statistics, noise without a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import CONSTANT_ROLES, AdapterJob, tensor_info
from desktop.runtime.latents import draw, noise_planes
from desktop.runtime.manifest import Input, Manifest
from desktop.runtime.parameters import scalar_for
from desktop.runtime.runner import Array, ParameterValue
from desktop.runtime.tensors import label_tensor, planes_to_tensor, scalar_tensor, typed_tensor
from desktop.runtime.tiling import PlacedTile
from desktop.runtime.wording import numbers_of

if TYPE_CHECKING:
    from desktop.runtime.session import Session, TensorInfo

BAND_ROWS = 256


def constant_feeds(
    job: AdapterJob, part: str, size: tuple[int, int], *, seed: int | None = None, roles: set[str] = CONSTANT_ROLES
) -> dict[str, Array]:
    """For one run of `part` on something of `size` (height, width); `seed` when it is not the request's."""
    session = job.session(part)
    return {
        spec.name: _tensor(job, spec, tensor_info(session, spec.name), size, job.seed if seed is None else seed)
        for spec in job.manifest.inputs_of(part)
        if spec.role in roles and not is_plane(spec, session)
    }


def plane_feed(
    job: AdapterJob, spec: Input, declared: TensorInfo, size: tuple[int, int], placed: PlacedTile | None
) -> Array:
    """A number spread over the picture, or noise that belongs to the place: every tile sees the same at a pixel."""
    is_last = spec.layout.endswith("HWC")
    channels = declared.shape[3 if is_last else 1]
    shape = (channels if is_fixed(channels) else 1, *size)
    if spec.role == "noise":
        top, left = (placed.rows.start, placed.columns.start) if placed else (0, 0)
        planes = noise_planes(spec, job.manifest.inputs.index(spec), job.seed, shape, (top, left))
    else:
        planes = np.full(shape, number_for(job.manifest, spec, job.parameters), np.float32)
    return planes_to_tensor(planes, spec.layout, declared.type)


def is_plane(spec: Input, session: Session) -> bool:
    """True for noise and numbers that the graph wants as a plane as large as the picture."""
    shape = tensor_info(session, spec.name).shape
    height_axis = 1 if spec.layout.endswith("HWC") else 2
    sides = shape[height_axis : height_axis + 2]
    return (
        spec.role in ("noise", "timestep", "scalar", "choice")
        and spec.shape is None
        and len(shape) == 4
        and len(sides) == 2
        and not any(is_fixed(side) for side in sides)
    )


def is_fixed(side: object) -> bool:
    """Anything that is not a positive whole number leaves a dimension open: -1, 0, a name, a formula, nothing."""
    return isinstance(side, int) and side > 0


def number_for(manifest: Manifest, spec: Input, parameters: Mapping[str, ParameterValue]) -> float:
    """What the graph is fed: the parameter mapped onto the range, or the default."""
    if spec.param is None:
        return 0.0 if spec.default is None else spec.default
    return scalar_for(manifest.param(spec.param), parameters[spec.param], spec.range)


def sample_shape(spec: Input, declared: TensorInfo) -> tuple[int, ...]:
    """The shape of one sample of a latent or noise: the graph's, and the manifest's where the graph leaves it open."""
    sides = declared.shape[1:]
    stated = spec.shape or []
    if len(stated) == len(sides):
        sides = [side if is_fixed(side) else own for side, own in zip(sides, stated, strict=True)]
    return tuple(side if is_fixed(side) else 1 for side in sides)


def _tensor(job: AdapterJob, spec: Input, declared: TensorInfo, size: tuple[int, int], seed: int) -> Array:
    shape, kind = declared.shape, declared.type
    if kind == "tensor(string)":
        raise UserError("model.no_string", model_id=job.manifest.id, name=spec.name)
    if spec.role == "noise":
        return noise_for(job, spec, declared, seed)
    if spec.role == "size":
        return typed_tensor(size, shape, kind)
    if spec.role == "factors":
        return _factors(job.manifest.scale, shape, kind, spec)
    if spec.role == "statistics":
        return _statistics(job.image, shape, kind)
    if spec.role == "words":
        assert spec.param is not None
        known = job.manifest.param(spec.param).words
        length = sample_shape(spec, declared)[-1]
        return typed_tensor(numbers_of(str(job.parameters[spec.param]), known, length), shape, kind)
    number = number_for(job.manifest, spec, job.parameters)
    if spec.role == "label":
        classes = len(job.manifest.param(spec.param).choices) if spec.param else 0
        return label_tensor(round(number), shape, kind, max(classes, round(number) + 1))
    return scalar_tensor(number, shape, kind)


def noise_for(job: AdapterJob, spec: Input, declared: TensorInfo, seed: int) -> Array:
    """(1, …): drawn from the seed, or what the request brings under the tensor's name."""
    shape = sample_shape(spec, declared)
    if spec.name in job.inputs:
        given = job.inputs[spec.name]
        if given.size != np.prod(shape, dtype=int):
            raise UserError(
                "generate.bad_latent", model_id=job.manifest.id, expected=np.prod(shape, dtype=int), found=given.size
            )
        return typed_tensor(given.reshape(1, *shape), declared.shape, declared.type)
    drawn = draw(spec, job.manifest.inputs.index(spec), seed, shape)
    return typed_tensor(drawn[None], declared.shape, declared.type)


def _factors(scale: int, shape: list[Any], kind: str, spec: Input) -> Array:
    two = len(shape) == 1 and shape[0] == 2
    last = spec.layout.endswith("HWC")
    return typed_tensor([scale, scale] if two else [1, scale, scale, 1] if last else [1, 1, scale, scale], shape, kind)


def _statistics(image: Array, shape: list[Any], kind: str) -> Array:
    """Mean and standard deviation of red, green and blue over the whole picture, in float64 band by band."""
    total, squares = np.zeros(3), np.zeros(3)
    white = float(np.iinfo(image.dtype).max)
    for start in range(0, len(image), BAND_ROWS):
        band = image[start : start + BAND_ROWS, :, :3].reshape(-1, 3) / white
        total += band.sum(axis=0)
        squares += (band**2).sum(axis=0)
    count = image.shape[0] * image.shape[1]
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    values = np.concatenate([mean, deviation])
    sides = [side if is_fixed(side) else 1 for side in shape]
    return typed_tensor(values.reshape(sides) if np.prod(sides) == len(values) else values, shape, kind)
