"""Rulers, the grid and snapping, seen and used in the real window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.document import Guide
from desktop.core.geometry import Point
from desktop.tools.grid import Grid
from desktop.ui.canvas.guide_overlay import GUIDE_COLOR, HELD_COLOR
from tests.gui.conftest import Studio
from tests.gui.guide_hands import (
    CTRL,
    LEFT,
    guides,
    pull,
    shade,
    show_square,
    shown,
    square_at,
    with_rulers,
)

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


def test_every_unit_measures_the_picture(studio: Studio) -> None:
    with_rulers(studio)
    inch_px = studio.document.resolution_dpi[0]
    for unit, label, length_px in (
        ("px", "100", 100),
        ("mm", "50", 50 / 25.4 * inch_px),
        ("cm", "5", 5 / 2.54 * inch_px),
        ("in", "1", inch_px),
        ("percent", "40", 120),
    ):
        studio.window.perform(f"rulers.{unit}")
        places = {tick.label: place for place, tick in studio.window.ruled.top.ticks() if tick.label}
        assert places[label] == pytest.approx(studio.window.canvas.view.image_to_view(Point(length_px, 0))[0])
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
    studio.release((153, 60))
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
