"""Finding out, inside the sandbox, how a foreign network wants its pictures: run it in every sensible way and look.

Every candidate is run as the editor would run it, by the adapter of its task with a drafted manifest, so that a preview
shows exactly what the imported model will give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import Asked
from desktop.runtime.adapters.classes import are_shares
from desktop.runtime.adapters.table import adapter_for
from desktop.runtime.attempts import Kept, TaskRun
from desktop.runtime.importing.choices import Choices, Question
from desktop.runtime.importing.drafting import MASK_TASKS, draft
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.graph import ForeignGraph, OutputSketch, Working, fitted, hole_in
from desktop.runtime.importing.guessing import FAITHFUL_MATCH, as_picture, known_order, known_range
from desktop.runtime.importing.inspection import Candidate
from desktop.runtime.importing.ranges import (
    BYTES_ABOVE,
    LIGHTNESS_RANGES,
    MASK_RANGES,
    PICTURE_RANGES,
    RANGES,
    SIGNED_BELOW,
    activation_of_mask,
    family_range,
    range_of_values,
    structure_match,
    wrong_liveliness,
    wrongness,
)
from desktop.runtime.importing.roles import GRAY, InputSketch
from desktop.runtime.manifest import JOINED, TWO_PICTURES, Input, Manifest, Task
from desktop.runtime.messages import Task as Job

PREVIEW_PX = 224
ENDINGS = {"Tanh": "-1..1", "Sigmoid": "0..1", "Clip 0 1": "0..1", "Clip 0 255": "0..255", "Clip -1 1": "-1..1"}
UNUSUAL_RANGES = ("imagenet", "-0.5..0.5", "caffe")
SAME_SPREAD = 0.15
GENERATED = 6  # pictures of a generator that tell its range
ORDERS = ("RGB", "BGR")
RANGE_MISMATCH = 0.2  # most networks answer in the range that they are fed in
SHOWN_CLASSES = 3
FAMILY_GAIN = 0.7  # a known family's own range wins unless it looks clearly worse
BLUE_FIRST_COST = 0.05  # one known network in four has blue first, and where it hardly shows it hardly matters
RANK_COST = 0.02  # ties go to the commoner range

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Trial:
    """What an experiment needs: the loaded graph, the reading that runs, the folder with the file, a picture."""

    graph: ForeignGraph
    working: Working
    folder: Path
    picture: Picture
    tell: Callable[[str], None] = lambda _step: None  # a sign of life: slow networks are tried in many ways
    kept: Kept = field(default_factory=Kept)  # the session, loaded once for all ways

    @property
    def facts(self) -> GraphFacts:
        return self.graph.facts


def run_draft(trial: Trial, choices: Choices, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The results of the task's own adapter for these choices; UserError when they do not work."""
    return run_manifest(draft(trial.facts, trial.working, choices), trial.folder, inputs, kept=trial.kept)


def run_manifest(
    manifest: Manifest,
    folder: Path,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    kept: Kept | None = None,
) -> Mapping[str, Any]:
    """The results of the task's adapter for a manifest with files in `folder`; `parameters` other than the defaults."""
    adapter = adapter_for(manifest.task)
    adapter.check(manifest)
    asked = Asked(
        {role: array.shape for role, array in inputs.items()},
        {role: array.dtype.name for role, array in inputs.items()},
        1,
    )
    results = {name: np.zeros(shape, dtype) for name, (shape, dtype) in adapter.results(manifest, asked).items()}
    known = {param.id: param.default for param in manifest.params} | dict(parameters or {})
    job = Job(0, folder, manifest, {}, {}, known, 0, "cpu")
    with np.errstate(over="ignore", invalid="ignore"):  # a wrong range may well make numbers without bound
        TaskRun(job, kept or Kept(), lambda _progress: None).run(inputs, results)
    return results


def as_rgb(result: NDArray[Any]) -> Picture:
    """A result as a small picture for a card."""
    shown = result
    if result.ndim == 2:
        levels = result if result.dtype == np.uint8 else (result.astype(np.float32) * (255 / max(result.max(), 1)))
        shown = np.repeat(levels.astype(np.uint8)[..., None], 3, axis=2)
    shown = np.ascontiguousarray(shown[..., :3])
    share = PREVIEW_PX / max(shown.shape[:2])
    size = (max(round(shown.shape[1] * share), 1), max(round(shown.shape[0] * share), 1))
    small: Picture = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    return small


def candidates(trial: Trial, choices: Choices, given: Mapping[str, str]) -> list[Candidate]:
    """Every range and channel order that is neither known nor `given`, best first. Empty when nothing ran."""
    image = trial.working.image
    assert image is not None
    if image.type == "uint8":
        ranges: tuple[str, ...] = ("0..255",)
    else:
        stated = given.get("range") or known_range(trial.facts)
        ranges = (stated,) if stated else _usual_ranges(choices, image)
    own_order = given.get("order", "").upper() or known_order(trial.facts)
    has_no_order = image.order in ("L", "MRGB", *JOINED)
    orders = ("RGB",) if has_no_order else (own_order,) if own_order else ORDERS
    found = []
    for rank, name in enumerate(ranges):
        output_range, activation = answer_range(trial, choices, name)
        for order in orders:
            fields = {"range": name, "output_range": output_range, "order": order, "activation": activation}
            trial.tell("judging")
            candidate = _candidate(trial, msgspec.structs.replace(choices, **fields), rank)
            if candidate is not None:
                found.append(candidate)
    likely = family_range(choices.id)
    for place, entry in enumerate(found):
        if entry.range == likely:
            found[place] = msgspec.structs.replace(entry, wrongness=entry.wrongness - FAMILY_GAIN)
    return sorted(found, key=lambda candidate: candidate.wrongness)


def further_candidates(trial: Trial, choices: Choices, given: Mapping[str, str]) -> list[Candidate]:
    """The best range with the mask turned round, or with other classes: what else a person may be asked to choose."""
    changes: list[dict[str, Any]] = []
    if choices.task is Task.INPAINT and "hole" not in given:
        changes.append({"mask_hole": "black" if choices.mask_hole == "white" else "white"})
    if choices.class_index is not None and "class" not in given:
        changes += [{"class_index": number} for number in _common_classes(trial, choices)]
    found = [_candidate(trial, msgspec.structs.replace(choices, **change), 0) for change in changes]
    return [candidate for candidate in found if candidate is not None]


def _common_classes(trial: Trial, choices: Choices) -> list[int]:
    """The classes that the test picture shows most of, but for the one that was guessed."""
    output = next(entry for entry in trial.working.outputs if entry.name == choices.output)
    counts = _class_counts(trial.graph.run(feeds_for(trial, choices, trial.working.size))[output.name], output)
    order = [int(number) for number in np.argsort(-counts, kind="stable") if counts[number] > 0]
    return [number for number in order if number != choices.class_index][:SHOWN_CLASSES]


def _class_counts(answer: Any, output: OutputSketch) -> NDArray[np.int64]:
    """How many pixels belong to each class."""
    if output.channels == 1:
        return np.bincount(np.asarray(answer).ravel().astype(np.int64), minlength=2)
    planes = np.asarray(answer, np.float32)
    planes = planes[0] if output.layout.startswith("N") else planes
    planes = planes.transpose(2, 0, 1) if output.layout.endswith("HWC") else planes
    return np.bincount(planes.argmax(axis=0).ravel(), minlength=output.channels)


def chosen_from(choices: Choices, trial: Trial, best: Candidate, *, is_named: bool) -> Choices:
    """The choices with the best candidate's range and order; whether a picture is kept or restyled is seen in it,
    unless the file's name or notes say so.
    """
    _, activation = answer_range(trial, choices, best.range)
    found = msgspec.structs.replace(
        choices, range=best.range, output_range=best.output_range, order=best.order, activation=activation
    )
    is_alone = trial.working.role("style", "image2") is None
    is_seen = found.task in (Task.RESTORE, Task.STYLE) and not is_named
    if is_seen and found.answer == "picture" and is_alone:
        shown = fitted(trial.picture, best.preview.shape[:2])
        is_kept = structure_match(shown, best.preview) >= FAITHFUL_MATCH
        found = msgspec.structs.replace(found, task=Task.RESTORE if is_kept else Task.STYLE)
    return found


def inputs_for(trial: Trial, choices: Choices, picture: Picture) -> dict[str, Any]:
    """A picture and whatever else the task wants beside it."""
    inputs: dict[str, Any] = {"image": picture}
    for entry in trial.working.sketch:
        if entry.role in ("image2", "style"):
            inputs[entry.role] = np.ascontiguousarray(picture[:, ::-1])
        if entry.order in TWO_PICTURES:
            inputs["image2"] = np.ascontiguousarray(picture[:, ::-1])
    is_joined = trial.working.image is not None and trial.working.image.order == "MRGB"
    if trial.working.role("mask") or (is_joined and choices.fourth in ("mask_first", "mask_last")):
        inputs["mask"] = hole_in(picture)
    return inputs


def class_of(trial: Trial, choices: Choices, output: OutputSketch) -> Choices:
    """The class that covers most of the test picture, but for the first one, which is the background."""
    answer = trial.graph.run(feeds_for(trial, choices, trial.working.size))[output.name]
    counts = _class_counts(answer, output)
    counts[0] = -1
    is_ready = output.channels == 1 or are_shares(np.asarray(answer, np.float32))
    activation = "none" if is_ready else "softmax"
    return msgspec.structs.replace(choices, class_index=int(counts.argmax()), activation=activation)


def answer_range(trial: Trial, choices: Choices, name: str) -> tuple[str, str]:
    """The range of the answer and the activation it still needs, when the picture goes in by `name`."""
    output = next(entry for entry in trial.working.outputs if entry.name == choices.output)
    changed = msgspec.structs.replace(choices, range=name)
    try:
        answer = trial.graph.run(feeds_for(trial, changed, trial.working.size))[output.name]
    except UserError:
        return "0..1", "none"
    ending = trial.facts.endings.get(output.name, "")
    if choices.task in MASK_TASKS:
        activation, output_range = activation_of_mask(answer)
        return output_range, activation if output.channels == 1 else choices.activation
    if choices.task is Task.COLOURISE and output.channels == 2:
        return ("0..255" if float(np.abs(answer).max()) > 2 else "-1..1"), "none"
    if answer.dtype.kind in "ui":
        return "0..255", "none"
    if ending in ENDINGS and choices.answer == "picture":
        return ENDINGS[ending], "none"
    if choices.answer != "picture":
        return "0..1", "none"
    first, stop = choices.channels or (0, min(output.channels, 3))
    planes = as_picture(answer, output) if output.channels <= 4 else np.asarray(answer)
    values = planes if choices.channels is None else np.take(answer, range(first, stop), axis=_channel_axis(output))
    return _same_range(trial, changed, name, values) or range_of_values(values), "none"


def range_of_generator(trial: Trial, choices: Choices) -> str:
    """The range of a generator's pictures, over several of them."""
    ending = trial.facts.endings.get(choices.output, "")
    if ending in ENDINGS:
        return ENDINGS[ending]
    answers = []
    for seed in range(GENERATED):
        feeds = trial.graph.feeds(trial.working.sketch, trial.picture, seed=seed)
        answers.append(np.asarray(trial.graph.run(feeds)[choices.output], np.float32).ravel())
    values = np.concatenate(answers)
    return "0..255" if float(values.max()) > BYTES_ABOVE else "-1..1" if float(values.min()) < SIGNED_BELOW else "0..1"


def _same_range(trial: Trial, choices: Choices, name: str, values: NDArray[Any]) -> str | None:
    """An unusual range that comes back as it went in, seen in the spread of the numbers."""
    image = trial.working.image
    if name not in UNUSUAL_RANGES or image is None or choices.channels is not None:
        return None
    fed = feeds_for(trial, choices, trial.working.size)[image.name]
    spreads = [np.percentile(np.asarray(array, np.float32), (2, 50, 98)) for array in (fed, values)]
    allowed = SAME_SPREAD * max(float(np.ptp(spreads[0])), 1e-6)
    return name if bool((np.abs(spreads[0] - spreads[1]) < allowed).all()) else None


def open_questions(trial: Trial, choices: Choices, found: list[Candidate], given: Mapping[str, str]) -> list[Question]:
    """What only a person can know, with the guess that `--yes` takes."""
    questions = []
    if len({candidate.range for candidate in found}) > 1 and "range" not in given:
        questions.append(Question("range", choices.range, tuple(dict.fromkeys(entry.range for entry in found))))
    if len({candidate.order for candidate in found}) > 1 and "order" not in given:
        questions.append(Question("order", choices.order, ORDERS))
    if choices.task is Task.INPAINT and "hole" not in given:
        questions.append(Question("hole", choices.mask_hole, ("white", "black")))
    if choices.class_index is not None and "class" not in given:
        questions.append(Question("class", str(choices.class_index)))
    if choices.channels is not None and "channels" not in given:
        questions.append(Question("channels", f"{choices.channels[0]}..{choices.channels[1]}"))
    if "licence" not in given and not trial.facts.metadata.get("license"):
        questions.append(Question("licence", choices.licence))
    return questions


def _candidate(trial: Trial, choices: Choices, rank: int) -> Candidate | None:
    shown = preview_picture(trial)
    try:
        results = run_draft(trial, choices, inputs_for(trial, choices, shown))
        found = next((results[name] for name in ("image", "mask", "classes") if name in results), None)
        if found is None:
            return None
        preview = as_rgb(found)
        cost = _cost(trial, choices, shown, preview)
    except UserError:
        return None
    more: dict[str, str] = {}
    if choices.task is Task.INPAINT:
        more["hole"] = choices.mask_hole
    if choices.class_index is not None:
        more["class"] = str(choices.class_index)
    cost += RANK_COST * rank + (BLUE_FIRST_COST if choices.order == "BGR" else 0)
    return Candidate(choices.range, choices.output_range, choices.order, cost, preview, more)


def _usual_ranges(choices: Choices, image: InputSketch) -> tuple[str, ...]:
    if choices.task in MASK_TASKS:
        return MASK_RANGES
    if image.order in GRAY:
        return LIGHTNESS_RANGES if choices.task is Task.COLOURISE else ("0..1", "0..255", "-1..1")
    return PICTURE_RANGES


def _cost(trial: Trial, choices: Choices, shown: Picture, preview: Picture) -> float:
    """From the raw answer, before anything is clipped; of two colour channels alone, from what they colour."""
    if choices.task in MASK_TASKS:
        return 0.0  # a mask does not tell; the order of the ranges decides, and a person
    if choices.task is Task.COLOURISE and trial.working.image is not None and trial.working.image.order == "L":
        return wrong_liveliness(preview)
    if choices.answer != "picture":
        return 0.0  # applied to the picture in 0..1 whatever the network was fed
    raw = raw_answer(trial, choices, shown)
    is_faithful = choices.task not in (Task.STYLE, Task.TRANSLATE)
    mismatch = 0.0 if _base(choices.range) == choices.output_range else RANGE_MISMATCH
    return mismatch + wrongness(shown, raw, is_faithful=is_faithful)


def _base(name: str) -> str:
    return name if name in ("0..1", "0..255", "-1..1") else "0..1"


def raw_answer(trial: Trial, choices: Choices, shown: Picture) -> NDArray[np.float32]:
    """(H, W, 3) in levels, not clipped, at the size of `shown`."""
    output = next(entry for entry in trial.working.outputs if entry.name == choices.output)
    answer = trial.graph.run(feeds_for(trial, choices, trial.working.size, shown))[output.name]
    if choices.channels is not None:
        answer = np.take(answer, range(*choices.channels), axis=_channel_axis(output))
        output = replace(output, channels=choices.channels[1] - choices.channels[0])
    answer = as_picture(answer, output)
    stated = RANGES[choices.output_range]
    levels = answer * np.asarray(stated.std, np.float32) + np.asarray(stated.mean, np.float32)
    levels = levels[..., ::-1] if choices.order == "BGR" else levels
    size = (shown.shape[1], shown.shape[0])
    resized: NDArray[np.float32] = cv2.resize(np.ascontiguousarray(levels), size, interpolation=cv2.INTER_AREA)
    return resized


def _channel_axis(output: OutputSketch) -> int:
    return -1 if output.layout.endswith("HWC") else -3


def feeds_for(
    trial: Trial,
    choices: Choices,
    size: tuple[int, int],
    shown: Picture | None = None,
) -> dict[str, Any]:
    """Tensors of a picture by these choices, without an adapter: for looking at what comes out unclipped."""
    manifest = draft(trial.facts, trial.working, choices)
    coded = ("image", "image2", "style", "mask")
    specs: dict[str, Input] = {spec.name: spec for spec in manifest.inputs if spec.role in coded}
    return trial.graph.feeds(trial.working.sketch, fitted(trial.picture if shown is None else shown, size), specs)


def preview_picture(trial: Trial) -> Picture:
    """The test picture at a size that the network takes and a card shows."""
    if trial.working.multiple is None:
        height, width = trial.picture.shape[:2]
        share = PREVIEW_PX / max(height, width)
        return fitted(trial.picture, (max(round(height * share), 16), max(round(width * share), 16)))
    return fitted(trial.picture, trial.working.size)
