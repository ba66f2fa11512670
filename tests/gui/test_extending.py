"""Extending the picture on the real window: by its dialog, by the canvas size and by the crop frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from desktop.core.composite import flatten
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Rect, Size
from desktop.tools.resizing import Anchor
from desktop.ui.dialogs.extend_dialog import ExtendDialog
from desktop.ui.dialogs.size_dialogs import CanvasSize
from tests.builders import noise
from tests.gui.conftest import PATIENCE_MS, Studio


def show(studio: Studio) -> Any:
    pixels = noise(90, 70, seed=3) // 8 + 100
    pixels[..., 3] = 255
    document = Document(Size(90, 70))
    studio.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Photo")))
    return pixels


def wait_for_size(studio: Studio, width: int, height: int) -> None:
    """The first filling of a process also loads its kernels."""
    studio.qtbot.waitUntil(lambda: studio.document.size == Size(width, height), timeout=5 * PATIENCE_MS)


def test_the_dialog_extends_the_picture_in_one_step(studio: Studio) -> None:
    pixels = show(studio)
    studio.size_dialogs.extended = Rect(-10, 0, 120, 70)
    studio.window.perform("image.extend")
    wait_for_size(studio, 120, 70)
    after = flatten(studio.document)
    assert (after[..., 3] == 255).all()
    assert np.array_equal(after[:, 10:100], pixels)
    assert len(studio.document.layers) == 2
    studio.window.perform("edit.undo")
    assert studio.document.size == Size(90, 70)


def test_a_canvas_and_a_crop_frame_beyond_the_picture_are_filled_where_that_is_wanted(studio: Studio) -> None:
    show(studio)
    studio.size_dialogs.canvas_size = CanvasSize(Size(110, 70), Anchor.LEFT, fills=True)
    studio.window.perform("image.canvas")
    wait_for_size(studio, 110, 70)
    assert (flatten(studio.document)[..., 3] == 255).all()
    crop = studio.window.editing.crop
    studio.window.perform("tool.crop")
    crop.set_option(fills=True)
    crop.set_numbers(width=130, x=65)
    crop.apply()
    wait_for_size(studio, 130, 70)
    assert (flatten(studio.document)[..., 3] == 255).all()
    crop.set_option(fills=False)
    crop.set_numbers(width=150, x=75)
    crop.apply()
    wait_for_size(studio, 150, 70)
    assert not flatten(studio.document)[:, -10:, 3].any()


def test_pixels_and_percent_say_the_same_and_nothing_cannot_be_confirmed(studio: Studio) -> None:
    show(studio)
    dialog = ExtendDialog(studio.document, lambda _size: None, studio.window)
    assert dialog.sides().right == 18
    dialog.units.chosen.emit("percent")
    dialog.percents["top"].set_value(50)
    dialog.percents["top"].value_changed.emit(50)
    assert dialog.sides().top == 35
    for side in ("right", "top"):
        dialog.pixels[side].value_changed.emit(0)
        dialog.pixels[side].set_value(0)
    dialog.pixels["left"].value_changed.emit(0)
    assert not dialog.buttons.buttons()[0].isEnabled() or not dialog.buttons.buttons()[1].isEnabled()
    assert dialog.problem.text()
    dialog.deleteLater()
