"""A file that brings its own manifest: read, and believed only when the network really runs by it.

Anybody can write such a note. It is checked like any manifest, run on a small picture in the sandbox, and cut into
tiles once where it says that it may be cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.importing.drafting import FILE_NAME
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.graph import fitted, hole_in
from desktop.runtime.importing.trial import run_manifest
from desktop.runtime.manifest import Manifest, Speed, with_tile_side
from desktop.runtime.needs import needed_inputs

OWN_NOTE = "scumble.manifest"  # where our exporter leaves the manifest in the file
NAMES = {"id", "title", "licence", "description"}
PROOF_SIZE = (117, 143)
SEAM_LEVELS = 4  # a tiled picture may differ from the untiled one by rounding, and by this with some grace
LARGEST_PROOF = 1200  # larger tiles are not proved: it would take minutes


def own_manifest(path: Path, facts: GraphFacts, taken: frozenset[str], settings: Mapping[str, str]) -> Manifest | None:
    """The manifest that our exporter left in the file; only its names can be set otherwise. None without one.

    UserError when it is broken or needs files beside this one.
    """
    text = facts.metadata.get(OWN_NOTE)
    if text is None:
        return None
    try:
        stated = json.loads(text)
        parts = sorted(stated.get("files", {"main": FILE_NAME}))
        if parts != ["main"]:
            raise UserError("import.other_parts", path=path, parts=", ".join(parts))
        stated |= {"files": {"main": FILE_NAME}, "sha256": {"main": facts.sha256}}
        stated |= {key: value for key, value in settings.items() if key in NAMES}
        for key in settings.keys() - NAMES:
            raise UserError("import.unknown_key", name=key, known=", ".join(sorted(NAMES)))
        stated.pop("golden", None)  # its pictures lie beside the model that was exported, not in the file
        if stated.get("id") in taken:
            raise UserError("import.id_taken", model_id=stated["id"])
        return msgspec.convert(stated, Manifest, strict=False)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError("model.bad_manifest", path=path, reason=f"{error}.") from error


def proved(path: Path, manifest: Manifest, folder: Path, picture: NDArray[np.uint8]) -> Mapping[str, Any]:
    """The results for a small picture. UserError when the network does not run by its manifest, or shows seams."""
    try:
        results = run_manifest(manifest, folder, inputs_of(manifest, fitted(picture, PROOF_SIZE)))
        _check_tiles(manifest, folder, picture)
    except UserError as error:
        raise UserError("import.own_wrong", path=path, reason=str(error)) from error
    return results


def inputs_of(manifest: Manifest, picture: NDArray[np.uint8]) -> dict[str, Any]:
    """A picture in every role that the manifest asks for."""
    inputs: dict[str, Any] = {}
    for role in needed_inputs(manifest):
        if role == "mask":
            inputs[role] = hole_in(picture)
        elif role == "points":
            inputs[role] = np.array([[picture.shape[1] / 2, picture.shape[0] / 2, 1]], np.float32)
        else:
            inputs[role] = picture if role == "image" else np.ascontiguousarray(picture[:, ::-1])
    return inputs


def with_own_pace(manifest: Manifest, seconds: float | None) -> Manifest:
    """What was measured here instead of what the file says of another computer."""
    speed = (
        Speed() if seconds is None else Speed(cpu_seconds_per_megapixel=max(seconds, 1e-6), cpu="measured on import")
    )
    return msgspec.structs.replace(manifest, speed=speed)


def _check_tiles(manifest: Manifest, folder: Path, picture: NDArray[np.uint8]) -> None:
    smallest = with_tile_side(manifest, 1)
    if manifest.tile is None or smallest.tile is None or any(isinstance(spec.size, tuple) for spec in manifest.inputs):
        return
    height, width = smallest.tile.tile // 2, smallest.tile.tile * 3 // 2
    if width > LARGEST_PROOF or "image" not in needed_inputs(manifest):
        return
    inputs = inputs_of(manifest, fitted(picture, (max(height, 32), width)))
    whole = msgspec.structs.replace(manifest, tile=None)
    pictures = [run_manifest(tried, folder, inputs) for tried in (smallest, whole)]
    for name, tiled in pictures[0].items():
        if tiled.dtype == np.uint8 and int(np.abs(tiled.astype(int) - pictures[1][name]).max()) > SEAM_LEVELS:
            raise UserError("import.seams", limit=SEAM_LEVELS)
