"""Guides, rulers, the grid and snapping: pulled, moved and seen in the real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from desktop.core.document import Guide
from desktop.core.geometry import Point
from desktop.io.documents import open_document_file
from desktop.settings import GRID
from desktop.tools.grid import LARGEST_SPACING_PX, MOST_SUBDIVISIONS, Grid
from desktop.ui.canvas.guide_overlay import GUIDE_COLOR, HELD_COLOR
from desktop.ui.dialogs.guide_dialogs import GridDialog, GuideDialog
from desktop.ui.units import Unit
from tests.builders import document_with, raster_layer
from tests.gui.conftest import Studio

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def with_rulers(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("view.rulers")
    QApplication.processEvents()


def on_ruler(studio: Studio, ruler: QWidget, point: tuple[float, float]) -> QPoint:
    """An image point as the ruler counts."""
    return ruler.mapFromGlobal(studio.window.canvas.mapToGlobal(studio.at(point)))


def pull(studio: Studio, ruler: QWidget, *points: tuple[float, float]) -> None:
    """Press in the middle of a ruler, move through image points, release."""
    QTest.mousePress(ruler, LEFT, Qt.KeyboardModifier.NoModifier, ruler.rect().center())
    for point in points:
        QTest.mouseMove(ruler, on_ruler(studio, ruler, point))
    QTest.mouseRelease(ruler, LEFT, Qt.KeyboardModifier.NoModifier, on_ruler(studio, ruler, points[-1]))


def guides(studio: Studio, *places: Guide) -> None:
    opened = studio.window.state.open_document
    assert opened is not None
    with opened.edit("Guides") as edit:
        edit.replace_document(opened.document.changed(guides=places))


def shown(studio: Studio, x: int, y: int) -> tuple[int, int, int]:
    """The colour of the canvas at an image pixel, at 100 %."""
    studio.settle()
    color = studio.window.canvas.grab().toImage().pixelColor(studio.at((x, y)))
    return color.red(), color.green(), color.blue()


def type_into(field: QLineEdit, text: str) -> None:
    """As a person does, and then leaves the field."""
    field.selectAll()
    QTest.keyClicks(field, text)
    field.editingFinished.emit()


def shade(color: object) -> tuple[int, ...]:
    return color.getRgb()[:3]  # type: ignore[attr-defined,no-any-return]


def show_square(studio: Studio) -> None:
    """A grey square of 40 pixels at (50, 50) above white, to be moved."""
    ground, square = np.full((200, 300, 4), 255, np.uint8), np.full((40, 40, 4), 255, np.uint8)
    square[..., :3] = 90
    studio.show(document_with(raster_layer(1, ground), raster_layer(2, square, x=50, y=50), width=300, height=200))
    studio.window.perform("tool.move")


def square_at(studio: Studio) -> tuple[int, int]:
    bounds = studio.document.raster_layer(2).tiles.content_bounds()
    return bounds.left, bounds.top


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


@pytest.mark.parametrize("zoom", [0.1, 1.0, 16.0])
def test_a_guide_is_one_device_pixel_wide_at_every_zoom(studio: Studio, zoom: float) -> None:
    studio.show_plain(3000, 2000)
    guides(studio, Guide(400.0, True))
    canvas = studio.window.canvas
    canvas.zoom_to(zoom)
    x, _ = canvas.view.image_to_view(Point(400, 0))
    canvas.pan_by(canvas.view_size.width / 2 - x, 0)
    studio.settle()
    image = canvas.grab().toImage()
    x, y = canvas.view.image_to_view(Point(400, 0))[0], canvas.view_size.height // 2
    columns = [column for column in range(image.width()) if image.pixelColor(column, y) == GUIDE_COLOR]
    assert columns == [round(x)]


# rulers


def test_rulers_keep_the_picture_in_its_place(studio: Studio) -> None:
    studio.show_plain()
    canvas = studio.window.canvas
    before = canvas.mapTo(studio.window, studio.at((100, 100)))
    QTest.keyClick(studio.window, Qt.Key.Key_R, CTRL)
    QApplication.processEvents()
    assert studio.window.ruled.top.isVisible()
    assert canvas.mapTo(studio.window, studio.at((100, 100))) == before
    studio.window.perform("view.rulers")
    QApplication.processEvents()
    assert canvas.mapTo(studio.window, studio.at((100, 100))) == before


def test_ticks_stand_where_the_picture_is_and_follow_the_view(studio: Studio) -> None:
    with_rulers(studio)
    canvas, ruler = studio.window.canvas, studio.window.ruled.top
    for change in (lambda: None, lambda: canvas.zoom_to(3.0), lambda: canvas.pan_by(-77, 13)):
        change()
        labels = {tick.label: place for place, tick in ruler.ticks() if tick.label}
        assert labels["100"] == pytest.approx(canvas.view.image_to_view(Point(100, 0))[0])
        QApplication.processEvents()
        image = ruler.grab().toImage()
        column = round(labels["100"])
        levels = [image.pixelColor(x, 17).lightness() for x in (column - 1, column, column + 1)]
        assert levels[1] > max(levels[0], levels[2]) + 40, levels


@pytest.mark.parametrize(("unit", "label"), [("px", "100"), ("mm", "50"), ("cm", "5"), ("in", "1"), ("percent", "40")])
def test_every_unit_measures_the_picture(studio: Studio, unit: str, label: str) -> None:
    pixels_per_label = {"px": 100, "mm": 50 * 72 / 25.4, "cm": 5 * 72 / 2.54, "in": 72, "percent": 120}[unit]
    with_rulers(studio)
    studio.window.perform(f"rulers.{unit}")
    places = {tick.label: place for place, tick in studio.window.ruled.top.ticks() if tick.label}
    place = studio.window.canvas.view.image_to_view(Point(pixels_per_label, 0))[0]
    assert places[label] == pytest.approx(place)
    assert studio.window.actions_by_id[f"rulers.{unit}"].isChecked()


def test_the_pointer_is_marked_on_both_rulers(studio: Studio) -> None:
    with_rulers(studio)
    top, left = studio.window.ruled.top, studio.window.ruled.left
    studio.window.perform("rulers.percent")
    canvas = studio.window.canvas
    place = canvas.mapTo(studio.window.ruled, studio.at((131, 77)))

    def inks() -> tuple[int, int]:
        across, down = top.grab().toImage(), left.grab().toImage()
        return (
            across.pixelColor(place.x() - 20, 15).lightness(),
            down.pixelColor(15, place.y() - 20).lightness(),
        )

    before = inks()
    QTest.mouseMove(canvas, studio.at((131, 77)))
    QApplication.processEvents()
    after = inks()
    assert after[0] > before[0] + 80
    assert after[1] > before[1] + 80


def test_the_zero_of_the_rulers_is_pulled_out_of_the_corner(studio: Studio) -> None:
    with_rulers(studio)
    pull(studio, studio.window.ruled.corner, (30, 20), (100, 50))
    assert studio.window.aids.origin == Point(100, 50)
    labels = {tick.label: place for place, tick in studio.window.ruled.top.ticks() if tick.label}
    assert labels["0"] == pytest.approx(studio.window.canvas.view.image_to_view(Point(100, 0))[0])
    assert studio.names == ["New picture"], "the zero is no part of the picture"
    assert shown(studio, 100, 150) == (255, 255, 255), "the cross hair is gone"
    QTest.mouseDClick(studio.window.ruled.corner, LEFT)
    assert studio.window.aids.origin == Point(0, 0)


def test_a_ruler_without_a_picture_does_nothing(studio: Studio) -> None:
    studio.window.perform("view.rulers")
    QApplication.processEvents()
    ruler = studio.window.ruled.left
    QTest.mousePress(ruler, LEFT)
    QTest.mouseMove(ruler, QPoint(200, 200))
    QTest.mouseRelease(ruler, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 200))
    assert ruler.ticks() == []
    assert studio.window.state.open_document is None


def test_in_a_quarter_turn_rulers_measure_and_make_guides_along_the_screen(studio: Studio) -> None:
    with_rulers(studio)
    canvas, ruled = studio.window.canvas, studio.window.ruled
    canvas.turn_to(90)
    labels = {tick.label: place for place, tick in ruled.top.ticks() if tick.label}
    assert labels["100"] == pytest.approx(canvas.view.image_to_view(Point(0, 100))[0])
    assert labels["0"] > labels["100"], "it runs from right to left"
    pull(studio, ruled.left, (40, 150), (40, 60))
    assert studio.document.guides == (Guide(60.0, False),), "upright on the screen"


def test_in_an_odd_turn_rulers_show_no_scale_and_guides_still_move(studio: Studio) -> None:
    with_rulers(studio)
    guides(studio, Guide(80.0, True))
    studio.window.canvas.turn_to(30)
    assert studio.window.ruled.top.ticks() == []
    studio.window.perform("tool.move")
    studio.drag((80, 100), (120, 100))
    assert abs(studio.document.guides[0].position_px - 120) <= 1


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


# the grid


def test_the_grid_is_drawn_in_its_colour_and_belongs_to_one_picture(studio: Studio) -> None:
    studio.show_plain()
    studio.guide_dialogs.grid = Grid(Point(50, 40), 2, Point(5, 0), "#ff0000")
    studio.window.perform("grid.settings")
    main, between = shown(studio, 55, 10), shown(studio, 80, 10)
    assert main[0] > 240
    assert main[1] < between[1] - 60, (main, between)
    assert between[1] < 200
    assert shown(studio, 70, 10) == (255, 255, 255)
    assert shown(studio, 70, 40) == main
    studio.show_plain()
    assert not studio.window.aids.grid_shown
    assert shown(studio, 55, 10) == (255, 255, 255)
    QTest.keyClick(studio.window, "'", CTRL)
    assert shown(studio, 55, 10) == main, "the grid last chosen is that of new pictures"


def test_cancelling_the_grid_brings_the_one_before_back(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("grid.settings")
    assert not studio.window.aids.grid_shown
    assert studio.window.aids.grid == Grid()
    assert shown(studio, 64, 10) == (255, 255, 255)


# snapping


def test_a_dragged_layer_snaps_to_a_guide_and_shows_the_line(studio: Studio) -> None:
    show_square(studio)
    guides(studio, Guide(150.0, True))
    studio.press((60, 60))
    for x in (90, 120, 153):
        studio.move((x, 60))
    assert shown(studio, 150, 190) == shade(HELD_COLOR)
    assert shown(studio, 151, 60) == (90, 90, 90)
    QTest.mouseRelease(studio.window.canvas, LEFT, Qt.KeyboardModifier.NoModifier, studio.at((153, 60)))
    assert square_at(studio) == (150, 50)
    assert shown(studio, 150, 190) == shade(GUIDE_COLOR)


def test_the_master_switch_and_ctrl_suspend_snapping(studio: Studio) -> None:
    show_square(studio)
    guides(studio, Guide(150.0, True))
    QTest.keyClick(studio.window, ";", CTRL | Qt.KeyboardModifier.ShiftModifier)
    studio.drag((60, 60), (153, 60))
    assert square_at(studio) == (143, 50)
    studio.window.perform("edit.undo")
    studio.window.perform("view.snap")
    studio.drag((60, 60), (153, 60))
    assert square_at(studio) == (150, 50)


def test_each_target_can_be_switched(studio: Studio) -> None:
    show_square(studio)
    studio.drag((60, 60), (13, 58))
    assert square_at(studio) == (3, 48), "edges of the canvas do not attract at first"
    studio.window.perform("snap.canvas")
    studio.drag((10, 60), (12, 60))
    assert square_at(studio)[0] == 0
    studio.window.perform("snap.canvas")
    studio.window.perform("view.grid")
    studio.drag((10, 60), (25, 60))
    assert square_at(studio)[0] == 16, "a line between two main ones of the grid"
    studio.window.perform("snap.grid")
    studio.drag((20, 60), (22, 60))
    assert square_at(studio)[0] == 18
    assert not studio.window.actions_by_id["snap.grid"].isChecked()


def test_a_guide_snaps_to_the_middle_of_the_canvas(studio: Studio) -> None:
    with_rulers(studio)
    studio.window.perform("snap.canvas")
    pull(studio, studio.window.ruled.top, (60, 40), (60, 95))
    assert studio.document.guides == (Guide(100.0, False),)


def test_arrow_keys_move_by_single_pixels_beside_a_guide(studio: Studio) -> None:
    show_square(studio)
    guides(studio, Guide(52.0, True))
    studio.window.canvas.setFocus()
    studio.key(Qt.Key.Key_Right)
    assert square_at(studio) == (51, 50)


def test_a_gradient_begins_on_a_guide(studio: Studio) -> None:
    studio.show_plain()
    guides(studio, Guide(100.0, True), Guide(200.0, True))
    studio.window.perform("tool.gradient")
    studio.drag((104, 50), (150, 50), (195, 50))
    studio.wait_for(lambda: studio.names[-1] == "Gradient")
    assert studio.seen(98, 100)[0] <= 1
    assert studio.seen(201, 100)[0] >= 254
    assert studio.seen(110, 100)[0] > 15
