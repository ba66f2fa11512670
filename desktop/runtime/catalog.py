"""The models there are: folders with a manifest, their files checked against the hashes before they are used."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import UserError
from desktop.runtime.manifest import MANIFEST_NAME, Manifest, manifest_text, parse_manifest

MODEL_FILE_LIMIT_BYTES = 2 << 30  # protobuf cannot hold more in one file


@dataclass(frozen=True)
class Model:
    """A model folder whose manifest is valid; its files may still be missing until `Catalog.verified`."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def sha256(self) -> str:
        return self.manifest.model_sha256

    def file(self, part: str) -> Path:
        return self.folder / self.manifest.files[part]


@dataclass(frozen=True)
class BrokenModel:
    """A folder that looks like a model and is none; `error` says why."""

    folder: Path
    error: UserError

    @property
    def id(self) -> str:
        return self.folder.name


class Catalog:
    """Looks through `folders` in order; a later folder cannot replace a model of an earlier one.

    Safe to use from several threads. Kept are the proof of a hash, which holds until the file's size or time of change
    moves, and what a manifest says, which holds as long as its text is the same: parsing is a millisecond a model.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self._proofs: dict[Path, tuple[int, int, str]] = {}
        self._manifests: dict[Path, tuple[bytes, Manifest]] = {}
        self._lock = threading.Lock()

    def models(self) -> list[Model]:
        """All usable models by title."""
        return sorted(self._found()[0].values(), key=lambda model: model.manifest.title.casefold())

    def broken(self) -> list[BrokenModel]:
        return self._found()[1]

    def get(self, model_id: str) -> Model:
        """The model, its files not yet checked. UserError when unknown or broken."""
        models, broken = self._found()
        if model_id in models:
            return models[model_id]
        for folder in broken:
            if folder.id == model_id:
                raise UserError("model.broken", model_id=model_id, reason=folder.error) from folder.error
        raise UserError("model.unknown", model_id=model_id, known=", ".join(sorted(models)) or "none")

    def taken_ids(self) -> frozenset[str]:
        """Ids that no further model can have: of models, and of folders that are none."""
        models, broken = self._found()
        return frozenset(models) | {folder.id for folder in broken}

    def folder_of(self, model_id: str) -> Path:
        """The folder of a model, usable or broken."""
        models, broken = self._found()
        found = next((folder.folder for folder in broken if folder.id == model_id), None)
        return found if model_id not in models and found is not None else self.get(model_id).folder

    def verified(self, model_id: str, *, reads_again: bool = False) -> Model:
        """The model, every file present and exactly the published one. UserError names the file otherwise.

        A file whose size and date did not change since it was read counts as read, unless `reads_again`.
        """
        model = self.get(model_id)
        if reads_again:
            with self._lock:
                for part in model.manifest.sha256:
                    self._proofs.pop(model.file(part), None)
        for part, expected in model.manifest.sha256.items():
            if self._proven_sha256(model, model.file(part)) != expected:
                raise UserError("model.file_altered", path=model.file(part), model_id=model.id)
        return model

    def _found(self) -> tuple[dict[str, Model], list[BrokenModel]]:
        models: dict[str, Model] = {}
        broken: list[BrokenModel] = []
        for folder in self._model_folders():
            try:
                manifest = self._manifest_of(folder)
            except UserError as error:
                broken.append(BrokenModel(folder, error))
            else:
                models.setdefault(manifest.id, Model(folder, manifest))
        return models, broken

    def _manifest_of(self, folder: Path) -> Manifest:
        text = manifest_text(folder)
        with self._lock:
            known, manifest = self._manifests.get(folder, (b"", None))
        if manifest is None or known != text:
            manifest = parse_manifest(text, folder / MANIFEST_NAME)
            with self._lock:
                self._manifests[folder] = (text, manifest)
        return manifest

    def _model_folders(self) -> list[Path]:
        found: list[Path] = []
        for folder in self.folders:
            try:
                found += sorted(path for path in folder.iterdir() if _is_model_folder(path))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
        return found

    def _proven_sha256(self, model: Model, path: Path) -> str:
        try:
            state = path.stat()
            with self._lock:
                size, changed, digest = self._proofs.get(path, (-1, -1, ""))
            if (size, changed) == (state.st_size, state.st_mtime_ns):
                return digest
            digest = file_sha256(path)
        except FileNotFoundError as error:
            raise UserError("model.file_missing", path=path, model_id=model.id) from error
        except OSError as error:
            raise UserError("model.broken", model_id=model.id, reason=f"{path}: {error.strerror}") from error
        with self._lock:
            self._proofs[path] = (state.st_size, state.st_mtime_ns, digest)
        return digest


def _is_model_folder(path: Path) -> bool:
    """Names with a dot in front belong to imports that were broken off."""
    try:
        return not path.name.startswith(".") and (path / MANIFEST_NAME).exists()
    except PermissionError:
        return True  # it is named among the broken ones, with the reason


def file_sha256(path: Path) -> str:
    """The hash as hex. UserError for a file that is too large to be a model."""
    if path.stat().st_size > MODEL_FILE_LIMIT_BYTES:
        raise UserError("model.file_too_large", path=path, limit_mb=MODEL_FILE_LIMIT_BYTES >> 20)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
