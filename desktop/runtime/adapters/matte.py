"""How much of every pixel is foreground, down to single hairs."""

from __future__ import annotations

from desktop.runtime.adapters.base import AdapterJob, ArrayShapes, Asked
from desktop.runtime.adapters.masks import check_masks, mask_results, run_masks
from desktop.runtime.manifest import Manifest


def check(manifest: Manifest) -> None:
    check_masks(manifest)


def results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    return mask_results(manifest, asked)


def run(job: AdapterJob) -> int:
    return run_masks(job)
