"""Two pictures in, one out, of the first one's size: fusing, matching, carrying over."""

from __future__ import annotations

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked, broken, image_results
from desktop.runtime.adapters.picture_task import check_picture_task, run_picture_task
from desktop.runtime.manifest import Manifest
from desktop.runtime.needs import needed_inputs


def check(manifest: Manifest) -> None:
    check_picture_task(manifest, "image2", "style")
    if not {"image2", "style"} & set(needed_inputs(manifest)):
        raise broken(manifest, "its manifest describes no second picture.")


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return image_results(manifest, asked)


def run(job: AdapterJob) -> int:
    return run_picture_task(job)
