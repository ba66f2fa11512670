"""Enlarging by a whole number. Output tiles lie at scale times the place of their input."""

from __future__ import annotations

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked, broken, image_results
from desktop.runtime.adapters.picture_task import check_picture_task, run_picture_task
from desktop.runtime.manifest import Manifest


def check(manifest: Manifest) -> None:
    check_picture_task(manifest)
    if manifest.scale == 1:
        raise broken(manifest, "a model that enlarges has a scale above 1.")


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return image_results(manifest, asked)


def run(job: AdapterJob) -> int:
    return run_picture_task(job)
