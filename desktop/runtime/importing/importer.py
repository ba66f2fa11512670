"""Importing a model: examined in the sandbox, then moved into the user's model folder in one step, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import psutil
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.importing.card_files import CARD_NAME, PREVIEW_NAME, card_text
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.sandbox import SandboxLimits, run_in_sandbox
from desktop.runtime.importing.texts import LICENCE_LIMIT, TITLE_LIMIT, clean_error, clean_text
from desktop.runtime.importing.trial_pictures import drawn_picture
from desktop.runtime.manifest import MANIFEST_LIMIT_BYTES, MANIFEST_NAME, Manifest, parse_manifest

EXAMINE = "desktop.runtime.importing.examine:examine"  # loads onnx and onnxruntime, so only the child imports it
STAGING_PREFIX = ".import-"


@dataclass(frozen=True)
class Staged:
    """An examined file in a folder of its own, not yet among the models."""

    source: Path
    folder: Path
    inspection: Inspection


class Importer:
    """`models_dir` is the user's model folder; it is made when the first model comes."""

    def __init__(self, catalog: Catalog, models_dir: Path, *, limits: SandboxLimits | None = None) -> None:
        self._catalog = catalog
        self._models_dir = models_dir
        self._limits = limits or SandboxLimits.for_this_machine()

    @contextmanager
    def examined(
        self,
        path: Path,
        *,
        picture: NDArray[np.uint8] | None = None,
        settings: Mapping[str, str] | None = None,
        on_step: Callable[[str], None] = lambda _name: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Staged]:
        """The file, examined. What was not installed when the block ends is gone. UserError when it is refused.

        `picture` (H, W, 3) is shown in previews; without one a drawn picture serves.
        """
        if path.suffix.lower() != ".onnx":
            raise UserError("import.not_onnx", path=path, reason=UserError("import.reason.ending"))
        folder = self._staging_folder()
        try:
            taken = self._catalog.taken_ids()
            shown = drawn_picture() if picture is None else picture
            inspection = run_in_sandbox(
                EXAMINE,
                path.absolute(),
                folder,
                shown,
                dict(settings or {}),
                taken,
                path=path,
                limits=self._limits,
                on_step=on_step,
                is_cancelled=is_cancelled,
            )
            yield Staged(path, folder, inspection)
        except UserError as error:
            raise clean_error(error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def install(self, staged: Staged, manifest: Manifest | None = None) -> Model:
        """Among the user's models from now on. UserError when the id is taken or the disk refuses."""
        chosen = manifest or staged.inspection.manifest
        if chosen.id in self._catalog.taken_ids():
            raise UserError("import.id_taken", model_id=chosen.id)
        target = self._models_dir / chosen.id
        text = manifest_text(chosen)
        if len(text) > MANIFEST_LIMIT_BYTES:
            raise UserError("model.bad_manifest", path=staged.source, reason="it is larger than 1 MB.")
        parse_manifest(text, staged.source)  # what could not be read again must not come among the models
        card = card_text(staged.source, staged.inspection, chosen, has_preview=(staged.folder / PREVIEW_NAME).exists())
        try:
            (staged.folder / MANIFEST_NAME).write_bytes(text)
            (staged.folder / CARD_NAME).write_text(card, encoding="utf-8")
            staged.folder.rename(target)
        except OSError as error:
            raise UserError("file.cannot_write", path=target, reason=error.strerror or str(error)) from error
        return self._catalog.verified(chosen.id)

    def remove(self, model_id: str) -> Path:
        """Deletes a model of the user's. UserError for one that came with the program."""
        model = self._catalog.folder_of(model_id)
        if model.parent.resolve() != self._models_dir.resolve():
            raise UserError("import.shipped", model_id=model_id)
        try:
            shutil.rmtree(model)
        except OSError as error:
            raise UserError("file.cannot_write", path=model, reason=error.strerror or str(error)) from error
        return model

    def _staging_folder(self) -> Path:
        """Beside the models, so that installing is one rename; left-overs of a killed import go now."""
        try:
            self._models_dir.mkdir(parents=True, exist_ok=True)
            for left in self._models_dir.glob(f"{STAGING_PREFIX}*"):
                owner = left.name.removeprefix(STAGING_PREFIX).partition("-")[0]
                if not owner.isdecimal() or not psutil.pid_exists(int(owner)):
                    shutil.rmtree(left, ignore_errors=True)
            return Path(tempfile.mkdtemp(prefix=f"{STAGING_PREFIX}{os.getpid()}-", dir=self._models_dir))
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError("file.cannot_write", path=self._models_dir, reason=reason) from error


def manifest_text(manifest: Manifest) -> bytes:
    """The manifest as TOML, defaults left out."""
    plain = {key: value for key, value in msgspec.to_builtins(manifest).items() if value not in (None, [], {}, "")}
    return msgspec.toml.encode(_without_none(plain))


def with_title(staged: Staged, title: str, licence: str) -> Staged:
    """The same with another title and licence, which need no new examination."""
    manifest = msgspec.structs.replace(
        staged.inspection.manifest,
        title=clean_text(title, TITLE_LIMIT) or staged.inspection.manifest.title,
        licence=clean_text(licence, LICENCE_LIMIT) or staged.inspection.manifest.licence,
    )
    return replace(staged, inspection=replace(staged.inspection, manifest=manifest))


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_none(inner) for inner in value]
    return value
