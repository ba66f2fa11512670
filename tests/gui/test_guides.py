"""Guides: pulled out of a ruler, moved, removed, asked for and saved, in the real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from desktop.core.document import Guide
from desktop.core.geometry import Point
from desktop.io.documents import open_document_file
from desktop.settings import GRID
from desktop.tools.grid import LARGEST_SPACING_PX, MOST_SUBDIVISIONS, Grid
from desktop.ui.canvas.guide_overlay import GUIDE_COLOR
from desktop.ui.dialogs.guide_dialogs import GridDialog, GuideDialog
from desktop.ui.units import Unit
from tests.gui.conftest import Studio
from tests.gui.guide_hands import (
    CTRL,
    LEFT,
    guides,
    on_ruler,
    pull,
    shade,
    shown,
    type_into,
    with_rulers,
)

# guides


def test_a_guide_pulled_out_of_the_left_ruler_is_drawn_and_one_step(studio: Studio) -> None:
    with_rulers(studio)
    pull(studio, studio.window.ruled.left, (40, 60), (80, 60))
    assert studio.document.guides == (Guide(80.0, True),)
    assert studio.names == ["New picture", "New guide"]
    assert shown(studio, 80, 100) == shade(GUIDE_COLOR)
    assert shown(studio, 79, 100) == (255, 255, 255)
    assert shown(studio, 81, 100) == (255, 255, 255)
    studio.key(Qt.Key.Key_Z, CTRL)
    assert studio.document.guides == ()
    assert shown(studio, 80, 100) == (255, 255, 255)


def test_a_guide_is_seen_while_it_is_pulled_and_gone_when_dropped_on_the_ruler(studio: Studio) -> None:
    with_rulers(studio)
    ruler = studio.window.ruled.top
    QTest.mousePress(ruler, LEFT, Qt.KeyboardModifier.NoModifier, ruler.rect().center())
    for y in (20, 70):
        QTest.mouseMove(ruler, on_ruler(studio, ruler, (120, y)))
    assert shown(studio, 30, 70) == shade(GUIDE_COLOR)
    back = ruler.rect().center()
    QTest.mouseMove(ruler, back)
    assert shown(studio, 30, 70) == (255, 255, 255)
    QTest.mouseRelease(ruler, LEFT, Qt.KeyboardModifier.NoModifier, back)
    assert studio.names == ["New picture"]


def test_escape_while_pulling_leaves_no_guide(studio: Studio) -> None:
    with_rulers(studio)
    ruler = studio.window.ruled.left
    QTest.mousePress(ruler, LEFT, Qt.KeyboardModifier.NoModifier, ruler.rect().center())
    for x in (20, 70):
        QTest.mouseMove(ruler, on_ruler(studio, ruler, (x, 100)))
    studio.settle()
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(ruler, LEFT, Qt.KeyboardModifier.NoModifier, on_ruler(studio, ruler, (70, 100)))
    assert studio.names == ["New picture"]
    assert shown(studio, 70, 100) == (255, 255, 255)


def test_the_move_tool_moves_a_guide_and_drags_it_out(studio: Studio) -> None:
    studio.show_plain()
    guides(studio, Guide(80.0, True), Guide(120.0, False))
    studio.window.perform("tool.move")
    studio.drag((81, 30), (200, 30))
    assert studio.document.guides == (Guide(199.0, True), Guide(120.0, False))
    assert studio.names[-1] == "Move guide"
    left = studio.window.canvas.to_image(studio.window.canvas.rect().topLeft().toPointF())
    studio.drag((199, 30), (100, 30), (left.x - 5, 30))
    assert studio.document.guides == (Guide(120.0, False),)
    assert studio.names[-1] == "Delete guide"


def test_with_ctrl_a_guide_moves_under_any_tool_and_without_it_paint_goes_on(studio: Studio) -> None:
    studio.show_plain()
    guides(studio, Guide(80.0, True))
    studio.drag((80, 30), (90, 30))
    assert studio.names[-1] == "Brush stroke"
    studio.drag((80, 130), (150, 130), modifier=CTRL)
    assert studio.document.guides == (Guide(150.0, True),)


def test_locked_and_hidden_guides_are_left_alone(studio: Studio) -> None:
    studio.show_plain()
    guides(studio, Guide(80.0, True))
    studio.window.perform("tool.move")
    studio.window.perform("guides.lock")
    studio.drag((80, 30), (150, 30), modifier=CTRL)
    assert studio.document.guides == (Guide(80.0, True),)
    assert shown(studio, 80, 195) == shade(GUIDE_COLOR)
    studio.window.perform("guides.lock")
    QTest.keyClick(studio.window, ";", CTRL)
    assert not studio.window.aids.guides_shown
    studio.drag((80, 30), (150, 30), modifier=CTRL)
    assert studio.document.guides == (Guide(80.0, True),)
    assert shown(studio, 80, 195) != shade(GUIDE_COLOR)


def test_a_new_guide_shows_the_hidden_ones(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("view.guides")
    studio.guide_dialogs.guide = Guide(33.5, False)
    studio.window.perform("guides.new")
    assert studio.document.guides == (Guide(33.5, False),)
    assert studio.window.aids.guides_shown
    studio.window.perform("guides.new")
    assert studio.window.info.isVisible(), "one sentence: there is one already"
    assert studio.names[-1] == "New guide"
    studio.window.perform("guides.clear")
    assert studio.document.guides == ()
    assert studio.names == ["New picture", "New guide", "Clear guides"]


def test_a_right_click_and_a_double_click_on_a_guide(studio: Studio) -> None:
    studio.show_plain()
    guides(studio, Guide(80.0, True))
    studio.window.perform("tool.move")
    canvas, place = studio.window.canvas, studio.at((80, 60))
    studio.guide_dialogs.guide = Guide(140.0, True)
    QTest.mouseDClick(canvas, LEFT, Qt.KeyboardModifier.NoModifier, place)
    assert studio.document.guides == (Guide(140.0, True),)
    place = studio.at((140, 60))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, canvas.mapToGlobal(place))
    QApplication.sendEvent(canvas, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.actions()[1].trigger()
    menu.close()
    assert studio.document.guides == ()
    assert studio.names[-1] == "Delete guide"


def test_guides_are_in_the_saved_file(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    studio.guide_dialogs.guide = Guide(33.25, False)
    studio.window.perform("guides.new")
    studio.dialogs.save_path = tmp_path / "guided.ora"
    studio.window.perform("file.save")
    studio.wait_for(lambda: studio.dialogs.save_path is not None and studio.dialogs.save_path.exists())
    studio.wait_for(lambda: not studio.window.background.is_busy)
    assert open_document_file(tmp_path / "guided.ora").guides == (Guide(33.25, False),)


def test_a_guide_from_a_file_far_outside_does_no_harm(studio: Studio) -> None:
    studio.show_plain()
    guides(studio, Guide(1e300, True), Guide(-1e12, False), Guide(60.0, True))
    assert shown(studio, 60, 100) == shade(GUIDE_COLOR)
    studio.window.perform("guides.clear")
    assert shown(studio, 60, 100) == (255, 255, 255)


def test_a_guide_is_one_device_pixel_wide_at_every_zoom(studio: Studio) -> None:
    studio.show_plain(3000, 2000)
    guides(studio, Guide(400.0, True))
    canvas = studio.window.canvas
    for zoom in (0.1, 1.0, 16.0):
        canvas.zoom_to(zoom)
        x, _ = canvas.view.image_to_view(Point(400, 0))
        canvas.pan_by(canvas.view_size.width / 2 - x, 0)
        studio.settle()
        image = canvas.grab().toImage()
        x, y = canvas.view.image_to_view(Point(400, 0))[0], canvas.view_size.height // 2
        columns = [column for column in range(image.width()) if image.pixelColor(column, y) == GUIDE_COLOR]
        assert columns == [round(x)], zoom


# dialogs


def test_the_guide_dialog_keeps_to_the_canvas_and_converts_units(studio: Studio) -> None:
    studio.show_plain()
    dialog = GuideDialog(studio.document, Unit.PIXEL, None, studio.window)
    assert dialog.guide() == Guide(150.0, True)
    type_into(dialog.position, "99999")
    assert dialog.guide() == Guide(300.0, True)
    type_into(dialog.position, "-4")
    assert dialog.guide() == Guide(0.0, True)
    dialog.unit.setCurrentIndex(list(Unit).index(Unit.PERCENT))
    type_into(dialog.position, "33,3")
    assert dialog.guide() == Guide(99.9, True)
    dialog.unit.setCurrentIndex(list(Unit).index(Unit.INCH))
    assert dialog.position.value == pytest.approx(99.9 / 72, abs=0.001)
    dialog.direction.button("level").click()
    assert dialog.guide() == Guide(100.0, False)
    assert "2.778 in" in dialog.note.text()
    dialog.deleteLater()


def test_the_grid_dialog_tries_every_change_and_refuses_absurd_numbers(studio: Studio) -> None:
    tried: list[Grid] = []
    dialog = GridDialog(Grid(), tried.append, studio.window)
    type_into(dialog.across, "0")
    type_into(dialog.down, "1e99")
    type_into(dialog.parts, "5000")
    assert tried[-1].spacing.x == 1
    assert tried[-1].subdivisions == MOST_SUBDIVISIONS
    type_into(dialog.left, "-99999999")
    assert tried[-1].offset.x == -LARGEST_SPACING_PX
    type_into(dialog.hex, "#12345")
    assert dialog.grid.color == Grid().color
    assert dialog.hex.text() == Grid().color
    type_into(dialog.hex, "#Ff0010")
    assert tried[-1].color == "#ff0010"
    dialog.deleteLater()


def test_a_damaged_grid_in_the_settings_is_the_one_of_the_program(studio: Studio) -> None:
    studio.show_plain()
    for texts in (("x",), ("0", "5", "1", "0", "0", "#000000"), ("nan",) * 5 + ("#000000",), ("8",) * 5 + ("red",)):
        studio.window.settings.set(GRID, texts)
        assert studio.window.aids.grid == Grid(), texts
    studio.window.settings.set(GRID, ("8", "9", "2", "1", "-3", "#00ff00"))
    assert studio.window.aids.grid == Grid(Point(8, 9), 2, Point(1, -3), "#00ff00")
