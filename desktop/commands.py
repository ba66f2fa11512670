"""What the commands do, with the same code as the window. Pictures by io, models by runtime; Qt is never loaded."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from desktop import paths
from desktop.core.errors import UserError
from desktop.io.formats import FileFormat, format_of_bytes, format_of_suffix
from desktop.io.image_files import ImageFile, read_head, read_image, windowed, write_image
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.runner import (
    DeviceChoice,
    Progress,
    Stage,
)
from desktop.selftest import check_models

EXIT_CHECK_FAILED = 1
LINE_WIDTH = 30
STAGE_WORDS = {Stage.STARTING: "starting", Stage.LOADING: "loading the model", Stage.RUNNING: "running"}

Facts = Mapping[str, Any]
Printer = Callable[[Facts, str], None]


class ProgressLine:
    """A line on standard error that is written over; nothing where nobody can see it."""

    def __init__(self) -> None:
        self._is_seen = sys.stderr is not None and sys.stderr.isatty()

    def show(self, progress: Progress) -> None:
        self._write(f"{STAGE_WORDS.get(progress.stage, '')} {progress.fraction:4.0%}")

    def erase(self) -> None:
        self._write("", end="\r")

    def _write(self, text: str, end: str = "") -> None:
        if self._is_seen:
            print(f"\r{text:<{LINE_WIDTH}}", end=end, file=sys.stderr, flush=True)


def printer(as_json: bool) -> Printer:
    """How results are told: all facts as one JSON object, or a text for people."""

    def print_json(facts: Facts, _text: str) -> None:
        print(json.dumps(facts, indent=2))  # in ASCII: names of files may hold bytes that no encoding takes

    def print_text(_facts: Facts, text: str) -> None:
        print(text)

    return print_json if as_json else print_text


def convert(source: Path, target: Path, tell: Printer, window: tuple[float, float] | None = None) -> int:
    """`window`: of measured values (DICOM) the lowest and highest that are shown, else as the file says."""
    if check_target(target) is FileFormat.OPENRASTER:
        from desktop.io.documents import open_document_file  # here: a run needs no compositing kernels
        from desktop.io.openraster import save_openraster

        document = open_document_file(source, window=window)
        save_openraster(document, target)
        size, depth, layers = document.size, document.depth, len(document.layers)
        facts = {"width": size.width, "height": size.height, "depth": depth, "layers": layers}
    else:
        image = flat_picture(source) if window is None else _windowed(source, window)
        write_image(target, image)
        height, width = image.pixels.shape[:2]
        facts = {"width": width, "height": height, "depth": image.pixels.dtype.itemsize * 8, "layers": 1}
    text = f"{target}: {facts['width']} × {facts['height']} pixels, {facts['depth']} bits"
    tell({"input": str(source), "output": str(target), **facts}, text)
    return 0


def _windowed(source: Path, window: tuple[float, float]) -> ImageFile:
    image = read_image(source, keeps_range=True)
    if image.values is None:
        raise UserError("file.no_values", path=source)
    return windowed(image, window)


def list_models(tell: Printer) -> int:
    catalog = Catalog(paths.model_folders())
    models, broken = catalog.models(), catalog.broken()
    facts = {
        "models": [_summary(model) for model in models],
        "broken": [{"id": model.id, "folder": str(model.folder), "reason": str(model.error)} for model in broken],
    }
    lines = [f"{model.id:24} {model.manifest.task:12} {model.manifest.title}" for model in models]
    lines += [f"{model.id:24} {'broken':12} {model.error}" for model in broken]
    tell(facts, "\n".join(lines) or "No models are installed.")
    return 0


def show_model(model_id: str, tell: Printer) -> int:
    model = Catalog(paths.model_folders()).get(model_id)
    facts = {**msgspec.to_builtins(model.manifest), "folder": str(model.folder), "model_sha256": model.sha256}
    tell(facts, _model_text(model))
    return 0


def verify_models(model_id: str | None, tell: Printer) -> int:
    """Compare the files of one model, or of all, with their hashes."""
    catalog = Catalog(paths.model_folders())
    if model_id is not None:
        catalog.get(model_id)
    problems = {model.id: str(model.error) for model in catalog.broken() if model_id in (None, model.id)}
    intact = []
    for model in catalog.models():
        if model_id not in (None, model.id):
            continue
        try:
            catalog.verified(model.id)
        except UserError as error:
            problems[model.id] = str(error)
        else:
            intact.append(model.id)
    lines = [f"{name}: intact" for name in intact] + [f"{name}: {problem}" for name, problem in problems.items()]
    tell({"intact": intact, "problems": problems}, "\n".join(lines) or "No models are installed.")
    return EXIT_CHECK_FAILED if problems else 0


def selftest(device: DeviceChoice, tell: Printer) -> int:
    catalog = Catalog(paths.model_folders())
    runner = WorkerRunner(catalog)
    try:
        checks = check_models(catalog, runner, device)
    finally:
        runner.close()
    passed = bool(checks) and all(check.passed for check in checks)
    lines = [check.text() for check in checks] or ["No models are installed: the installation is incomplete."]
    tell({"passed": passed, "models": [asdict(check) for check in checks]}, "\n".join(lines))
    return 0 if passed else EXIT_CHECK_FAILED


def selftest_window(tell: Printer) -> int:
    """Open the editor without a screen, paint, run a model, save and open again."""
    from desktop.app import try_window
    from desktop.window_selftest import passed

    steps = try_window()
    tell({"passed": passed(steps), "steps": [asdict(step) for step in steps]}, "\n".join(step.text() for step in steps))
    return 0 if passed(steps) else EXIT_CHECK_FAILED


def check_target(target: Path) -> FileFormat:
    """The format that the name asks for. What would fail after minutes of work fails now."""
    if target.is_dir():
        raise UserError("file.is_folder", path=target)
    if not target.parent.is_dir():
        raise UserError("file.no_folder", folder=target.parent)
    return format_of_suffix(target)


def flat_picture(source: Path) -> ImageFile:
    """The picture in a file; of a layered one, what is visible."""
    if format_of_bytes(read_head(source)) is not FileFormat.OPENRASTER:
        return read_image(source)
    from desktop.io.documents import flat_image, open_document_file

    return flat_image(open_document_file(source))


def write_picture(target: Path, image: ImageFile) -> None:
    if format_of_suffix(target) is not FileFormat.OPENRASTER:
        write_image(target, image)
        return
    from desktop.io.documents import document_from_image
    from desktop.io.openraster import save_openraster

    save_openraster(document_from_image(image), target)


def _summary(model: Model) -> Facts:
    manifest = model.manifest
    kept = ("id", "title", "description", "task", "version", "licence", "scale")
    return {**{key: getattr(manifest, key) for key in kept}, "sha256": model.sha256, "folder": str(model.folder)}


def _model_text(model: Model) -> str:
    manifest = model.manifest
    lines = [
        f"{manifest.title} ({manifest.id} {manifest.version}, {manifest.licence})",
        manifest.description,
        f"Kind: {manifest.task}, ×{manifest.scale}. Folder: {model.folder}",
    ]
    for param in manifest.params:
        allowed = ", ".join(param.choices) or f"{param.min:g} to {param.max:g} {param.unit}".strip()
        lines.append(f"--param {param.id}=…   {param.label}: {allowed}; default {param.default}")
    for metric in manifest.metrics:
        than = f", {metric.baseline} {metric.baseline_value:g}" if metric.baseline_value is not None else ""
        lines.append(f"{metric.data}: {metric.metric} {metric.value:g} {metric.unit}{than}")
    return "\n".join(line for line in lines if line)
