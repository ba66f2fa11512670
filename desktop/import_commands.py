"""`scumble models import` and `models remove`: the same examination as the window's, told as text or JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from desktop import paths
from desktop.commands import Printer
from desktop.core.errors import UserError
from desktop.io.image_files import read_image
from desktop.runtime.catalog import Catalog
from desktop.runtime.importing.importer import Importer
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.trial_pictures import trial_picture
from desktop.runtime.importing.verdict import verdict


@dataclass(frozen=True)
class ImportOrder:
    """What `scumble models import` was asked to do. `picture` is what the model is tried on."""

    source: Path
    settings: Mapping[str, str]
    takes_guesses: bool
    picture: Path | None = None


def import_model(order: ImportOrder, tell: Printer) -> int:
    """Examine, and install when nothing is open. UserError when refused or when questions are left."""
    importer = _importer()
    shown = read_image(order.picture or paths.trial_photo()).pixels
    with importer.examined(order.source, picture=trial_picture(shown), settings=order.settings) as staged:
        found = staged.inspection
        sentences = [str(sentence) for sentence in verdict(found)]
        if found.questions and not order.takes_guesses:
            print(" ".join(sentences), file=sys.stderr)
            questions = ", ".join(
                _question_text(question.key, question.guess, question.options) for question in found.questions
            )
            raise UserError("import.needs_answers", questions=questions)
        model = importer.install(staged)
    facts = {
        "id": model.id,
        "folder": str(model.folder),
        "sha256": model.sha256,
        "verdict": sentences,
        "guessed": {question.key: question.guess for question in found.questions},
        "candidates": _candidate_facts(found),
        "manifest": msgspec.to_builtins(model.manifest),
    }
    tell(facts, "\n".join([f"Imported as “{model.id}”.", *sentences, f"Folder: {model.folder}"]))
    return 0


def remove_model(model_id: str, tell: Printer) -> int:
    folder = _importer().remove(model_id)
    tell({"removed": model_id, "folder": str(folder)}, f"Removed “{model_id}”.")
    return 0


def _importer() -> Importer:
    return Importer(Catalog(paths.model_folders()), paths.user_models_dir())


def _question_text(key: str, guess: str, options: tuple[str, ...]) -> str:
    others = f" (one of {', '.join(options)})" if options else ""
    return f"--set {key}={guess}{others}"


def _candidate_facts(found: Inspection) -> list[dict[str, object]]:
    return [
        {
            "range": entry.range,
            "output_range": entry.output_range,
            "order": entry.order,
            "cost": round(entry.wrongness, 3),
        }
        for entry in found.candidates
    ]
