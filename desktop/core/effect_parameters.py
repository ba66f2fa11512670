"""Parameters of effects: kind, limits, default, step, unit; and short ways to write them down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

Value: TypeAlias = float | int | bool | str


class ParameterKind(StrEnum):
    NUMBER = "number"
    WHOLE = "whole"
    SWITCH = "switch"
    CHOICE = "choice"
    CURVE = "curve"  # "x,y x,y …" with both from 0 to 1
    COLOR = "color"  # "#rrggbb"
    GRADIENT = "gradient"  # see gradient_texts; "" for what the single colours make
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`bend` above 1 gives small values more room on a slider; parameters of a `group` are shown together.

    One that is hidden stands in no form: another parameter says more.
    """

    id: str
    default: Value
    least: float = 0.0
    most: float = 0.0
    step: float = 1.0
    unit: str = ""
    kind: ParameterKind = ParameterKind.NUMBER
    choices: tuple[str, ...] = ()
    group: str = ""
    bend: float = 1.0
    is_hidden: bool = False


def number(id_: str, default: float, least: float, most: float, unit: str = "", **more: Any) -> Parameter:
    return Parameter(id_, default, least, most, unit=unit, **more)


def percent(id_: str, default: float = 0, least: float = -100, most: float = 100, **more: Any) -> Parameter:
    return number(id_, default, least, most, "%", **more)


def radius(default: float, most: float, least: float = 0.1) -> Parameter:
    return number("radius", default, least, most, "px", step=0.1, bend=3.0)


def whole(id_: str, default: int, least: int, most: int, unit: str = "", bend: float = 1.0) -> Parameter:
    return Parameter(id_, default, least, most, unit=unit, kind=ParameterKind.WHOLE, bend=bend)


def switch(id_: str, default: bool = False) -> Parameter:
    return Parameter(id_, default, kind=ParameterKind.SWITCH)


def choice(id_: str, *choices: str) -> Parameter:
    return Parameter(id_, choices[0], kind=ParameterKind.CHOICE, choices=choices)


def color_of(id_: str, default: str) -> Parameter:
    return Parameter(id_, default, kind=ParameterKind.COLOR)


def stops() -> Parameter:
    return Parameter("gradient", "", kind=ParameterKind.GRADIENT)


def hidden(*parameters: Parameter) -> tuple[Parameter, ...]:
    return tuple(replace(parameter, is_hidden=True) for parameter in parameters)


def two_colors(first: str, second: str) -> tuple[Parameter, ...]:
    opacities = percent("first_opacity", 100, 0), percent("second_opacity", 100, 0)
    return color_of("first", first), opacities[0], color_of("second", second), opacities[1]
