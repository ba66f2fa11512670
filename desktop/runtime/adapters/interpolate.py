"""The picture between two pictures, at a time from 0 to 1 or, for networks that take none, half of the way."""

from __future__ import annotations

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked, broken, image_results
from desktop.runtime.adapters.picture_task import check_picture_task, run_picture_task
from desktop.runtime.manifest import Manifest
from desktop.runtime.needs import needed_inputs


def check(manifest: Manifest) -> None:
    check_picture_task(manifest, "image2")
    if "image2" not in needed_inputs(manifest):
        raise broken(manifest, "its manifest describes no second picture.")
    if manifest.scale != 1:
        raise broken(manifest, "a model that interpolates has scale = 1.")


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return image_results(manifest, asked)


def run(job: AdapterJob) -> int:
    return run_picture_task(job)
