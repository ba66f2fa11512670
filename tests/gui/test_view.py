"""Where the picture lies in the view, and what it looks like there."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.geometry import Point, Size
from desktop.ui.canvas.ants import edge_runs
from desktop.ui.canvas.view import MAX_ZOOM, View, next_zoom
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio


def wheel(studio: Studio, position: QPointF, notches: int) -> None:
    canvas = studio.window.canvas
    event = QWheelEvent(
        position,
        canvas.mapToGlobal(position),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_view_and_image_are_inverses() -> None:
    view = View(0.37, 12.0, -40.0)
    x, y = view.image_to_view(Point(123.5, 77.25))
    back = view.view_to_image(x, y)
    assert (back.x, back.y) == pytest.approx((123.5, 77.25))


@pytest.mark.parametrize("zoom", [0.1, 0.5, 1.0, 7.3, MAX_ZOOM])
def test_zooming_holds_the_point_under_the_cursor(zoom: float) -> None:
    view = View(1.0, 30.0, 20.0)
    before = view.view_to_image(200, 150)
    after = view.zoomed_at(200, 150, zoom).view_to_image(200, 150)
    assert abs(before.x - after.x) * zoom <= 0.5
    assert abs(before.y - after.y) * zoom <= 0.5


def test_fitting_never_enlarges_and_centres() -> None:
    view = View.fitted(Size(100, 50), Size(800, 600))
    assert view == View(1.0, 350.0, 275.0)
    small = View.fitted(Size(8000, 4000), Size(848, 648))
    assert small.zoom == 0.1


def test_steps_of_the_zoom_are_round_and_reach_both_ends() -> None:
    zoom, seen = 1.0, []
    for _ in range(30):
        zoom = next_zoom(zoom, 1)
        seen.append(zoom)
    assert seen[:4] == [1.5, 2, 3, 4]
    assert zoom == MAX_ZOOM
    assert next_zoom(1.0, -1) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("zoom", "level"), [(1.0, 0), (0.51, 0), (0.5, 1), (0.3, 1), (0.25, 2), (2.0, 0), (1 / 64, 6)])
def test_the_level_is_never_shown_enlarged(zoom: float, level: int) -> None:
    assert View(zoom).level() == level


def test_the_wheel_zooms_at_the_cursor(studio: Studio) -> None:
    studio.show_plain()
    position = QPointF(studio.at((250, 20)))
    before = studio.window.canvas.to_image(position)
    wheel(studio, position, 3)
    after = studio.window.canvas.to_image(position)
    assert studio.window.canvas.view.zoom > 1.5
    assert abs(before.x - after.x) < 1
    assert abs(before.y - after.y) < 1


def test_keys_zoom(studio: Studio) -> None:
    studio.show_plain(3000, 2000)
    canvas = studio.window.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    fitted = canvas.view.zoom
    assert fitted < 0.5
    QTest.keyClick(canvas, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert canvas.view.zoom == 1.0
    QTest.keyClick(canvas, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert canvas.view.zoom == pytest.approx(2 / 3)


def test_at_100_percent_every_pixel_is_exactly_itself(studio: Studio) -> None:
    pixels = noise(300, 200, seed=5)
    pixels[..., 3] = 255
    studio.show(document_with(raster_layer(1, pixels), width=300, height=200))
    studio.settle()
    image = studio.window.canvas.grab().toImage()
    for x, y in ((0, 0), (299, 199), (255, 100), (256, 100), (17, 180)):
        shown = image.pixelColor(studio.at((x, y)))
        assert (shown.red(), shown.green(), shown.blue()) == tuple(int(level) for level in pixels[y, x, :3])


def test_far_out_the_picture_is_averaged_without_seams(studio: Studio) -> None:
    pixels = np.zeros((2048, 2048, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[::2, ::2, :3] = pixels[1::2, 1::2, :3] = 255
    studio.show(document_with(raster_layer(1, pixels), width=2048, height=2048))
    studio.window.canvas.zoom_to(0.21)
    studio.settle()
    image = studio.window.canvas.grab().toImage()
    left, top = studio.at((40, 40)).toTuple()
    right, bottom = studio.at((2000, 2000)).toTuple()
    levels = {image.pixelColor(x, y).red() for x in range(left, right, 3) for y in range(top, bottom, 7)}
    assert max(levels) - min(levels) <= 2, levels
    assert 125 <= min(levels) <= 130


def test_transparency_shows_as_a_checkerboard(studio: Studio) -> None:
    studio.show(document_with(width=200, height=150))
    seen = {studio.on_screen(x, 75) for x in range(4, 60, 4)}
    assert len(seen) == 2


def test_a_large_picture_never_holds_the_window_up(studio: Studio) -> None:
    """Far tiles come in slices: painting the window composites only what fits into a frame."""
    studio.show(document_with(*(raster_layer(i, noise(64, 64, seed=i)) for i in (1, 2)), width=12_000, height=9_000))
    studio.window.canvas.fit()
    studio.window.canvas.repaint()
    assert not studio.window.canvas.is_complete
    studio.settle()
    assert studio.window.canvas.is_complete


def test_a_selection_is_outlined_at_its_edge(studio: Studio) -> None:
    studio.show_plain(level=120)
    studio.window.perform("tool.region")
    studio.window.state.change_brush(size_px=80.0, hardness=100.0)
    studio.drag((150, 100))
    studio.window.perform("select.region")
    studio.window.perform("ai.clear_region")
    studio.window.perform("tool.hand")
    studio.settle()
    image = studio.window.canvas.grab().toImage()
    edge = {image.pixelColor(studio.at((x, 60))).lightness() for x in range(146, 155)}
    edge |= {image.pixelColor(studio.at((x, 61))).lightness() for x in range(146, 155)}
    assert {0, 255} & edge
    assert image.pixelColor(studio.at((150, 100))).lightness() == 120
    assert image.pixelColor(studio.at((20, 20))).lightness() == 120
    studio.window.perform("select.none")
    studio.settle()
    image = studio.window.canvas.grab().toImage()
    assert {image.pixelColor(studio.at((x, 60))).lightness() for x in range(146, 155)} == {120}


def test_runs_of_edges_are_joined() -> None:
    edges = np.array([[True, True, False, True], [False, False, False, False], [True, True, True, True]])
    assert edge_runs(edges) == [(0, 0, 2), (0, 3, 4), (2, 0, 4)]
