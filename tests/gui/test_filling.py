"""Bucket, gradient and picker on the real canvas with a simulated pointer."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.core.blend_modes import BlendMode
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Rect, Size
from desktop.core.gradients import GradientPreset, GradientRepeat, GradientShape
from desktop.core.layers import Locks
from desktop.core.tiles import TileMap
from desktop.tools.filling import Sample
from desktop.tools.painting import Plane
from desktop.ui.fill_options import BucketOptions, GradientOptions, PickOptions
from desktop.ui.state import Tool
from tests.gui.conftest import Studio

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


@pytest.fixture
def plain(studio: Studio) -> Studio:
    studio.show_plain()
    studio.window.state.set_color(RED)
    studio.window.state.background = BLUE
    return studio


def show_halves(studio: Studio) -> None:
    """White on the left, black on the right."""
    pixels = np.full((200, 300, 4), 255, np.uint8)
    pixels[:, 150:, :3] = 0
    document = Document(Size(300, 200))
    studio.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Halves")))


def fill_options(studio: Studio, **values: object) -> None:
    studio.window.state.change_options(bucket=BucketOptions(**values))  # type: ignore[arg-type]


def gradient_options(studio: Studio, **values: object) -> None:
    studio.window.state.change_options(gradient=GradientOptions(**values))  # type: ignore[arg-type]


def test_the_keys_choose_the_tools(plain: Studio) -> None:
    plain.window.canvas.setFocus()
    QTest.keyClick(plain.window.canvas, "G")
    assert plain.window.state.tool is Tool.GRADIENT
    QTest.keyClick(plain.window.canvas, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert plain.window.state.tool is Tool.FILL
    QTest.keyClick(plain.window.canvas, Qt.Key.Key_Backspace, Qt.KeyboardModifier.AltModifier)
    assert plain.seen(10, 10) == (255, 0, 0, 255)
    QTest.keyClick(plain.window.canvas, Qt.Key.Key_Backspace, Qt.KeyboardModifier.ControlModifier)
    assert plain.seen(10, 10) == (0, 0, 255, 255)


def test_the_bucket_fills_what_is_alike_as_one_step(studio: Studio) -> None:
    show_halves(studio)
    studio.window.state.set_color(RED)
    studio.window.perform("tool.fill")
    studio.drag((40, 40))
    assert studio.seen(100, 150) == (255, 0, 0, 255)
    assert studio.seen(200, 150) == (0, 0, 0, 255)
    assert studio.on_screen(100, 150) == (255, 0, 0)
    assert studio.names == ["New picture", "Bucket fill"]
    studio.window.perform("edit.undo")
    assert studio.on_screen(100, 150) == (255, 255, 255)


def test_each_option_of_the_bucket_works(studio: Studio) -> None:
    show_halves(studio)
    state = studio.window.state
    state.set_color(RED)
    studio.window.perform("tool.fill")
    fill_options(studio, tolerance=100.0)
    studio.drag((40, 40))
    assert studio.seen(200, 150) == (255, 0, 0, 255), "a tolerance of all fills all"
    studio.window.perform("edit.undo")
    fill_options(studio, antialias=False)
    studio.drag((40, 40))
    assert studio.seen(150, 50) == (0, 0, 0, 255)
    studio.window.perform("edit.undo")
    fill_options(studio, antialias=True)
    studio.drag((40, 40))
    assert 0 < studio.seen(150, 50)[0] < 255, "the rim is soft"
    studio.window.perform("edit.undo")
    fill_options(studio, opacity=50.0)
    studio.drag((200, 40))
    assert studio.seen(200, 100)[0] == 128
    studio.window.perform("edit.undo")
    fill_options(studio, mode=BlendMode.DIFFERENCE)
    studio.drag((40, 40))
    assert studio.seen(40, 100) == (0, 255, 255, 255)


def test_the_bucket_looks_at_the_layer_or_the_visible_picture(studio: Studio) -> None:
    show_halves(studio)
    studio.window.state.set_color(RED)
    studio.window.perform("layer.new")
    studio.window.perform("tool.fill")
    fill_options(studio, sample=Sample.VISIBLE, antialias=False)
    studio.drag((40, 40))
    assert studio.seen(100, 100) == (255, 0, 0, 255)
    assert studio.seen(200, 100) == (0, 0, 0, 255)
    studio.window.perform("edit.undo")
    fill_options(studio, sample=Sample.LAYER)
    studio.drag((40, 40))
    assert studio.seen(200, 100) == (255, 0, 0, 255)


def test_contiguous_can_be_switched_off(studio: Studio) -> None:
    studio.show_plain()
    state = studio.window.state
    state.change_brush(size_px=20.0, hardness=100.0)
    studio.drag((150, -20), (150, 220))
    state.set_color(RED)
    studio.window.perform("tool.fill")
    studio.drag((40, 40))
    assert studio.seen(250, 100) == (255, 255, 255, 255)
    fill_options(studio, contiguous=False)
    studio.drag((250, 40))
    assert studio.seen(250, 100) == (255, 0, 0, 255)
    studio.window.perform("edit.undo")
    studio.window.perform("edit.undo")
    studio.drag((250, 40))
    assert studio.seen(40, 100) == (255, 0, 0, 255)
    assert studio.seen(150, 100) == (0, 0, 0, 255)


def test_a_soft_selection_limits_bucket_and_gradient(plain: Studio) -> None:
    opened = plain.window.state.open_document
    assert opened is not None
    levels = np.zeros((200, 300), np.uint8)
    levels[50:100, 50:100] = 128
    with opened.edit("Selection") as edit:
        edit.set_selection(TileMap.from_array(levels))
    plain.window.perform("tool.fill")
    plain.drag((200, 20))
    assert plain.seen(75, 75) == (255, 127, 127, 255)
    assert plain.seen(20, 20) == (255, 255, 255, 255)
    plain.window.perform("edit.undo")
    plain.window.perform("tool.gradient")
    gradient_options(plain, preset=GradientPreset.BLACK_WHITE, dithers=False)
    plain.drag((60, 10), (60.0, 5.0))
    assert plain.seen(75, 75) == (127, 127, 127, 255)
    assert plain.seen(20, 20) == (255, 255, 255, 255)


def test_a_gradient_follows_the_drag_and_is_one_step(plain: Studio) -> None:
    plain.window.perform("tool.gradient")
    gradient_options(plain, dithers=False)
    plain.press((50, 100))
    plain.move((250, 100))
    plain.settle()
    assert plain.on_screen(20, 30) == (255, 0, 0), "it is on the screen during the drag"
    assert plain.window.canvas.gradient_line.line is not None
    QTest.mouseRelease(plain.window.canvas, Qt.MouseButton.LeftButton, pos=plain.at((250, 100)))
    assert plain.names == ["New picture", "Gradient"]
    assert plain.window.canvas.gradient_line.line is None
    assert plain.seen(20, 30) == (255, 0, 0, 255)
    assert plain.seen(280, 170) == (0, 0, 255, 255)
    middle = plain.seen(150, 100)
    assert abs(middle[0] - 127) <= 1
    assert abs(middle[2] - 128) <= 1


def test_shift_keeps_a_gradient_to_steps_of_45_degrees(plain: Studio) -> None:
    plain.window.perform("tool.gradient")
    plain.press((50, 100), Qt.KeyboardModifier.ShiftModifier)
    plain.move((250, 130))
    QTest.mouseRelease(
        plain.window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, plain.at((250, 130))
    )
    gradient_column = [plain.seen(150, y) for y in (5, 100, 195)]
    assert max(abs(a - b) for a, b in zip(gradient_column[0], gradient_column[2], strict=True)) <= 1


def test_escape_takes_a_gradient_back_and_a_click_does_nothing(plain: Studio) -> None:
    plain.window.perform("tool.gradient")
    plain.press((50, 100))
    plain.move((250, 100))
    plain.settle()
    QTest.keyClick(plain.window.canvas, Qt.Key.Key_Escape)
    assert plain.on_screen(20, 30) == (255, 255, 255)
    assert plain.window.canvas.gradient_line.line is None
    plain.drag((50, 50))
    assert plain.names == ["New picture"]


@pytest.mark.parametrize(
    ("options", "place", "expected"),
    [
        ({"shape": GradientShape.RADIAL}, (150, 199), 255),
        ({"shape": GradientShape.REFLECTED}, (51, 20), 255),
        ({"shape": GradientShape.DIAMOND}, (150, 1), 255),
        ({"shape": GradientShape.ANGLE}, (10, 99), 127),
        ({"reverse": True}, (250, 100), 0),
        ({"repeat": GradientRepeat.REPEAT}, (253, 100), 7),
        ({"repeat": GradientRepeat.MIRROR}, (290, 100), 153),
        ({"opacity": 50.0}, (250, 100), 255),
        ({"opacity": 50.0}, (151, 100), 129),
        ({"mode": BlendMode.DIFFERENCE}, (290, 100), 0),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_option_of_the_gradient_works(
    plain: Studio, options: dict[str, object], place: tuple[int, int], expected: int
) -> None:
    plain.window.perform("tool.gradient")
    gradient_options(plain, preset=GradientPreset.BLACK_WHITE, dithers=False, **options)
    plain.drag((150, 100), (250, 100))
    assert abs(plain.seen(*place)[0] - expected) <= 5


def test_foreground_to_transparent_paints_on_an_empty_layer(plain: Studio) -> None:
    plain.window.perform("layer.new")
    plain.window.perform("tool.gradient")
    gradient_options(plain, preset=GradientPreset.TO_TRANSPARENT)
    plain.drag((50, 100), (250, 100))
    assert plain.seen(20, 100) == (255, 0, 0, 255)
    assert plain.seen(290, 100) == (255, 255, 255, 255)


def test_a_gradient_goes_onto_the_mask_when_it_is_chosen(plain: Studio) -> None:
    plain.window.perform("layer.add_mask")
    assert plain.window.state.plane is Plane.MASK
    plain.window.perform("tool.gradient")
    gradient_options(plain, preset=GradientPreset.BLACK_WHITE)
    plain.drag((50, 100), (250, 100))
    assert plain.seen(20, 100)[3] == 0
    assert plain.seen(280, 100) == (255, 255, 255, 255)
    assert abs(plain.seen(150, 100)[3] - 128) <= 2


def test_locks_stop_fills_and_alpha_locks_keep_alpha(plain: Studio) -> None:
    opened = plain.window.state.open_document
    assert opened is not None
    layer = plain.document.layers[0]
    with opened.edit("Lock") as edit:
        edit.pixels(layer.id).fill(Rect(0, 0, 100, 200), (9, 9, 9, 0))
        edit.replace_layer(layer.changed(locks=Locks(alpha=True)))
    for action, points in (("tool.fill", ((200, 50),)), ("tool.gradient", ((150, 50), (200, 50))), ("edit.fill", ())):
        plain.window.perform(action)
        if points:
            plain.drag(*points)
        assert plain.seen(50, 50)[3] == 0
        assert plain.seen(200, 50)[3] == 255
        assert plain.seen(200, 50) != (255, 255, 255, 255)
        plain.window.perform("edit.undo")
    plain.window.perform("edit.clear")
    assert plain.seen(200, 50) == (255, 255, 255, 255), "there is no clearing under an alpha lock"
    with opened.edit("Lock") as edit:
        edit.replace_layer(opened.document.layers[0].changed(locks=Locks(pixels=True)))
    before = plain.document
    for action in ("edit.fill", "edit.clear", "tool.fill", "tool.gradient"):
        plain.window.info.hide()
        plain.window.perform(action)
        if action.startswith("tool"):
            plain.drag((150, 50), (200, 50))
        assert "is locked" in plain.window.info.text
        assert plain.document is before


def test_the_picker_takes_the_mean_of_a_square(studio: Studio) -> None:
    show_halves(studio)
    state = studio.window.state
    studio.window.perform("tool.picker")
    state.change_options(pick=PickOptions(side_px=5))
    studio.drag((150.5, 100.5))
    assert 0.1 < state.color[0] < 0.9
    state.change_options(pick=PickOptions(side_px=1))
    studio.drag((150.5, 100.5))
    assert state.color == (0.0, 0.0, 0.0)


def test_the_picker_can_look_at_the_active_layer_alone(studio: Studio) -> None:
    show_halves(studio)
    state = studio.window.state
    studio.window.perform("layer.new")
    state.set_color(RED)
    studio.window.perform("edit.fill")
    state.choose_layer(studio.document.layers[0].id)
    studio.window.perform("tool.picker")
    state.change_options(pick=PickOptions(layer_only=True))
    studio.drag((40, 40))
    assert state.color == (1.0, 1.0, 1.0)
    state.change_options(pick=PickOptions())
    studio.drag((40, 40))
    assert state.color == RED


def test_a_ring_shows_the_colour_found_and_the_one_before(studio: Studio) -> None:
    show_halves(studio)
    studio.window.state.set_color(RED)
    studio.window.perform("tool.picker")
    studio.press((60, 100))
    assert studio.on_screen(60, 66) == (255, 255, 255)
    assert studio.on_screen(60, 134) == (255, 0, 0)
    studio.move((240, 100))
    assert studio.on_screen(240, 66) == (0, 0, 0)
    assert studio.on_screen(240, 134) == (255, 0, 0)
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=studio.at((240, 100)))
    assert studio.on_screen(240, 134) == (0, 0, 0)
    assert studio.window.state.color == (0.0, 0.0, 0.0)


def test_escape_brings_the_colour_before_the_picking_back(studio: Studio) -> None:
    show_halves(studio)
    studio.window.state.set_color(RED)
    studio.window.perform("tool.picker")
    studio.press((60, 100))
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    assert studio.window.state.color == RED


def test_alt_picks_with_bucket_and_gradient_in_hand(studio: Studio) -> None:
    show_halves(studio)
    for tool in ("tool.fill", "tool.gradient"):
        studio.window.state.set_color(RED)
        studio.window.perform(tool)
        studio.drag((60, 100), modifier=Qt.KeyboardModifier.AltModifier)
        assert studio.window.state.color == (1.0, 1.0, 1.0)
        assert studio.names == ["New picture"]


def test_the_bars_change_the_options(plain: Studio) -> None:
    bars, options = plain.window.context.bars, plain.window.state.options
    plain.window.perform("tool.fill")
    bucket = bars[Tool.FILL]
    assert bucket.isVisible()
    bucket._checks["contiguous"].click()
    bucket.sample.button("visible").click()
    assert (options.bucket.contiguous, options.bucket.sample) == (False, Sample.VISIBLE)
    plain.window.perform("tool.gradient")
    gradient = bars[Tool.GRADIENT]
    assert not bucket.isVisible()
    gradient.shape.setCurrentIndex(1)
    gradient.shape.activated.emit(1)
    gradient._checks["reverse"].click()
    assert (options.gradient.shape, options.gradient.reverse) == (GradientShape.RADIAL, True)
    plain.window.perform("tool.picker")
    picker = bars[Tool.PICKER]
    picker.side.setCurrentIndex(4)
    picker.side.activated.emit(4)
    picker.source.button("layer").click()
    assert options.pick == PickOptions(31, layer_only=True)


def test_a_large_fill_goes_on_between_events_and_escape_stops_it(plain: Studio) -> None:
    document = Document(Size(3000, 2000))
    pixels = np.full((2000, 3000, 4), 255, np.uint8)
    plain.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Large")))
    plain.window.perform("tool.fill")
    plain.press((1500, 1000))
    QTest.keyClick(plain.window.canvas, Qt.Key.Key_Escape)
    assert plain.names == ["New picture"]
    plain.drag((1500, 1000))
    plain.wait_for(lambda: not plain.window.canvas.pointer.is_busy)
    assert plain.names == ["New picture", "Bucket fill"]
    assert plain.seen(2999, 1999) == (255, 0, 0, 255)
    assert plain.seen(0, 0) == (255, 0, 0, 255)
