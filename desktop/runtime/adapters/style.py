"""In the manner of a style: one the network knows, a picture, or what a second part makes of a picture.

A parameter named `brush` (per cent) belongs to no tensor: the network is shown the picture that much smaller, so that
its strokes come out that much larger, and its answer is enlarged again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import cv2
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
CRISPNESS = 1.5  # of what enlarging took from the edges of strokes, how much comes back


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
    _make_crisp(result, painted)
    copy_alpha(whole, result, 1)
    if kept <= 0:
        return
    soft = cast(Pixels, resized(image, whole.shape[:2]))
    _make_crisp(soft, image)
    for top in range(0, len(whole), BAND_ROWS):
        rows = slice(top, top + BAND_ROWS)
        detail = whole[rows, :, :3].astype(np.float32) - soft[rows, :, :3]
        mixed = result[rows, :, :3] + detail * np.float32(kept)
        result[rows, :, :3] = np.clip(np.rint(mixed), 0, white)


def _make_crisp(pixels: Pixels, small: Pixels) -> None:
    """Edges of strokes as sharp as they were before `small` was enlarged to `pixels`, in place.

    Levels stay between the lightest and the darkest around them in `small`: strokes get no rims.
    """
    times = len(pixels) / len(small)
    if times <= 1:
        return
    neighbours = np.ones((3, 3), np.uint8)
    lowest, highest = cv2.erode(small, neighbours), cv2.dilate(small, neighbours)
    sigma = 0.5 * times
    margin = round(3 * sigma) + 1
    above = pixels[:0].copy()  # rows as they were before
    for top in range(0, len(pixels), BAND_ROWS):
        bottom = min(top + BAND_ROWS, len(pixels))
        band = np.concatenate([above, pixels[top : min(bottom + margin, len(pixels))]])
        inner = slice(len(above), len(above) + bottom - top)
        above = band[: inner.stop][-margin:].copy()
        sharp = cv2.addWeighted(band, 1 + CRISPNESS, cv2.GaussianBlur(band, (0, 0), sigma), -CRISPNESS, 0)[inner]
        limits = (_enlarged_rows(limit, pixels.shape, top, bottom) for limit in (lowest, highest))
        pixels[top:bottom, :, :3] = np.clip(sharp, *limits)[..., :3]


def _enlarged_rows(small: Pixels, shape: tuple[int, ...], top: int, bottom: int) -> Pixels:
    """Some rows of the picture enlarged linearly to (height, width) of a shape."""
    down, across = len(small) / shape[0], small.shape[1] / shape[1]
    there = np.array([[across, 0, 0.5 * across - 0.5], [0, down, (top + 0.5) * down - 0.5]], np.float64)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    rows = cv2.warpAffine(small, there, (shape[1], bottom - top), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return cast(Pixels, rows)
