"""What fills show: a colour, a gradient, a pattern. (H, W, 4) float32 straight sRGB with alpha, 0..1, by place."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from desktop.core.color import FloatPixels
from desktop.core.effect_values import Place, Values, color_of_text
from desktop.core.gradient_texts import gradient_of_stops

STEPS = 4097  # between two of them 16 bits are reached by mixing
SOFT_PX = 0.5  # half a pixel on each side of an edge, so that no pattern is jagged


def solid(height: int, width: int, values: Values, place: Place) -> FloatPixels:
    out = np.empty((height, width, 4), np.float32)
    out[:] = (*color_of_text(values["color"]), 1.0)
    return out


def gradient(height: int, width: int, values: Values, place: Place) -> FloatPixels:
    """From the first colour to the second across the picture, in the direction of the angle, or outwards."""
    frame = place.frame
    x, y = _coordinates(height, width, place, frame.x + frame.width / 2, frame.y + frame.height / 2)
    angle, shape = math.radians(values["angle"]), values["shape"]
    cosine, sine = math.cos(angle), -math.sin(angle)
    along = x * np.float32(cosine) + y * np.float32(sine)
    reach = max((abs(cosine) * frame.width + abs(sine) * frame.height) / 2 * values["scale"] / 100, 1.0)
    if shape == "radial":
        away = np.hypot(x, y) / np.float32(max(math.hypot(frame.width, frame.height) / 2 * values["scale"] / 100, 1.0))
    elif shape == "conical":
        across = y * np.float32(cosine) - x * np.float32(sine)
        away = np.arctan2(across, along) / np.float32(2 * math.pi) % 1
    elif shape == "reflected":
        away = np.abs(along) / np.float32(reach)
    else:
        away = along / np.float32(2 * reach) + np.float32(0.5)
    share: FloatPixels = np.clip(away, 0, 1)
    return _along(values["gradient"], share) if values["gradient"] else _between(values, share)


def pattern(height: int, width: int, values: Values, place: Place) -> FloatPixels:
    """Repeated from the picture's corner; the first colour is the ground."""
    x, y = _coordinates(height, width, place, 0, 0)
    angle, cell = math.radians(values["angle"]), float(values["cell"])
    turned_x = x * np.float32(math.cos(angle)) - y * np.float32(math.sin(angle))
    turned_y = x * np.float32(math.sin(angle)) + y * np.float32(math.cos(angle))
    share, half = values["share"] / 100, cell / 2
    across, down = _from_middle(turned_x, cell), _from_middle(turned_y, cell)
    kind = values["pattern"]
    if kind == "stripes":
        inside = share * half - across
    elif kind == "grid":
        inside = np.maximum(across, down) - (1 - share) * half
    elif kind == "dots":
        inside = share * half - np.hypot(across, down)
    else:
        edges = (half / 2 - _from_middle(turned_x, cell)), (half / 2 - _from_middle(turned_y, cell))
        inside = np.minimum(np.abs(edges[0]), np.abs(edges[1])) * np.sign(edges[0]) * np.sign(edges[1])
    return _between(values, np.clip(inside / np.float32(2 * SOFT_PX) + np.float32(0.5), 0, 1))


def _along(stops: str, share: FloatPixels) -> FloatPixels:
    """Colours of a gradient between the two of its finest steps that are next."""
    table = _steps_of(stops)
    place = share * np.float32(STEPS - 1)
    lower = np.minimum(place.astype(np.int32), STEPS - 2)
    part = (place - lower)[..., None]
    mixed: FloatPixels = table[lower] + (table[lower + 1] - table[lower]) * part
    return mixed


@lru_cache(maxsize=8)
def _steps_of(stops: str) -> FloatPixels:
    steps: FloatPixels = gradient_of_stops(stops).colors(STEPS).astype(np.float32)
    steps.flags.writeable = False
    return steps


def _coordinates(height: int, width: int, place: Place, x: float, y: float) -> tuple[FloatPixels, FloatPixels]:
    """Of pixel centres, counted from a point of the picture."""
    columns = np.arange(place.x, place.x + width, dtype=np.float32) + np.float32(0.5 - x)
    rows = np.arange(place.y, place.y + height, dtype=np.float32) + np.float32(0.5 - y)
    across, down = np.meshgrid(columns, rows)
    return across, down


def _from_middle(position: FloatPixels, cell: float) -> FloatPixels:
    """How far from the middle of its cell."""
    away: FloatPixels = np.abs(position % np.float32(cell) - np.float32(cell / 2))
    return away


def _between(values: Values, share: FloatPixels) -> FloatPixels:
    """From the first colour and its opacity to the second; what is less opaque gives less of its colour."""
    first = np.array((*color_of_text(values["first"]), values["first_opacity"] / 100), np.float32)
    second = np.array((*color_of_text(values["second"]), values["second_opacity"] / 100), np.float32)
    weights = (1 - share) * first[3], share * second[3]
    alpha = weights[0] + weights[1]
    part = np.where(alpha > 0, weights[1] / np.maximum(alpha, np.float32(1e-6)), share)[..., None]
    rgb = first[:3] + (second[:3] - first[:3]) * part
    return np.concatenate([rgb, alpha[..., None]], axis=2).astype(np.float32)
