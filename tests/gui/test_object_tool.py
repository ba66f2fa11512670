"""The object tool: pointing with the mouse, the real worker answers with a network that finds what is as red."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop import paths
from desktop.core.geometry import Rect
from desktop.core.select import Joined
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from tests.gui.conftest import OpenStudio, Studio
from tests.unit.test_runtime_clicks import click_model

NONE, ALT, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def studio(open_studio: OpenStudio, tmp_path: Path) -> Studio:
    """A grey picture, its left side red, and the object tool in hand."""
    folder = tmp_path / "onnx"
    click_model(folder / "clicks")
    catalog = Catalog((folder,))
    runner = WorkerRunner(catalog, RunnerLimits(idle_s=30, grace_s=1))
    made = open_studio(make_runner=lambda: runner, catalog=catalog)
    made.show_plain(level=40)
    made.window.state.set_color((200 / 255, 0.0, 0.0))
    made.window.perform("tool.brush")
    made.window.state.change_brush(size_px=160.0, hardness=100.0)
    made.drag((40, 0), (40, 400))
    made.window.perform("tool.object")
    return made


def click(
    studio: Studio,
    point: tuple[float, float],
    modifier: Qt.KeyboardModifier = NONE,
    button: Qt.MouseButton = LEFT,
) -> None:
    QTest.mouseClick(studio.window.canvas, button, modifier, studio.at(point))
    studio.wait_for(lambda: not studio.window.objects.is_running)


def selected(studio: Studio, x: int, y: int) -> int:
    selection = studio.document.selection
    assert selection is not None
    return int(selection.read(Rect(x, y, 1, 1))[0, 0, 0])


def test_a_click_selects_the_object_as_one_entry(studio: Studio) -> None:
    click(studio, (40, 100))
    assert selected(studio, 20, 60) == 255
    assert selected(studio, 280, 100) == 0
    assert studio.names[-1] == "Select object"
    entries = len(studio.names)
    click(studio, (50, 120), ALT)
    assert len(studio.names) == entries, "clicks on one object are one entry"
    labels = [label for _, _, label in studio.window.objects.clicks.points]
    assert labels == [1, 0]
    studio.window.perform("edit.undo")
    assert studio.document.selection is None


def test_clicks_are_shown_where_they_were_made(studio: Studio) -> None:
    click(studio, (40, 100))
    red, green, blue = studio.on_screen(36, 97)
    assert green > red
    assert green > blue
    studio.window.perform("select.new_object")
    assert studio.on_screen(36, 97) == (200, 0, 0)
    assert studio.document.selection is not None, "the selection stays"


def test_the_last_click_is_taken_back(studio: Studio) -> None:
    click(studio, (40, 100))
    click(studio, (280, 100))
    studio.key(Qt.Key.Key_Backspace)
    studio.wait_for(lambda: not studio.window.objects.is_running)
    assert len(studio.window.objects.clicks.points) == 1
    studio.window.perform("select.undo_click")
    assert studio.document.selection is None
    assert studio.window.objects.clicks.is_empty


def test_another_object_can_be_added(studio: Studio) -> None:
    click(studio, (40, 100))
    bar = studio.window.context.bars[studio.window.state.tool]
    QTest.mouseClick(bar.how.button(Joined.ADD.value), Qt.MouseButton.LeftButton)
    click(studio, (280, 100))
    assert selected(studio, 20, 60) == 255
    assert selected(studio, 280, 100) == 255
    assert studio.names.count("Select object") == 2


def test_a_box_is_dragged(studio: Studio) -> None:
    studio.press((10, 20))
    studio.move((80, 90))
    studio.wait_for(lambda: studio.window.canvas.clicks.dragged == Rect(10, 20, 70, 70))
    image = studio.window.canvas.grab().toImage()
    place = studio.at((10, 50))
    assert max(image.pixelColor(place.x() + dx, place.y()).lightness() for dx in (-1, 0, 1)) > 120
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((80, 90)))
    studio.wait_for(lambda: not studio.window.objects.is_running)
    assert studio.window.objects.clicks.box == Rect(10, 20, 70, 70)


def test_without_a_model_the_tool_says_what_to_do(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.show_plain()
    studio.window.perform("tool.object")
    QTest.mouseClick(studio.window.canvas, Qt.MouseButton.LeftButton, NONE, studio.at((40, 40)))
    assert "encoder and decoder" in studio.window.info.text


def test_leaving_the_tool_means_another_object_next(studio: Studio) -> None:
    click(studio, (40, 100))
    studio.window.perform("tool.brush")
    assert studio.window.objects.clicks.is_empty
    assert studio.document.selection is not None


def test_the_right_button_says_what_does_not_belong(studio: Studio) -> None:
    click(studio, (40, 100))
    click(studio, (50, 120), button=RIGHT)
    assert [label for _, _, label in studio.window.objects.clicks.points] == [1, 0]
    studio.window.perform("tool.rectangle")
    click(studio, (50, 120), button=RIGHT)
    assert studio.document.selection is not None, "other tools have no right button"


def test_enter_keeps_the_object_and_the_next_click_means_another(studio: Studio) -> None:
    click(studio, (40, 100))
    studio.key(Qt.Key.Key_Return)
    assert studio.window.objects.clicks.is_empty
    assert selected(studio, 20, 60) == 255
    click(studio, (280, 100))
    assert len(studio.window.objects.clicks.points) == 1
    assert selected(studio, 20, 60) == 0
    assert studio.names.count("Select object") == 2


def test_escape_brings_back_what_was_selected_before(studio: Studio) -> None:
    studio.window.perform("select.all")
    click(studio, (40, 100))
    assert selected(studio, 280, 100) == 0
    studio.key(Qt.Key.Key_Escape)
    assert studio.window.objects.clicks.is_empty
    assert selected(studio, 280, 100) == 255
    studio.window.perform("select.none")
    click(studio, (40, 100))
    bar = studio.window.context.bars[studio.window.state.tool]
    QTest.mouseClick(bar.drop, LEFT)
    assert studio.document.selection is None


def test_shift_paints_roughly_over_the_object(studio: Studio) -> None:
    """The network of the test adds the sum of what was painted, in logits: a stroke leaves too much outside it."""
    studio.drag((20, 40), (50, 150), modifier=SHIFT)
    (stroke,) = studio.window.objects.clicks.strokes
    assert stroke.inside
    assert stroke.points[0].y < 45
    assert stroke.points[-1].y > 145
    studio.wait_for(lambda: not studio.window.objects.is_running)
    red, green, _ = studio.on_screen(35, 95)
    assert green > 40, "the stroke is shown"
    assert red < 200
    studio.key(Qt.Key.Key_Backspace)
    assert studio.window.objects.clicks.is_empty


def test_the_shipped_model_selects_what_was_clicked(open_studio: OpenStudio) -> None:
    """A red disc and a blue one on grey: the one that was clicked is selected, the one clicked away is not."""
    catalog = Catalog((paths.shipped_models_dir(),))
    runner = WorkerRunner(catalog, RunnerLimits(idle_s=30, grace_s=1))
    studio = open_studio(make_runner=lambda: runner, catalog=catalog)
    studio.show_plain(400, 300, level=120)
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=130.0, hardness=95.0)
    for place, color in (((110, 150), (0.8, 0.1, 0.1)), ((300, 150), (0.1, 0.2, 0.8))):
        studio.window.state.set_color(color)
        studio.drag(place, (place[0] + 1, place[1]))
    studio.window.perform("tool.object")
    click(studio, (110, 150))
    click(studio, (300, 150), button=RIGHT)
    assert selected(studio, 110, 150) > 250
    assert selected(studio, 300, 150) < 5
    assert selected(studio, 20, 20) < 5
    assert studio.document.selection is not None
    share = studio.document.selection.read(Rect(0, 0, 400, 300)).mean() / 255
    assert 0.08 < share < 0.15, "the disc covers a ninth of the picture"
