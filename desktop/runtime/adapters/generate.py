"""Inventing pictures: latent (and label, noise) in, picture out; mapping before synthesis, an encoder for a given one.

With an "image" in the request and an encoder among the parts, the latent is that of the picture.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import (
    CONSTANT_ROLES,
    AdapterJob,
    ArrayShapes,
    Asked,
    bad_output,
    broken,
    check_roles,
    tensor_info,
)
from desktop.runtime.adapters.constants import constant_feeds, sample_shape
from desktop.runtime.adapters.fitting import fitted_image
from desktop.runtime.adapters.wiring import Wiring
from desktop.runtime.latents import TRUNCATION, draw, free_latent, truncates_first
from desktop.runtime.manifest import Input, Manifest, Output, channels_of
from desktop.runtime.runner import Array
from desktop.runtime.tensors import answer_to_pixels, pixels_to_tensor, typed_tensor

MEAN_SAMPLES = 256  # for the mean of a mapping network's latents: its error is a sixteenth of their deviation


def check(manifest: Manifest) -> None:
    roles = CONSTANT_ROLES - {"size", "factors", "statistics"}
    check_roles(
        manifest,
        inputs=roles | {"latent", "image"},
        outputs={"image", "latent", "ignore"},
        needs=set(),
        gives={"image"},
    )
    picture = picture_output(manifest)
    if picture.size is None:
        raise broken(manifest, f"the output “{picture.name}” of a model that generates needs its size.")
    if Wiring.of(manifest, ()).last_part != picture.part:
        raise broken(manifest, "the part that makes the picture must be the last.")
    for spec in manifest.inputs:
        if spec.role == "latent" and spec.shape is None:
            raise broken(manifest, f"the latent “{spec.name}” needs its shape.")


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    picture, latent = picture_output(manifest), free_latent(manifest)
    assert picture.size is not None
    shapes: ArrayShapes = {
        "images": ((asked.count, *picture.size, 4 if channels_of(picture.order) == 4 else 3), "uint8")
    }
    if latent is not None and latent.shape is not None:
        shapes["latent"] = ((asked.count, *latent.shape), "float32")
    return shapes


def run(job: AdapterJob) -> int:
    wiring = Wiring.of(job.manifest, job.inputs)
    job.report(0, job.count)
    for index in range(job.count):
        _Sample(job, wiring, index).make()
        job.report(index + 1, job.count)
    return job.count


def picture_output(manifest: Manifest) -> Output:
    return next(spec for spec in manifest.outputs if spec.role == "image")


def _unfolded(answer: Array, spec: Output) -> Array:
    """Decoders of small pictures give one long row of numbers."""
    if answer.ndim > 2 or spec.size is None:
        return answer
    count = channels_of(spec.order)
    if answer.size != count * spec.size[0] * spec.size[1]:
        return answer
    shape = (*spec.size, count) if spec.layout.endswith("HWC") else (count, *spec.size)
    return answer.reshape(1, *shape)


def _layered(sample: Array, shape: tuple[int, ...]) -> Array:
    """One style for all layers of a synthesis that takes one for each (n numbers to (1, layers, n))."""
    if sample.ndim == 2 and len(shape) == 2 and sample.shape[1] == shape[1]:
        return np.repeat(sample[:, None], shape[0], axis=1)
    return sample


class _Sample:
    """One picture on its way through the parts."""

    def __init__(self, job: AdapterJob, wiring: Wiring, index: int) -> None:
        self._job = job
        self._wiring = wiring
        self._index = index
        self._made: dict[tuple[str, str], Array] = {}
        self._latent = free_latent(job.manifest)

    def make(self) -> None:
        picture = picture_output(self._job.manifest)
        for part in self._wiring.order(picture.part):
            self._run_part(part, self._job.seed + self._index, self._made)
        answer = _unfolded(self._made[picture.part, picture.name], picture)
        pixels = answer_to_pixels(answer, picture, self._job.manifest.id)
        target = self._job.results["images"][self._index]
        if pixels.shape != target.shape:
            raise bad_output(self._job.manifest, self._made[picture.part, picture.name], f"{target.shape}")
        target[...] = pixels

    def _run_part(self, part: str, seed: int, made: dict[tuple[str, str], Array]) -> None:
        job = self._job
        names = [spec.name for spec in job.manifest.outputs_of(part) if spec.role != "ignore"]
        feeds = constant_feeds(job, part, (1, 1), seed=seed)
        for spec in job.manifest.inputs_of(part):
            if spec.name not in feeds:
                feeds[spec.name] = self._feed(spec, seed, made)
        made.update(zip(((part, name) for name in names), job.run(part, names, feeds), strict=True))

    def _feed(self, spec: Input, seed: int, made: dict[tuple[str, str], Array]) -> Array:
        declared = tensor_info(self._job.session(spec.part), spec.name)
        source = self._wiring.source_of(spec)
        if spec.role == "image":
            return pixels_to_tensor(fitted_image(self._job.image, spec), spec, declared.type)
        if source is None:
            sample = self._sampled(spec, seed, sample_shape(spec, declared))
        else:
            sample = _layered(made[source.part, source.name][:1], sample_shape(spec, declared))
            if self._is_mapped(source) and made is self._made:
                sample = self._truncated(source, sample)
        if spec is self._latent and made is self._made:
            self._job.results["latent"][self._index] = sample.reshape(self._job.results["latent"].shape[1:])
        return typed_tensor(sample, declared.shape, declared.type)

    def _sampled(self, spec: Input, seed: int, shape: tuple[int, ...]) -> Array:
        given = self._job.inputs.get("latent" if spec is self._latent else spec.name, self._job.inputs.get(spec.name))
        if given is None:
            drawn: Array = draw(spec, self._job.manifest.inputs.index(spec), seed, shape)[None]
            strength = self._job.truncation if truncates_first(self._job.manifest) else 1
            return drawn * np.float32(strength)
        row: Array = given[self._index % len(given)]
        if row.size != np.prod(shape, dtype=int):
            expected = int(np.prod(shape, dtype=int))
            raise UserError("generate.bad_latent", model_id=self._job.manifest.id, expected=expected, found=row.size)
        return row.reshape(1, *shape)

    def _is_mapped(self, source: Output) -> bool:
        """The output is the latent of a mapping network, not of an encoder."""
        return source.role == "latent" and all(
            spec.role != "image" for spec in self._job.manifest.inputs_of(source.part)
        )

    def _truncated(self, source: Output, sample: Array) -> Array:
        """Towards the mean of the mapping network (for this label), as published with StyleGAN."""
        if self._job.truncation == 1 or TRUNCATION in self._job.parameters:
            return sample
        mean = self._mean_latent(source)
        truncated: Array = mean + np.float32(self._job.truncation) * (sample - mean)
        return truncated

    def _mean_latent(self, source: Output) -> Array:
        """Over the seeds 0, 1, 2 …; kept for the next pictures of the same model and label."""
        key = (self._job.manifest.model_sha256, source.part, source.name, *map(str, self._job.parameters.items()))
        return self._job.embeddings.get(key, lambda: self._computed_mean(source))[0]

    def _computed_mean(self, source: Output) -> list[Array]:
        total: Array | None = None
        drawn_from_seed = _Sample(replace(self._job, inputs={}), self._wiring, self._index)
        for seed in range(MEAN_SAMPLES):
            made: dict[tuple[str, str], Array] = {}
            for part in self._wiring.order(source.part):
                drawn_from_seed._run_part(part, seed, made)
            sample = made[source.part, source.name].astype(np.float64)
            total = sample if total is None else total + sample
        assert total is not None
        return [(total / MEAN_SAMPLES).astype(np.float32)]
