"""Restoring: denoise, deblur, remove artefacts. The picture keeps its size."""

from __future__ import annotations

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import AdapterJob
from desktop.runtime.adapters.tiled_image import check_manifest, run_tiled_image
from desktop.runtime.manifest import Manifest


def check(manifest: Manifest) -> None:
    check_manifest(manifest)
    if manifest.scale != 1:
        raise UserError("model.broken", model_id=manifest.id, reason="a model that restores has scale = 1.")


def run(job: AdapterJob) -> int:
    return run_tiled_image(job)
