"""What an adapter is given and what it may ask for. Imports no onnxruntime: manifests are checked in the editor too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop.core.errors import UserError
from desktop.runtime.manifest import Manifest
from desktop.runtime.runner import Array, ParameterValue, Pixels

if TYPE_CHECKING:
    from desktop.runtime.embeddings import EmbeddingCache
    from desktop.runtime.session import Session, TensorInfo

RunPart = Callable[[str, list[str], Mapping[str, Array]], list[Array]]
ArrayShapes = dict[str, tuple[tuple[int, ...], str]]  # by name: shape and dtype
CONSTANT_ROLES = {"scalar", "choice", "label", "words", "noise", "timestep", "size", "factors", "statistics"}


@dataclass(frozen=True)
class AdapterJob:
    """One attempt of one request, inside the worker.

    `session(part)` loads a part when it is first needed; `run(part, names, feeds)` computes it once (it raises when
    cancelled or out of memory); `report(done, total)` tells the progress. `results` are the arrays to fill.
    """

    manifest: Manifest
    inputs: Mapping[str, Array]
    parameters: Mapping[str, ParameterValue]
    seed: int
    count: int
    truncation: float
    results: Mapping[str, Array]
    tile_limit: int | None
    session: Callable[[str], Session]
    run: RunPart
    report: Callable[[int, int], None]
    embeddings: EmbeddingCache

    @property
    def image(self) -> Pixels:
        return self.inputs["image"]

    @property
    def result(self) -> Pixels:
        return self.results["image"]


@dataclass(frozen=True)
class Asked:
    """What is known of a request before it runs: enough to say how large its results will be."""

    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    count: int


def image_results(manifest: Manifest, asked: Asked) -> ArrayShapes:
    """The result of a task that makes a picture from a picture: `scale` times its size, its depth and channels; an
    answer that has an alpha of its own needs room for it."""
    height, width, channels = asked.shapes["image"]
    if any(spec.role == "image" and spec.order == "RGBA" for spec in manifest.outputs):
        channels = 4
    return {"image": ((height * manifest.scale, width * manifest.scale, channels), asked.dtypes["image"])}


def tensor_info(session: Session, name: str) -> TensorInfo:
    if name not in session.inputs:
        raise _no_tensor(session, name, list(session.inputs))
    return session.inputs[name]


def check_tensors(manifest: Manifest, part: str, session: Session) -> None:
    """The manifest and the file agree on names. UserError says which one does not exist or is not fed."""
    described = {spec.name for spec in manifest.inputs_of(part)}
    for name in session.inputs:
        if name not in described:
            raise UserError("model.unfed_input", model_id=manifest.id, name=name)
    for name in described:
        tensor_info(session, name)
    for output in manifest.outputs_of(part):
        if output.name not in session.output_names:
            raise _no_tensor(session, output.name, session.output_names)


def check_roles(manifest: Manifest, *, inputs: set[str], outputs: set[str], needs: set[str], gives: set[str]) -> None:
    """UserError when the manifest has a role that this kind of task cannot serve, or lacks one that it needs.

    `needs`: input roles that must be there; `gives`: output roles of which one must be.
    """
    named: list[tuple[str, set[str]]] = [(spec.role, inputs) for spec in manifest.inputs] + [
        (spec.role, outputs) for spec in manifest.outputs
    ]
    for role, allowed in named:
        if role not in allowed:
            raise UserError("model.role_unsupported", task=manifest.task, role=role)
    for missing in sorted(needs - {spec.role for spec in manifest.inputs}):
        raise broken(manifest, f"its manifest describes no input with the role {missing}.")
    if not gives & {spec.role for spec in manifest.outputs}:
        raise broken(manifest, f"its manifest describes no output with the role {' or '.join(sorted(gives))}.")


def broken(manifest: Manifest, reason: str) -> UserError:
    return UserError("model.broken", model_id=manifest.id, reason=reason)


def bad_output(manifest: Manifest, answer: Any, expected: str) -> UserError:
    return UserError("model.bad_output", model_id=manifest.id, shape=list(answer.shape), expected=expected)


def _no_tensor(session: Session, name: str, known: list[str]) -> UserError:
    return UserError("model.no_tensor", model_id=session.model_id, name=name, known=", ".join(known))
