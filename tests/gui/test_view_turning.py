"""A view that is turned and mirrored: what it shows, where the pointer lands, and that the document stays as it is."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.geometry import Point, Rect, Size
from desktop.ui.canvas.view import View
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio
from tests.gui.pixels import colors_of, painted

WIDTH, HEIGHT = 150, 90
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NOISE_ROUNDING = 8  # Qt's filter counts in 1/32 of a pixel; from one pixel of noise to the next that makes 8 levels
TURNS = [(0.0, False), (90.0, False), (180.0, False), (-90.0, False), (0.0, True), (90.0, True), (-90.0, True)]


def show_noise(studio: Studio) -> npt.NDArray[np.uint8]:
    pixels = noise(WIDTH, HEIGHT, seed=7)
    pixels[..., 3] = 255
    studio.show(document_with(raster_layer(1, pixels), width=WIDTH, height=HEIGHT))
    return pixels[..., :3]


def turn(studio: Studio, rotation: float, *, flipped: bool = False) -> None:
    if flipped:
        studio.window.perform("view.flip")
    studio.window.canvas.turn_to(rotation)
    studio.settle()


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("rotation", [0.0, 15.0, 90.0, -133.0, 180.0])
def test_view_and_image_are_inverses_however_turned(rotation: float, flipped: bool) -> None:
    view = View(0.37, 12.0, -40.0, rotation, flipped)
    back = view.view_to_image(*view.image_to_view(Point(123.5, 77.25)))
    assert (back.x, back.y) == pytest.approx((123.5, 77.25))
    a, b, c, d, e, f = view.matrix()
    assert view.image_to_view(Point(3, 5)) == pytest.approx((a * 3 + c * 5 + e, b * 3 + d * 5 + f))
    assert a * d - b * c == pytest.approx(0.37**2 * (-1 if flipped else 1))


def test_turning_mirroring_and_zooming_hold_their_point() -> None:
    view = View(2.0, 30.0, 20.0, 25.0, True)
    before = view.view_to_image(200, 150)
    for changed in (view.turned_at(200, 150, -70.0), view.zoomed_at(200, 150, 5.3), view.mirrored_at(200)):
        after = changed.view_to_image(200, 150)
        assert (after.x, after.y) == pytest.approx((before.x, before.y))


def test_a_turned_picture_fits_with_its_corners() -> None:
    image, room = Size(1000, 500), Size(848, 648)
    for rotation in (0.0, 30.0, 90.0, 200.0):
        view = View.fitted(image, room, rotation=rotation)
        left, top, width, height = view.rect_in_view(image.rect())
        corners = view.corners_in_view(image.rect())
        assert (left, top) == pytest.approx((min(x for x, _ in corners), min(y for _, y in corners)))
        assert left + width / 2 == pytest.approx(424, abs=1)
        assert width <= 801
        assert height <= 601
        assert view.rect_in_image(left, top, left + width, top + height).contains(Rect(0, 0, 1000, 500))


def test_quarter_turns_show_every_pixel_exactly(studio: Studio) -> None:
    pixels = show_noise(studio)
    for rotation, flipped in TURNS:
        studio.window.perform("view.upright")
        turn(studio, rotation, flipped=flipped)
        view = studio.window.canvas.view
        assert (view.rotation, view.flipped) == (rotation, flipped)
        expected = np.rot90(pixels[:, ::-1] if flipped else pixels, round(-rotation / 90))
        left, top, width, height = (round(side) for side in view.rect_in_view(Rect(0, 0, WIDTH, HEIGHT)))
        shown = painted(studio.window.canvas)[top : top + height, left : left + width]
        assert np.array_equal(shown, expected), (rotation, flipped)


@pytest.mark.parametrize("zoom", [1.0, 6.0])
def test_aslant_pixels_stand_where_the_pointer_finds_them(studio: Studio, zoom: float) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[30:60, 40:100, 0] = 250
    studio.show(document_with(raster_layer(1, pixels), width=WIDTH, height=HEIGHT))
    studio.window.canvas.zoom_to(zoom)
    turn(studio, 33.0, flipped=True)
    shown = painted(studio.window.canvas)
    for x, y in ((42, 32), (97, 57), (38, 45), (70, 27), (97, 62), (42, 57)):
        column, row = studio.window.canvas.view.image_to_view(Point(x + 0.5, y + 0.5))
        is_inside = 40 <= x < 100 and 30 <= y < 60
        assert shown[math.floor(row), math.floor(column)].tolist() == [250 if is_inside else 0, 0, 0], (x, y)
    reds = shown[np.all(shown[..., 1:] == 0, axis=2)][:, 0]
    assert len(set(reds.tolist()) - {0, 250}) > 5  # the edges are smooth


@pytest.mark.parametrize(("rotation", "flipped", "zoom"), [(90.0, True, 1.0), (28.0, False, 1.5), (-140.0, True, 3.0)])
def test_a_stroke_lands_under_the_pointer_and_is_painted_alone(
    studio: Studio, rotation: float, flipped: bool, zoom: float
) -> None:
    studio.show_plain(WIDTH, HEIGHT)
    canvas = studio.window.canvas
    canvas.zoom_to(zoom)
    turn(studio, rotation, flipped=flipped)
    studio.window.state.change_brush(size_px=11.0, hardness=100.0)
    studio.drag((20, 20), (60, 20), (60, 70))
    studio.settle()
    assert studio.seen(40, 20)[:3] == studio.seen(60, 50)[:3] == (0, 0, 0)
    assert studio.seen(40, 30)[:3] == studio.seen(20, 70)[:3] == (255, 255, 255)
    studio.window.perform("tool.hand")
    studio.settle()
    partly = painted(canvas)
    studio.window.perform("edit.undo")
    studio.window.perform("edit.redo")
    studio.settle()
    difference = np.abs(painted(canvas).astype(int) - colors_of(canvas.grab()).astype(int)).max()
    assert difference <= 2
    assert np.abs(partly.astype(int) - painted(canvas).astype(int)).max() <= 2
    assert studio.on_screen(60, 50) == (0, 0, 0)


def test_a_partial_paint_aslant_leaves_no_seam(studio: Studio) -> None:
    show_noise(studio)
    canvas = studio.window.canvas
    canvas.zoom_to(1.3)
    turn(studio, 21.0)
    whole = painted(canvas)
    for x in range(60, canvas.width() - 60, 97):
        canvas.update(x, 100, 61, 173)
        QApplication.processEvents()
    difference = np.abs(painted(canvas).astype(int) - whole.astype(int))
    assert difference.max() <= NOISE_ROUNDING


def test_the_selection_is_outlined_where_it_lies_in_a_mirrored_view(studio: Studio) -> None:
    studio.show_plain(level=120)
    studio.window.perform("tool.region")
    studio.window.state.change_brush(size_px=60.0, hardness=100.0)
    turn(studio, 90.0, flipped=True)
    studio.drag((60, 100))
    assert studio.on_screen(60, 100)[0] > 150  # red over the region
    assert studio.on_screen(240, 100) == (120, 120, 120)
    studio.window.perform("select.region")
    studio.window.perform("ai.clear_region")
    studio.window.perform("tool.hand")
    studio.settle()
    around = [studio.on_screen(x, 100)[0] for x in range(26, 35)]
    assert {0, 255} & set(around)
    assert {studio.on_screen(x, 100)[0] for x in range(206, 215)} == {120}


def test_r_and_a_drag_turn_the_view(studio: Studio) -> None:
    show_noise(studio)
    canvas = studio.window.canvas
    canvas.setFocus()
    middle = QPoint(round(canvas.middle[0]), round(canvas.middle[1]))
    QTest.keyPress(canvas, Qt.Key.Key_R)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(100, 0))
    QTest.mouseMove(canvas, middle + QPoint(100, 100))
    assert canvas.view.rotation == pytest.approx(45, abs=0.5)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(100, 100))
    QTest.keyRelease(canvas, Qt.Key.Key_R)
    assert not canvas.pointer.is_panning
    assert studio.names == ["New picture"]
    studio.settle()
    status = studio.window.status
    assert status.turn.isVisible()
    assert status.turn.text() == "45°"
    QTest.mouseClick(status.turn, Qt.MouseButton.LeftButton)
    assert canvas.view.is_upright
    assert not status.turn.isVisible()


def test_shift_space_turns_and_ctrl_goes_in_steps(studio: Studio) -> None:
    show_noise(studio)
    canvas = studio.window.canvas
    canvas.setFocus()
    middle = QPoint(round(canvas.middle[0]), round(canvas.middle[1]))
    QTest.keyPress(canvas, Qt.Key.Key_Space, SHIFT)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, SHIFT, middle + QPoint(0, -80))
    QTest.mouseMove(canvas, middle + QPoint(-30, -80))
    assert canvas.view.rotation == pytest.approx(-math.degrees(math.atan2(30, 80)), abs=0.7)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, SHIFT, middle + QPoint(-30, -80))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    studio.window.perform("view.upright")
    assert canvas.view.is_upright


def test_keys_turn_in_steps_flip_and_go_back(studio: Studio) -> None:
    show_noise(studio)
    canvas = studio.window.canvas
    canvas.setFocus()
    before = canvas.view
    QTest.keyClick(canvas, Qt.Key.Key_Right, CTRL | SHIFT)
    QTest.keyClick(canvas, Qt.Key.Key_Right, CTRL | SHIFT)
    assert canvas.view.rotation == 30
    QTest.keyClick(canvas, Qt.Key.Key_Left, CTRL | SHIFT)
    assert canvas.view.rotation == 15
    QTest.keyClick(canvas, Qt.Key.Key_H, SHIFT)
    assert (canvas.view.rotation, canvas.view.flipped) == (-15, True)
    QApplication.processEvents()
    QTest.keyClick(canvas, Qt.Key.Key_R, SHIFT)
    assert canvas.view.is_upright
    assert (canvas.view.left, canvas.view.top) == pytest.approx((before.left, before.top), abs=2)


def test_arrow_keys_move_a_layer_where_they_point_on_the_screen(studio: Studio) -> None:
    studio.show_plain(WIDTH, HEIGHT)
    studio.window.perform("tool.move")
    turn(studio, 90.0)
    studio.window.canvas.setFocus()
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Right)
    assert studio.seen(20, HEIGHT - 1)[3] == 0  # to the right on the screen is up in the picture
    assert studio.seen(20, 0)[3] == 255


def test_every_document_keeps_its_own_turn(studio: Studio) -> None:
    show_noise(studio)
    turn(studio, 30.0)
    studio.show_plain()
    assert studio.window.canvas.view.is_upright
    studio.window.perform("view.previous_document")
    assert studio.window.canvas.view.rotation == 30
