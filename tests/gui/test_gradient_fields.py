"""Gradients with any number of stops in gradient maps and gradient fills: their values, and the strip in the form."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.core.composite import flatten
from desktop.core.effects import checked_settings
from desktop.core.errors import UserError
from desktop.core.gradient_texts import gradient_of_stops, text_of_stops
from desktop.core.gradients import Gradient, Stop
from desktop.core.layers import AdjustmentLayer
from desktop.tools.effect_run import apply_to_pixels
from desktop.ui.dialogs.effect_dialog import EffectDialog
from desktop.ui.widgets.gradient_field import GradientField
from tests.gui.conftest import Studio

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
THREE = text_of_stops(Gradient((Stop(0, RED), Stop(0.25, GREEN), Stop(1, BLUE))))


def ramp() -> np.ndarray:
    pixels = np.zeros((4, 256, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = np.arange(256)[None, :, None], 255
    return pixels


def test_a_gradient_map_takes_its_stops_and_lets_the_picture_through_where_they_are_not_opaque() -> None:
    mapped = apply_to_pixels(ramp(), checked_settings("gradient-map", {"gradient": THREE}))[0].astype(int)
    assert mapped[0, :3].tolist() == [255, 0, 0]
    assert np.abs(mapped[64, :3] - (0, 255, 0)).max() <= 2
    assert mapped[255, :3].tolist() == [0, 0, 255]
    faint = text_of_stops(Gradient((Stop(0, RED, 0.0), Stop(1, RED, 1.0))))
    mixed = apply_to_pixels(ramp(), checked_settings("gradient-map", {"gradient": faint}))[0].astype(int)
    assert mixed[0, :3].tolist() == [0, 0, 0]
    assert np.abs(mixed[128, :3] - (192, 64, 64)).max() <= 2


@pytest.mark.parametrize("text", ["0 ff0000 1 0.5", "nonsense;0", "1 ff0000 1 0.5;0 00ff00 1 0.5", "0 ff 1 1;1 ff 1 1"])
def test_what_is_no_gradient_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UserError) as found:
        checked_settings("gradient-map", {"gradient": text})
    assert found.value.key == "effect.bad_gradient"


def test_the_strip_of_the_form_shows_on_the_canvas_and_is_changed_again(studio: Studio) -> None:
    studio.show_plain(level=0)
    studio.window.perform("adjustment.gradient-fill")
    dialog = studio.window.effects.dialog
    assert isinstance(dialog, EffectDialog)
    field = dialog.form.controls["gradient"]
    assert isinstance(field, GradientField)
    assert [stop.color for stop in field.gradient.stops] == [(0, 0, 0), (1, 1, 1)], "as the two colours say"
    middle = QPoint(field.strip.width() // 2, 10)
    QTest.mouseClick(field.strip, Qt.MouseButton.LeftButton, pos=middle)
    field.color.color_changed.emit("#ff0000")
    assert len(field.gradient.stops) == 3
    dialog.accept()
    studio.wait_for(lambda: studio.names[-1] == "New adjustment layer")
    row = flatten(studio.document)[100].astype(int)
    column = flatten(studio.document)[:, 150].astype(int)
    reddest = max((*row, *column), key=lambda pixel: pixel[0] - pixel[1])
    assert np.abs(reddest[:3] - (255, 0, 0)).max() <= 6
    layer = studio.document.layers[-1]
    assert isinstance(layer, AdjustmentLayer)
    text = str(dict(layer.settings.values)["gradient"])
    assert gradient_of_stops(text).stops[1].color == (1, 0, 0)
    studio.window.perform("layer.adjustment")
    again = studio.window.effects.dialog
    assert isinstance(again, EffectDialog)
    shown = again.form.controls["gradient"]
    assert isinstance(shown, GradientField)
    assert len(shown.gradient.stops) == 3
    again.reject()
