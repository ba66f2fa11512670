"""From one kind of picture to another: a map to a photo, a line drawing to colour. Noise may vary the answer.

Networks for drawings eat and answer RGBA: they see what is not drawn on, and say themselves where their result is.
"""

from __future__ import annotations

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked, image_results
from desktop.runtime.adapters.picture_task import check_picture_task, picture_answer, run_picture_task
from desktop.runtime.manifest import Manifest


def check(manifest: Manifest) -> None:
    check_picture_task(manifest)


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    shapes = image_results(manifest, asked)
    if picture_answer(manifest).order != "RGBA":
        return shapes
    (height, width, _), dtype = shapes["image"]
    return {"image": ((height, width, 4), dtype)}


def run(job: AdapterJob) -> int:
    return run_picture_task(job)
