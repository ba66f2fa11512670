"""What effects are given besides pixels: their values and where the pixels lie; and curves written as text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from desktop.core.dynamics import Curve
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Rect

Values: TypeAlias = Mapping[str, Any]  # every parameter of the effect, within its limits

CURVE_IDENTITY = "0,0 1,1"
MOST_CURVE_POINTS = 32
_COLOR = re.compile("#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the upper left pixel of an array lies in the picture, and what the effect is centred in."""

    x: int = 0
    y: int = 0
    frame: Rect = EMPTY_RECT


def curve_of_text(text: str) -> Curve:
    """ "0,0 0.5,0.6 1,1" as a curve. UserError for anything else."""
    try:
        pairs = [tuple(float(number) for number in pair.split(",")) for pair in text.split()]
    except ValueError as error:
        raise UserError("effect.bad_curve", text=text[:60]) from error
    inside = all(len(pair) == 2 and all(0 <= number <= 1 for number in pair) for pair in pairs)
    is_rising = all(after[0] - before[0] >= 0.001 for before, after in itertools.pairwise(pairs))
    if not inside or not is_rising or not 2 <= len(pairs) <= MOST_CURVE_POINTS:
        raise UserError("effect.bad_curve", text=text[:60])
    return Curve(tuple((pair[0], pair[1]) for pair in pairs))


def text_of_curve(curve: Curve) -> str:
    return " ".join(f"{x:.4g},{y:.4g}" for x, y in curve.points)


def color_of_text(text: str) -> tuple[float, float, float]:
    """ "#rrggbb" as sRGB 0..1. UserError for anything else."""
    if not _COLOR.fullmatch(text):
        raise UserError("effect.bad_color", text=text[:60])
    return int(text[1:3], 16) / 255, int(text[3:5], 16) / 255, int(text[5:7], 16) / 255


def text_of_color(color: tuple[float, float, float]) -> str:
    red, green, blue = (round(min(max(part, 0.0), 1.0) * 255) for part in color)
    return f"#{red:02x}{green:02x}{blue:02x}"
