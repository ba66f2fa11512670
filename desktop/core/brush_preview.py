"""A brush as a picture: one S-shaped stroke painted by the real engine."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace

import numpy as np

from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.color import Gray8
from desktop.core.dynamics import PenSample
from desktop.core.geometry import Point, Rect
from desktop.core.stabilizer import UNSTEADIED
from desktop.core.symmetry import NO_SYMMETRY
from desktop.core.tiles import TileEditor, TileMap

STEPS = 48
DURATION_MS = 400.0
LARGEST_SHARE = 0.45  # of the picture's height that a dab may take
LEAST_PX = 1.5


def stroke_picture(settings: BrushSettings, width: int, height: int) -> Gray8:
    """(height, width) uint8: how much paint a stroke leaves, pressed lightly at both ends; large brushes are scaled."""
    steps = stroke_picture_steps(settings, width, height)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            picture: Gray8 = end.value
            return picture


def stroke_picture_steps(settings: BrushSettings, width: int, height: int) -> Generator[None, None, Gray8]:
    """The same in steps of less than a millisecond, for whoever has other things to do in between."""
    diameter = min(max(settings.diameter_px, LEAST_PX), height * LARGEST_SHARE)
    shown = replace(
        settings,
        diameter_px=diameter,
        color=(1.0, 1.0, 1.0),
        mode=BrushMode.PAINT,
        stabilizer=UNSTEADIED,
        symmetry=NO_SYMMETRY,
    )
    editor = TileEditor(TileMap(1, np.uint8, 0))
    stroke = Stroke(editor, shown)
    margin = diameter / 2 + 4
    for step in range(STEPS + 1):
        share = step / STEPS
        x = margin + (width - 2 * margin) * share
        y = height / 2 - math.sin(share * 2 * math.pi) * max(height / 2 - margin, 0)
        pressure = 0.15 + 0.85 * math.sin(math.pi * share)
        stroke.add(PenSample(Point(x, y), pressure, tilt_x=25.0, tilt_y=-20.0, time_ms=share * DURATION_MS))
        yield
    stroke.finish()
    stroke.paint()
    return np.ascontiguousarray(editor.live().read(Rect(0, 0, width, height))[..., 0])
