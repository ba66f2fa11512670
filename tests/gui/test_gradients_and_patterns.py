"""The gradient editor and patterns of the bucket, on the real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.core.gradients import Gradient, Stop
from desktop.core.patterns import Pattern, pattern_pixels
from desktop.settings import GRADIENTS
from desktop.tools.gradient_text import gradient_of, text_of
from desktop.ui.panels.fill_bars import GradientBar
from desktop.ui.panels.gradient_editor import GradientEditor
from desktop.ui.state import Tool
from tests.gui.conftest import Studio


def opened_editor(studio: Studio) -> GradientEditor:
    studio.show_plain()
    studio.window.state.set_color((1.0, 0.0, 0.0))
    studio.window.state.background = (0.0, 0.0, 1.0)
    studio.window.perform("tool.gradient")
    bar = studio.window.context.bars[Tool.GRADIENT]
    assert isinstance(bar, GradientBar)
    bar.open_editor()
    assert bar.editor is not None
    return bar.editor


def at(editor: GradientEditor, place: float, y: int = 34) -> QPoint:
    return QPoint(round(editor.strip.x_of(place)), y)


def own(studio: Studio) -> Gradient:
    gradient = studio.window.state.options.gradient.own
    assert gradient is not None
    return gradient


def test_stops_are_added_moved_coloured_and_removed(studio: Studio) -> None:
    editor = opened_editor(studio)
    strip = editor.strip
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at(editor, 0.25, 10))
    assert len(own(studio).stops) == 3
    red, _, blue = own(studio).stops[1].color
    assert abs(red - 0.75) < 0.03
    assert abs(blue - 0.25) < 0.03
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=at(editor, own(studio).stops[1].position))
    QTest.mouseMove(strip, at(editor, 0.75))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=at(editor, 0.75))
    assert abs(own(studio).stops[1].position - 0.75) < 0.01
    studio.window.state.set_color((0.0, 1.0, 0.0))
    editor.foreground.click()
    assert own(studio).stops[1].color == (0.0, 1.0, 0.0)
    editor.opacity.setFocus()
    editor.opacity.selectAll()
    QTest.keyClicks(editor.opacity, "40")
    QTest.keyClick(editor.opacity, Qt.Key.Key_Return)
    assert own(studio).stops[1].opacity == 0.4
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=at(editor, own(studio).stops[1].position))
    QTest.mouseMove(strip, at(editor, 0.75, 120))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=at(editor, 0.75, 120))
    assert len(own(studio).stops) == 2
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert len(own(studio).stops) == 2, "two stops stay"
    editor.close()


def test_a_middle_is_dragged_and_the_tool_draws_it(studio: Studio) -> None:
    editor = opened_editor(studio)
    QTest.mousePress(editor.strip, Qt.MouseButton.LeftButton, pos=at(editor, 0.5, 35))
    QTest.mouseMove(editor.strip, at(editor, 0.2, 35))
    QTest.mouseRelease(editor.strip, Qt.MouseButton.LeftButton, pos=at(editor, 0.2, 35))
    assert abs(own(studio).stops[0].middle - 0.2) < 0.01
    editor.close()
    studio.drag((0, 100), (300, 100))
    red, _, blue, _ = studio.seen(60, 100)
    assert abs(red - 128) < 6
    assert abs(blue - 128) < 6


def test_gradients_are_saved_and_deleted_by_name(studio: Studio) -> None:
    editor = opened_editor(studio)
    editor.strip.change_stop(color=(0.0, 1.0, 0.0))
    editor.names.setEditText("Meadow")
    editor.save.click()
    saved = studio.window.settings.get(GRADIENTS)
    assert [line.split("|")[0] for line in saved] == ["Meadow"]
    editor.strip.change_stop(color=(0.0, 0.0, 0.0))
    editor.names.setCurrentIndex(0)
    editor.names.activated.emit(0)
    assert own(studio).stops[0].color == (0.0, 1.0, 0.0)
    editor.delete.click()
    assert studio.window.settings.get(GRADIENTS) == ()
    editor.close()


def test_a_gradient_comes_back_from_its_text() -> None:
    gradient = Gradient((Stop(0, (1, 0, 0), 0.5, 0.25), Stop(0.5, (0, 1, 0)), Stop(1, (0, 0, 1))))
    assert gradient_of(text_of("A|b", gradient)) == ("A|b", gradient)
    assert gradient.reversed().reversed() == gradient
    for broken in ("", "x", "x|0 ff0000 1 0.5", "x|0 zz 1 1;1 000000 1 1", "x|1 000000 1 1;0 000000 1 1"):
        assert gradient_of(broken) is None


def test_the_bucket_pours_patterns(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.fill")
    bar = studio.window.context.bars[Tool.FILL]
    bar.pattern.setCurrentIndex(bar.pattern.findData("checks"))  # type: ignore[union-attr]
    bar.pattern.activated.emit(bar.pattern.currentIndex())  # type: ignore[union-attr]
    studio.drag((40, 40))
    shown = pattern_pixels(Pattern.CHECKS)
    for x, y in ((8, 8), (24, 8), (280, 130)):
        assert studio.seen(x, y)[0] == 255 - shown[y % 64, x % 64, 3]


def test_an_own_pattern_is_taken_from_the_selection(studio: Studio, empty_home: Path) -> None:
    studio.show_plain()
    studio.window.state.set_color((1.0, 0.0, 0.0))
    studio.drag((50, 50), (80, 50))
    studio.window.perform("tool.rectangle")
    studio.drag((40, 40), (60, 60))
    studio.dialogs.name = "Red / dots"
    studio.window.perform("edit.define_pattern")
    studio.window.perform("select.none")
    studio.window.perform("tool.fill")
    studio.window.perform("layer.new")
    studio.drag((200, 150))
    tile = studio.document.raster_layer(2).tiles
    first, later = (
        tile.read(studio.document.size.rect())[:20, :20],
        tile.read(studio.document.size.rect())[160:180, 100:120],
    )
    assert np.array_equal(first, later)
    assert first[10, 15, 0] == 255
    assert first[10, 15, 1] == 0
