"""Paints, fills and composites with everything after the warm-up; fails when a kernel had to be compiled for it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from desktop.core import (
    blend_light,
    blend_separable,
    blend_whole,
    brush_kernels,
    fill_kernels,
    patch_kernels,
    tile_kernels,
)
from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.color import Depth
from desktop.core.composite import flatten
from desktop.core.compositor import Compositor
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect
from desktop.core.gradients import GradientPreset, preset_gradient
from desktop.core.layers import GroupLayer
from desktop.core.remove import removed
from desktop.core.tiles import TileMap
from desktop.core.tips import ImageTip
from desktop.core.warm_up import warm_up
from desktop.tools.filling import BucketSettings, GradientSettings, drag_gradient, pour
from desktop.tools.gestures import PointerEvent, RunningGesture
from desktop.tools.painting import Plane
from tests.builders import document_with, mask_from, noise, raster_layer

DONE = "nothing was compiled"
MODULES = (blend_separable, blend_light, blend_whole, tile_kernels, brush_kernels, fill_kernels, patch_kernels)


def compiled() -> dict[str, int]:
    """How many versions of each kernel there are."""
    return {
        f"{module.__name__}.{name}": len(value.signatures)
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher)
    }


def document(depth: Depth) -> Document:
    layers: list[Any] = [
        raster_layer(index + 1, noise(40, 40, seed=index, depth=depth), blend_mode=mode, opacity=0.9)
        for index, mode in enumerate(BlendMode)
    ]
    mask = mask_from(noise(40, 40, channels=1)[..., 0])
    inside = raster_layer(100, noise(40, 40, depth=depth), mask=mask)
    layers.append(GroupLayer(id=101, name="Isolated", children=(inside,), pass_through=False, mask=mask))
    through = raster_layer(102, noise(40, 40, depth=depth), clip_to_below=True)
    layers.append(GroupLayer(id=103, name="Through", children=(through,), pass_through=True, opacity=0.5, mask=mask))
    return document_with(*layers, width=40, height=40, depth=depth)


def drag(gesture: Any) -> None:
    running = RunningGesture(gesture)
    for x in (5.0, 20.0, 30.0):
        running.send(PointerEvent(Point(x, 12.0)))
    running.send(PointerEvent(Point(30.0, 12.0), pressed=False))
    while running.is_running:
        running.send(PointerEvent(Point(30.0, 12.0), pressed=False))


def paint_everything(opened: OpenDocument) -> None:
    tip = ImageTip("tip", np.ones((9, 9), np.float32))
    selection = TileMap.from_array(noise(40, 40, channels=1))
    with opened.edit("Select") as edit:
        edit.set_selection(selection)
    plain = BrushSettings(diameter_px=12, color=(0.5, 0.2, 0.1))
    kinds: list[dict[str, Any]] = [
        {},
        {"roundness": 0.5, "angle": 30.0},
        {"tip": tip},
        {"mode": BrushMode.ERASE},
        {"blend_mode": BlendMode.MULTIPLY},
    ]
    for kind in kinds:
        for chosen in (None, selection):
            with opened.edit("Paint") as edit:
                settings = BrushSettings(**{"diameter_px": plain.diameter_px, "color": plain.color, **kind})
                stroke = Stroke(edit.pixels(1), settings, selection=chosen)
                edit.touched(1, stroke.to(Point(10, 10)))
                stroke = Stroke(edit.mask_pixels(100), settings, selection=chosen)
                edit.touched(100, stroke.to(Point(10, 10)))
    line = GradientSettings(preset_gradient(GradientPreset.TO_BACKGROUND, (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    for plane, layer_id in ((Plane.PIXELS, 1), (Plane.MASK, 100)):
        drag(pour(opened, layer_id, plane, BucketSettings(color=(1.0, 0.0, 0.0))))
        drag(drag_gradient(opened, layer_id, plane, line, lambda _line: None))


def main() -> int:
    warm_up()
    before = compiled()
    for depth in (8, 16):
        opened = OpenDocument(document(depth))
        compositor = Compositor(opened)
        compositor.set_active_layer(1)
        compositor.tile(0, 0, 0)
        paint_everything(opened)
        compositor.refresh()
        compositor.close()
        flatten(opened.document, Rect(3, 3, 20, 20))
    hole = np.zeros((30, 40), np.uint8)
    hole[10:20, 10:20] = 255
    for picture in (noise(40, 30), noise(40, 30) | np.array([0, 0, 0, 255], np.uint8)):
        removed(picture, hole)
    late = {name: count for name, count in compiled().items() if count != before.get(name)}
    print(DONE if not late else f"compiled late: {late}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
