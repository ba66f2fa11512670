"""From what was found out and chosen to a manifest, the same kind that a training script writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from desktop.core.errors import UserError
from desktop.runtime.importing.choices import Choices
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.graph import OutputSketch, Working
from desktop.runtime.importing.ranges import RANGES, ValueRange
from desktop.runtime.importing.roles import NOISE_LEVEL_NAME, InputSketch
from desktop.runtime.manifest import ChannelOrder, Input, Manifest, Output, Param, Task

MASK_TASKS = (Task.MATTE, Task.SEGMENT)
NOISE_LEVELS = 75.0
LAB_L_RANGES = {"0..1": 255.0, "0..255": 1.0, "0..100": 2.55, "-1..1": 127.5}
FILE_NAME = "model.onnx"


def draft(facts: GraphFacts, working: Working, choices: Choices) -> Manifest:
    """The manifest of one file. UserError when the choices do not fit together."""
    params: list[Param] = []
    try:
        inputs = [_input(entry, facts, choices, params) for entry in working.sketch]
        return Manifest(
            format=1,
            id=choices.id,
            title=choices.title,
            description=choices.description,
            task=choices.task,
            version="1.0.0",
            licence=choices.licence,
            files={"main": FILE_NAME},
            sha256={"main": facts.sha256},
            inputs=inputs,
            outputs=_outputs(working, choices),
            scale=choices.scale,  # type: ignore[arg-type]
            tile=choices.tile if choices.task not in MASK_TASKS else None,
            params=params,
            blend="inside_mask" if choices.task is Task.INPAINT else "replace",
        )
    except ValueError as error:
        raise UserError("import.bad_choice", reason=str(error)) from error


def output_order(working: Working, choices: Choices) -> ChannelOrder:
    """The channels of the answer: luma for a grey network, else the order of the picture."""
    found = next((output for output in working.outputs if output.name == choices.output), None)
    count = 0 if found is None else found.channels
    if choices.channels is not None:
        count = choices.channels[1] - choices.channels[0]
    if count == 1:
        return "Y" if working.image is not None and working.image.order == "L" else "L"
    if count == 4:
        return "RGBA"
    return choices.order


def _input(entry: InputSketch, facts: GraphFacts, choices: Choices, params: list[Param]) -> Input:
    shared: dict[str, Any] = {"name": entry.name, "role": entry.role}
    if entry.is_picture:
        return Input(**shared, **_picture_fields(entry, choices))
    if entry.role == "mask":
        return Input(
            **shared,
            layout=entry.layout,
            order="L",
            mean=[0.0],
            std=[1.0 if entry.type == "uint8" else 255.0],
            size=choices.size,
            polarity="white_is_selected" if choices.mask_hole == "white" else "white_is_kept",
        )
    if entry.role in ("latent", "embedding"):
        return Input(**shared, shape=list(entry.shape) or None)
    if entry.role == "scalar":
        param = _slider(entry, facts)
        params.append(param)
        return Input(**shared, param=param.id, range=_slider_range(entry, param))
    if entry.role == "timestep":
        params.append(Param(id="time", label="Time", type="float", min=0.0, max=1.0, step=0.05, default=0.5))
        return Input(**shared, param="time", range=(0.0, 1.0))
    if entry.role == "label":
        return Input(**shared, default=0.0)
    return Input(**shared)


def _picture_fields(entry: InputSketch, choices: Choices) -> dict[str, Any]:
    order = _input_order(entry, choices)
    mean, std = _normalisation(choices.range, order)
    hole = "zero" if order in ("MRGB", "RGBM") else "keep"
    size = entry.size if entry.size is not None and entry.role != "image" else choices.size
    return {"layout": entry.layout, "order": order, "mean": mean, "std": std, "size": size, "hole": hole}


def _input_order(entry: InputSketch, choices: Choices) -> ChannelOrder:
    if entry.order == "L":
        return "Lab_L" if choices.task is Task.COLOURISE else "Y"
    return entry.order if entry.order == "MRGB" else choices.order


def _normalisation(name: str, order: ChannelOrder) -> tuple[list[float], list[float]]:
    if order == "Lab_L":
        return [127.5 if name == "-1..1" else 0.0], [LAB_L_RANGES.get(name, 2.55)]
    known: ValueRange = RANGES[name]
    return known.stated_for(order)


def _outputs(working: Working, choices: Choices) -> list[Output]:
    """The chosen answer first; all others are looked away from."""
    chosen = next((output for output in working.outputs if output.name == choices.output), None)
    if chosen is None:
        raise UserError("import.bad_value", name="output", value=choices.output, known=", ".join(working.shapes))
    found = [_answer(chosen, working, choices)]
    found += [Output(name=name, role="ignore") for name in working.shapes if name != chosen.name]
    return found


def _answer(chosen: OutputSketch, working: Working, choices: Choices) -> Output:
    shared: dict[str, Any] = {"name": chosen.name, "layout": chosen.layout, "invert": choices.invert}
    if choices.task in MASK_TASKS:
        is_classes = chosen.channels > 1
        return Output(
            **shared,
            role="classes" if is_classes else "mask",
            order="L",
            std=[1.0 if choices.output_range == "0..255" else 255.0],
            activation=choices.activation,  # type: ignore[arg-type]
            class_index=choices.class_index if is_classes else None,
        )
    if choices.task is Task.COLOURISE and chosen.channels == 2:
        std = {"-1..1": 110.0, "0..255": 1.0}.get(choices.output_range, 1.0)
        return Output(**shared, role="ab", std=[std])
    if choices.answer != "picture":
        return Output(**shared, role=choices.answer, channels=None)
    order = output_order(working, choices)
    mean, std_list = _normalisation(choices.output_range, order)
    size = None
    if choices.task is Task.GENERATE:
        shape = working.shapes[chosen.name]
        size = (shape[2], shape[3]) if chosen.layout == "NCHW" else (shape[-3], shape[-2])
    return Output(
        **shared,
        role="image",
        order=order,
        mean=mean,
        std=std_list,
        channels=choices.channels,
        activation=choices.activation,  # type: ignore[arg-type]
        size=size,
    )


def _slider(entry: InputSketch, facts: GraphFacts) -> Param:
    least, most, default = _stated_range(facts.metadata, entry.name) or _usual_range(entry.name)
    label = re.sub(r"[_\s]+", " ", entry.name).strip() or "Value"
    plain = re.sub(r"[^a-z0-9_]+", "_", entry.name.lower()).strip("_") or "value"
    name = plain if plain[0].isalpha() else f"p_{plain}"
    return Param(id=name[:60], label=label[:1].upper() + label[1:], type="float", min=least, max=most, default=default)


def _slider_range(entry: InputSketch, param: Param) -> tuple[float, float]:
    """What the network is fed at the slider's ends."""
    assert param.min is not None
    assert param.max is not None
    if NOISE_LEVEL_NAME.search(entry.name) and param.max == NOISE_LEVELS:
        return 0.0, NOISE_LEVELS / 255
    return param.min, param.max


def _stated_range(metadata: Mapping[str, str], name: str) -> tuple[float, float, float] | None:
    """`param:NAME` = "min,max,default" in the file's own notes."""
    try:
        least, most, default = (float(part) for part in metadata.get(f"param:{name}", "").split(","))
    except ValueError:
        return None
    return (least, most, default) if least < most and least <= default <= most else None


def _usual_range(name: str) -> tuple[float, float, float]:
    return (0.0, NOISE_LEVELS, 15.0) if NOISE_LEVEL_NAME.search(name) else (0.0, 1.0, 1.0)
