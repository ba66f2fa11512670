"""The object tool: pointing with the mouse, the real worker answers with a network that finds what is as red."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.core.geometry import Rect
from desktop.core.select import Joined
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from tests.gui.conftest import OpenStudio, Studio
from tests.unit.test_runtime_clicks import click_model

NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier


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


def click(studio: Studio, point: tuple[float, float], modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(studio.window.canvas, Qt.MouseButton.LeftButton, modifier, studio.at(point))
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
