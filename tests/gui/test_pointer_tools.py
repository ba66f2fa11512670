"""Tools whose pixels no other file looks at: the ellipse limits a fill, hand and zoom change what is seen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Size
from tests.gui.conftest import Studio

WHITE, BLACK = (255, 255, 255, 255), (0, 0, 0, 255)


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier])
def test_an_ellipse_limits_a_fill_to_its_inside_with_a_soft_rim(studio: Studio, modifier: Qt.KeyboardModifier) -> None:
    studio.show_plain()
    studio.window.perform("tool.ellipse")
    studio.drag((50, 40), (150, 100), modifier=modifier)  # Shift adds to nothing
    studio.window.state.set_color((0.0, 0.0, 0.0))
    studio.window.perform("edit.fill")
    studio.wait_for(lambda: studio.seen(100, 70) == BLACK)
    assert studio.seen(54, 44) == WHITE, "the corner of its box"
    assert studio.seen(100, 43) == BLACK
    assert studio.seen(100, 37) == WHITE
    rim = [studio.seen(x, 52)[0] for x in range(50, 80)]
    assert any(0 < level < 255 for level in rim), "antialiased"


def test_the_hand_moves_the_view_and_no_pixel_of_the_picture(studio: Studio) -> None:
    pixels = np.full((1600, 2000, 4), 255, np.uint8)
    pixels[780:820, 980:1020, :3] = (200, 30, 30)
    document = Document(Size(2000, 1600))
    studio.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Dot")))
    before, place = studio.document, studio.at((1000, 800))
    studio.window.perform("tool.hand")
    studio.drag((1000, 800), (1060, 840))
    moved = studio.at((1000, 800))
    assert moved != place
    studio.settle()
    shown = studio.window.canvas.grab().toImage()
    ratio = studio.window.canvas.devicePixelRatioF()
    at_dot = shown.pixelColor(int(moved.x() * ratio), int(moved.y() * ratio))
    was_dot = shown.pixelColor(int(place.x() * ratio), int(place.y() * ratio))
    assert at_dot.getRgb()[:3] == (200, 30, 30)
    assert was_dot.getRgb()[:3] == (255, 255, 255)
    assert studio.document is before


def test_the_zoom_tool_enlarges_around_the_pointer(studio: Studio) -> None:
    pixels = np.full((200, 300, 4), 255, np.uint8)
    pixels[100:110, 150:160, :3] = (200, 30, 30)
    studio.show(
        Document(Size(300, 200)).with_layer_inserted(new_layer_from_pixels(Document(Size(1, 1)), pixels, "Dot"))
    )
    before, zoom, place = studio.document, studio.window.canvas.view.zoom, studio.at((155, 105))
    assert studio.on_screen(155, 105) == (200, 30, 30)
    studio.window.perform("tool.zoom")
    studio.drag((155, 105))
    assert studio.window.canvas.view.zoom > zoom
    moved = studio.at((155, 105))
    assert max(abs(moved.x() - place.x()), abs(moved.y() - place.y())) <= 2, "the place under the pointer holds still"
    assert studio.on_screen(155, 105) == (200, 30, 30)
    assert studio.on_screen(170, 105) == (255, 255, 255)
    studio.drag((155, 105), modifier=Qt.KeyboardModifier.AltModifier)
    assert studio.window.canvas.view.zoom == zoom
    assert studio.document is before
