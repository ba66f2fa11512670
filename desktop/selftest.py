"""Every model proves itself: its golden sample, computed by the training framework, is run here and compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from desktop.core.errors import UserError
from desktop.io.image_files import read_image
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.latents import read_latents
from desktop.runtime.runner import Array, DeviceChoice, Failed, Finished, Pixels, Request, Result, Runner, run_and_wait


@dataclass(frozen=True)
class Check:
    """How one model did. Differences are in 8-bit levels, the largest of all pixels; `problem` says why it failed."""

    model_id: str
    passed: bool
    provider: str = ""
    seconds: float = 0.0
    max_difference: float = 0.0
    tolerance: float = 0.0
    problem: str = ""

    def text(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        if not self.provider:
            return f"{self.model_id}: {verdict}. {self.problem}"
        compared = f"largest difference {self.max_difference:.2f} of {self.tolerance:g} levels"
        return f"{self.model_id}: {verdict}, {compared}, {self.seconds:.2f} s, {self.provider}. {self.problem}".rstrip()


def check_models(catalog: Catalog, runner: Runner, device: DeviceChoice = "auto") -> list[Check]:
    """All models of the catalog, broken ones too."""
    checks = [check_model(catalog, runner, model, device) for model in catalog.models()]
    return checks + [Check(broken.id, passed=False, problem=str(broken.error)) for broken in catalog.broken()]


def check_model(catalog: Catalog, runner: Runner, model: Model, device: DeviceChoice = "auto") -> Check:
    golden = model.manifest.golden
    if golden is None:
        return Check(model.id, passed=False, problem="It has no golden sample.")
    try:
        catalog.verified(model.id)
        expected = read_image(model.folder / golden.output).pixels
        inputs: dict[str, Array] = {
            name: read_latents(model.folder / file, sample_shape(model, name)) for name, file in golden.tensors.items()
        }
        if golden.input is not None:
            inputs["image"] = read_image(model.folder / golden.input).pixels
        if golden.mask is not None:
            inputs["mask"] = np.ascontiguousarray(read_image(model.folder / golden.mask).pixels[..., 0])
        if golden.style is not None:
            inputs["style"] = read_image(model.folder / golden.style).pixels
        if golden.points:
            inputs["points"] = np.array(golden.points, np.float32)
        result = _result_of(runner, Request(model.id, model.sha256, inputs, golden.params, golden.seed, device))
    except UserError as error:
        return Check(model.id, passed=False, problem=str(error))
    found = result.image
    if "mask" in result.outputs:  # shown in grey, as golden samples are pictures
        found = np.repeat(result.outputs["mask"][..., None], 3, axis=2)
    if found.shape[2] == 3:
        expected = expected[..., :3]
    if found.shape != expected.shape:
        return Check(model.id, passed=False, problem="The result has not the size of the golden sample.")
    difference = largest_difference(found, expected)
    return Check(
        model.id,
        passed=difference <= golden.tolerance,
        provider=result.provider,
        seconds=round(result.seconds, 3),
        max_difference=difference,
        tolerance=golden.tolerance,
        problem=" ".join(map(str, result.notes)),
    )


def sample_shape(model: Model, name: str) -> tuple[int, ...]:
    """One sample of a latent or noise of the golden sample, as the manifest states it."""
    shape = next((spec.shape for spec in model.manifest.inputs if spec.name == name), None)
    if shape is None:
        reason = f"its golden sample names the tensor “{name}”, whose shape the manifest does not state."
        raise UserError("model.broken", model_id=model.id, reason=reason)
    return tuple(shape)


def largest_difference(result: Pixels, expected: Pixels) -> float:
    """In 8-bit levels, over all pixels and channels; the depths may differ."""
    levels = [pixels.astype(np.float64) * (255 / np.iinfo(pixels.dtype).max) for pixels in (result, expected)]
    return float(np.abs(levels[0] - levels[1]).max())


def _result_of(runner: Runner, request: Request) -> Result:
    outcome = run_and_wait(runner, request)
    if isinstance(outcome, Failed):
        raise outcome.error
    assert isinstance(outcome, Finished), "nobody cancels a self-test"
    return outcome.result
