"""Several layers at once, by pointer and keys; merging and selecting off the UI thread."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.composite import flatten
from desktop.core.layers import GroupLayer, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.painting import Plane
from desktop.ui.state import Tool
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def layered(studio: Studio) -> Studio:
    layers = [raster_layer(i, noise(200, 150, seed=i)) for i in (1, 2, 3, 4)]
    studio.show(document_with(*layers, width=200, height=150))
    return studio


def click(studio: Studio, layer_id: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """On a row's name."""
    widget = studio.window.panels.layers.list.rows
    widget.refresh()
    at = widget.row_rect(layer_id).center() + QPoint(30, 0)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, modifier, at)


def order(studio: Studio) -> list[int]:
    """Bottom first."""
    return [layer.id for layer in studio.document.layers]


def block(studio: Studio, left: int, right: int) -> None:
    """Selects some columns of the canvas."""
    selected = np.zeros((150, 200), np.uint8)
    selected[:, left:right] = 255
    opened = studio.window.state.open_document
    assert opened is not None
    with opened.edit("Selection") as edit:
        edit.set_selection(TileMap.from_array(selected))


def test_control_click_adds_and_takes_away(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 2, CONTROL)
    assert layered.window.state.chosen_ids == (2, 4)
    click(layered, 2, CONTROL)
    assert layered.window.state.chosen_ids == (4,)


def test_shift_click_and_shift_arrows_choose_a_range(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 2, SHIFT)
    assert layered.window.state.chosen_ids == (2, 3, 4)
    click(layered, 3, CONTROL)
    click(layered, 1)
    assert layered.window.state.chosen_ids == (1,)
    QTest.keyClick(layered.window.panels.layers.list.rows, Qt.Key.Key_Up, SHIFT)
    assert layered.window.state.chosen_ids == (1, 2)


def test_a_plain_click_on_one_of_several_chooses_it_alone(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 2, SHIFT)
    click(layered, 3)
    assert layered.window.state.chosen_ids == (3,)


def test_commands_act_on_every_chosen_layer_in_one_step(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 3, CONTROL)
    layered.window.perform("layer.visible")
    assert [layer.visible for layer in layered.document.layers] == [True, True, False, False]
    layered.window.perform("layer.lock_all")
    assert [layer.locks.all for layer in layered.document.layers] == [False, False, True, True]
    assert layered.names == ["New picture", "Visibility", "Lock layer"]
    layered.window.perform("layer.delete")
    assert order(layered) == [1, 2]
    layered.window.perform("edit.undo")
    assert order(layered) == [1, 2, 3, 4]


def test_opacity_of_several_layers_is_one_step(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 3, CONTROL)
    layered.window.panels.layers.opacity.value_changed.emit(50)
    layered.window.panels.layers.opacity.value_changed.emit(25)
    assert [layer.opacity for layer in layered.document.layers] == [1.0, 1.0, 0.25, 0.25]
    assert layered.names == ["New picture", "Opacity"]


def test_several_layers_are_grouped_duplicated_and_sent_to_the_back(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 2, CONTROL)
    layered.window.perform("layer.to_back")
    assert order(layered) == [2, 4, 1, 3]
    layered.window.perform("layer.duplicate")
    assert order(layered)[:2] == [2, 4]
    assert layered.window.state.chosen_ids == tuple(order(layered)[2:4])
    layered.window.perform("layer.group")
    group = layered.document.layers[2]
    assert isinstance(group, GroupLayer)
    assert len(group.children) == 2


def test_several_layers_are_dragged_together(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 3, CONTROL)
    widget = layered.window.panels.layers.list.rows
    start, end = widget.row_rect(3).center() + QPoint(30, 0), widget.row_rect(1).bottomLeft() + QPoint(100, -3)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(widget, start + (end - start) * (step / 5))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)
    assert order(layered) == [3, 4, 1, 2]
    assert layered.names == ["New picture", "Reorder layers"]


@pytest.mark.parametrize("action", ["layer.merge_down", "layer.flatten", "layer.merge_visible", "layer.stamp_visible"])
def test_merging_keeps_the_picture(layered: Studio, action: str) -> None:
    before = layered.seen(50, 60)
    click(layered, 4)
    click(layered, 2, SHIFT)
    steps = len(layered.names)
    layered.window.perform(action)
    layered.wait_for(lambda: len(layered.names) > steps)
    assert len(layered.names) == steps + 1
    assert len(layered.document.layers) == {"layer.merge_down": 2, "layer.stamp_visible": 5}.get(action, 1)
    compared = slice(0, 3 if action == "layer.stamp_visible" else 4)  # a stamp over soft layers makes them denser
    assert np.abs(np.subtract(layered.seen(50, 60)[compared], before[compared])).max() <= 1


def test_control_click_on_a_thumbnail_selects_what_is_opaque(studio: Studio) -> None:
    pixels = np.zeros((150, 200, 4), np.uint8)
    pixels[:, :80] = (200, 10, 10, 255)
    studio.show(document_with(raster_layer(1, noise(200, 150)), raster_layer(2, pixels), width=200, height=150))
    widget = studio.window.panels.layers.list.rows
    at = widget.thumb_rect(2, Plane.PIXELS).center()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, CONTROL, at)
    studio.wait_for(lambda: studio.document.selection is not None)
    selection = studio.document.selection
    assert selection is not None
    row = selection.read(studio.document.size.rect())[75, :, 0]
    assert row[:80].tolist() == [255] * 80
    assert not row[80:].any()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, CONTROL | ALT, at)
    studio.wait_for(lambda: len(studio.names) == 3)
    assert studio.document.selection is None, "nothing left: nothing is selected"


def test_a_cut_layer_leaves_a_hole_and_the_picture(layered: Studio) -> None:
    click(layered, 4)
    before = layered.seen(30, 30)
    block(layered, 20, 60)
    layered.window.perform("layer.via_cut")
    assert len(layered.document.layers) == 5
    assert layered.document.raster_layer(4).tiles.read(layered.document.size.rect())[30, 30, 3] == 0
    assert layered.seen(30, 30) == before
    assert layered.names[-1] == "Layer via cut"


def test_duplicate_with_a_selection_copies_only_that(layered: Studio) -> None:
    click(layered, 4)
    block(layered, 20, 60)
    layered.window.perform("layer.duplicate")
    copy = layered.document.layers[-1]
    bounds = layered.document.raster_layer(copy.id).tiles.content_bounds()
    assert (bounds.left, bounds.right) == (20, 60)
    QApplication.processEvents()


def test_two_merges_in_quick_succession_melt_three_layers(layered: Studio) -> None:
    """The second begins when the first has landed, and looks at what that left."""
    expected = flatten(layered.document)
    click(layered, 4)
    layered.window.perform("layer.merge_down")
    layered.window.perform("layer.merge_down")
    layered.window.perform("layer.merge_down")
    layered.wait_for(lambda: len(order(layered)) == 1 and not layered.window.background.is_busy)
    assert np.abs(flatten(layered.document).astype(int) - expected).max() <= 2
    assert layered.names.count("Merge down") == 3


def test_a_copy_right_after_a_merge_holds_what_was_merged(layered: Studio) -> None:
    click(layered, 2)
    layered.window.perform("layer.merge_down")
    layered.window.perform("edit.copy")
    layered.window.perform("edit.paste")
    layered.wait_for(lambda: "Paste" in layered.names and not layered.window.background.is_busy)
    merged, pasted = layered.document.layers[0], layered.document.layers[1]
    assert isinstance(merged, RasterLayer)
    assert isinstance(pasted, RasterLayer)
    assert merged.tiles.same_pixels(pasted.tiles)


def test_undo_gives_up_a_merge_that_is_on_its_way(layered: Studio) -> None:
    click(layered, 4)
    layered.window.perform("layer.merge_down")
    layered.window.perform("layer.merge_down")
    layered.window.perform("edit.undo")
    layered.wait_for(lambda: not layered.window.background.is_busy)
    layered.window.perform("layer.new")
    assert len(order(layered)) == 5


def test_a_merge_that_fails_takes_along_those_behind_it(layered: Studio) -> None:
    click(layered, 2)
    for _ in range(4):
        layered.window.perform("layer.merge_down")
    layered.wait_for(lambda: not layered.window.background.is_busy and len(order(layered)) == 3)
    assert layered.names.count("Merge down") == 1


def test_the_move_tool_moves_every_chosen_layer_in_one_step(layered: Studio) -> None:
    click(layered, 4)
    click(layered, 2, CONTROL)
    layered.window.state.choose_tool(Tool.MOVE)
    before = {layer.id: layer.tiles.content_bounds() for layer in layered.document.layers}  # type: ignore[union-attr]
    layered.drag((100, 70), (130, 50), modifier=CONTROL)  # without snapping
    layered.wait_for(lambda: not layered.window.state.is_editing)
    after = {layer.id: layer.tiles.content_bounds() for layer in layered.document.layers}  # type: ignore[union-attr]
    assert {number for number in before if before[number] != after[number]} == {2, 4}
    assert all(after[number] == before[number].translated(30, -20) for number in (2, 4))
    QTest.keyClick(layered.window.canvas, Qt.Key.Key_Right)
    assert layered.document.layers[1].tiles.content_bounds().x == after[2].x + 1  # type: ignore[union-attr]
    assert layered.names[1:] == ["Move layer", "Move layer"]
    layered.window.perform("edit.undo")
    layered.window.perform("edit.undo")
    assert {layer.id: layer.tiles.content_bounds() for layer in layered.document.layers} == before  # type: ignore[union-attr]
