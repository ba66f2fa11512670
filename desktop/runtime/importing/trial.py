"""Finding out, inside the sandbox, how a foreign network wants its pictures: run it in every sensible way and look.

Every candidate is run as the editor would run it, by the adapter of its task with a drafted manifest, so that a preview
shows exactly what the imported model will give.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import Asked
from desktop.runtime.adapters.table import adapter_for
from desktop.runtime.attempts import Kept, TaskRun
from desktop.runtime.importing.choices import Choices, Question
from desktop.runtime.importing.drafting import MASK_TASKS, draft
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.graph import ForeignGraph, OutputSketch, Working, fitted, usual_value
from desktop.runtime.importing.guessing import FAITHFUL_MATCH, as_picture, known_order, known_range
from desktop.runtime.importing.inspection import Candidate
from desktop.runtime.importing.ranges import (
    LIGHTNESS_RANGES,
    MASK_RANGES,
    PICTURE_RANGES,
    RANGES,
    activation_of_mask,
    range_of_values,
    structure_match,
    wrong_liveliness,
    wrongness,
)
from desktop.runtime.importing.roles import InputSketch
from desktop.runtime.manifest import Input, Manifest, Task, Tile
from desktop.runtime.messages import Task as Job

PREVIEW_PX = 224
ORDERS = ("RGB", "BGR")
RANGE_MISMATCH = 0.2  # most networks answer in the range that they are fed in
RANK_COST = 0.02  # ties go to the commoner range
STILL_LEVELS = 0.5  # a change that moves a far pixel by less than this does not reach it
TILE_SIDE = 512
HEAVY_TILE_SIDE = 256  # where large tiles would take gigabytes
STRIDE = 32  # networks halve at most five times: origins on this grid never move their samples

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Trial:
    """What an experiment needs: the loaded graph, the reading that runs, the folder with the file, a picture."""

    graph: ForeignGraph
    working: Working
    folder: Path
    picture: Picture

    @property
    def facts(self) -> GraphFacts:
        return self.graph.facts


def run_draft(trial: Trial, choices: Choices, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The results of the task's own adapter for these choices; UserError when they do not work."""
    return run_manifest(draft(trial.facts, trial.working, choices), trial.folder, inputs)


def run_manifest(manifest: Manifest, folder: Path, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The results of the task's own adapter for a manifest whose files lie in `folder`."""
    adapter = adapter_for(manifest.task)
    adapter.check(manifest)
    asked = Asked(
        {role: array.shape for role, array in inputs.items()},
        {role: array.dtype.name for role, array in inputs.items()},
        1,
    )
    results = {name: np.zeros(shape, dtype) for name, (shape, dtype) in adapter.results(manifest, asked).items()}
    parameters = {param.id: param.default for param in manifest.params}
    job = Job(0, folder, manifest, {}, {}, parameters, 0, "cpu")
    with np.errstate(over="ignore", invalid="ignore"):  # a wrong range may well make numbers without bound
        TaskRun(job, Kept(), lambda _progress: None).run(inputs, results)
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


def candidates(trial: Trial, choices: Choices) -> list[Candidate]:
    """Every range and channel order that is not known, best first. Empty when nothing ran."""
    image = trial.working.image
    assert image is not None
    if image.type == "uint8":
        ranges: tuple[str, ...] = ("0..255",)
    else:
        stated = known_range(trial.facts)
        ranges = (stated,) if stated else _usual_ranges(choices, image)
    orders = ("RGB",) if image.order == "L" else (known_order(trial.facts),) if known_order(trial.facts) else ORDERS
    found = []
    for rank, name in enumerate(ranges):
        output_range, activation = answer_range(trial, choices, name)
        for order in orders:
            fields = {"range": name, "output_range": output_range, "order": order, "activation": activation}
            candidate = _candidate(trial, msgspec.structs.replace(choices, **fields), rank)
            if candidate is not None:
                found.append(candidate)
    return sorted(found, key=lambda candidate: candidate.wrongness)


def chosen_from(choices: Choices, trial: Trial, best: Candidate) -> Choices:
    """The choices with the best candidate's range and order; whether a picture is kept or restyled is seen in it."""
    _, activation = answer_range(trial, choices, best.range)
    found = msgspec.structs.replace(
        choices, range=best.range, output_range=best.output_range, order=best.order, activation=activation
    )
    if found.task in (Task.RESTORE, Task.STYLE) and found.answer == "picture":
        shown = fitted(trial.picture, best.preview.shape[:2])
        is_kept = structure_match(shown, best.preview) >= FAITHFUL_MATCH
        found = msgspec.structs.replace(found, task=Task.RESTORE if is_kept else Task.STYLE)
    return found


def inputs_for(trial: Trial, choices: Choices, picture: Picture) -> dict[str, Any]:
    """A picture and whatever else the task wants beside it."""
    height, width = picture.shape[:2]
    inputs: dict[str, Any] = {"image": picture}
    for entry in trial.working.sketch:
        if entry.role in ("image2", "style"):
            inputs[entry.role] = np.ascontiguousarray(picture[:, ::-1])
    if choices.task is Task.INPAINT:
        mask = np.zeros((height, width), np.uint8)
        mask[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = 255
        inputs["mask"] = mask
    return inputs


def hole_of(trial: Trial, choices: Choices) -> Choices:
    """Whether a mask of 1 or of 0 is the hole: the network must change the hole and keep the rest."""
    shown = _preview_picture(trial)
    inputs = inputs_for(trial, choices, shown)
    inside = inputs["mask"] > 0
    found: dict[str, float] = {}
    for hole in ("white", "black"):
        raw = _raw_answer(trial, msgspec.structs.replace(choices, mask_hole=hole), inputs["mask"], shown)
        change = np.abs(raw - shown.astype(np.float32)).mean(axis=2)
        found[hole] = float(change[~inside].mean()) - float(change[inside].mean())
    best = min(found, key=lambda hole: found[hole])
    return msgspec.structs.replace(choices, mask_hole=best)


def class_of(trial: Trial, choices: Choices, output: OutputSketch) -> Choices:
    """The class that covers most of the test picture, but for the first one, which is the background."""
    answer = trial.graph.run(_feeds(trial, choices, trial.working.size))[output.name]
    planes = np.asarray(answer, np.float32)
    planes = planes[0] if output.layout.startswith("N") else planes
    planes = planes.transpose(2, 0, 1) if output.layout.endswith("HWC") else planes
    counts = np.bincount(planes.argmax(axis=0).ravel(), minlength=output.channels)
    counts[0] = -1
    return msgspec.structs.replace(choices, class_index=int(counts.argmax()), activation="softmax")


def tile_of(trial: Trial, choices: Choices) -> Tile | None:
    """How far the network looks, by changing the far third of a picture; None when it looks everywhere."""
    if trial.working.multiple is None or trial.facts.has_operator("InstanceNormalization", "LayerNormalization", "FFT"):
        return None
    multiple = trial.working.multiple
    unit = math.lcm(multiple, STRIDE)
    height, width = unit * math.ceil(96 / unit), unit * math.ceil(384 / unit)
    shown = fitted(trial.picture, (height, width))
    changed = shown.copy()
    border = width - width // 3
    changed[:, border:] = 255 - changed[:, border:][::-1]
    if choices.answer == "grid":
        return None  # it is made for the whole picture
    name, scale = choices.output, choices.scale
    first = trial.graph.run(_feeds(trial, choices, (height, width), shown))[name]
    second = trial.graph.run(_feeds(trial, choices, (height, width), changed))[name]
    output = next(entry for entry in trial.working.outputs if entry.name == name)
    levels = 255 / max(float(np.ptp(as_picture(first, output))), 1e-6)
    moved = np.abs(as_picture(first, output) - as_picture(second, output)).max(axis=(0, 2)) * levels
    reached = np.flatnonzero(moved > STILL_LEVELS)
    distance = border - int(reached[0]) // scale if reached.size else 0
    if distance > width // 3:
        return None
    halo = max(math.ceil((distance + 4) / unit) * unit, 16 if multiple <= 16 else multiple)
    side = HEAVY_TILE_SIDE if scale >= 3 or trial.facts.parameters > 4_000_000 else TILE_SIDE
    while side < 4 * halo:
        side *= 2
    return Tile(tile=side, stride=unit, receptive_field=halo)


def seconds_per_megapixel(trial: Trial, choices: Choices) -> float:
    """Of one more run: the first pays for allocation."""
    feeds = _feeds(trial, choices, trial.working.size)
    started = time.perf_counter()
    trial.graph.run(feeds)
    return (time.perf_counter() - started) / (trial.working.size[0] * trial.working.size[1] / 1e6)


def answer_range(trial: Trial, choices: Choices, name: str) -> tuple[str, str]:
    """The range of the answer and the activation it still needs, when the picture goes in by `name`."""
    output = next(entry for entry in trial.working.outputs if entry.name == choices.output)
    changed = msgspec.structs.replace(choices, range=name)
    try:
        answer = trial.graph.run(_feeds(trial, changed, trial.working.size))[output.name]
    except UserError:
        return "0..1", "none"
    if choices.task in MASK_TASKS:
        activation, output_range = activation_of_mask(answer)
        return output_range, activation if output.channels == 1 else choices.activation
    if choices.task is Task.COLOURISE and output.channels == 2:
        return ("0..255" if float(np.abs(answer).max()) > 2 else "-1..1"), "none"
    if answer.dtype.kind in "ui":
        return "0..255", "none"
    if choices.answer != "picture":
        return "0..1", "none"
    first, stop = choices.channels or (0, min(output.channels, 3))
    planes = as_picture(answer, replace(output, channels=3)) if output.channels <= 4 else np.asarray(answer)
    values = planes if choices.channels is None else np.take(answer, range(first, stop), axis=_channel_axis(output))
    return range_of_values(values), "none"


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
    shown = _preview_picture(trial)
    try:
        results = run_draft(trial, choices, inputs_for(trial, choices, shown))
        found = next((results[name] for name in ("image", "mask", "classes") if name in results), None)
        if found is None:
            return None
        preview = as_rgb(found)
        cost = _cost(trial, choices, shown, preview)
    except UserError:
        return None
    return Candidate(choices.range, choices.output_range, choices.order, RANK_COST * rank + cost, preview)


def _usual_ranges(choices: Choices, image: InputSketch) -> tuple[str, ...]:
    if choices.task in MASK_TASKS:
        return MASK_RANGES
    if image.order == "L":
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
    raw = _raw_answer(trial, choices, None, shown)
    is_faithful = choices.task not in (Task.STYLE, Task.TRANSLATE)
    mismatch = 0.0 if _base(choices.range) == choices.output_range else RANGE_MISMATCH
    return mismatch + wrongness(shown, raw, is_faithful=is_faithful)


def _base(name: str) -> str:
    return name if name in ("0..1", "0..255", "-1..1") else "0..1"


def _raw_answer(trial: Trial, choices: Choices, mask: NDArray[np.uint8] | None, shown: Picture) -> NDArray[np.float32]:
    """(H, W, 3) in levels, not clipped, at the size of `shown`."""
    output = next(entry for entry in trial.working.outputs if entry.name == choices.output)
    answer = as_picture(trial.graph.run(_feeds(trial, choices, trial.working.size, shown, mask))[output.name], output)
    if choices.channels is not None:
        raise UserError("import.bad_choice", reason="a slice is judged by eye")
    stated = RANGES[choices.output_range]
    levels = answer * np.asarray(stated.std, np.float32) + np.asarray(stated.mean, np.float32)
    levels = levels[..., ::-1] if choices.order == "BGR" else levels
    size = (shown.shape[1], shown.shape[0])
    resized: NDArray[np.float32] = cv2.resize(np.ascontiguousarray(levels), size, interpolation=cv2.INTER_AREA)
    return resized


def _channel_axis(output: OutputSketch) -> int:
    return -1 if output.layout.endswith("HWC") else -3


def _feeds(
    trial: Trial,
    choices: Choices,
    size: tuple[int, int],
    shown: Picture | None = None,
    mask: NDArray[np.uint8] | None = None,
) -> dict[str, Any]:
    """Tensors of a picture by these choices, without an adapter: for looking at what comes out unclipped."""
    manifest = draft(trial.facts, trial.working, choices)
    specs: dict[str, Input] = {spec.name: spec for spec in manifest.inputs if spec.role in ("image", "image2", "style")}
    if any(spec.order in ("MRGB", "RGBM", "Y", "Lab_L") for spec in specs.values()):
        specs = {}
    feeds = trial.graph.feeds(trial.working.sketch, fitted(trial.picture if shown is None else shown, size), specs)
    for entry in trial.working.sketch:
        if entry.role == "mask" and choices.mask_hole == "black":
            feeds[entry.name] = (
                feeds[entry.name].max() - feeds[entry.name] if feeds[entry.name].max() > 0 else feeds[entry.name]
            )
        elif entry.role == "scalar":
            feeds[entry.name] = np.full_like(feeds[entry.name], usual_value(trial.facts, entry))
    return feeds


def _preview_picture(trial: Trial) -> Picture:
    """The test picture at a size that the network takes and a card shows."""
    if trial.working.multiple is None:
        height, width = trial.picture.shape[:2]
        share = PREVIEW_PX / max(height, width)
        return fitted(trial.picture, (max(round(height * share), 16), max(round(width * share), 16)))
    return fitted(trial.picture, trial.working.size)
