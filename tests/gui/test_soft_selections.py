"""Every tool that changes pixels, dragged on the canvas with a selection of three levels: none, half, all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TileMap
from desktop.ui.dialogs.effect_dialog import EffectDialog
from desktop.ui.fill_options import BucketOptions
from desktop.ui.state import Tool
from tests.builders import noise
from tests.gui.conftest import Studio

WIDTH, HEIGHT = 240, 120
HALF = 128
NONE, SOME, ALL = np.s_[:, :80], np.s_[:, 80:160], np.s_[:, 160:]
ALT = Qt.KeyboardModifier.AltModifier


def photo() -> Any:
    """The same light grain three times side by side, so that equal strokes meet equal pixels."""
    third = noise(80, HEIGHT, seed=4) // 4 + 96
    pixels = np.concatenate([third] * 3, axis=1)
    pixels[..., 3] = 255
    return pixels


def show(studio: Studio) -> Any:
    """The photo with its left third not selected, the middle one half, the right one wholly; its pixels."""
    document = Document(Size(WIDTH, HEIGHT))
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[SOME], levels[ALL] = HALF, 255
    document = document.with_layer_inserted(new_layer_from_pixels(document, photo(), "Photo"))
    studio.show(document.changed(selection=TileMap.from_array(levels)))
    return photo().astype(int)


def pixels_of(studio: Studio) -> Any:
    return studio.document.raster_layer(1).tiles.read(Rect(0, 0, WIDTH, HEIGHT)).astype(int)


def stroke_through(studio: Studio) -> None:
    studio.drag((10, 60), (230, 60))
    studio.wait_for(lambda: not studio.window.canvas.pointer.is_busy)


def clone_from_below(studio: Studio) -> None:
    studio.drag((10, 100), modifier=ALT)
    stroke_through(studio)


def pour(studio: Studio) -> None:
    studio.window.state.change_options(bucket=BucketOptions(tolerance=100.0, contiguous=False))
    studio.drag((200, 60), (200, 60))
    studio.wait_for(lambda: not studio.window.canvas.pointer.is_busy)


STROKES: dict[Tool, Callable[[Studio], None]] = {
    Tool.BRUSH: stroke_through,
    Tool.ERASER: stroke_through,
    Tool.SMUDGE: stroke_through,
    Tool.FOCUS: stroke_through,
    Tool.TONE: stroke_through,
    Tool.CLONE: clone_from_below,
    Tool.GRADIENT: stroke_through,
    Tool.FILL: pour,
}
PLACED = (Tool.GRADIENT, Tool.SMUDGE)  # what they do differs from place to place


def test_every_tool_does_nothing_half_and_all_where_nothing_half_and_all_is_selected(studio: Studio) -> None:
    before = show(studio)
    studio.window.state.set_color((1.0, 0.0, 0.0))
    for tool, use in STROKES.items():
        studio.window.perform(f"tool.{tool.value}")
        if tool in studio.window.state.options.brushes:
            studio.window.state.change_brush(size_px=30.0, hardness=100.0, opacity=100.0)
        use(studio)
        after = pixels_of(studio)
        change = after - before
        assert np.array_equal(after[NONE], before[NONE]), tool
        assert np.abs(change[ALL]).max() > 8, tool
        if tool not in PLACED:
            inside = np.s_[50:70, 25:55]  # away from where strokes begin, end and pass from one third to the next
            half, whole = change[SOME][inside], change[ALL][inside]
            assert np.abs(half - whole * (HALF / 255)).max() <= 1.5, tool
        else:
            assert 0.2 < np.abs(change[SOME]).mean() / np.abs(change[ALL]).mean() < 1.2, tool
        studio.window.perform("edit.undo")
        assert np.array_equal(pixels_of(studio), before), tool


def test_filters_fills_and_copies_are_as_soft(studio: Studio) -> None:
    before = show(studio)
    studio.window.state.set_color((1.0, 0.0, 0.0))
    studio.window.perform("adjust.invert")
    studio.wait_for(lambda: len(studio.names) == 2)
    inverted = pixels_of(studio)
    assert np.array_equal(inverted[NONE], before[NONE])
    assert np.array_equal(inverted[ALL][..., :3], 255 - before[ALL][..., :3])
    assert np.abs(inverted[SOME][..., :3] - 127.5).max() <= 2, "half of a level and of its opposite"
    studio.window.perform("edit.undo")
    studio.window.perform("edit.fill")
    studio.wait_for(lambda: len(studio.names) == 2)
    filled = pixels_of(studio)
    assert np.array_equal(filled[NONE], before[NONE])
    assert (filled[ALL] == (255, 0, 0, 255)).all()
    assert np.abs(filled[SOME][..., 0] - (before[SOME][..., 0] + 255) / 2).max() <= 2
    studio.window.perform("edit.undo")
    studio.window.perform("edit.copy")
    studio.window.perform("edit.paste")
    studio.wait_for(lambda: len(studio.document.layers) == 2)
    alpha = studio.document.layers[-1].tiles.read(Rect(0, 0, WIDTH, HEIGHT))[..., 3]  # type: ignore[union-attr]
    assert [np.unique(alpha[third]).tolist() for third in (NONE, SOME, ALL)] == [[0], [HALF], [255]]


def test_a_filter_with_a_dialog_keeps_what_is_not_selected(studio: Studio) -> None:
    before = show(studio)
    studio.window.perform("filter.gaussian-blur")
    dialog = studio.window.effects.dialog
    assert isinstance(dialog, EffectDialog)
    dialog.accept()
    studio.wait_for(lambda: len(studio.names) == 2)
    after = pixels_of(studio)
    assert np.array_equal(after[NONE], before[NONE])
    assert np.abs(after - before)[ALL].mean() > 1.5 * np.abs(after - before)[SOME].mean() > 0
