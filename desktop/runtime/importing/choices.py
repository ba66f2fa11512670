"""What has to be known of a foreign network beyond its shapes: guessed, asked, or set by the user with key=value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from desktop.core.errors import UserError
from desktop.runtime.importing.ranges import RANGES
from desktop.runtime.manifest import Task, Tile

Order = Literal["RGB", "BGR"]
Answer = Literal["picture", "curve", "grid", "flow"]
Fourth = Literal["mask_first", "mask_last", "number", "alpha"]  # what a fourth channel of the picture is
MaskCode = Literal["0..1", "centred", "-1..1"]  # the numbers of a mask that is such a channel
UNKNOWN_LICENCE = "LicenseRef-unknown"
SCALES = (1, 2, 3, 4, 8)


class Choices(msgspec.Struct, frozen=True):
    """Everything that a manifest needs and a graph does not say for sure.

    `output` names the tensor that holds the answer, `channels` a slice [first, stop) of it, `answer` what it is: the
    picture, or what is to be done with the picture. `hole` is what a mask of 1 means to an inpainting network.
    """

    task: Task
    output: str
    id: str
    title: str
    licence: str = UNKNOWN_LICENCE
    description: str = ""
    scale: int = 1
    range: str = "0..1"
    output_range: str = "0..1"
    order: Order = "RGB"
    output_order: Order | None = None  # None: as the picture came
    activation: str = "none"
    class_index: int | None = None
    channels: tuple[int, int] | None = None
    invert: bool = False
    mask_hole: Literal["white", "black"] = "white"
    answer: Answer = "picture"
    size: Literal["any"] | int | tuple[int, int] = "any"
    tile: Tile | None = None
    fourth: Fourth = "mask_first"
    mask_code: MaskCode = "0..1"
    covers_hole: bool = True  # what lies under a mask that is a channel is not shown


class Question(msgspec.Struct, frozen=True):
    """Something that only a person can know. `guess` is what `--yes` takes; `options` are all sensible answers."""

    key: str
    guess: str
    options: tuple[str, ...] = ()


SETTABLE = (
    "task", "output", "id", "title", "licence", "description", "scale", "range", "output_range", "order",
    "output_order", "activation", "answer", "class", "channels", "invert", "hole", "size", "tile", "second",
)  # fmt: skip


def with_settings(choices: Choices, settings: Mapping[str, str]) -> Choices:
    """The choices with the user's `--set key=value`. UserError names the key and what it may be."""
    changes: dict[str, Any] = {}
    for key, text in settings.items():
        if key not in SETTABLE:
            raise UserError("import.unknown_key", name=key, known=", ".join(SETTABLE))
        name = {"class": "class_index", "hole": "mask_hole"}.get(key, key)
        changes[name] = _READERS.get(key, str)(text)
    return msgspec.structs.replace(choices, **changes)


def id_for(path: Path, taken: set[str]) -> str:
    """A model id from a file's name that no installed model has."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-._")[:56] or "model"
    number, found = 1, plain
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    return found


def title_for(path: Path) -> str:
    words = re.sub(r"[_\-.\s]+", " ", path.stem).strip()
    return (words[:1].upper() + words[1:])[:80] or "Model"


def _one_of(key: str, known: tuple[str, ...], fold: Callable[[str], str] = str) -> Callable[[str], str]:
    def read(text: str) -> str:
        value = fold(text.strip())
        if value not in known:
            raise UserError("import.bad_value", name=key, value=text, known=", ".join(known))
        return value

    return read


def _whole(key: str, known: str, least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.strip().isdecimal() or not least <= int(text) <= most:
            raise UserError("import.bad_value", name=key, value=text, known=known)
        return int(text)

    return read


def _task(text: str) -> Task:
    return Task(_one_of("task", tuple(task.value for task in Task), str.lower)(text))


def _scale(text: str) -> int:
    return int(_one_of("scale", tuple(str(scale) for scale in SCALES))(text.lower().strip().removeprefix("x")))


def _channels(text: str) -> tuple[int, int]:
    first, _, stop = text.replace(":", "..").partition("..")
    if not (first.strip().isdecimal() and stop.strip().isdecimal() and int(first) < int(stop)):
        raise UserError("import.bad_value", name="channels", value=text, known="first..stop, such as 4..7")
    return int(first), int(stop)


def _size(text: str) -> str | int | tuple[int, int]:
    """ "any", a multiple, or HEIGHTxWIDTH."""
    text = text.strip().lower()
    height, by, width = text.partition("x")
    if text == "any":
        return text
    if by and height.isdecimal() and width.isdecimal():
        return int(height), int(width)
    if text.isdecimal() and 1 <= int(text) <= 4096:
        return int(text)
    raise UserError("import.bad_value", name="size", value=text, known="any, a multiple such as 8, or 512x512")


def _tile(text: str) -> Tile | None:
    """ "no", or the side and the halo: 512,32."""
    if text.strip().lower() in ("no", "none"):
        return None
    side, _, halo = text.partition(",")
    try:
        return Tile(tile=int(side), stride=1, receptive_field=int(halo or 32))
    except ValueError as error:
        raise UserError("import.bad_value", name="tile", value=text, known="no, or side,halo such as 512,32") from error


def _yes_or_no(text: str) -> bool:
    return _one_of("invert", ("yes", "no"), str.lower)(text) == "yes"


_READERS: dict[str, Callable[[str], Any]] = {
    "task": _task,
    "scale": _scale,
    "range": _one_of("range", tuple(RANGES)),
    "output_range": _one_of("output_range", tuple(RANGES)),
    "order": _one_of("order", ("RGB", "BGR"), str.upper),
    "output_order": _one_of("output_order", ("RGB", "BGR"), str.upper),
    "answer": _one_of("answer", ("picture", "curve", "grid", "flow"), str.lower),
    "activation": _one_of("activation", ("none", "sigmoid", "softmax", "minmax")),
    "class": _whole("class", "a number from 0", 0, 100_000),
    "channels": _channels,
    "invert": _yes_or_no,
    "hole": _one_of("hole", ("white", "black")),
    "size": _size,
    "tile": _tile,
}
