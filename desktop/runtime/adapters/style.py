"""In the manner of a style: one the network knows, a picture, or what a second part makes of a picture."""

from __future__ import annotations

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked, image_results
from desktop.runtime.adapters.picture_task import check_picture_task, run_picture_task
from desktop.runtime.manifest import Manifest


def check(manifest: Manifest) -> None:
    check_picture_task(manifest, "style")


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return image_results(manifest, asked)


def run(job: AdapterJob) -> int:
    return run_picture_task(job)
