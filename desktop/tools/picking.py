"""The picker: the colour under the pointer, or the mean of a square around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from desktop.core.color import Pixels
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.geometry import Point, Rect
from desktop.core.layers import GroupLayer, LayerId
from desktop.tools.gestures import Gesture, GestureCancelled, Modifier

SAMPLE_SIDES = (1, 3, 5, 11, 31)  # pixels

Color = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class PickSettings:
    """`layer_id` looks at one layer alone, without its mask and opacity; None at the visible picture."""

    side_px: int = 1
    layer_id: LayerId | None = None


@dataclass(frozen=True, slots=True)
class Picked:
    """A look at a place: the colour there (None where nothing is), and the one chosen before."""

    point: Point
    color: Color | None
    before: Color


def color_at(document: Document, point: Point, settings: PickSettings = PickSettings()) -> tuple[int, ...] | None:
    """Straight RGBA in the document's depth, the mean of the square weighed by alpha; None outside the canvas."""
    canvas = document.size.rect()
    if not canvas.contains_point(point):
        return None
    reach = settings.side_px // 2
    x, y = math.floor(point.x), math.floor(point.y)
    pixels = _read(document, Rect(x, y, 1, 1).expanded(reach).intersect(canvas), settings.layer_id)
    if pixels.shape[:2] == (1, 1):
        return tuple(int(level) for level in pixels[0, 0])
    flat = pixels.reshape(-1, 4).astype(np.float64)
    alpha = flat[:, 3]
    if not alpha.any():
        return (0, 0, 0, 0)
    color = (flat[:, :3] * alpha[:, None]).sum(axis=0) / alpha.sum()
    return tuple(round(float(level)) for level in (*color, alpha.mean()))


def pick(
    look: Callable[[Point], Color | None],
    choose: Callable[[Color, Modifier], None],
    current: Callable[[Modifier], Color],
    show: Callable[[Picked | None], None],
) -> Gesture:
    """Takes the colour under the pointer until it is released; breaking off brings the old one back."""
    event = yield
    modifiers, before = event.modifiers, current(event.modifiers)
    try:
        while event.pressed:
            color = look(event.point)
            if color is not None:
                choose(color, modifiers)
            show(Picked(event.point, color, before))
            event = yield
    except GestureCancelled:
        choose(before, modifiers)
        raise
    finally:
        show(None)


def _read(document: Document, rect: Rect, layer_id: LayerId | None) -> Pixels:
    if layer_id is None or not document.has_layer(layer_id):
        return flatten(document, rect, threads=1)
    layer = document.layer(layer_id)
    if isinstance(layer, GroupLayer):
        alone = layer.changed(mask=None, opacity=1.0, visible=True, clip_to_below=False)
        return flatten(document.changed(layers=(alone,)), rect, threads=1)
    return layer.tiles.read(rect)
