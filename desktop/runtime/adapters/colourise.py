"""Colour for grey pictures. The luma of the picture stays as it is, at full size; only its colour is the network's."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.runtime.adapters.base import CONSTANT_ROLES, AdapterJob, broken, check_roles
from desktop.runtime.adapters.base import image_results as results
from desktop.runtime.adapters.picture_run import PictureRun
from desktop.runtime.adapters.picture_task import own_planes
from desktop.runtime.manifest import Manifest, Output
from desktop.runtime.pictures import BAND_ROWS, copy_alpha, is_gray
from desktop.runtime.runner import Pixels
from desktop.runtime.stitching import lay_tile, levels_of
from desktop.runtime.tensors import LUMA, luma_planes

__all__ = ["check", "results", "run"]

ANSWERS = ("ab", "image")

Planes = NDArray[np.float32]


def check(manifest: Manifest) -> None:
    check_roles(
        manifest,
        inputs={"image", "embedding", "image2", "style", "hints"} | CONSTANT_ROLES,
        outputs={*ANSWERS, "embedding", "ignore"},
        needs={"image"},
        gives=set(ANSWERS),
    )
    for spec in manifest.inputs:
        if spec.role == "hints" and (spec.order != "RGBA" or not isinstance(spec.size, tuple)):
            raise broken(manifest, "hints come as RGBA at a fixed size.")
    if manifest.scale != 1:
        raise broken(manifest, "a model that colours has scale = 1.")


def run(job: AdapterJob) -> int:
    answer = _answer(job.manifest)
    pictures = PictureRun(replace(job, inputs={**job.inputs, "image": _without_colour(job.image)}), [answer])
    copy_alpha(job.image, job.result, 1)
    for placed, (planes,) in pictures.answers():
        own = luma_planes(own_planes(pictures, placed, planes))
        colour = from_lab(own, planes) if answer.role == "ab" else planes[:3]
        lay_tile(job.result, with_luma(own, colour), placed)
    return pictures.tiles


def _without_colour(image: Pixels) -> Pixels:
    """The picture in grey of the same luma, which is what these networks are trained on; alpha stays."""
    if is_gray(image):
        return image
    white = np.float32(levels_of(image))
    gray = np.empty_like(image)
    for start in range(0, len(image), BAND_ROWS):
        band = image[start : start + BAND_ROWS]
        luma = np.dot(band[..., :3], LUMA)
        gray[start : start + BAND_ROWS, :, :3] = np.clip(np.rint(luma), 0, white)[..., None].astype(image.dtype)
    if image.shape[2] == 4:
        gray[..., 3] = image[..., 3]
    return gray


def from_lab(luma: Planes, ab: Planes) -> Planes:
    """(3, H, W) sRGB of a grey with this luma, given the a and b of CIE Lab."""
    lightness = cv2.cvtColor(np.stack([luma] * 3, axis=-1), cv2.COLOR_RGB2LAB)[..., 0]
    lab = np.stack([lightness, *np.clip(ab[:2], -128, 127)], axis=-1)
    colour: Planes = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).transpose(2, 0, 1)
    return colour


def with_luma(luma: Planes, colour: Planes) -> Planes:
    """The colour around another luma; where that leaves 0..1, less colour rather than another luma."""
    around = np.nan_to_num(colour - luma_planes(colour))
    room = np.where(around > 0, 1 - luma, luma)
    share = (room / np.maximum(np.abs(around), np.float32(1e-6))).min(axis=0)
    mixed: Planes = luma + np.clip(share, 0, 1) * around
    return mixed.astype(np.float32, copy=False)


def _answer(manifest: Manifest) -> Output:
    return next(spec for spec in manifest.outputs if spec.role in ANSWERS)
