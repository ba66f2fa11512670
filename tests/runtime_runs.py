"""Runs of a model folder without the worker process, and the plain run of the whole picture to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from desktop.runtime.adapters.base import result_shape, scalar_feeds
from desktop.runtime.adapters.table import adapter_for
from desktop.runtime.adapters.tiled_image import image_input, image_output
from desktop.runtime.attempts import Done, TaskRun
from desktop.runtime.catalog import Catalog
from desktop.runtime.device import Devices
from desktop.runtime.messages import Task
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import Progress
from desktop.runtime.session import SessionCache, SessionKey
from desktop.runtime.sharing import SharedPixels

NOWHERE = SharedPixels(Path("unused"), (1,), "uint8")


def run_here(
    folder: Path, pixels: NDArray[Any], parameters: Mapping[str, Any] | None = None
) -> tuple[NDArray[Any], Done, list[Progress]]:
    """What the worker does with a task, without the process."""
    model = Catalog((folder.parent,)).verified(folder.name)
    adapter_for(model.manifest.task).check(model.manifest)
    task = Task(
        job=1,
        folder=folder,
        manifest=model.manifest,
        inputs={},
        output=NOWHERE,
        parameters=complete_parameters(model.manifest, parameters or {}),
        seed=0,
        device="cpu",
    )
    heard: list[Progress] = []
    result = np.zeros(result_shape(model.manifest, pixels.shape), pixels.dtype)
    done = TaskRun(task, Devices(), SessionCache(), heard.append).run({"image": pixels}, result)
    return result, done, heard


def untiled(folder: Path, pixels: NDArray[Any]) -> NDArray[Any]:
    """The network on the whole picture at once, straight through onnxruntime; for models that eat RGB 0..1."""
    model = Catalog((folder.parent,)).verified(folder.name)
    key = SessionKey(model.manifest.sha256["main"], "cpu", 2)
    session = SessionCache().get(model.file("main"), key, model.id)
    scalars = scalar_feeds(model.manifest, session, complete_parameters(model.manifest, {}))
    white = np.iinfo(pixels.dtype).max
    tensor = (pixels[..., :3].astype(np.float32) / np.float32(white)).transpose(2, 0, 1)[None]
    feeds = {image_input(model.manifest).name: tensor, **scalars}
    (answer,) = session.run([image_output(model.manifest).name], feeds, onnxruntime.RunOptions())
    rounded: NDArray[Any] = np.rint(np.clip(answer[0].transpose(1, 2, 0), 0, 1) * white).astype(pixels.dtype)
    return rounded


def largest_difference(a: NDArray[Any], b: NDArray[Any]) -> int:
    return int(np.abs(a.astype(np.int64) - b.astype(np.int64)).max())
