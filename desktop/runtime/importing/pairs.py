"""Models in two files: an encoder and a decoder, a style network and its main one, a mapping and its synthesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.attempts import Kept
from desktop.runtime.importing.card_files import save_preview
from desktop.runtime.importing.choices import UNKNOWN_LICENCE, Choices, Question, id_for, title_for, with_settings
from desktop.runtime.importing.facts import GraphFacts, TensorFacts
from desktop.runtime.importing.graph import ForeignGraph, Working, fitted, run_reading
from desktop.runtime.importing.inspection import Candidate, Inspection
from desktop.runtime.importing.ranges import RANGES, range_of_values, wrongness
from desktop.runtime.importing.roles import InputSketch, Sketch, sketches
from desktop.runtime.importing.static_checks import read_checked
from desktop.runtime.importing.texts import LICENCE_LIMIT, clean_manifest, clean_text
from desktop.runtime.importing.trial import PREVIEW_PX, RANK_COST, as_rgb, run_manifest
from desktop.runtime.manifest import Input, InputRole, Layout, Manifest, Output, Task

MADE_ROLES = ("embedding", "latent")
CLICK_ROLES = ("points", "point_labels", "mask_input", "has_mask_input", "size")
CLICK_RANGES = ("imagenet", "0..255", "0..1", "-1..1")
PICTURE_RANGES = ("0..1", "-1..1", "0..255", "imagenet")
FREE_CLICK_SIZE = (1024, 1024)  # click encoders without a stated size expect the longer side at this


@dataclass(frozen=True)
class Part:
    """One file of the pair."""

    name: str
    path: Path
    graph: ForeignGraph
    readings: list[Sketch]


@dataclass(frozen=True)
class Pair:
    """`wires` from the taker's inputs to the maker's outputs; `made` is what the maker gave."""

    maker: Part
    taker: Part
    making: Working
    taking: Working
    wires: Mapping[str, str]

    @property
    def task(self) -> Task:
        if self.taking.role("points"):
            return Task.ENCODE_DECODE
        if self.taking.image is not None:
            return Task.STYLE
        return Task.ENCODE_DECODE if self.making.image is not None else Task.GENERATE


def examine_pair(
    tell: Callable[[str], None],
    paths: tuple[Path, Path],
    folder: Path,
    picture: NDArray[np.uint8],
    settings: Mapping[str, str],
    taken: frozenset[str],
) -> Inspection:
    """Runs in the sandbox. Leaves both files in `folder` under the names of their parts."""
    tell("reading")
    parts = [_loaded(path) for path in paths]
    tell("running")
    pair = _joined(parts, picture)
    pair = replace(
        pair, maker=replace(pair.maker, name=_maker_name(pair)), taker=replace(pair.taker, name=_taker_name(pair))
    )
    facts = _saved(pair, folder)
    choices = with_settings(_first_choices(pair, paths[0], taken), settings)
    tell("judging")
    found = _candidates(tell, pair, facts, folder, choices, picture, settings)
    if not found:
        raise UserError("import.no_join", path=paths[0], second=paths[1])
    best = found[0]
    choices = msgspec.structs.replace(choices, range=best.range, output_range=best.output_range, order=best.order)
    questions = [Question(key, getattr(choices, key)) for key in ("range", "order") if key not in settings]
    is_made_up = pair.making.image is None and pair.taking.image is None
    if is_made_up:
        questions = []
    if "licence" not in settings and choices.licence == UNKNOWN_LICENCE:
        questions.append(Question("licence", choices.licence))
    manifest = clean_manifest(_draft(pair, facts, choices))
    save_preview(folder, None if is_made_up else _small(picture), best.preview)
    whole = msgspec.structs.replace(facts[pair.maker.name], size_bytes=sum(fact.size_bytes for fact in facts.values()))
    return Inspection(whole, manifest, choices, tuple(questions), tuple(found), pair.making.size, None, best.preview)


def _loaded(path: Path) -> Part:
    content, facts = read_checked(path)
    graph = ForeignGraph(content, facts, str(path))
    graph.content = content
    return Part("", path, graph, sketches(facts, str(path)))


def _joined(parts: list[Part], picture: NDArray[np.uint8]) -> Pair:
    """Which of the two makes what the other takes."""
    failure: UserError | None = None
    for maker, taker in (parts, parts[::-1]):
        for taking in taker.readings:
            wanted = [entry for entry in taking if entry.role in MADE_ROLES]
            if not wanted:
                continue
            try:
                making = run_reading(maker.graph, maker.readings, picture)
                wires = _wires(wanted, taker.graph.facts, making)
                if wires is None:
                    continue
                made = {name: _layered(making.answers[source], taker, name) for name, source in wires.items()}
                taken = run_reading(taker.graph, [taking], picture, made)
                return Pair(maker, taker, making, taken, wires)
            except UserError as error:
                failure = failure or error
    raise failure or UserError("import.no_join", path=parts[0].path, second=parts[1].path)


def _layered(answer: NDArray[Any], taker: Part, name: str) -> NDArray[Any]:
    """One style repeated for every layer where the taker wants them all."""
    stated = next(tensor.shape for tensor in taker.graph.facts.inputs if tensor.name == name)
    if stated is None or len(stated) != 3 or answer.ndim != 2:
        return answer
    return np.repeat(answer[:, None], stated[1] or 1, axis=1)


def _wires(wanted: list[InputSketch], facts: GraphFacts, making: Working) -> dict[str, str] | None:
    wires = {}
    for entry in wanted:
        stated = next(tensor for tensor in facts.inputs if tensor.name == entry.name)
        fitting = [name for name, shape in making.shapes.items() if _fits(stated, shape)]
        if not fitting:
            return None
        wires[entry.name] = entry.name if entry.name in fitting else fitting[0]
    return wires


def _fits(stated: TensorFacts, shape: tuple[int, ...]) -> bool:
    if stated.shape is None:
        return True
    if len(stated.shape) == 3 and len(shape) == 2 and stated.shape[2] in (None, shape[1]):
        return stated.shape[1] is not None  # one style for every layer
    return len(stated.shape) == len(shape) and all(
        side in (None, real) for side, real in zip(stated.shape, shape, strict=True)
    )


def _maker_name(pair: Pair) -> str:
    return {Task.STYLE: "style", Task.GENERATE: "mapping"}.get(pair.task, "encoder")


def _taker_name(pair: Pair) -> str:
    return {Task.STYLE: "main", Task.GENERATE: "synthesis"}.get(pair.task, "decoder")


def _saved(pair: Pair, folder: Path) -> dict[str, GraphFacts]:
    for part in (pair.maker, pair.taker):
        (folder / f"{part.name}.onnx").write_bytes(part.graph.content)
    return {part.name: part.graph.facts for part in (pair.maker, pair.taker)}


def _first_choices(pair: Pair, path: Path, taken: frozenset[str]) -> Choices:
    output = next(iter(pair.taking.shapes))
    notes = {**pair.taker.graph.facts.metadata, **pair.maker.graph.facts.metadata}
    licence = clean_text(notes.get("license", ""), LICENCE_LIMIT) or UNKNOWN_LICENCE
    return Choices(task=pair.task, output=output, id=id_for(path, set(taken)), title=title_for(path), licence=licence)


def _candidates(
    tell: Callable[[str], None],
    pair: Pair,
    facts: Mapping[str, GraphFacts],
    folder: Path,
    choices: Choices,
    picture: NDArray[np.uint8],
    settings: Mapping[str, str],
) -> list[Candidate]:
    is_click = pair.taking.role("points") is not None
    ranges = (settings["range"],) if "range" in settings else CLICK_RANGES if is_click else PICTURE_RANGES
    orders = (settings["order"].upper(),) if "order" in settings else ("RGB", "BGR")
    if pair.making.image is None:
        ranges, orders = ranges[:1], orders[:1]
    shown = _small(picture)
    inputs: dict[str, Any] = {} if pair.making.image is None else {"image": shown}
    if pair.task is Task.STYLE:
        inputs = {"image": shown, "style": np.ascontiguousarray(shown[::-1])}
    if is_click:
        inputs["points"] = np.array([[shown.shape[1] / 2, shown.shape[0] / 2, 1]], np.float32)
    found = []
    kept = Kept()
    for rank, name in enumerate(ranges):
        for order in orders:
            tell("judging")  # encoders of click models take seconds each time
            output_range = settings.get("output_range", _output_range(pair, name))
            tried = msgspec.structs.replace(choices, range=name, order=order, output_range=output_range)
            try:
                results = run_manifest(_draft(pair, facts, tried), folder, inputs, kept=kept)
            except UserError:
                continue
            answer = next((results[key] for key in ("image", "mask", "images") if key in results), None)
            if answer is None:
                continue
            preview = as_rgb(answer[0] if answer.ndim == 4 else answer)
            cost = (
                0.0
                if is_click
                else wrongness(_small(shown, preview.shape), preview.astype(np.float32), is_faithful=False)
            )
            found.append(Candidate(name, output_range, order, RANK_COST * rank + cost, preview))
    return sorted(found, key=lambda candidate: candidate.wrongness)


def _output_range(pair: Pair, name: str) -> str:
    """The range of the picture that the taker gives; masks of clicks stand for themselves."""
    answer = pair.taking.answers[next(iter(pair.taking.shapes))]
    found = range_of_values(np.asarray(answer))
    return found if found != "0..255" or name == "0..255" else "0..255"


def _draft(pair: Pair, facts: Mapping[str, GraphFacts], choices: Choices) -> Manifest:
    inputs: list[Input] = []
    outputs: list[Output] = []
    for part, working in ((pair.maker, pair.making), (pair.taker, pair.taking)):
        for entry in working.sketch:
            inputs.append(_input(pair, part.name, entry, choices))
        for name in working.shapes:
            outputs.append(_output(pair, part.name, working, name, choices))
    try:
        return Manifest(
            format=1,
            id=choices.id,
            title=choices.title,
            task=choices.task,
            version="1.0.0",
            licence=choices.licence,
            files={name: f"{name}.onnx" for name in facts},
            sha256={name: fact.sha256 for name, fact in facts.items()},
            inputs=inputs,
            outputs=outputs,
        )
    except ValueError as error:
        raise UserError("import.bad_choice", reason=str(error)) from error


def _input(pair: Pair, part: str, entry: InputSketch, choices: Choices) -> Input:
    shared: dict[str, Any] = {"name": entry.name, "part": part, "role": entry.role}
    if entry.is_picture:
        mean, std = RANGES[choices.range].stated_for(choices.order)
        shared["role"] = "style" if pair.task is Task.STYLE and part == pair.maker.name else "image"
        shared |= {"layout": entry.layout, "order": choices.order, "mean": mean, "std": std}
        return Input(**shared, **_size_fields(pair, part, entry))
    if entry.name in pair.wires and part == pair.taker.name:
        role: InputRole = "latent" if pair.task is Task.GENERATE else "embedding"
        return Input(**{**shared, "role": role}, source=pair.wires[entry.name], shape=_shape(pair, entry))
    if entry.role == "latent":
        return Input(**shared, shape=list(entry.shape))
    return Input(**shared)


def _size_fields(pair: Pair, part: str, entry: InputSketch) -> dict[str, Any]:
    working = pair.making if part == pair.maker.name else pair.taking
    if pair.taking.role("points"):
        return {"size": entry.size or FREE_CLICK_SIZE, "fit": "pad"}
    if entry.size is not None:
        return {"size": entry.size}
    if working.multiple is None:
        return {"size": working.size}
    return {"size": "any" if working.multiple == 1 else working.multiple}


def _shape(pair: Pair, entry: InputSketch) -> list[int] | None:
    if pair.task is not Task.GENERATE:
        return None
    made = list(pair.making.shapes[pair.wires[entry.name]][1:])
    stated = next(tensor.shape for tensor in pair.taker.graph.facts.inputs if tensor.name == entry.name)
    is_repeated = stated is not None and len(stated) == 3 and len(made) == 1
    return [stated[1] or 1, *made] if is_repeated and stated is not None else made


def _output(pair: Pair, part: str, working: Working, name: str, choices: Choices) -> Output:
    shared: dict[str, Any] = {"name": name, "part": part}
    if part == pair.maker.name:
        is_wired = name in pair.wires.values()
        role = ("latent" if pair.task is Task.GENERATE else "embedding") if is_wired else "ignore"
        shape = list(working.shapes[name][1:]) if role == "latent" else None
        return Output(**shared, role=role, shape=shape)  # type: ignore[arg-type]
    if pair.taking.role("points"):
        return _click_output(shared, working, name)
    if name != choices.output:
        return Output(**shared, role="ignore")
    mean, std = RANGES[choices.output_range].stated_for(choices.order)
    shape_ = working.shapes[name]
    is_last = shape_[-1] in (1, 3, 4) and shape_[1] not in (1, 3, 4)
    size = None
    if pair.task is Task.GENERATE:
        size = (shape_[1], shape_[2]) if is_last else (shape_[2], shape_[3])
    layout: Layout = "NHWC" if is_last else "NCHW"
    return Output(**shared, role="image", layout=layout, order=choices.order, mean=mean, std=std, size=size)


def _click_output(shared: dict[str, Any], working: Working, name: str) -> Output:
    """The masks as the network scores them; what else it gives is not needed."""
    shape = working.shapes[name]
    masks = [other for other, sides in working.shapes.items() if len(sides) in (4, 5)]
    if masks and name == masks[0]:
        values = np.asarray(working.answers[name])
        is_ready = float(values.min()) >= 0 and float(values.max()) <= 1
        return Output(**shared, role="mask", order="L", activation="none" if is_ready else "sigmoid")
    is_score = (len(shape) in (2, 3) and "iou" in name.lower()) or "score" in name.lower()
    return Output(**shared, role="score" if is_score else "ignore")


def _small(picture: NDArray[np.uint8], like: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    if like is not None:
        return fitted(picture, (like[0], like[1]))
    share = PREVIEW_PX / max(picture.shape[:2])
    return fitted(picture, (max(round(picture.shape[0] * share), 16), max(round(picture.shape[1] * share), 16)))
