"""Brushes as files: one TOML each, image tips as PNG in the folder tips/ beside it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.dynamics import Curve, Dynamic, Sensor, Target
from desktop.core.errors import UserError
from desktop.core.layers import storable
from desktop.core.stabilizer import StabilizerSettings, Steadying
from desktop.io.atomic import replacing
from desktop.io.brush_tips import read_tip, write_tip

FORMAT = 1
LARGEST_FILE_BYTES = 256 << 10
LONGEST_NAME = 60
TIPS = "tips"
LARGEST_DIAMETER_PX = 2000.0

Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the file: its name there, the settings' attribute, limits, and how much larger the file's is."""

    key: str
    attribute: str
    minimum: float
    maximum: float
    scale: float = 100.0


NUMBERS = (
    Number("size", "diameter_px", 0.5, LARGEST_DIAMETER_PX, scale=1.0),
    Number("hardness", "hardness", 0, 100),
    Number("opacity", "opacity", 1, 100),
    Number("flow", "flow", 1, 100),
    Number("spacing", "spacing", 1, 500),
    Number("angle", "angle", -360, 360, scale=1.0),
    Number("roundness", "roundness", 5, 100),
    Number("scatter", "scatter", 0, 500),
    Number("size_jitter", "size_jitter", 0, 100),
    Number("angle_jitter", "angle_jitter", 0, 100),
    Number("seed", "seed", 0, 2**31 - 1, scale=1.0),
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A brush with a name. `order` sorts the ones that came with the program; `path` is its file."""

    id: str
    name: str
    settings: BrushSettings
    path: Path
    is_shipped: bool = False
    order: int = 1000


def read_preset(path: Path, *, is_shipped: bool = False) -> Preset:
    """The brush in a file. Raises UserError only."""
    path = Path(path)
    table = _table_of(path)
    if table.get("format") != FORMAT:
        raise UserError("brush.other_format", path=path)
    name = table.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        raise UserError("brush.bad_name", limit=LONGEST_NAME)
    brush = table.get("brush")
    if not isinstance(brush, dict):
        raise UserError("brush.bad_entry", path=path, entry="brush")
    values: dict[str, Any] = {}
    for number in NUMBERS:
        if number.key in brush:
            values[number.attribute] = _number(path, brush, number)
    if "seed" in values:
        values["seed"] = int(values["seed"])
    if "tip" in brush:
        values["tip"] = read_tip(_tip_path(path, brush["tip"]))
    values["blend_mode"] = _choice(path, brush, "blend_mode", BlendMode.NORMAL)
    values["mode"] = _choice(path, brush, "mode", BrushMode.PAINT)
    values["dynamics"] = _dynamics(path, table.get("dynamics", []))
    values["stabilizer"] = StabilizerSettings(
        _choice(path, brush, "stabilizer", Steadying.OFF),
        _number(path, {"stabilizer_length": 30.0, **brush}, Number("stabilizer_length", "", 1, 500, scale=1.0)),
    )
    order = table.get("order", 1000)
    return Preset(
        path.stem,
        name.strip(),
        BrushSettings(**values),
        path,
        is_shipped,
        order if isinstance(order, int) else 1000,
    )


def write_preset(path: Path, name: str, settings: BrushSettings, *, order: int | None = None) -> None:
    """Writes a brush and, where it has one, its tip. Raises UserError only."""
    tip_name = f"{path.stem}.png"
    if settings.tip is not None:
        tips = path.parent / TIPS
        tips.mkdir(parents=True, exist_ok=True)
        write_tip(tips / tip_name, settings.tip)
    lines = [f"format = {FORMAT}", f"name = {_quoted(name)}"]
    if order is not None:
        lines.append(f"order = {order}")
    lines += ["", "[brush]"]
    lines += [f"{number.key} = {_plain(getattr(settings, number.attribute) * number.scale)}" for number in NUMBERS]
    if settings.tip is not None:
        lines.append(f"tip = {_quoted(tip_name)}")
    lines += [
        f"blend_mode = {_quoted(settings.blend_mode.value)}",
        f"mode = {_quoted(settings.mode.value)}",
        f"stabilizer = {_quoted(settings.stabilizer.kind.value)}",
        f"stabilizer_length = {_plain(settings.stabilizer.length_px)}",
    ]
    for dynamic in settings.dynamics:
        points = ", ".join(f"[{_plain(x)}, {_plain(y)}]" for x, y in dynamic.curve.points)
        lines += ["", "[[dynamics]]", f"sensor = {_quoted(dynamic.sensor.value)}"]
        lines += [f"target = {_quoted(dynamic.target.value)}", f"curve = [{points}]"]
    with replacing(path) as aside:
        aside.write_text(storable("\n".join(lines) + "\n"), encoding="utf-8")


def _table_of(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise UserError("brush.bad_preset", path=path, reason="it is too long")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError("file.missing", path=path) from error
    except OSError as error:
        raise UserError("file.no_permission", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError("brush.bad_preset", path=path, reason=error) from error
    except ValueError as error:  # more digits than Python makes a number of
        raise UserError("brush.bad_preset", path=path, reason="a number in it is too long") from error


def _number(path: Path, table: Mapping[str, Any], number: Number) -> float:
    value = table[number.key]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not number.minimum <= value <= number.maximum:
        limits = {"minimum": f"{number.minimum:g}", "maximum": f"{number.maximum:g}"}
        raise UserError("brush.bad_number", path=path, entry=number.key, **limits)
    return float(value) / number.scale


def _choice(path: Path, table: Mapping[str, Any], key: str, default: Choice) -> Choice:
    value = table.get(key, default.value)
    try:
        return type(default)(value)
    except ValueError as error:
        known = ", ".join(str(member.value) for member in type(default))
        raise UserError("brush.bad_choice", path=path, entry=key, known=known) from error


def _dynamics(path: Path, entries: object) -> tuple[Dynamic, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError("brush.bad_entry", path=path, entry="dynamics")
    result = []
    for entry in entries:
        sensor = _choice(path, {"sensor": None, **entry}, "sensor", Sensor.PRESSURE)
        target = _choice(path, {"target": None, **entry}, "target", Target.SIZE)
        result.append(Dynamic(sensor, target, _curve(path, entry.get("curve", [[0, 0], [1, 1]]))))
    return tuple(result)


def _curve(path: Path, points: object) -> Curve:
    try:
        pairs = [(float(x), float(y)) for x, y in points]  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError("brush.bad_entry", path=path, entry="curve") from error
    inside = all(0 <= x <= 1 and 0 <= y <= 1 for x, y in pairs)
    curve = Curve.through(pairs) if inside else None
    if curve is None or len(curve.points) != len(pairs):
        raise UserError("brush.bad_entry", path=path, entry="curve")
    return curve


def _tip_path(path: Path, name: object) -> Path:
    if not isinstance(name, str) or not name or Path(name).name != name or "\\" in name:
        raise UserError("brush.bad_entry", path=path, entry="tip")
    return path.parent / TIPS / name


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(number: float) -> str:
    return f"{round(number, 4):g}" if abs(number) < 100_000 else str(int(number))
