"""Painting on the real canvas with a simulated pointer."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from desktop.core.layers import GroupLayer, RasterLayer
from desktop.ui.keymap import keys_of
from desktop.ui.state import Tool
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio


def test_a_brush_stroke_shows_on_the_canvas_and_undo_takes_it_away(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_color((1.0, 0.0, 0.0))
    studio.drag((50, 50), (150, 50))
    assert studio.seen(100, 50) == (255, 0, 0, 255)
    assert studio.on_screen(100, 50) == (255, 0, 0)
    assert studio.names == ["New picture", "Brush stroke"]
    studio.window.perform("edit.undo")
    assert studio.seen(100, 50) == (255, 255, 255, 255)
    assert studio.on_screen(100, 50) == (255, 255, 255)
    studio.window.perform("edit.redo")
    assert studio.on_screen(100, 50) == (255, 0, 0)


def test_the_stroke_is_on_the_screen_before_the_button_is_released(studio: Studio) -> None:
    studio.show_plain()
    studio.press((50, 50))
    studio.move((100, 50))
    assert studio.on_screen(65, 50) == (0, 0, 0)
    assert studio.names == ["New picture"]
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((100, 50)))
    assert studio.names == ["New picture", "Brush stroke"]


@pytest.mark.parametrize("zoom", [0.3, 0.5, 3.0])
def test_a_stroke_shows_at_every_zoom(studio: Studio, zoom: float) -> None:
    studio.show_plain(900, 700)
    studio.window.canvas.zoom_to(zoom)
    studio.window.state.change_brush(size_px=80.0)
    studio.drag((440, 350), (470, 350))
    assert studio.on_screen(455, 350) == (0, 0, 0)
    studio.window.perform("edit.undo")
    assert studio.on_screen(455, 350) == (255, 255, 255)


def test_escape_breaks_a_stroke_off_without_a_trace(studio: Studio) -> None:
    studio.show_plain()
    studio.press((50, 50))
    studio.move((150, 50))
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    studio.move((150, 150))
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((150, 150)))
    assert studio.names == ["New picture"]
    assert studio.on_screen(100, 50) == (255, 255, 255)


def test_actions_wait_while_a_stroke_runs(studio: Studio) -> None:
    studio.show_plain()
    studio.press((50, 50))
    studio.window.perform("layer.new")
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((50, 50)))
    assert [layer.name for layer in studio.document.layers] == ["Background"]


def test_the_eraser_makes_transparent_and_keeps_the_colour_beneath(studio: Studio) -> None:
    studio.show_plain(level=90)
    studio.window.perform("tool.eraser")
    studio.drag((50, 50), (120, 50))
    layer = studio.document.layers[0]
    assert isinstance(layer, RasterLayer)
    tile = layer.tiles.tile(0, 0)
    assert tile is not None
    assert tuple(tile[50, 80]) == (90, 90, 90, 0)


def test_the_mask_brush_hides_and_reveals(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("layer.new")
    studio.window.perform("edit.fill")
    assert studio.seen(100, 100)[:3] == (0, 0, 0)
    studio.window.perform("tool.mask")
    studio.window.state.change_brush(size_px=40.0, hardness=100.0)
    studio.drag((60, 100), (140, 100))
    assert studio.seen(100, 100)[:3] == (255, 255, 255)
    assert studio.document.layers[1].mask is not None
    studio.window.state.change_options(mask_reveals=True)
    studio.drag((60, 100), (140, 100))
    assert studio.seen(100, 100)[:3] == (0, 0, 0)
    assert studio.names[-2:] == ["Paint mask", "Paint mask"]


def test_hidden_parts_of_a_mask_are_red_while_it_is_painted(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("layer.new")
    studio.window.perform("tool.mask")
    studio.drag((60, 100), (140, 100))
    red, green, blue = studio.on_screen(100, 100)
    assert red > 200
    assert green < 160
    assert blue < 160
    studio.window.perform("view.mask")
    assert studio.on_screen(100, 100) == (255, 255, 255)


def test_painting_on_a_group_says_why_not_and_changes_nothing(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("layer.group")
    before = studio.document
    studio.drag((50, 50), (90, 50))
    assert "is a group" in studio.window.info.text
    assert studio.document is before


def test_painting_on_a_hidden_layer_says_so(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("layer.visible")
    studio.drag((50, 50), (90, 50))
    assert "is hidden" in studio.window.info.text
    assert studio.names[-1] == "Visibility"


def test_painting_in_a_hidden_group_says_which(studio: Studio) -> None:
    inside = raster_layer(2, noise(200, 150))
    studio.show(document_with(GroupLayer(id=3, name="Sky", children=(inside,), visible=False), width=200, height=150))
    studio.window.state.choose_layer(2)
    before = studio.document
    studio.drag((50, 50), (90, 50))
    assert "“Sky” is hidden" in studio.window.info.text
    assert studio.document is before


def test_the_move_tool_moves_the_layer_with_the_pointer(studio: Studio) -> None:
    studio.show_plain(level=40)
    studio.window.perform("tool.move")
    studio.drag((100, 100), (120, 90))
    assert studio.names[-1] == "Move layer"
    assert studio.seen(10, 150)[3] == 0
    assert studio.seen(25, 150) == (40, 40, 40, 255)
    assert studio.seen(150, 195)[3] == 0


def test_arrow_keys_nudge_and_are_one_step(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.move")
    for _ in range(3):
        QTest.keyClick(studio.window.canvas, Qt.Key.Key_Right)
    assert studio.names == ["New picture", "Move layer"]
    assert studio.seen(2, 50)[3] == 0
    assert studio.seen(3, 50)[3] == 255


def test_the_picker_takes_the_colour_under_the_pointer(studio: Studio) -> None:
    studio.show_plain(level=51)
    studio.window.perform("tool.picker")
    studio.press((20, 20))
    assert studio.window.state.color == pytest.approx((0.2, 0.2, 0.2))


def test_alt_picks_with_the_brush_in_hand(studio: Studio) -> None:
    studio.show_plain(level=102)
    studio.drag((20, 20), modifier=Qt.KeyboardModifier.AltModifier)
    assert studio.window.state.color == pytest.approx((0.4, 0.4, 0.4))
    assert studio.names == ["New picture"]


def test_space_pans_with_any_tool(studio: Studio) -> None:
    studio.show_plain()
    canvas = studio.window.canvas
    before = canvas.view
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    start = studio.at((100, 100))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, start + QPointF(30, 12).toPoint())
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPointF(30, 12).toPoint())
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert (canvas.view.left - before.left, canvas.view.top - before.top) == (30, 12)
    assert studio.names == ["New picture"]


def test_space_is_an_action_whose_key_can_be_changed(studio: Studio) -> None:
    studio.show_plain()
    canvas = studio.window.canvas
    canvas.setFocus()
    assert keys_of("view.pan") == ("Space", "Shift+Space")
    studio.window.perform("view.pan")
    assert canvas.pointer.is_panning
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.pointer.is_panning


def test_a_stroke_ends_with_its_button_though_the_middle_one_pans(studio: Studio) -> None:
    studio.show_plain()
    canvas = studio.window.canvas
    studio.press((50, 50))
    studio.move((60, 50))
    QTest.mousePress(canvas, Qt.MouseButton.MiddleButton, pos=studio.at((60, 50)))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=studio.at((60, 50)))
    assert studio.names == ["New picture", "Brush stroke"]
    assert canvas.pointer.is_panning
    QTest.mouseRelease(canvas, Qt.MouseButton.MiddleButton, pos=studio.at((60, 50)))
    assert not canvas.pointer.is_panning
    studio.move((200, 150))
    assert studio.on_screen(200, 150) == (255, 255, 255)


def test_a_hard_brush_of_one_pixel_fills_single_pixels(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.change_brush(size_px=1.0, hardness=100.0)
    studio.drag((50, 50), (60, 50))
    assert [studio.seen(55, y)[0] for y in (48, 49, 50, 51, 52)] == [255, 255, 0, 255, 255]
    assert [studio.seen(x, 50)[0] for x in (48, 49, 50, 60, 61)] == [255, 255, 0, 0, 255]


def test_keys_change_the_brush(studio: Studio) -> None:
    studio.show_plain()
    studio.window.canvas.setFocus()
    size = studio.window.state.brush.size_px
    QTest.keyClick(studio.window.canvas, "]")
    assert studio.window.state.brush.size_px > size
    QTest.keyClick(studio.window.canvas, "5")
    assert studio.window.state.brush.opacity == 50
    QTest.keyClick(studio.window.canvas, "E")
    assert studio.window.state.tool is Tool.ERASER
    QTest.keyClick(studio.window.canvas, "X")
    assert studio.window.state.color == (1.0, 1.0, 1.0)
