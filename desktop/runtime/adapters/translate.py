"""From one kind of picture to another: a map to a photo, a line drawing to colour. Noise may vary the answer."""

from __future__ import annotations

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked, image_results
from desktop.runtime.adapters.picture_task import check_picture_task, run_picture_task
from desktop.runtime.manifest import Manifest


def check(manifest: Manifest) -> None:
    check_picture_task(manifest)


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return image_results(manifest, asked)


def run(job: AdapterJob) -> int:
    return run_picture_task(job)
