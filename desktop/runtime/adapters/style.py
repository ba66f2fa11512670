"""In the manner of a style: one the network knows, a picture, or what a second part makes of a picture.

A parameter named `brush` (per cent) belongs to no tensor: the network is shown the picture that much smaller, so that
its strokes come out that much larger, and its answer is enlarged again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked, image_results
from desktop.runtime.adapters.fitting import resized
from desktop.runtime.adapters.picture_task import check_picture_task, run_picture_task
from desktop.runtime.manifest import Manifest
from desktop.runtime.pictures import copy_alpha
from desktop.runtime.runner import Pixels
from desktop.runtime.style_pictures import check_style_picture

BRUSH, STRENGTH = "brush", "strength"
BAND_ROWS = 512


def check(manifest: Manifest) -> None:
    check_picture_task(manifest, "style")


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return image_results(manifest, asked)


def run(job: AdapterJob) -> int:
    if "style" in job.inputs:
        check_style_picture(job.inputs["style"])
    size = _painted_size(job)
    if size == job.image.shape[:2]:
        return run_picture_task(job)
    image = cast(Pixels, resized(job.image, size))
    painted = np.empty_like(image)
    tiles = run_picture_task(replace(job, inputs={**job.inputs, "image": image}, results={"image": painted}))
    _enlarge(job, image, painted)
    return tiles


def _painted_size(job: AdapterJob) -> tuple[int, int]:
    """(height, width) of what the network is shown."""
    height, width = job.image.shape[:2]
    share = 100 / float(job.parameters.get(BRUSH, 100))
    return max(round(height * share), 1), max(round(width * share), 1)


def _enlarge(job: AdapterJob, image: Pixels, painted: Pixels) -> None:
    """Lay the painted picture into the result; as much of the photograph's own detail comes back as it stays itself."""
    kept = 1 - float(job.parameters.get(STRENGTH, 100)) / 100
    whole, result = job.image, job.result
    white = np.iinfo(result.dtype).max
    result[...] = resized(painted, whole.shape[:2])
    copy_alpha(whole, result, 1)
    if kept <= 0:
        return
    soft = resized(image, whole.shape[:2])
    for top in range(0, len(whole), BAND_ROWS):
        rows = slice(top, top + BAND_ROWS)
        detail = whole[rows, :, :3].astype(np.float32) - soft[rows, :, :3]
        mixed = result[rows, :, :3] + detail * np.float32(kept)
        result[rows, :, :3] = np.clip(np.rint(mixed), 0, white)
