"""Filling holes: the picture and a mask, apart or as four channels. Outside the mask not one byte changes.

The network sees a cut around each hole with as much again on every side, not the whole picture: a network of 512 × 512
pixels would have nothing left of a small hole in a large picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import cv2
import numpy as np

from desktop.runtime.adapters.base import (
    CONSTANT_ROLES,
    AdapterJob,
    ArrayShapes,
    Asked,
    broken,
    check_roles,
    image_results,
)
from desktop.runtime.adapters.picture_run import PictureRun, image_input, image_output
from desktop.runtime.manifest import Manifest
from desktop.runtime.pictures import copy_alpha
from desktop.runtime.runner import Pixels
from desktop.runtime.stitching import blend_under_mask, lay_tile

HOLES_LIMIT = 24  # more holes than this are filled together: each costs a run
CONTEXT_PX = 128  # around a hole, at least
FOUR_CHANNELS = ("MRGB", "RGBM")

Window = tuple[slice, slice]


def check(manifest: Manifest) -> None:
    check_roles(
        manifest,
        inputs={"image", "mask", "embedding"} | CONSTANT_ROLES,
        outputs={"image", "embedding", "ignore"},
        needs={"image"},
        gives={"image"},
    )
    is_apart = any(spec.role == "mask" for spec in manifest.inputs)
    is_joined = any(spec.order in FOUR_CHANNELS for spec in manifest.inputs)
    if is_apart == is_joined:
        raise broken(manifest, "it needs its mask as one input, or as the fourth channel of the picture.")
    if manifest.scale != 1:
        raise broken(manifest, "a model that fills holes has scale = 1.")


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return image_results(manifest, asked)


def run(job: AdapterJob) -> int:
    image, mask = job.image, fitting_mask(job.inputs["mask"], job.image)
    job.result[...] = image
    windows = hole_windows(mask, _smallest_side(job.manifest))
    job.report(0, max(len(windows), 1))
    runs = 0
    for done, window in enumerate(windows, start=1):
        runs += _fill(job, window, mask)
        job.report(done, len(windows))
    return runs


def hole_windows(mask: Pixels, smallest: int) -> list[Window]:
    """What to show for each hole: the hole, its own size around it, at least `smallest`; near holes share a window."""
    if not mask.any():
        return []
    count, _, boxes, _ = cv2.connectedComponentsWithStats((mask > 0).astype(np.uint8), connectivity=8)
    windows = [_around(boxes[label], mask.shape, smallest) for label in range(1, count)]
    joined = _joined(windows[:HOLES_LIMIT]) if count - 1 <= HOLES_LIMIT else []
    if joined:
        return joined
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])
    return [_around(box, mask.shape, smallest)]


def fitting_mask(mask: Pixels, image: Pixels) -> Pixels:
    """The mask at the picture's size."""
    if mask.shape == image.shape[:2]:
        return mask
    fitted: Pixels = cv2.resize(mask, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return fitted


def _fill(job: AdapterJob, window: Window, mask: Pixels) -> int:
    """Fill what `mask` covers in the window; several windows may overlap, so the picture is what is there by now."""
    base = job.result[window].copy()
    seen = replace(
        job,
        inputs={**job.inputs, "image": base, "mask": _hole(mask[window])},
        results={"image": job.result[window]},
        report=lambda _done, _total: None,
    )
    run = PictureRun(seen, [image_output(job.manifest)])
    copy_alpha(base, seen.result, 1)
    for placed, (planes,) in run.answers():
        lay_tile(seen.result, run.picture.finish(planes, placed, 1), placed)
    share = mask[window].astype(np.float32) / np.float32(np.iinfo(mask.dtype).max)
    blend_under_mask(seen.result, base, share)
    return run.tiles


def _hole(mask: Pixels) -> Pixels:
    """What the network is told to fill: all that the mask touches, as it was trained; how much lands stays soft."""
    return cast(Pixels, np.where(mask > 0, np.iinfo(mask.dtype).max, 0).astype(mask.dtype))


def _smallest_side(manifest: Manifest) -> int:
    size = image_input(manifest).size
    return max(size) if isinstance(size, tuple) else 2 * CONTEXT_PX


def _around(box: Sequence[int], shape: tuple[int, ...], smallest: int) -> Window:
    """A square around a box, moved inside the picture; not square only where the picture is too small."""
    left, top, width, height = (int(side) for side in box[:4])
    side = max(2 * max(width, height), max(width, height) + 2 * CONTEXT_PX, smallest)
    return _span(top + height // 2, side, shape[0]), _span(left + width // 2, side, shape[1])


def _span(middle: int, side: int, length: int) -> slice:
    start = min(max(middle - side // 2, 0), max(length - side, 0))
    return slice(start, min(start + side, length))


def _joined(windows: list[Window]) -> list[Window]:
    """Windows that overlap become one, until none do: two runs would each see the other's hole."""
    joined: list[Window] = []
    for window in windows:
        current = window
        while (other := next((kept for kept in joined if _overlap(kept, current)), None)) is not None:
            joined.remove(other)
            current = (_union(current[0], other[0]), _union(current[1], other[1]))
        joined.append(current)
    return joined


def _overlap(one: Window, other: Window) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))


def _union(one: slice, other: slice) -> slice:
    return slice(min(one.start, other.start), max(one.stop, other.stop))
