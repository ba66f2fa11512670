"""A stroke for every feature of the brush, and the pictures they are held to: tests/golden/brushes/.

``python -m tests.golden.brush_samples`` writes the pictures again. Look at every one before it is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.dynamics import Curve, Dynamic, Sensor, Target
from desktop.core.geometry import Point, Rect
from desktop.core.stabilizer import StabilizerSettings, Steadying
from desktop.core.symmetry import Symmetry, SymmetryKind
from desktop.core.tiles import TileEditor, TileMap
from desktop.io.brush_tips import read_tip
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image
from desktop.paths import resources_dir
from desktop.tools.gestures import PointerEvent
from desktop.tools.strokes import LastStroke, follow

FOLDER = Path(__file__).parent / "brushes"
WIDTH, HEIGHT = 180, 96
PLAIN = BrushSettings(diameter_px=16, hardness=0.8, color=(0.1, 0.3, 0.8), dynamics=())
STEPS = 40
BENT = Curve.through([(0.0, 0.0), (0.3, 0.8), (1.0, 1.0)])


@dataclass(frozen=True)
class Sample:
    """One stroke, its brush, and what it is painted on: empty ground, paper, a mask; limited or not."""

    name: str
    settings: BrushSettings
    ground: str = "empty"
    is_selected: bool = False
    keeps_alpha: bool = False


def samples() -> Iterator[Sample]:
    yield Sample("plain", PLAIN)
    for name, changes in {
        "size": {"diameter_px": 36.0},
        "hardness-0": {"diameter_px": 36.0, "hardness": 0.0},
        "hardness-100": {"diameter_px": 36.0, "hardness": 1.0},
        "opacity": {"opacity": 0.4},
        "flow": {"flow": 0.1},
        "spacing": {"spacing": 1.4},
        "color": {"color": (0.9, 0.6, 0.0)},
        "roundness": {"diameter_px": 30.0, "roundness": 0.25},
        "angle": {"diameter_px": 30.0, "roundness": 0.25, "angle": 45.0},
        "scatter": {"scatter": 1.5, "spacing": 0.6},
        "size-jitter": {"size_jitter": 0.8, "spacing": 0.9},
        "angle-jitter": {"diameter_px": 24.0, "angle_jitter": 0.5, "roundness": 0.2, "spacing": 1.2},
        "seed": {"scatter": 1.5, "spacing": 0.6, "seed": 7},
    }.items():
        yield Sample(name, replace(PLAIN, **changes))
    yield from _tips()
    yield from _grounds()
    yield from _hands()


def _tips() -> Iterator[Sample]:
    tip = replace(PLAIN, tip=read_tip(resources_dir() / "brushes" / "tips" / "leaves.png"), diameter_px=40, spacing=0.8)
    yield Sample("tip", tip)
    yield Sample("tip-turned", replace(tip, angle=60.0, roundness=0.4))
    yield Sample("tip-mirrored", replace(tip, symmetry=Symmetry(SymmetryKind.VERTICAL, Point(WIDTH / 2, HEIGHT / 2))))
    yield Sample("tip-on-a-mask", tip, "mask")


def _grounds() -> Iterator[Sample]:
    yield Sample("paper", PLAIN, "paper")
    yield Sample("selection", replace(PLAIN, diameter_px=30), "paper", is_selected=True)
    yield Sample("locked-alpha", replace(PLAIN, diameter_px=30), "paper", keeps_alpha=True)
    yield Sample("erase", replace(PLAIN, diameter_px=30, mode=BrushMode.ERASE), "paper")
    yield Sample("mask", replace(PLAIN, diameter_px=30, color=(0.0, 0.0, 0.0)), "mask")
    for mode in (BlendMode.MULTIPLY, BlendMode.SCREEN, BlendMode.COLOR):
        yield Sample(f"blend-{mode.value}", replace(PLAIN, diameter_px=30, blend_mode=mode), "paper")


def _hands() -> Iterator[Sample]:
    """What the pen, the hand and the mirrors do."""
    wide = replace(PLAIN, diameter_px=24)
    for sensor in Sensor:
        yield Sample(f"size-by-{sensor.value}", replace(wide, dynamics=(Dynamic(sensor, Target.SIZE),)))
    for target in [target for target in Target if target is not Target.SIZE]:
        oval = replace(wide, roundness=0.4, spacing=0.5, scatter=1.0 if target is Target.SCATTER else 0.0)
        yield Sample(f"{target.value}-by-pressure", replace(oval, dynamics=(Dynamic(Sensor.PRESSURE, target),)))
    yield Sample("curve", replace(wide, dynamics=(Dynamic(Sensor.PRESSURE, Target.SIZE, BENT),)))
    for steadying in Steadying:
        yield Sample(f"stabilizer-{steadying.value}", replace(PLAIN, stabilizer=StabilizerSettings(steadying, 40.0)))
    for kind in SymmetryKind:
        mirrors = Symmetry(kind, Point(WIDTH * 0.45, HEIGHT * 0.5), spokes=5)
        yield Sample(f"symmetry-{kind.value}", replace(PLAIN, diameter_px=6, symmetry=mirrors))


def picture_of(sample: Sample) -> Any:
    """(HEIGHT, WIDTH, 4) uint8; a mask is shown as grey."""
    editor = TileEditor(_ground(sample.ground))
    selection = TileMap.from_array(_slope()[..., None]) if sample.is_selected else None
    stroke = Stroke(editor, sample.settings, selection=selection, keeps_alpha=sample.keeps_alpha)
    gesture = follow(next(way := _way()), stroke, sample.settings, lambda _rect: None, LastStroke())
    next(gesture)
    for event in way:
        try:
            gesture.send(event)
        except StopIteration:
            break
    pixels = editor.finish().read(Rect(0, 0, WIDTH, HEIGHT))
    if pixels.shape[2] == 4:
        return pixels
    return np.concatenate([np.repeat(pixels, 3, axis=2), np.full_like(pixels, 255)], axis=2)


def _way() -> Iterator[PointerEvent]:
    """A wave from left to right: pressed from light to hard, quicker and quicker, the pen leaning and turning."""
    for step in range(STEPS + 1):
        share = step / STEPS
        point = Point(20 + (WIDTH - 40) * share, HEIGHT / 2 - (HEIGHT / 2 - 24) * math.sin(2 * math.pi * share))
        lean = math.pi * share
        yield PointerEvent(
            point,
            0.1 + 0.9 * share,
            pressed=step < STEPS,
            time_ms=round(140 * share**0.5),
            tilt=(50 * share * math.cos(lean), 50 * share * math.sin(lean)),
            rotation=300 * share,
        )


def _ground(name: str) -> TileMap:
    if name == "mask":
        return TileMap(1, np.uint8, 255)
    if name == "empty":
        return TileMap()
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    paper = np.stack([x, y, 1 - x, np.clip(1.6 - 1.2 * y, 0, 1)], axis=2)
    return TileMap.from_array(np.round(paper * 255).astype(np.uint8))


def _slope() -> Any:
    """A selection that is soft across the picture."""
    return np.tile(np.round(np.linspace(0, 255, WIDTH)).astype(np.uint8), (HEIGHT, 1))


def kept_picture(name: str) -> Any:
    return read_image(FOLDER / f"{name}.png").pixels


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for shown in samples():
        write_image(FOLDER / f"{shown.name}.png", ImageFile(picture_of(shown)))
