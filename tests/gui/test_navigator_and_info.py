"""The navigator shows the picture and moves the view; the info panel tells numbers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.ui.panels.info_panel import InfoPanel, color_texts
from desktop.ui.panels.navigator_panel import NavigatorPanel
from tests.gui.conftest import Studio


@pytest.fixture
def navigator(studio: Studio) -> NavigatorPanel:
    studio.show_plain(900, 600, level=90)
    studio.window.panels.bring_to_front("navigator")
    QApplication.processEvents()
    panel = studio.window.panels["navigator"]
    assert isinstance(panel, NavigatorPanel)
    studio.wait_for(lambda: panel.overview.has_picture)
    return panel


@pytest.fixture
def info(studio: Studio) -> InfoPanel:
    studio.show_plain(level=90)
    studio.window.panels.bring_to_front("info")
    QApplication.processEvents()
    panel = studio.window.panels["info"]
    assert isinstance(panel, InfoPanel)
    return panel


def shade_at(panel: NavigatorPanel, x: float, y: float) -> int:
    """What the small picture shows for an image pixel of the 900 × 600 picture."""
    area = panel.overview.picture_rect()
    place = QPoint(round(area.x() + x / 900 * area.width()), round(area.y() + y / 600 * area.height()))
    return panel.overview.grab().toImage().pixelColor(place).red()


def test_the_whole_picture_is_shown_and_follows_strokes(studio: Studio, navigator: NavigatorPanel) -> None:
    studio.window.canvas.fit()
    assert shade_at(navigator, 450, 300) == 90
    studio.window.state.change_brush(size_px=200, hardness=100)
    studio.drag((430, 300), (470, 300))
    studio.wait_for(lambda: shade_at(navigator, 450, 300) < 10)
    studio.window.perform("edit.undo")
    studio.wait_for(lambda: shade_at(navigator, 450, 300) == 90)


def test_a_drag_moves_the_middle_of_the_view(studio: Studio, navigator: NavigatorPanel) -> None:
    canvas = studio.window.canvas
    canvas.zoom_to(4.0)
    area = navigator.overview.picture_rect()
    QTest.mousePress(navigator.overview, Qt.MouseButton.LeftButton, pos=area.center().toPoint())
    target = (area.topLeft() + (area.bottomRight() - area.topLeft()) * 0.4).toPoint()
    QTest.mouseMove(navigator.overview, target)
    QTest.mouseRelease(navigator.overview, Qt.MouseButton.LeftButton, pos=target)
    middle = canvas.view.view_to_image(canvas.view_size.width / 2, canvas.view_size.height / 2)
    assert (middle.x, middle.y) == pytest.approx((360, 240), abs=5)
    assert canvas.view.zoom == 4.0


def test_the_frame_stands_where_the_view_is(studio: Studio, navigator: NavigatorPanel) -> None:
    canvas = studio.window.canvas
    canvas.zoom_to(4.0)
    left_top = canvas.view.view_to_image(0, 0)
    pixel = 900 / navigator.overview.picture_rect().width()
    shades = [shade_at(navigator, left_top.x + step * pixel, 300) for step in (-1, 0, 1)]
    assert sum(shade - 90 for shade in shades) > 60, "a white line, on one pixel or shared by two"
    assert shade_at(navigator, 450, 300) == 90


def test_the_slider_zooms_and_follows(studio: Studio, navigator: NavigatorPanel) -> None:
    navigator.zoom.number.setFocus()
    navigator.zoom.number.selectAll()
    QTest.keyClicks(navigator.zoom.number, "250")
    QTest.keyClick(navigator.zoom.number, Qt.Key.Key_Return)
    assert studio.window.canvas.view.zoom == pytest.approx(2.5)
    studio.window.perform("view.actual")
    assert navigator.zoom.value == 100


def test_without_a_picture_it_says_what_will_be_here(studio: Studio) -> None:
    panel = studio.window.panels["navigator"]
    assert isinstance(panel, NavigatorPanel)
    assert "whole picture" in panel.overview.empty_text
    assert not panel.zoom.isEnabled()
    studio.show_plain()
    assert panel.overview.empty_text == ""
    assert panel.zoom.isEnabled()


def test_the_navigator_follows_another_document(studio: Studio, navigator: NavigatorPanel) -> None:
    studio.show_plain(900, 600, level=200)
    studio.wait_for(lambda: navigator.overview.has_picture and shade_at(navigator, 450, 300) == 200)
    studio.window.perform("file.close")
    studio.wait_for(lambda: navigator.overview.has_picture and shade_at(navigator, 450, 300) == 90)


def test_the_colour_under_the_pointer_is_told_in_every_notation(studio: Studio, info: InfoPanel) -> None:
    studio.move((40, 30))
    studio.wait_for(lambda: info.values["place"].text() == "40, 30")
    texts = {row: label.text() for row, label in info.values.items()}
    assert texts["rgb8"] == "90  90  90"
    assert texts["rgb16"] == "23130  23130  23130"
    assert texts["hex"] == "#5a5a5a  100 %"
    assert info.swatch.shown_color.name() == "#5a5a5a"


def test_sizes_follow_selection_region_and_strokes(studio: Studio, info: InfoPanel) -> None:
    studio.window.perform("select.all")
    studio.wait_for(lambda: info.values["selection"].text() == "300 × 200 at 0, 0")
    assert info.values["document"].text() == "300 × 200, 8 bit"
    studio.window.perform("tool.region")
    studio.drag((60, 60), (90, 60))
    studio.wait_for(lambda: "×" in info.values["region"].text())
    studio.window.perform("tool.brush")
    studio.drag((60, 60), (90, 60))
    studio.wait_for(lambda: info.values["history"].text() not in ("0 KB", "–"))
    assert info.values["tiles"].text().endswith("B")


def test_notations_agree() -> None:
    texts = color_texts((1.0, 0.5, 0.0, 0.25))
    assert texts == {
        "rgb8": "255  128  0",
        "rgb16": "65535  32768  0",
        "hsv": "30°  100 %  100 %",
        "hex": "#ff8000  25 %",
    }
