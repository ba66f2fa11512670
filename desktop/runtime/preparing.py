"""From a request to a task for the worker: everything checked, every array where the worker can see it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import Asked
from desktop.runtime.adapters.table import adapter_for
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.explaining import REGION, check_why, why_results
from desktop.runtime.latents import check_generation
from desktop.runtime.manifest import Manifest, with_tile_side
from desktop.runtime.manifest import Task as Kind
from desktop.runtime.messages import Task
from desktop.runtime.needs import PICTURES, allowed_inputs, needed_inputs
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import Array, Request
from desktop.runtime.sharing import PixelShare, SharedPixels, forget


def prepared(catalog: Catalog, share: PixelShare, request: Request, number: int) -> tuple[Model, Task]:
    """UserError when the request does not fit the model, or nowhere is room for its pixels."""
    model = catalog.verified(request.model_id)
    if model.sha256 != request.model_sha256:
        raise UserError("model.changed", model_id=model.id)
    manifest = with_tile_side(model.manifest, request.tile_side)
    adapter = adapter_for(manifest.task)
    adapter.check(manifest)
    parameters = complete_parameters(manifest, request.parameters)
    if manifest.task is Kind.GENERATE:
        check_generation(request.seed, request.count, request.truncation)
    check_inputs(manifest, request)
    asked = Asked(
        shapes={name: array.shape for name, array in request.inputs.items()},
        dtypes={name: array.dtype.name for name, array in request.inputs.items()},
        count=request.count,
    )
    if request.why is not None:
        check_why(manifest, request.why)
    results = adapter.results(manifest, asked) if request.why is None else why_results(asked)
    inputs, outputs = _shared(share, request, results)
    return model, Task(
        job=number,
        folder=model.folder,
        manifest=manifest,
        inputs=inputs,
        outputs=outputs,
        parameters=parameters,
        seed=request.seed,
        device=request.device,
        count=request.count,
        truncation=request.truncation,
        why=request.why,
    )


def check_inputs(manifest: Manifest, request: Request) -> None:
    """All that the model needs is there, nothing else is, and it has the right form (that is our caller's duty)."""
    for role in needed_inputs(manifest):
        if role not in request.inputs:
            raise UserError("model.input_missing", model_id=manifest.id, role=role)
    allowed = [*allowed_inputs(manifest), *([REGION] if request.why is not None else [])]
    for role, array in request.inputs.items():
        if role not in allowed:
            known = ", ".join(allowed) or "none"
            raise UserError("model.input_unknown", model_id=manifest.id, role=role, known=known)
        _check_form(role, array)


def _check_form(role: str, array: Array) -> None:
    assert array.size > 0, role
    if role in (*PICTURES, "hints", "mask", REGION):
        assert array.dtype.name in ("uint8", "uint16"), array.dtype
        is_flat = role in ("mask", REGION)
        assert array.ndim == (2 if is_flat else 3), array.shape
        assert is_flat or array.shape[2] in (3, 4), array.shape
    else:
        assert array.dtype == np.float32, array.dtype
        assert role != "points" or (array.ndim == 2 and array.shape[1] == 3), array.shape


def _shared(
    share: PixelShare, request: Request, shapes: dict[str, tuple[tuple[int, ...], str]]
) -> tuple[dict[str, SharedPixels], dict[str, SharedPixels]]:
    """All arrays or none: what was shared before there was no more room is forgotten again.

    The system clears memory for the results on one core while another copies the inputs.
    """
    made: dict[str, SharedPixels] = {}
    with ThreadPoolExecutor(1) as aside:
        rooms = {name: aside.submit(share.room_for, shape, dtype) for name, (shape, dtype) in shapes.items()}
        try:
            for role, array in request.inputs.items():
                made[role] = share.put(array)
            return made, {name: room.result() for name, room in rooms.items()}
        except UserError:
            wait(rooms.values())
            given = [room.result() for room in rooms.values() if room.exception() is None]
            for shared in (*made.values(), *given):
                forget(shared)
            raise
