"""The network that fills holes, as the removal of objects asks it: small pictures of a hole and what is around it.

The network was trained on holes of up to a hundred pixels, so a large hole is shown smaller; what it answers is
enlarged again and says where things are. How they look close up is the patches' part.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import cv2
import numpy as np

from desktop.core.color import FloatPixels, Gray8, Pixels
from desktop.core.errors import UserError
from desktop.core.premultiply import levels_to_premultiplied
from desktop.core.remove import Imagined, Watch
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.manifest import Task
from desktop.runtime.runner import DeviceChoice, Failed, Finished, Request, Runner

SHIPPED = "inpaint"
LONG_SIDE_PX = 256  # of what the network is shown
POLL_S = 0.05
LEAST_WEIGHT = 1e-3


class StoppedError(Exception):
    """The run was cancelled by somebody else."""


@dataclass(frozen=True, slots=True, eq=False)
class HoleNetwork:
    """An `Imagine`: call it in any thread but the window's."""

    runner: Runner
    model: Model
    device: DeviceChoice = "auto"
    owner: Hashable = None

    def __call__(self, pixels: Pixels, hole: Gray8, watch: Watch) -> Imagined:
        """`watch` is called while the network runs, and may raise to stop it. UserError where the run failed."""
        height, width = hole.shape
        share = min(1.0, LONG_SIDE_PX / max(height, width))
        size = (max(round(width * share), 1), max(round(height * share), 1))
        image, mask = shown_to_network(pixels, hole, size)
        request = Request(
            self.model.id, self.model.sha256, {"image": image, "mask": mask}, device=self.device, owner=self.owner
        )
        answer = self._answer(request, watch)[..., :3].astype(np.float32) / np.float32(255)
        if share < 1:
            answer = np.clip(cv2.resize(answer, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
        return Imagined(np.ascontiguousarray(answer, np.float32), 1 / share)

    def _answer(self, request: Request, watch: Watch) -> Pixels:
        job = self.runner.submit(request, on_progress=lambda _progress: None, on_done=lambda _outcome: None)
        try:
            while (outcome := job.wait(POLL_S)) is None:
                watch(0.0)
        except BaseException:
            job.cancel()
            raise
        if isinstance(outcome, Failed):
            raise outcome.error
        if not isinstance(outcome, Finished):
            raise StoppedError
        return outcome.result.image


def shown_to_network(pixels: Pixels, hole: Gray8, size: tuple[int, int]) -> tuple[Pixels, Gray8]:
    """Opaque 8-bit pixels and a mask of (width, height): means of what is known; the rest belongs to the hole."""
    values = levels_to_premultiplied(pixels)
    known = (hole == 0).astype(np.float32)
    weights = _smaller(values[..., 3] * known, size)
    share = _smaller(known, size)
    color = _smaller(values[..., :3] * known[..., None], size) / np.maximum(weights, LEAST_WEIGHT)[..., None]
    mask: Gray8 = np.where((share < 0.5) | (weights < LEAST_WEIGHT), 255, 0).astype(np.uint8)
    image = np.full((*mask.shape, 4), 255, np.uint8)
    image[..., :3] = np.rint(np.clip(color, 0, 1) * 255)
    return image, mask


def hole_model(catalog: Catalog, model_id: str | None = None) -> Model | None:
    """The one that is asked for; else the shipped one, else the first installed one that fills holes, if any.

    UserError where the one that is asked for is not installed or fills no holes.
    """
    able = [model for model in catalog.models() if model.manifest.task is Task.INPAINT]
    if model_id is not None:
        asked = catalog.verified(model_id)
        if asked.manifest.task is not Task.INPAINT:
            raise UserError("remove.other_task", model_id=model_id)
        return asked
    return next((model for model in able if model.id == SHIPPED), able[0] if able else None)


def _smaller(values: FloatPixels, size: tuple[int, int]) -> FloatPixels:
    if values.shape[1::-1] == size:
        return values
    result: FloatPixels = cv2.resize(np.ascontiguousarray(values), size, interpolation=cv2.INTER_AREA)
    return result
