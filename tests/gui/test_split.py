"""The split line: an older version left of it, the present one right; it is dragged and never edits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from tests.builders import document_with, raster_layer
from tests.gui.conftest import Studio
from tests.gui.pixels import painted

LEFT = Qt.MouseButton.LeftButton


def paint_all(studio: Studio, level: float) -> None:
    studio.window.state.set_color((level, level, level))
    studio.window.perform("edit.fill")


def seen_at(studio: Studio, x: int, y: int) -> int:
    """The green level at a place of the canvas."""
    studio.settle()
    return int(painted(studio.window.canvas)[y, x, 1])


@pytest.fixture
def changed(studio: Studio) -> Studio:
    """A large white picture that was filled with two greys since it was opened."""
    studio.show_plain(3000, 2000)
    paint_all(studio, 0.2)
    paint_all(studio, 0.4)
    studio.window.perform("tool.brush")
    return studio


def test_left_is_the_saved_version_and_right_the_present_one(changed: Studio) -> None:
    canvas = changed.window.canvas
    changed.window.perform("view.split")
    x, y = canvas.split.x, canvas.height() // 3
    assert seen_at(changed, x - 40, y) == 255
    assert seen_at(changed, x + 40, y) == 102
    assert changed.window.actions_by_id["view.split"].isChecked()
    changed.window.perform("view.split")
    assert seen_at(changed, x - 40, y) == 102
    assert len(changed.names) == 3


def hover(widget: QWidget, place: QPoint) -> None:
    """A move without a button. QTest's may be swallowed, by what the tests before did with the pointer."""
    none, there = Qt.MouseButton.NoButton, QPointF(widget.mapToGlobal(place))
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), there, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def test_the_line_is_dragged_and_leaves_the_document_alone(changed: Studio) -> None:
    canvas = changed.window.canvas
    changed.window.perform("view.split")
    x, y = canvas.split.x, 400
    changed.settle()
    hover(canvas, QPoint(x, y))
    assert canvas.cursor().shape() == Qt.CursorShape.SplitHCursor
    QTest.mousePress(canvas, LEFT, pos=QPoint(x, y))
    QTest.mouseMove(canvas, QPoint(x + 150, y))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(x + 150, y))
    assert canvas.split.x == x + 150
    assert seen_at(changed, x + 100, 200) == 255
    assert seen_at(changed, x + 200, 200) == 102
    assert len(changed.names) == 3
    QTest.mouseMove(canvas, QPoint(x + 20, y))
    assert canvas.cursor().shape() == Qt.CursorShape.BlankCursor


def test_painting_goes_on_beside_the_line_with_exact_repaints(changed: Studio) -> None:
    canvas = changed.window.canvas
    changed.window.perform("view.split")
    changed.window.state.change_brush(size_px=30.0, hardness=100.0)
    changed.window.state.set_color((0.0, 0.0, 0.0))
    y, x = 300, canvas.split.x
    QTest.mousePress(canvas, LEFT, pos=QPoint(x + 120, y))
    for step in range(1, 25):
        QTest.mouseMove(canvas, QPoint(x + 120 - 10 * step, y))
        QApplication.processEvents()
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(x - 120, y))
    assert changed.names[-1] == "Brush stroke"
    assert seen_at(changed, x + 60, y) == 0
    assert seen_at(changed, x - 60, y) == 255  # the older version stays as it was


def test_the_version_is_chosen_in_the_menu(changed: Studio) -> None:
    for action, level in (("split.first", 255), ("split.step", 51), ("split.saved", 255)):
        changed.window.perform(action)
        assert seen_at(changed, changed.window.canvas.split.x - 40, 300) == level, action


def test_a_snapshot_is_compared(changed: Studio) -> None:
    changed.window.perform("edit.snapshot")
    paint_all(changed, 0.8)
    changed.window.perform("split.snapshot")
    x = changed.window.canvas.split.x
    assert seen_at(changed, x - 40, 300) == 102
    assert seen_at(changed, x + 40, 300) == 204


def test_a_step_is_compared_from_the_history_panel(changed: Studio) -> None:
    panel = changed.window.panels.history
    changed.window.panels.bring_to_front("history")
    QApplication.processEvents()
    place = panel.list.visualRect(panel.model.index(1)).center()
    panel.list.customContextMenuRequested.emit(place)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.actions()[1].trigger()
    menu.close()
    assert seen_at(changed, changed.window.canvas.split.x - 40, 300) == 51
    assert len(changed.names) == 3


@pytest.mark.parametrize("leave", [lambda s: s.window.perform("file.duplicate"), lambda s: s.show_plain()])
def test_another_document_is_shown_whole(changed: Studio, leave: Callable[[Studio], None]) -> None:
    changed.window.perform("view.split")
    leave(changed)
    assert changed.window.canvas.split.picture is None


def test_a_version_of_another_size_is_shown_at_its_own(changed: Studio) -> None:
    canvas = changed.window.canvas
    small = document_with(raster_layer(1, np.full((60, 60, 4), 255, np.uint8)), width=60, height=60)
    canvas.split.show(small, "Small")
    canvas.pan_by(200 - canvas.view.left, 200 - canvas.view.top)
    assert seen_at(changed, 255, 255) == 255
    assert seen_at(changed, 265, 255) == 0x2B  # beside the older version, in the colour around pictures
    assert seen_at(changed, canvas.split.x + 40, 255) == 102
