"""Selection tools through the window: shapes, keys that join them, polygons, the wand, and changes from the menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.geometry import Rect
from desktop.core.select import Joined
from desktop.ui.dialogs.amount_dialog import Amount
from tests.gui.conftest import Studio

NONE, SHIFT, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def drag(studio: Studio, start: tuple[int, int], end: tuple[int, int], keys: Qt.KeyboardModifier = NONE) -> None:
    canvas = studio.window.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, keys, studio.at(start))
    QTest.mouseMove(canvas, studio.at(((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)))
    QTest.mouseMove(canvas, studio.at(end))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, keys, studio.at(end))


def click(studio: Studio, point: tuple[int, int], keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(studio.window.canvas, Qt.MouseButton.LeftButton, keys, studio.at(point))


def level(studio: Studio, x: int, y: int) -> int:
    selection = studio.document.selection
    return 0 if selection is None else int(selection.read(Rect(x, y, 1, 1))[0, 0, 0])


def bounds(studio: Studio) -> Rect:
    assert studio.document.selection is not None
    return studio.document.selection.content_bounds()


def test_a_rectangle_is_dragged_and_limits_the_brush(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    drag(studio, (50, 40), (120, 100))
    assert bounds(studio) == Rect(50, 40, 70, 60)
    assert studio.names[-1] == "Selection"
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=60.0, hardness=100.0)
    studio.drag((30, 70), (90, 70))
    assert studio.seen(80, 70) == (0, 0, 0, 255)
    assert studio.seen(45, 70) == (255, 255, 255, 255)


def test_the_shape_is_on_the_screen_while_it_is_dragged(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    studio.press((50, 40))
    studio.move((120, 100))
    studio.wait_for(lambda: max(point.x for point in studio.window.canvas.outline.points) > 100)
    image = studio.window.canvas.grab().toImage()
    column = [image.pixelColor(studio.at((80, 40)).x(), studio.at((80, 40)).y() + dy).red() for dy in (-1, 0, 1)]
    assert min(column) < 200, "a dark line on the white picture"
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((120, 100)))
    assert not studio.window.canvas.outline.points


def test_keys_add_take_away_and_intersect(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    drag(studio, (20, 20), (80, 80))
    drag(studio, (60, 60), (120, 120), SHIFT)
    assert (level(studio, 30, 30), level(studio, 100, 100), level(studio, 100, 30)) == (255, 255, 0)
    drag(studio, (20, 20), (50, 50), ALT)
    assert (level(studio, 30, 30), level(studio, 70, 30)) == (0, 255)
    drag(studio, (60, 20), (140, 90), SHIFT | ALT)
    assert bounds(studio) == Rect(60, 20, 60, 70)
    assert studio.names.count("Selection") == 4


def test_the_bar_chooses_how_shapes_meet_and_feathers(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.ellipse")
    bar = studio.window.context.bars[studio.window.state.tool]
    QTest.mouseClick(bar.how.button(Joined.ADD.value), Qt.MouseButton.LeftButton)
    bar.feather.set_value(20.0)
    bar.feather.value_changed.emit(20.0)
    drag(studio, (40, 40), (100, 100))
    assert level(studio, 70, 70) >= 250
    assert 100 < level(studio, 70, 40) < 156, "the rim passes one half where the shape ends"
    assert bounds(studio).x < 35


def test_the_selection_is_moved_and_a_click_beside_it_deselects(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    drag(studio, (20, 20), (80, 80))
    drag(studio, (40, 40), (70, 45))
    assert bounds(studio) == Rect(50, 25, 60, 60)
    assert studio.names[-1] == "Move selection"
    click(studio, (200, 150))
    assert studio.document.selection is None
    studio.window.perform("select.again")
    assert bounds(studio) == Rect(50, 25, 60, 60)


def test_a_lasso_goes_around(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.lasso")
    studio.press((50, 50))
    for point in ((150, 50), (150, 120), (50, 120)):
        studio.move(point)
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((50, 120)))
    assert level(studio, 100, 80) == 255
    assert level(studio, 30, 80) == 0


def test_a_polygon_is_clicked_corrected_and_closed(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.polygon")
    for point in ((50, 50), (150, 50), (250, 180)):
        click(studio, point)
    studio.key(Qt.Key.Key_Backspace)
    click(studio, (150, 120))
    assert len(studio.window.selection.corners) == 3
    assert studio.document.selection is None
    studio.key(Qt.Key.Key_Return)
    assert level(studio, 130, 70) == 255
    assert level(studio, 60, 110) == 0
    assert not studio.window.selection.corners
    assert studio.names[-1] == "Selection"


def test_a_polygon_closes_at_its_first_corner_and_escape_forgets_it(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.polygon")
    for point in ((50, 50), (150, 50), (150, 120), (52, 51)):
        click(studio, point)
    assert level(studio, 130, 70) == 255
    for point in ((10, 10), (20, 10)):
        click(studio, point)
    studio.key(Qt.Key.Key_Escape)
    assert not studio.window.canvas.outline.points
    assert studio.names.count("Selection") == 1


def test_the_wand_takes_what_is_alike(studio: Studio) -> None:
    studio.show_plain(level=200)
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=60.0, hardness=100.0)
    studio.drag((100, 100), (140, 100))
    studio.window.perform("tool.wand")
    click(studio, (120, 100))
    assert level(studio, 110, 100) == 255
    assert level(studio, 20, 20) == 0
    click(studio, (20, 20), SHIFT)
    assert level(studio, 20, 20) == 255


@pytest.mark.parametrize(("action", "amount", "inside", "outside"), [
    ("select.grow", 10.0, (42, 70), (38, 70)),
    ("select.shrink", 10.0, (62, 70), (58, 70)),
    ("select.border", 8.0, (48, 70), (80, 70)),
    ("select.smooth", 12.0, (80, 70), (51, 41)),
])  # fmt: skip
def test_the_menu_changes_the_selection(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, action: str, amount: float, inside: tuple[int, int],
    outside: tuple[int, int],
) -> None:  # fmt: skip
    asked: list[Amount] = []
    monkeypatch.setattr(studio.window.selection, "_ask_amount", lambda wanted: asked.append(wanted) or amount)
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    drag(studio, (50, 40), (120, 100))
    studio.window.perform(action)
    studio.wait_for(lambda: len(studio.names) == 3)
    assert level(studio, *inside) == 255
    assert level(studio, *outside) == 0
    studio.window.perform(action)
    assert asked[1].value == amount, "the last amount is offered again"
    studio.wait_for(lambda: not studio.window.background.is_busy)


def test_escape_gives_a_change_of_the_selection_up(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio.window.selection, "_ask_amount", lambda _wanted: 10.0)
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    drag(studio, (50, 40), (120, 100))
    before = studio.document.selection
    told: list[str] = []
    studio.window.selection.changing.told.connect(told.append)
    studio.window.perform("select.grow")
    assert studio.window.selection.changing.is_running
    assert "Grow" in told[0]
    studio.window.canvas.setFocus()
    studio.key(Qt.Key.Key_Escape)
    assert told[-1] == ""
    studio.wait_for(lambda: not studio.window.background.is_busy)
    QApplication.processEvents()
    assert studio.document.selection is before


def test_feathering_from_the_menu_is_soft_and_undone_at_once(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio.window.selection, "_ask_amount", lambda _wanted: 16.0)
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    drag(studio, (50, 40), (120, 100))
    studio.window.perform("select.feather")
    studio.wait_for(lambda: len(studio.names) == 3)
    assert 90 < level(studio, 50, 70) < 165
    studio.window.perform("edit.undo")
    assert level(studio, 50, 70) == 255


def test_a_quick_mask_is_painted_and_becomes_the_selection(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.rectangle")
    drag(studio, (50, 40), (120, 100))
    studio.window.perform("select.quick_mask")
    red, green, _ = studio.on_screen(80, 60)
    assert red > green + 60, "what is selected shows in red"
    studio.window.state.change_brush(size_px=40.0, hardness=100.0)
    studio.drag((200, 150), (230, 150))
    studio.window.perform("select.quick_mask")
    assert level(studio, 80, 60) == 255
    assert level(studio, 215, 150) == 255
    assert level(studio, 150, 60) == 0
    assert studio.window.state.region.is_empty
    assert studio.window.state.tool == "rectangle"
    assert studio.on_screen(80, 60) == (255, 255, 255)


def test_brush_and_eraser_paint_the_quick_mask_too(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("select.quick_mask")
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=60.0, hardness=100.0)
    studio.drag((60, 60), (120, 60))
    studio.window.perform("tool.eraser")
    studio.drag((60, 60), (62, 60))
    assert studio.names == ["New picture"], "the picture is not painted on"
    studio.window.perform("select.quick_mask")
    assert level(studio, 120, 60) == 255
    assert level(studio, 60, 60) == 0


def test_inverting_a_full_selection_says_that_nothing_would_be_left(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("select.all")
    studio.window.perform("select.invert")
    assert "Nothing would be selected" in studio.window.info.text
    assert level(studio, 20, 20) == 255


def test_an_error_goes_once_something_else_was_done(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("select.all")
    studio.window.perform("select.invert")
    studio.window.perform("tool.eraser")
    studio.wait_for(lambda: not studio.window.info.text)
