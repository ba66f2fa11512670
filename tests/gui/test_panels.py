"""Layers, history and colours, by hand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.blend_modes import BlendMode
from desktop.core.layers import GroupLayer
from desktop.tools.painting import Plane
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio


@pytest.fixture
def layered(studio: Studio) -> Studio:
    layers = [raster_layer(i, noise(200, 150, seed=i)) for i in (1, 2, 3)]
    studio.show(document_with(*layers, width=200, height=150))
    return studio


def rows(studio: Studio) -> object:
    return studio.window.panels.layers.list.rows


def click(studio: Studio, point: QPoint, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(studio.window.panels.layers.list.rows, Qt.MouseButton.LeftButton, modifier, point)


def order(studio: Studio) -> list[int]:
    """Front first."""
    return [layer.id for layer in reversed(studio.document.layers)]


def refresh(studio: Studio) -> None:
    studio.window.panels.layers.list.rows.refresh()
    QApplication.processEvents()


def test_the_eye_hides_and_shows(layered: Studio) -> None:
    widget = layered.window.panels.layers.list.rows
    click(layered, widget.eye_rect(2).center())
    assert not layered.document.layer(2).visible
    click(layered, widget.eye_rect(2).center())
    assert layered.document.layer(2).visible


def test_alt_click_on_the_eye_shows_only_that_layer_and_then_all(layered: Studio) -> None:
    widget = layered.window.panels.layers.list.rows
    click(layered, widget.eye_rect(2).center(), Qt.KeyboardModifier.AltModifier)
    assert [layer.visible for layer in layered.document.layers] == [False, True, False]
    assert len(layered.names) == 2, "one step"
    click(layered, widget.eye_rect(2).center(), Qt.KeyboardModifier.AltModifier)
    assert all(layer.visible for layer in layered.document.layers)


def test_a_drag_reorders(layered: Studio) -> None:
    widget = layered.window.panels.layers.list.rows
    assert order(layered) == [3, 2, 1]
    drag_row(layered, 1, widget.row_rect(3).topLeft() + QPoint(100, 4))
    assert order(layered) == [1, 3, 2]
    assert layered.names[-1] == "Reorder layers"


def test_a_drag_puts_a_layer_into_a_group(layered: Studio) -> None:
    layered.window.state.choose_layer(2)
    layered.window.perform("layer.group")
    refresh(layered)
    group = layered.document.layers[1]
    widget = layered.window.panels.layers.list.rows
    drag_row(layered, 3, widget.row_rect(group.id).center())
    inside = layered.document.layer(group.id)
    assert isinstance(inside, GroupLayer)
    assert [child.id for child in inside.children] == [2, 3]


def test_a_group_cannot_be_dropped_into_itself(layered: Studio) -> None:
    layered.window.perform("layer.group")
    refresh(layered)
    group = layered.document.layers[2]
    before = layered.document
    widget = layered.window.panels.layers.list.rows
    drag_row(layered, group.id, widget.row_rect(3).center())
    assert layered.document is before


def test_a_double_click_renames_and_escape_does_not(layered: Studio) -> None:
    widget = layered.window.panels.layers.list.rows
    name_at = widget.row_rect(2).center() + QPoint(20, 0)
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, pos=name_at)
    field = widget._name_edit
    assert field is not None
    QTest.keyClicks(field, "Sky")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert len(layered.names) == 1


def test_clicking_the_mask_paints_on_it(layered: Studio) -> None:
    layered.window.perform("layer.add_mask")
    layered.window.state.choose_layer(1)
    refresh(layered)
    widget = layered.window.panels.layers.list.rows
    click(layered, widget.thumb_rect(3, Plane.MASK).center())
    assert (layered.window.state.layer_id, layered.window.state.plane) == (3, Plane.MASK)
    layered.drag((50, 50), (80, 50))
    assert layered.names[-1] == "Paint mask"
    click(layered, widget.thumb_rect(3, Plane.MASK).center(), Qt.KeyboardModifier.ShiftModifier)
    mask = layered.document.layer(3).mask
    assert mask is not None
    assert not mask.enabled


def test_an_opacity_drag_is_one_step(layered: Studio) -> None:
    track = layered.window.panels.layers.opacity.track
    QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(track.width() - 8, 10))
    for x in range(track.width() - 8, 20, -6):
        QTest.mouseMove(track, QPoint(x, 10))
    QTest.mouseRelease(track, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert layered.document.layer(3).opacity < 0.4
    assert layered.names == ["New picture", "Opacity"]
    QTest.mouseDClick(track, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert layered.document.layer(3).opacity == 1.0


def test_the_blend_mode_follows_the_box(layered: Studio) -> None:
    box = layered.window.panels.layers.mode
    index = box.findData(BlendMode.MULTIPLY)
    box.setCurrentIndex(index)
    box.activated.emit(index)
    assert layered.document.layer(3).blend_mode is BlendMode.MULTIPLY
    layered.window.perform("edit.undo")
    assert box.currentIndex() == 0


def test_deleting_every_layer_leaves_a_usable_window(layered: Studio) -> None:
    for _ in range(3):
        layered.window.perform("layer.delete")
    assert layered.document.layers == ()
    assert layered.window.state.active_layer is None
    layered.drag((20, 20), (40, 20))
    assert "Choose a layer" in layered.window.info.text
    layered.window.perform("layer.new")
    layered.drag((20, 20), (40, 20))
    assert layered.names[-1] == "Brush stroke"


def test_a_click_in_the_history_goes_there(layered: Studio) -> None:
    layered.drag((20, 20), (40, 20))
    layered.drag((20, 60), (40, 60))
    history = layered.window.panels.history
    layered.window.panels.bring_to_front("history")
    layered.wait_for(lambda: history.model.rowCount() == 3)
    QTest.mouseClick(
        history.list.viewport(),
        Qt.MouseButton.LeftButton,
        pos=history.list.visualRect(history.model.index(0)).center(),
    )
    assert layered.names == ["New picture"]


def test_the_hex_field_and_the_swatches_set_the_colour(layered: Studio) -> None:
    layered.window.panels.bring_to_front("colour")
    field = layered.window.panels.colors.hex
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "#336699")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert layered.window.state.color == pytest.approx((0.2, 0.4, 0.6))
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "nope")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "#336699"


def drag_row(studio: Studio, layer_id: int, target: QPoint) -> None:
    widget = studio.window.panels.layers.list.rows
    start = widget.row_rect(layer_id).center() + QPoint(40, 0)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(widget, start + (target - start) * (step / 5))
    QTest.mouseMove(widget, target)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=target)
    refresh(studio)
