"""The whole examination of one file, as it runs in the sandbox: checks, loading, trial runs, a drafted manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.importing.card_files import save_preview
from desktop.runtime.importing.choices import (
    UNKNOWN_LICENCE,
    Choices,
    id_for,
    title_for,
    with_settings,
)
from desktop.runtime.importing.drafting import FILE_NAME, MASK_TASKS, draft
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.graph import ForeignGraph, OutputSketch, Working, find_working, fitted
from desktop.runtime.importing.guessing import guess_task, hinted_task, is_class_map
from desktop.runtime.importing.hole_trial import hole_of, joined_of
from desktop.runtime.importing.inspection import Candidate, Inspection
from desktop.runtime.importing.own_manifest import inputs_of, own_manifest, proved, with_own_pace
from desktop.runtime.importing.pairs import examine_pair
from desktop.runtime.importing.roles import sketches, without_second_file
from desktop.runtime.importing.static_checks import read_checked
from desktop.runtime.importing.texts import LICENCE_LIMIT, TEXT_LIMIT, TITLE_LIMIT, clean_manifest, clean_text
from desktop.runtime.importing.tile_trial import seconds_per_megapixel, tile_of
from desktop.runtime.importing.trial import (
    Trial,
    candidates,
    chosen_from,
    class_of,
    further_candidates,
    inputs_for,
    open_questions,
    range_of_generator,
    run_draft,
    run_manifest,
)
from desktop.runtime.manifest import Manifest, Task

SECOND = "second"  # the other file of a model of two
PROOF_PX = 250  # odd enough not to be the size that was measured
PACED_SIZE = (256, 384)
LICENCE_NOTES = ("license", "licence", "License")


def examine(
    tell: Callable[[str], None],
    path: Path,
    folder: Path,
    picture: NDArray[np.uint8],
    settings: Mapping[str, str],
    taken: frozenset[str],
) -> Inspection:
    """Runs in the child. Leaves the checked file, weights joined, as `folder`/model.onnx.

    `picture` (H, W, 3) is what previews show, `settings` are the user's answers, `taken` the ids of installed models.
    """
    if SECOND in settings:
        others = {key: value for key, value in settings.items() if key != SECOND}
        return examine_pair(tell, (path, Path(settings[SECOND])), folder, picture, others, taken)
    tell("reading")
    content, facts = read_checked(path)
    (folder / FILE_NAME).write_bytes(content)
    own = own_manifest(path, facts, taken, settings)
    tell("loading")
    graph = ForeignGraph(content, facts, str(path))
    del content
    if own is not None:
        return _as_stated(tell, path, facts, own, folder, picture)
    tell("running")
    readings = [without_second_file(sketch) for sketch in sketches(facts, str(path))]
    working = find_working(graph, readings, picture, lambda: tell("running"))
    trial = Trial(graph, working, folder, picture, tell)
    choices = with_settings(_first_choices(trial, path, taken), settings)
    outputs = [output.name for output in working.outputs]
    if choices.output not in outputs:
        raise UserError("import.bad_value", name="output", value=choices.output, known=", ".join(outputs))
    tell("judging")
    return _judged(tell, trial, choices, settings)


def _judged(tell: Callable[[str], None], trial: Trial, choices: Choices, settings: Mapping[str, str]) -> Inspection:
    found: list[Candidate] = []
    if choices.task is Task.GENERATE:
        output_range = range_of_generator(trial, choices)
        choices = with_settings(msgspec.structs.replace(choices, output_range=output_range), settings)
    if trial.working.image is not None:
        choices, found = _seen(trial, choices, settings)
        if choices.task not in MASK_TASKS and "tile" not in settings:
            choices = msgspec.structs.replace(choices, tile=tile_of(trial, choices))
    tell("proving")
    preview = _proof(trial, choices)
    pace: float | None = seconds_per_megapixel(trial, choices)
    if trial.working.image is None:
        pace = None
    manifest = clean_manifest(with_own_pace(draft(trial.facts, trial.working, choices), pace))
    questions = open_questions(trial, choices, found, settings)
    return Inspection(trial.facts, manifest, choices, tuple(questions), tuple(found), trial.working.size, pace, preview)


def _seen(trial: Trial, choices: Choices, settings: Mapping[str, str]) -> tuple[Choices, list[Candidate]]:
    """What is seen in trial runs on a picture: the choices of the best candidate, and all of them, that one first."""
    assert trial.working.image is not None
    output = next((entry for entry in trial.working.outputs if entry.name == choices.output), None)
    if output is not None and choices.task in MASK_TASKS and (output.channels > 1 or _is_map(trial, output)):
        choices = with_settings(class_of(trial, choices, output), settings)
    is_joined = choices.task is Task.INPAINT and trial.working.image.order == "MRGB"
    if is_joined:
        choices = with_settings(joined_of(trial, choices, settings), settings)
    choices, found = _best_of(trial, choices, settings, keeps_range=is_joined)
    trial.tell("judging")
    if choices.task is Task.INPAINT and not is_joined:
        choices, found = _best_of(trial, with_settings(hole_of(trial, choices), settings), settings)
    found[1:1] = further_candidates(trial, choices, settings)
    return choices, found


def _best_of(
    trial: Trial, choices: Choices, settings: Mapping[str, str], *, keeps_range: bool = False
) -> tuple[Choices, list[Candidate]]:
    """The choices of the candidate that looks best, and all of them. `keeps_range`: an experiment has told the range
    better than looks can.
    """
    found = candidates(trial, choices, settings)
    found = [entry for entry in found if _agrees(entry, settings)] or found
    if keeps_range:
        found.sort(key=lambda entry: entry.range != choices.range)
    if found:
        is_named = hinted_task(_notes_of(trial)) is choices.task
        choices = with_settings(chosen_from(choices, trial, found[0], is_named=is_named), settings)
    return choices, found


def _is_map(trial: Trial, output: OutputSketch) -> bool:
    return output.channels == 1 and is_class_map(
        trial.graph.run(trial.graph.feeds(trial.working.sketch, fitted(trial.picture, trial.working.size)))[output.name]
    )


def _proof(trial: Trial, choices: Choices) -> NDArray[np.uint8] | None:
    """The imported model must run once by its manifest, on a size that is not the one that was measured."""
    height, width = trial.picture.shape[:2]
    side = min(height, width, PROOF_PX)
    top, left = (height - side) // 2, (width - side) // 2
    picture = np.ascontiguousarray(trial.picture[top : top + side - 3, left : left + side])
    inputs: dict[str, Any] = inputs_for(trial, choices, picture) if trial.working.image is not None else {}
    shown = shown_result(run_draft(trial, choices, inputs))
    if shown is not None:
        save_preview(trial.folder, inputs.get("image"), shown)
    return shown


def _as_stated(
    tell: Callable[[str], None],
    path: Path,
    facts: GraphFacts,
    stated: Manifest,
    folder: Path,
    picture: NDArray[np.uint8],
) -> Inspection:
    """A file that brings its own manifest: believed when it runs by it."""
    tell("proving")
    manifest = clean_manifest(stated)
    preview = shown_result(proved(path, manifest, folder, picture))
    pace = None
    if any(spec.role == "image" for spec in manifest.inputs):
        shown = fitted(picture, PACED_SIZE)
        started = time.perf_counter()
        preview = shown_result(run_manifest(manifest, folder, inputs_of(manifest, shown)))
        pace = (time.perf_counter() - started) / (shown.shape[0] * shown.shape[1] / 1e6)
    if preview is not None:
        save_preview(folder, None if pace is None else shown, preview)
    return Inspection(facts, with_own_pace(manifest, pace), None, seconds_per_megapixel=pace, preview=preview)


def shown_result(results: Mapping[str, Any]) -> NDArray[np.uint8] | None:
    """The picture among results, the first of several."""
    found = next((results[name] for name in ("image", "images", "mask") if name in results), None)
    if found is None:
        return None
    return np.ascontiguousarray(found[0] if found.ndim == 4 else found)


def _agrees(candidate: Candidate, settings: Mapping[str, str]) -> bool:
    wanted = {"range": candidate.range, "order": candidate.order}
    return all(settings.get(key, value).upper() == value.upper() for key, value in wanted.items())


def _notes_of(trial: Trial) -> str:
    """What its maker called it."""
    said = trial.facts.metadata
    return " ".join((Path(trial.graph.label).stem, said.get("title", ""), said.get("description", "")))


def _first_choices(trial: Trial, path: Path, taken: frozenset[str]) -> Choices:
    facts = trial.facts
    guess = guess_task(trial.graph, trial.working, trial.picture, _notes_of(trial))
    licence = next((facts.metadata[key] for key in LICENCE_NOTES if facts.metadata.get(key)), UNKNOWN_LICENCE)
    return Choices(
        task=guess.task,
        output=guess.output,
        id=id_for(path, set(taken)),
        title=clean_text(facts.metadata.get("title", ""), TITLE_LIMIT) or title_for(path),
        licence=clean_text(licence, LICENCE_LIMIT) or UNKNOWN_LICENCE,
        description=clean_text(facts.metadata.get("description", ""), TEXT_LIMIT),
        scale=guess.scale,
        channels=guess.channels,
        answer=guess.answer,
        fourth=guess.fourth,
        size=_size_rule(trial.working),
    )


def _size_rule(working: Working) -> Any:
    if working.image is None:
        return "any"
    if working.multiple is None:
        return working.size
    return "any" if working.multiple == 1 else working.multiple
