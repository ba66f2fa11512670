"""From what was found out and chosen to a manifest, the same kind that a training script writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from desktop.core.errors import UserError
from desktop.runtime.importing.choices import Choices
from desktop.runtime.importing.facts import GraphFacts
from desktop.runtime.importing.graph import OutputSketch, Working, picture_size
from desktop.runtime.importing.ranges import RANGES, ValueRange
from desktop.runtime.importing.roles import GRAY, NOISE_LEVEL_NAME, InputSketch
from desktop.runtime.manifest import JOINED, WITH_MASK, ChannelOrder, Input, Manifest, Output, Param, Task

MASK_TASKS = (Task.MATTE, Task.SEGMENT)
NOISE_LEVELS = 75.0
LAB_L_RANGES = {"0..1": 255.0, "0..255": 1.0, "0..100": 2.55, "-1..1": 127.5}
MASK_CODES = {"0..1": (0.0, 255.0), "centred": (127.5, 255.0), "-1..1": (127.5, 127.5)}  # mean and std
FOURTH_ORDERS: dict[str, ChannelOrder] = {
    "mask_first": "MRGB",
    "mask_last": "RGBM",
    "number": "RGBN",
    "alpha": "RGBA",
}
LABELS = 1000
WHOLE_TYPES = ("int8", "uint8", "int16", "uint16", "int32", "int64")
LISTED_LABELS = 100  # more are chosen by number
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
        return "Y" if working.image is not None and working.image.order in GRAY else "L"
    if count == 4:
        return "RGBA"
    is_joined = working.image is not None and working.image.order in (*JOINED, "MRGB")
    return choices.output_order or ("RGB" if is_joined else choices.order)


def _input(entry: InputSketch, facts: GraphFacts, choices: Choices, params: list[Param]) -> Input:
    shared: dict[str, Any] = {"name": entry.name, "role": entry.role}
    if entry.constant is not None:
        return Input(**{**shared, "role": "scalar"}, default=entry.constant, shape=list(entry.shape) or None)
    if entry.is_picture:
        return Input(**shared, **_picture_fields(entry, choices, params))
    if entry.role == "mask":
        return Input(
            **shared,
            layout=entry.layout,
            order="L",
            mean=[0.0],
            std=[1.0 if entry.type == "uint8" else 255.0],
            size=choices.size,
            polarity=_polarity(choices),
        )
    if entry.role in ("latent", "embedding", "noise"):
        if choices.task is not Task.GENERATE and entry.role == "latent":
            shared["role"] = "noise"  # chance beside a picture
        return Input(**shared, shape=list(entry.shape) or None)
    if entry.role == "scalar":
        param = _slider(entry, facts)
        params.append(param)
        return Input(**shared, param=param.id, range=_slider_range(entry, param))
    if entry.role == "timestep":
        params.append(_time())
        return Input(**shared, param="time", range=(0.0, 1.0))
    if entry.role == "label":
        params.append(_label(entry, facts))
        return Input(**shared, param="label")
    return Input(**shared)


def _picture_fields(entry: InputSketch, choices: Choices, params: list[Param]) -> dict[str, Any]:
    order = _input_order(entry, choices)
    mean, std = _normalisation(choices.range, order)
    more: dict[str, Any] = {}
    if order in WITH_MASK:
        more = _with_mask(order, mean, std, choices)
        mean, std = more.pop("mean"), more.pop("std")
    elif order in ("RGBN", "YN"):
        params.append(Param(id="noise", label="Noise level", type="float", min=0.0, max=NOISE_LEVELS, default=15.0))
        more = {"param": "noise", "range": (0.0, NOISE_LEVELS / 255)}
    elif order == "RGBRGBN":
        params.append(_time())
        more = {"param": "time", "range": (0.0, 1.0)}
    is_covered = order in WITH_MASK and choices.task is Task.INPAINT and choices.covers_hole
    hole = "zero" if is_covered else "keep"
    size = entry.size if entry.size is not None and entry.role != "image" else choices.size
    return {"layout": entry.layout, "order": order, "mean": mean, "std": std, "size": size, "hole": hole, **more}


def _with_mask(order: ChannelOrder, mean: list[float], std: list[float], choices: Choices) -> dict[str, Any]:
    """Mean, std and polarity where the mask is a channel of the picture."""
    own_mean, own_std = MASK_CODES[choices.mask_code]
    means, stds = mean * (3 // len(mean)), std * (3 // len(std))
    is_first = order == "MRGB"
    return {
        "mean": [own_mean, *means] if is_first else [*means, own_mean],
        "std": [own_std, *stds] if is_first else [*stds, own_std],
        "polarity": _polarity(choices),
    }


def _polarity(choices: Choices) -> Literal["white_is_selected", "white_is_kept"]:
    """A trimap is white where something is surely wanted, as a selection is."""
    return "white_is_kept" if choices.task is Task.INPAINT and choices.mask_hole == "black" else "white_is_selected"


def _label(entry: InputSketch, facts: GraphFacts) -> Param:
    """The number of a class, by a list where there are few."""
    stated = next(tensor.shape or () for tensor in facts.inputs if tensor.name == entry.name)
    count = max((side or 1 for side in stated[-1:]), default=1)
    if entry.type in ("int32", "int64") or count == 1:
        return Param(id="label", label="Label", type="int", min=0, max=LABELS - 1, default=0)
    if count > LISTED_LABELS:
        return Param(id="label", label="Label", type="int", min=0, max=count - 1, default=0)
    choices = [str(number) for number in range(count)]
    return Param(id="label", label="Label", type="choice", choices=choices, default="0")


def _time() -> Param:
    return Param(id="time", label="Time", type="float", min=0.0, max=1.0, step=0.05, default=0.5)


def _input_order(entry: InputSketch, choices: Choices) -> ChannelOrder:
    if entry.order == "L":
        return "Lab_L" if choices.task is Task.COLOURISE else "Y"
    if entry.order == "MRGB":
        return FOURTH_ORDERS[choices.fourth]
    return entry.order if entry.order in JOINED else choices.order


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
    shared["border"] = chosen.border
    if choices.task in MASK_TASKS:
        is_classes = chosen.channels > 1 or choices.class_index is not None
        return Output(
            **shared,
            role="classes" if is_classes else "mask",
            order="L",
            std=[1.0 if choices.output_range == "0..255" else 255.0],
            activation=choices.activation,  # type: ignore[arg-type]
            class_index=choices.class_index if is_classes else None,
        )
    if choices.task is Task.COLOURISE and chosen.channels == 2:
        std = {"-1..1": 110.0}.get(choices.output_range, 1.0)
        return Output(**shared, role="ab", std=[std])
    if choices.answer != "picture":
        return Output(**shared, role=choices.answer, channels=None)
    order = output_order(working, choices)
    mean, std_list = _normalisation(choices.output_range, order)
    size = None
    if choices.task is Task.GENERATE:
        size = picture_size(working.shapes[chosen.name], chosen)
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
    label = label[:1].upper() + label[1:]
    if entry.type == "bool":
        return Param(id=name[:60], label=label, type="bool", default=False)
    whole = entry.type in WHOLE_TYPES and all(number.is_integer() for number in (least, most, default))
    kind: Literal["int", "float"] = "int" if whole else "float"
    return Param(id=name[:60], label=label, type=kind, min=least, max=most, default=int(default) if whole else default)


def _slider_range(entry: InputSketch, param: Param) -> tuple[float, float]:
    """What the network is fed at the slider's ends."""
    if param.min is None or param.max is None:  # a switch
        return 0.0, 1.0
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
