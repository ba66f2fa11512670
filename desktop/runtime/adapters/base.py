"""What an adapter is given and what it may ask for. Imports no onnxruntime: manifests are checked in the editor too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.manifest import Manifest
from desktop.runtime.parameters import scalar_for
from desktop.runtime.runner import ParameterValue, Pixels
from desktop.runtime.tensors import scalar_tensor

if TYPE_CHECKING:
    from desktop.runtime.session import Session, TensorInfo

RunPart = Callable[[list[str], Mapping[str, NDArray[Any]]], list[NDArray[Any]]]


@dataclass(frozen=True)
class AdapterJob:
    """One attempt of one request, inside the worker.

    `run` computes one tile (it raises when cancelled or out of memory), `report(done, total)` tells the progress.
    """

    manifest: Manifest
    session: Session
    inputs: Mapping[str, Pixels]
    parameters: Mapping[str, ParameterValue]
    seed: int
    result: Pixels
    tile_limit: int | None
    run: RunPart
    report: Callable[[int, int], None]


def result_shape(manifest: Manifest, image_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the image that comes back for an image of this shape."""
    height, width, channels = image_shape
    return (height * manifest.scale, width * manifest.scale, channels)


def scalar_feeds(manifest: Manifest, session: Session, parameters: Mapping[str, ParameterValue]) -> dict[str, Any]:
    """The tensors of all inputs that parameters feed; they are the same for every tile."""
    feeds = {}
    for spec in manifest.inputs:
        if spec.role not in ("scalar", "choice"):
            continue
        declared = tensor_info(session, spec.name)
        value = spec.default if spec.default is not None else 0.0
        if spec.param is not None:
            value = scalar_for(manifest.param(spec.param), parameters[spec.param], spec.range)
        feeds[spec.name] = scalar_tensor(value, declared.shape, declared.type)
    return feeds


def tensor_info(session: Session, name: str) -> TensorInfo:
    if name not in session.inputs:
        raise _no_tensor(session, name, list(session.inputs))
    return session.inputs[name]


def check_tensors(manifest: Manifest, session: Session) -> None:
    """The manifest and the file agree on names. UserError says which one does not exist or is not fed."""
    described = {spec.name for spec in manifest.inputs}
    for name in session.inputs:
        if name not in described:
            raise UserError("model.unfed_input", model_id=manifest.id, name=name)
    for output in manifest.outputs:
        if output.name not in session.output_names:
            raise _no_tensor(session, output.name, session.output_names)


def check_roles(manifest: Manifest, *, inputs: set[str], outputs: set[str]) -> None:
    """UserError when the manifest has a role that this kind of task cannot serve, or lacks the image."""
    named = [(spec.role, inputs) for spec in manifest.inputs] + [(spec.role, outputs) for spec in manifest.outputs]
    for role, allowed in named:
        if role not in allowed:
            raise UserError("model.role_unsupported", task=manifest.task, role=role)
    has_image = [any(spec.role == "image" for spec in side) for side in (manifest.inputs, manifest.outputs)]
    if not all(has_image):
        raise UserError("model.broken", model_id=manifest.id, reason="its manifest describes no image.")


def _no_tensor(session: Session, name: str, known: list[str]) -> UserError:
    return UserError("model.no_tensor", model_id=session.model_id, name=name, known=", ".join(known))
