"""Runs of a model folder without the worker process, and the plain run of the whole picture to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import ArrayShapes, Asked
from desktop.runtime.adapters.constants import number_for
from desktop.runtime.adapters.fitting import fitted_image
from desktop.runtime.adapters.picture_run import image_input, image_output
from desktop.runtime.adapters.table import adapter_for
from desktop.runtime.adapters.wiring import Wiring
from desktop.runtime.attempts import Done, Kept, TaskRun
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.jobs import result_of
from desktop.runtime.latents import check_generation, noise_planes
from desktop.runtime.manifest import Manifest
from desktop.runtime.manifest import Task as Kind
from desktop.runtime.messages import Task, TaskFinished
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.preparing import check_inputs, prepared
from desktop.runtime.runner import DeviceChoice, Failed, Finished, Outcome, Progress, Request
from desktop.runtime.session import Session, SessionCache, SessionKey
from desktop.runtime.sharing import PixelShare, forget, open_for_reading, open_for_writing
from desktop.runtime.tensors import pixels_to_tensor, scalar_tensor

KEPT = Kept()


def run_here(
    folder: Path, pixels: NDArray[Any], parameters: Mapping[str, Any] | None = None
) -> tuple[NDArray[Any], Done, list[Progress]]:
    """What the worker does with a task, without the process."""
    results, done, heard = run_request(folder, {"image": pixels}, parameters)
    return results["image"], done, heard


def run_request(
    folder: Path,
    inputs: Mapping[str, NDArray[Any]],
    parameters: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    count: int = 1,
    truncation: float = 1.0,
    kept: Kept = KEPT,
    device: DeviceChoice = "cpu",
) -> tuple[dict[str, NDArray[Any]], Done, list[Progress]]:
    """All arrays that the task makes, after the checks of a real request."""
    model = Catalog((folder.parent,)).verified(folder.name)
    adapter_for(model.manifest.task).check(model.manifest)
    request = Request(model.id, model.sha256, inputs, parameters or {}, seed, device, count, truncation)
    check_inputs(model.manifest, request)
    if model.manifest.task is Kind.GENERATE:
        check_generation(seed, count, truncation)
    task = Task(
        job=1,
        folder=folder,
        manifest=model.manifest,
        inputs={},
        outputs={},
        parameters=complete_parameters(model.manifest, request.parameters),
        seed=seed,
        device=device,
        count=count,
        truncation=truncation,
    )
    heard: list[Progress] = []
    results = {name: np.zeros(shape, dtype) for name, (shape, dtype) in shapes_for(model.manifest, request).items()}
    done = TaskRun(task, kept, heard.append).run(inputs, results)
    return results, done, heard


def shapes_for(manifest: Manifest, request: Request) -> ArrayShapes:
    shapes = {name: array.shape for name, array in request.inputs.items()}
    dtypes = {name: array.dtype.name for name, array in request.inputs.items()}
    return adapter_for(manifest.task).results(manifest, Asked(shapes, dtypes, request.count))


def untiled(folder: Path, pixels: NDArray[Any], style: NDArray[Any] | None = None) -> NDArray[Any]:
    """The network on the whole picture at once, straight through onnxruntime; for models that eat RGB or RGBA 0..1."""
    model = Catalog((folder.parent,)).verified(folder.name)
    key = SessionKey(model.manifest.sha256["main"], "cpu", 2)
    session = SessionCache().get(model.file("main"), key, model.id)
    scalars = {**scalar_inputs(model.manifest, session), **_noise(model.manifest, pixels)}
    white = np.iinfo(pixels.dtype).max
    tensor = (pixels[..., :3].astype(np.float32) / np.float32(white)).transpose(2, 0, 1)[None]
    if image_input(model.manifest).order == "RGBA":
        tensor = np.concatenate([tensor, np.ones_like(tensor[:, :1])], axis=1)  # an opaque picture
    feeds = {image_input(model.manifest).name: tensor, **scalars, **_earlier_parts(model, tensor, style)}
    (answer,) = session.run([image_output(model.manifest).name], feeds, onnxruntime.RunOptions())
    rounded: NDArray[Any] = np.rint(np.clip(answer[0].transpose(1, 2, 0), 0, 1) * white).astype(pixels.dtype)
    return rounded


def _noise(manifest: Manifest, pixels: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What belongs to the places of a picture, of seed 0."""
    shape = (1, *pixels.shape[:2])
    return {
        spec.name: noise_planes(spec, place, 0, shape, (0, 0))[None]
        for place, spec in enumerate(manifest.inputs)
        if spec.role == "noise" and spec.part == "main"
    }


def _earlier_parts(model: Model, tensor: NDArray[Any], style: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    """What the parts before the main one make of the whole picture, and of a style's picture."""
    made: dict[str, NDArray[Any]] = {}
    given = {"image"} if style is None else {"image", "style"}
    for part in Wiring.of(model.manifest, given).order("main")[:-1]:
        session = SessionCache().get(model.file(part), SessionKey(model.manifest.sha256[part], "cpu", 2), model.id)
        names = [spec.name for spec in model.manifest.outputs_of(part)]
        numbers = scalar_inputs(model.manifest, session)
        seen = {
            spec.name: pixels_to_tensor(fitted_image(style, spec), spec, session.inputs[spec.name].type)
            for spec in model.manifest.inputs_of(part)
            if spec.role == "style" and style is not None
        }
        feeds = {name: {**numbers, **made, **seen}.get(name, tensor) for name in session.inputs}
        made |= dict(zip(names, session.run(names, feeds, onnxruntime.RunOptions()), strict=True))
    return made


class RunnerHere:
    """Keeps the Runner protocol in this process and at once: for tests of what lies around a run."""

    def __init__(self, catalog: Catalog, limits: object = None) -> None:
        self._catalog = catalog
        self._share = PixelShare()

    def submit(self, request: Request, *, on_progress: Any, on_done: Any) -> DoneJob:
        try:
            model, task = prepared(self._catalog, self._share, request, 1)
            inputs = {name: open_for_reading(shared) for name, shared in task.inputs.items()}
            arrays = {name: open_for_writing(shared) for name, shared in task.outputs.items()}
            for shared in (*task.inputs.values(), *task.outputs.values()):
                forget(shared)
            done = TaskRun(task, KEPT, on_progress).run(inputs, arrays)
        except UserError as error:
            outcome: Outcome = Failed(error)
        else:
            end = TaskFinished(1, done.provider, done.tiles, done.seconds, 0, done.notes)
            outcome = Finished(result_of(end, arrays, model, done.seconds))
        on_done(outcome)
        return DoneJob(outcome)

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class DoneJob:
    outcome: Outcome

    def cancel(self) -> None:
        pass

    def wait(self, timeout_s: float | None = None) -> Outcome:
        return self.outcome


def scalar_inputs(manifest: Manifest, session: Session) -> dict[str, NDArray[Any]]:
    """The tensors of all parameters at their defaults."""
    parameters = complete_parameters(manifest, {})
    return {
        spec.name: scalar_tensor(
            number_for(manifest, spec, parameters), session.inputs[spec.name].shape, session.inputs[spec.name].type
        )
        for spec in manifest.inputs
        if spec.role in ("scalar", "choice") and spec.name in session.inputs
    }


def largest_difference(a: NDArray[Any], b: NDArray[Any]) -> int:
    return int(np.abs(a.astype(np.int64) - b.astype(np.int64)).max())
