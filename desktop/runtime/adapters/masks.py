"""A mask for a picture: what segmenting and matting have in common. Soft, 8 bits, at the picture's size."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.adapters.base import CONSTANT_ROLES, AdapterJob, ArrayShapes, Asked, broken, check_roles
from desktop.runtime.adapters.picture_run import PictureRun
from desktop.runtime.manifest import Manifest, Output
from desktop.runtime.stitching import lay_tile
from desktop.runtime.tiling import PlacedTile

ANSWERS = ("mask", "classes")
Mask = NDArray[np.uint8]
SURE_LEVEL = 250
OPEN_SHARE = 0.002  # a mask of which less than this is half covered has a hard rim
BAND_SHARE = 0.02  # of the longer side: hair is rarely longer
MOSTLY = 0.5  # from this share on a tile decides the class of a pixel


def check_masks(manifest: Manifest) -> None:
    check_roles(
        manifest,
        inputs={"image", "image2", "mask", "embedding"} | CONSTANT_ROLES,
        outputs={*ANSWERS, "image", "embedding", "score", "ignore"},
        needs={"image"},
        gives=set(ANSWERS),
    )
    if manifest.scale != 1:
        raise broken(manifest, "a mask has the size of the picture, so the model has scale = 1.")
    if manifest.tile is not None and mask_answer(manifest).activation == "minmax":
        raise broken(manifest, "minmax looks at the whole answer, so it needs tile = no.")


def mask_results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    size = asked.shapes["image"][:2]
    results: ArrayShapes = {"mask": (size, "uint8")}
    if mask_answer(manifest).role == "classes":
        results["classes"] = (size, "uint16")
    return results


def run_masks(job: AdapterJob) -> int:
    answer = mask_answer(job.manifest)
    if "mask" in job.inputs:
        job = replace(job, inputs={**job.inputs, "mask": trimap_of(job.inputs["mask"], job.image.shape[:2])})
    run = PictureRun(job, [answer])
    mask = job.results["mask"][..., None]
    for placed, (planes,) in run.answers():
        if answer.role == "classes":
            _lay_classes(job, planes[1], placed)
            lay_tile(mask, planes[:1], placed)
        else:
            chosen = answer.class_index or 0
            if chosen >= len(planes):
                raise broken(job.manifest, f"it returns {len(planes)} masks, so there is no mask {chosen}.")
            lay_tile(mask, np.clip(planes[chosen : chosen + 1], 0, 1), placed)
    return run.tiles


def trimap_of(mask: Mask, size: tuple[int, ...]) -> Mask:
    """(H, W): 255 surely wanted, 0 surely not, 128 for the network to find out: what is half covered, or, of a mask
    with a hard rim, a band along it.
    """
    if mask.shape != tuple(size):
        mask = cast(Mask, cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_LINEAR))
    sure, never = mask >= SURE_LEVEL, mask <= np.iinfo(mask.dtype).max - SURE_LEVEL
    if (sure | never).mean() > 1 - OPEN_SHARE:
        radius = max(round(BAND_SHARE * max(size)), 1)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        sure = cv2.erode(sure.astype(np.uint8), kernel) > 0
        never = cv2.dilate((~never).astype(np.uint8), kernel) == 0
    return np.where(sure, 255, np.where(never, 0, 128)).astype(np.uint8)


def mask_answer(manifest: Manifest) -> Output:
    return next(spec for spec in manifest.outputs if spec.role in ANSWERS)


def _lay_classes(
    job: AdapterJob, numbers: np.ndarray[tuple[int, ...], np.dtype[np.float32]], placed: PlacedTile
) -> None:
    """Numbers have no mixture: the tile that counts most at a pixel decides."""
    rows, columns = placed.rows, placed.columns
    target = job.results["classes"][rows.out_start : rows.out_stop, columns.out_start : columns.out_stop]
    height, width = target.shape
    decides = placed.opacity(slice(0, height), slice(0, width)) >= MOSTLY
    target[decides] = numbers[:height, :width][decides]
