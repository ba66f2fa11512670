"""Raster benchmarks: flatten and dab against QPainter in the same process, undo. Prints one JSON row per line.

Run ``python -m tests.bench.bench_raster [--side 4096]``; ratios within one run count, times depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from PySide6.QtGui import QImage, QPainter, QRadialGradient

from desktop.core import composite
from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushSettings, Stroke
from desktop.core.color import to_depth16
from desktop.core.compositor import Compositor
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect
from desktop.core.layers import Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.core.warm_up import warm_up
from tests.bench import gimp
from tests.builders import document_with

MODES = [
    BlendMode.NORMAL,
    BlendMode.MULTIPLY,
    BlendMode.SCREEN,
    BlendMode.OVERLAY,
    BlendMode.SOFT_LIGHT,
    BlendMode.DARKEN,
]
QT_MODES = [
    QPainter.CompositionMode.CompositionMode_SourceOver,
    QPainter.CompositionMode.CompositionMode_Multiply,
    QPainter.CompositionMode.CompositionMode_Screen,
    QPainter.CompositionMode.CompositionMode_Overlay,
    QPainter.CompositionMode.CompositionMode_SoftLight,
    QPainter.CompositionMode.CompositionMode_Darken,
]


def soft_noise(side: int, seed: int, channels: int) -> Any:
    small = np.random.default_rng(seed).integers(0, 256, (64, 64, channels), np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)


def layers_of(side: int, count: int = 10) -> list[RasterLayer]:
    """Translucent layers, six modes in turn, every second one masked."""
    result = []
    for i in range(count):
        mask = Mask(TileMap.from_array(soft_noise(side, 50 + i, 1), default=255)) if i % 2 else None
        tiles = TileMap.from_array(soft_noise(side, i, 4))
        result.append(RasterLayer(id=i + 1, name=str(i), tiles=tiles, mask=mask, blend_mode=MODES[i % 6], opacity=0.9))
    return result


def best(work: Callable[[], object], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def flatten_rows(side: int) -> None:
    layers = layers_of(side)
    document = document_with(*layers, width=side, height=side)
    warm_up()
    ours = best(lambda: composite.flatten(document))
    images, masks = [], []
    for layer in layers:
        pixels = layer.tiles.read(document.size.rect())
        if layer.mask is not None:  # Qt has no masks: baked beforehand, not counted in its time
            pixels[..., 3] = (
                pixels[..., 3].astype(np.uint16) * layer.mask.tiles.read(document.size.rect())[..., 0] // 255
            )
        straight = QImage(pixels.data, side, side, side * 4, QImage.Format.Format_RGBA8888)
        images.append(straight.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied))
        masks.append(pixels)

    def qt() -> None:
        target = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
        target.fill(0)
        painter = QPainter(target)
        for i, image in enumerate(images):
            painter.setOpacity(0.9)
            painter.setCompositionMode(QT_MODES[i % 6])
            painter.drawImage(0, 0, image)
        painter.end()

    theirs = best(qt)
    row("flatten", side=side, layers=10, seconds=ours, qpainter_seconds=theirs, ratio=ours / theirs, gate=0.7)
    gimp_rows(side, ours, masks)


def flatten_16_row(side: int) -> None:
    """The same layers in 16 bits a channel; there is no peer that Qt brings."""
    layers = [
        layer.changed(tiles=TileMap.from_array(to_depth16(layer.tiles.read(Rect(0, 0, side, side)))))
        for layer in layers_of(side)
    ]
    document = document_with(*layers, width=side, height=side, depth=16)
    row("flatten, 16 bits", side=side, layers=10, seconds=best(lambda: composite.flatten(document)))


def gimp_rows(side: int, ours: float, pictures: list[Any]) -> None:
    """GIMP 2.10 on the same layers, masks baked in; left out with the reason where it cannot run."""
    for kind, modes in (("", gimp.DEFAULT_MODES), (", legacy modes", gimp.LEGACY_MODES)):
        if gimp.gimp_program() is None:
            row(f"flatten against GIMP{kind}", skipped="GIMP is not installed")
            continue
        try:
            theirs = gimp.flatten_seconds(pictures, modes, 0.9)
        except (RuntimeError, subprocess.SubprocessError) as error:
            row(f"flatten against GIMP{kind}", skipped=str(error))
            continue
        gate = {} if kind else {"gate": 0.3}
        row(f"flatten against GIMP{kind}", seconds=ours, gimp_seconds=theirs, ratio=ours / theirs, **gate)


def zoomed_rows(side: int) -> None:
    """A dab on a picture shown at 25 %: to the halved tiles that the canvas draws."""
    for radius in (50, 250):
        times = dab_times(side, radius, "pixels", level=2)
        median = statistics.median(times)
        p95 = sorted(times)[int(len(times) * 0.95)]
        row("dab on pixels, shown at 25 %", radius=radius, median_ms=median, p95_ms=p95)


def dab_rows(side: int) -> None:
    for radius in (50, 250):
        for plane in ("pixels", "mask"):
            times = dab_times(side, radius, plane)
            gate = {50: 1.0, 250: 6.0}[radius]
            median = statistics.median(times)
            p95 = sorted(times)[int(len(times) * 0.95)]
            numbers = {"median_ms": median, "p95_ms": p95, "p95_over_median": p95 / median}
            row(f"dab on {plane}", radius=radius, **numbers, gate_ms=gate, qpainter_dab_only_ms=qpainter_dab(radius))


def dab_times(side: int, radius: int, plane: str, level: int = 0) -> list[float]:
    """Milliseconds from a pointer event to the recomposited tiles the canvas draws."""
    document = OpenDocument(document_with(*layers_of(side), width=side, height=side))
    compositor = Compositor(document)
    active = 6  # a masked layer in the middle
    compositor.set_active_layer(active)
    compositor.prepare([(c, r) for c in range(side // 256) for r in range(side // 256)])
    shown = [(level, c, r) for c in range(side >> 8 + level) for r in range(side >> 8 + level)] if level else []
    for key in shown:
        compositor.tile(*key)
    settings = BrushSettings(diameter_px=2 * radius, hardness=0.5, spacing=0.1, color=(0.9, 0.2, 0.1))
    times = []
    with document.edit("Brush stroke") as edit:
        editor = edit.pixels(active) if plane == "pixels" else edit.mask_pixels(active)
        stroke = Stroke(editor, settings)
        for i in range(201):
            angle = i * 1.01 * (0.1 * 2 * radius) / (side * 0.25)  # one dab an event, as far as the spacing
            where = Point(side / 2 + side * 0.25 * math.cos(angle), side / 2 + side * 0.25 * math.sin(angle))
            start = time.perf_counter()
            dirty = stroke.to(where)
            edit.touched(active, dirty)
            compositor.refresh()
            for key in shown:
                compositor.tile(*key)
            times.append((time.perf_counter() - start) * 1000)
    compositor.close()
    start = time.perf_counter()
    document.undo()
    if plane == "pixels" and not level:
        row("undo of a stroke", radius=radius, milliseconds=(time.perf_counter() - start) * 1000, gate_ms=20)
    return times[1:]


def qpainter_dab(radius: int) -> float:
    """A radial gradient drawn by QPainter, nothing else: the least a Qt painting program spends on a dab."""
    image = QImage(2048, 2048, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    gradient = QRadialGradient(1024, 1024, radius)
    gradient.setColorAt(0, "#ff3020")
    gradient.setColorAt(1, "#00ff3020")
    seconds = best(lambda: painter.fillRect(1024 - radius, 1024 - radius, 2 * radius, 2 * radius, gradient), 20)
    painter.end()
    return seconds * 1000


def row(name: str, **values: Any) -> None:
    print(json.dumps({"bench": name, **{k: round(v, 3) if isinstance(v, float) else v for k, v in values.items()}}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096)
    arguments = parser.parse_args()
    flatten_rows(arguments.side)
    flatten_16_row(arguments.side)
    dab_rows(arguments.side)
    zoomed_rows(arguments.side)
