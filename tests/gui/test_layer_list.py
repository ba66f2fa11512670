"""The layer list by pointer and keys: eyes, drags, groups, names, looks tried live, the filter."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from desktop.core.blend_modes import BlendMode
from desktop.core.document import Document
from desktop.core.layers import LONGEST_NAME, ColorTag, GroupLayer, Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.tools.painting import Plane
from desktop.ui.panels.layer_list import LayerRows
from desktop.ui.panels.layer_menus import TagRow
from desktop.ui.panels.layer_rows import ROW_PX
from tests.builders import document_with, raster_layer
from tests.gui.conftest import Studio

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
RED, GREEN, BLUE, GREY = (200, 20, 20), (20, 180, 20), (20, 20, 200), (90, 90, 90)


def plain(layer_id: int, rgb: tuple[int, int, int], name: str) -> RasterLayer:
    """One colour over the whole canvas."""
    return raster_layer(layer_id, np.full((150, 200, 4), (*rgb, 255), np.uint8)).changed(name=name)


@pytest.fixture
def layered(studio: Studio) -> Studio:
    """From the top: Grey (5); Trees (4) with Green (3) and Red (2); Blue (1)."""
    trees = GroupLayer(id=4, name="Trees", children=(plain(2, RED, "Red"), plain(3, GREEN, "Green")))
    studio.window.panels.bring_to_front("layers")
    studio.show(document_with(plain(1, BLUE, "Blue"), trees, plain(5, GREY, "Grey"), width=200, height=150))
    return studio


def rows(studio: Studio) -> LayerRows:
    widget = studio.window.panels.layers.list.rows
    widget.refresh()
    return widget


def click(studio: Studio, at: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(rows(studio), LEFT, keys, at)


def name_at(studio: Studio, layer_id: int) -> QPoint:
    widget = rows(studio)
    return QPoint(widget.width() - 60, widget.row_rect(layer_id).center().y())


def drag(studio: Studio, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    """The keys go down after the press."""
    widget = rows(studio)
    QTest.mousePress(widget, LEFT, pos=start)
    for step in range(1, 6):
        at = QPointF(start + (end - start) * (step / 5))
        move = QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), Qt.MouseButton.NoButton, LEFT, keys)
        QApplication.sendEvent(widget, move)
    QTest.mouseRelease(widget, LEFT, keys, end)


def tree(document: Document) -> list[object]:
    """Names, bottom first, groups as lists."""

    def shape(layers: tuple[object, ...]) -> list[object]:
        return [shape(one.children) if isinstance(one, GroupLayer) else getattr(one, "name") for one in layers]  # noqa: B009

    return shape(document.layers)


def test_solo_brings_back_what_was_visible_before(layered: Studio) -> None:
    click(layered, rows(layered).eye_rect(5).center())
    before = {layer.id: layer.visible for layer in layered.document.iter_layers()}
    assert layered.on_screen(20, 20) == GREEN
    click(layered, rows(layered).eye_rect(2).center(), ALT)
    assert layered.on_screen(20, 20) == RED
    click(layered, rows(layered).eye_rect(1).center(), ALT)
    assert layered.on_screen(20, 20) == BLUE
    click(layered, rows(layered).eye_rect(1).center(), ALT)
    assert {layer.id: layer.visible for layer in layered.document.iter_layers()} == before
    assert layered.on_screen(20, 20) == GREEN


def test_a_swipe_over_eyes_is_one_step(layered: Studio) -> None:
    widget = rows(layered)
    QTest.mousePress(widget, LEFT, pos=widget.eye_rect(5).center())
    for layer_id in (4, 3, 2):
        QTest.mouseMove(widget, widget.eye_rect(layer_id).center())
    QTest.mouseRelease(widget, LEFT, pos=widget.eye_rect(2).center())
    assert [layer.visible for layer in layered.document.iter_layers()] == [True, False, False, False, False]
    assert layered.names == ["New picture", "Visibility"]
    assert layered.on_screen(20, 20) == BLUE


@pytest.mark.parametrize("keys", [ALT, CONTROL])
def test_a_drag_with_alt_or_control_leaves_the_layer_and_drops_a_copy(
    layered: Studio, keys: Qt.KeyboardModifier
) -> None:
    widget = rows(layered)
    drag(layered, name_at(layered, 1), widget.row_rect(5).topLeft() + QPoint(100, 3), keys)
    assert tree(layered.document) == ["Blue", ["Red", "Green"], "Grey", "Blue copy"]
    assert layered.names[-1] == "Duplicate layer"
    assert layered.on_screen(20, 20) == BLUE


def test_a_drag_out_of_a_group_lands_where_the_pointer_is_left_of_it(layered: Studio) -> None:
    last = rows(layered).row_rect(2)
    drag(layered, name_at(layered, 3), QPoint(20, last.bottom() - 4))
    assert tree(layered.document) == ["Blue", "Green", ["Red"], "Grey"]
    layered.window.perform("edit.undo")
    drag(layered, name_at(layered, 3), QPoint(150, last.bottom() - 4))
    assert tree(layered.document) == ["Blue", ["Green", "Red"], "Grey"]


def test_escape_ends_a_drag_without_a_step(layered: Studio) -> None:
    widget = rows(layered)
    QTest.mousePress(widget, LEFT, pos=name_at(layered, 5))
    QTest.mouseMove(widget, QPoint(150, widget.row_rect(1).bottom() - 3))
    assert widget.drag.place is not None
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    QTest.mouseRelease(widget, LEFT, pos=QPoint(150, widget.row_rect(1).bottom() - 3))
    assert layered.names == ["New picture"]


def test_a_group_opens_under_a_resting_drag(layered: Studio) -> None:
    widget = rows(layered)
    click(layered, widget.thumb_rect(4, Plane.PIXELS).center())
    assert [row.layer.id for row in widget.rows] == [5, 4, 1]
    QTest.mousePress(widget, LEFT, pos=name_at(layered, 5))
    QTest.mouseMove(widget, name_at(layered, 4))
    layered.wait_for(lambda: len(widget.rows) == 5)
    QTest.mouseRelease(widget, LEFT, pos=name_at(layered, 4))
    assert tree(layered.document) == ["Blue", ["Red", "Green", "Grey"]]


def test_alt_click_between_two_rows_clips_the_upper_one(layered: Studio) -> None:
    widget = rows(layered)
    left = widget.thumb_rect(3, Plane.PIXELS).left()
    click(layered, QPoint(150, widget.row_rect(3).bottom()), ALT)
    assert layered.document.layer(3).clip_to_below
    assert rows(layered).thumb_rect(3, Plane.PIXELS).left() > left, "shown further in"


def test_tab_goes_from_name_to_name(layered: Studio) -> None:
    layered.window.state.choose_layer(5)
    layered.window.perform("layer.rename")
    for name, key in (("Sky", Qt.Key.Key_Tab), ("Wood", Qt.Key.Key_Return)):
        field = rows(layered)._name_edit
        assert field is not None
        QTest.keyClicks(field, name)
        QTest.keyClick(field, key)
    assert [layered.document.layer(one).name for one in (5, 4)] == ["Sky", "Wood"]


def test_no_more_of_a_name_is_taken_than_fits(layered: Studio) -> None:
    layered.window.state.choose_layer(5)
    layered.window.perform("layer.rename")
    field = rows(layered)._name_edit
    assert field is not None
    QApplication.clipboard().setText("x" * 3000)
    field.paste()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert layered.document.layer(5).name == "x" * LONGEST_NAME


def test_keys_walk_fold_hide_and_delete(layered: Studio) -> None:
    widget = rows(layered)
    widget.setFocus()
    layered.window.state.choose_layer(5)
    for key, active in (("Down", 4), ("Right", 3), ("Left", 4), ("End", 1), ("Home", 5)):
        QTest.keyClick(widget, getattr(Qt.Key, f"Key_{key}"))
        assert layered.window.state.layer_id == active, key
    QTest.keyClick(widget, Qt.Key.Key_Space)
    assert layered.on_screen(20, 20) == GREEN
    QTest.keyClick(widget, Qt.Key.Key_Down)
    QTest.keyClick(widget, Qt.Key.Key_Left)
    assert [row.layer.id for row in widget.rows] == [5, 4, 1]
    QTest.keyClick(widget, Qt.Key.Key_Delete)
    assert layered.on_screen(20, 20) == BLUE
    assert "Grey" in widget.accessibleDescription() or "Blue" in widget.accessibleDescription()


def test_opacity_is_tried_live_and_escape_brings_it_back(layered: Studio) -> None:
    layered.window.state.choose_layer(5)
    track = layered.window.panels.layers.opacity.track
    QTest.mousePress(track, LEFT, pos=QPoint(track.width() - 8, 10))
    QTest.mouseMove(track, QPoint(0, 10))
    assert layered.on_screen(20, 20) == GREEN, "seen while the button is down"
    assert layered.names == ["New picture"]
    QTest.keyClick(layered.window.canvas, Qt.Key.Key_Escape)
    QTest.mouseMove(track, QPoint(20, 10))
    QTest.mouseRelease(track, LEFT, pos=QPoint(20, 10))
    assert layered.on_screen(20, 20) == GREY
    assert layered.names == ["New picture"]
    assert layered.window.panels.layers.opacity.value == 100


def test_blend_modes_are_tried_under_the_pointer(layered: Studio) -> None:
    layered.window.state.choose_layer(5)
    box = layered.window.panels.layers.mode
    box.showPopup()
    view = box.view()
    spot = view.visualRect(view.model().index(box.findData(BlendMode.DIFFERENCE), 0)).center()
    QTest.mouseMove(view.viewport(), spot)
    layered.wait_for(lambda: layered.on_screen(20, 20) == (70, 90, 70))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    layered.wait_for(lambda: not layered.window.state.is_editing)
    assert layered.on_screen(20, 20) == GREY
    assert (box.mode, layered.names) == (BlendMode.NORMAL, ["New picture"])
    box.showPopup()
    QTest.mouseMove(view.viewport(), spot)
    QTest.mouseClick(view.viewport(), LEFT, pos=spot)
    layered.wait_for(lambda: not layered.window.state.is_editing)
    assert layered.document.layer(5).blend_mode is BlendMode.DIFFERENCE
    assert layered.names == ["New picture", "Blend mode"]


def test_the_wheel_over_the_blend_box_is_one_step(layered: Studio) -> None:
    layered.window.state.choose_layer(5)
    box = layered.window.panels.layers.mode
    for _ in range(4):
        at = QPointF(box.rect().center())
        event = QWheelEvent(
            at, box.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, NONE,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(box, event)
    assert layered.document.layer(5).blend_mode is not BlendMode.NORMAL
    assert layered.names == ["New picture", "Blend mode"]


def test_a_group_can_be_passed_through(layered: Studio) -> None:
    layered.window.state.choose_layer(4)
    box = layered.window.panels.layers.mode
    box.setCurrentIndex(0)
    box.activated.emit(0)
    group = layered.document.layer(4)
    assert isinstance(group, GroupLayer)
    assert group.pass_through
    layered.window.state.choose_layer(5)
    assert box.mode is BlendMode.NORMAL


def test_the_filter_finds_by_name_kind_and_colour(layered: Studio) -> None:
    panel, widget = layered.window.panels.layers, rows(layered)
    layered.window.state.choose_layer(3)
    layered.window.perform("layer.tag_blue")
    assert layered.document.layer(3).color_tag is ColorTag.BLUE
    layered.window.perform("layer.find")
    QTest.keyClicks(panel.filter.field, "gre")
    assert [row.layer.name for row in widget.rows] == ["Grey", "Trees", "Green"]
    blue = next(action for action, _kind, tag in panel.filter._choices if tag is ColorTag.BLUE)
    blue.trigger()
    assert [row.layer.name for row in widget.rows] == ["Trees", "Green"]
    QTest.keyClicks(panel.filter.field, "x")
    assert "No layer" in panel.empty.text()
    QTest.keyClick(panel.filter.field, Qt.Key.Key_Escape)
    assert len(widget.rows) == 5
    assert not panel.filter.isVisible()


def test_the_tag_is_a_stripe_in_the_row(layered: Studio) -> None:
    layered.window.state.choose_layer(1)
    layered.window.perform("layer.tag_red")
    widget = rows(layered)
    shown = widget.grab().toImage().pixelColor(4, widget.row_rect(1).center().y())
    assert shown.red() > 180
    assert shown.green() < 120


def test_thumbnails_follow_a_stroke(layered: Studio) -> None:
    layered.window.state.choose_layer(5)
    layered.window.state.set_color((1.0, 1.0, 1.0))
    layered.window.state.change_brush(size_px=120.0)

    def shown() -> int:
        widget = rows(layered)
        return widget.grab().toImage().pixelColor(widget.thumb_rect(5, Plane.PIXELS).center()).red()

    layered.wait_for(lambda: abs(shown() - GREY[0]) < 8)
    layered.drag((80, 75), (120, 75))
    layered.wait_for(lambda: shown() > 240)


def test_the_mask_alone_is_seen_and_painted_on(layered: Studio) -> None:
    levels = np.full((150, 200), 255, np.uint8)
    levels[:, :100] = 60
    opened = layered.window.state.open_document
    assert opened is not None
    with opened.edit("Mask") as edit:
        edit.replace_layer(opened.document.layer(5).changed(mask=Mask(TileMap.from_array(levels))))
    at = rows(layered).thumb_rect(5, Plane.MASK).center()
    click(layered, at, ALT)
    assert layered.on_screen(20, 20) == (60, 60, 60)
    assert layered.on_screen(150, 20) == (255, 255, 255)
    layered.window.state.set_color((0.0, 0.0, 0.0))
    layered.drag((150, 75), (160, 75))
    assert layered.on_screen(155, 75) == (0, 0, 0)
    assert layered.names[-1] == "Paint mask"
    click(layered, at, ALT)
    assert layered.on_screen(150, 20)[1] != 255
    click(layered, at, ALT)
    click(layered, name_at(layered, 1))
    assert not layered.window.state.is_mask_alone


def test_the_chosen_layer_is_scrolled_to(studio: Studio) -> None:
    studio.window.panels.bring_to_front("layers")
    studio.show(document_with(*(plain(i, GREY, f"Layer {i}") for i in range(1, 61)), width=200, height=150))
    scroll = studio.window.panels.layers.list
    studio.window.state.choose_layer(1)
    QApplication.processEvents()
    row = scroll.rows.row_rect(1)
    assert scroll.viewport().rect().contains(scroll.rows.mapTo(scroll.viewport(), row.center()))
    assert row.top() == 59 * ROW_PX


@pytest.mark.parametrize("action", ["layer.merge_group", "layer.apply_mask"])
def test_what_melts_keeps_the_look(layered: Studio, action: str) -> None:
    levels = np.full((150, 200), 140, np.uint8)
    mask = Mask(TileMap.from_array(levels))
    opened = layered.window.state.open_document
    assert opened is not None
    layer_id = 4 if action == "layer.merge_group" else 5
    with opened.edit("Mask") as edit:
        edit.replace_layer(opened.document.layer(layer_id).changed(mask=mask, opacity=0.7))
    layered.window.state.choose_layer(layer_id)
    before, steps = layered.seen(20, 20), len(layered.names)
    layered.window.perform("layer.merge_down" if action == "layer.merge_group" else action)
    layered.wait_for(lambda: len(layered.names) > steps)
    assert np.abs(np.subtract(layered.seen(20, 20), before)).max() <= 1
    assert not isinstance(layered.document.layer(layer_id), GroupLayer)


def test_merge_visible_keeps_hidden_layers(layered: Studio) -> None:
    click(layered, rows(layered).eye_rect(3).center())
    click(layered, rows(layered).eye_rect(5).center())
    layered.window.perform("layer.merge_visible")
    layered.wait_for(lambda: layered.names[-1] == "Merge visible")
    assert tree(layered.document) == [["Green"], "Trees", "Grey"]
    assert layered.on_screen(20, 20) == RED


def test_a_drag_near_the_rim_scrolls_the_list(studio: Studio) -> None:
    studio.window.panels.bring_to_front("layers")
    studio.show(document_with(*(plain(i, GREY, f"Layer {i}") for i in range(1, 41)), width=200, height=150))
    scroll, widget = studio.window.panels.layers.list, rows(studio)
    QTest.mousePress(widget, LEFT, pos=name_at(studio, 40))
    rim = scroll.viewport().mapToGlobal(QPoint(100, scroll.viewport().height() - 2))
    QTest.mouseMove(widget, widget.mapFromGlobal(rim))
    studio.wait_for(lambda: scroll.verticalScrollBar().value() > 3 * ROW_PX)
    QTest.mouseRelease(widget, LEFT, pos=widget.mapFromGlobal(rim))
    assert studio.document.index_of(40) < 37
    assert studio.names[-1] == "Reorder layers"


def test_right_click_opens_the_menu_of_what_is_there(layered: Studio) -> None:
    widget = rows(layered)
    layered.window.state.choose_layer(5)
    for at, wanted, unwanted in (
        (name_at(layered, 1), "layer.merge_down", "layer.mask_linked"),
        (widget.eye_rect(1).center(), "layer.solo", "layer.merge_down"),
    ):
        QTest.mousePress(widget, Qt.MouseButton.RightButton, pos=at)
        QApplication.sendEvent(widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at)))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        ids = [action.objectName() for action in menu.actions()]
        assert wanted in ids
        assert unwanted not in ids
        assert layered.window.state.layer_id == 1
        assert layered.document.layer(1).visible
        if wanted == "layer.solo":
            tags = menu.findChild(TagRow)
            QTest.mouseClick(tags, LEFT, pos=tags.center_of(ColorTag.GREEN))
        menu.close()
    assert layered.document.layer(1).color_tag is ColorTag.GREEN


def test_a_mask_is_dragged_to_another_layer(layered: Studio) -> None:
    opened = layered.window.state.open_document
    assert opened is not None
    with opened.edit("Mask") as edit:
        edit.replace_layer(opened.document.layer(5).changed(mask=Mask(TileMap(1, np.uint8, 0))))
    assert layered.on_screen(20, 20) == GREEN
    drag(layered, rows(layered).thumb_rect(5, Plane.MASK).center(), name_at(layered, 4))
    assert layered.document.layer(5).mask is None
    assert layered.seen(20, 20)[:3] == GREY
    assert layered.names[-1] == "Move mask"
    click(layered, rows(layered).eye_rect(5).center())
    assert layered.seen(20, 20)[:3] == BLUE, "the group is hidden by it"
    rows(layered).setFocus()
    QTest.keyClick(rows(layered), Qt.Key.Key_Delete)
    assert layered.on_screen(20, 20) == GREEN


def test_several_are_raised_and_ungrouped_together(layered: Studio) -> None:
    layered.window.state.choose_layers((1, 4), 4)
    layered.window.perform("layer.raise")
    assert tree(layered.document) == ["Grey", "Blue", ["Red", "Green"]]
    layered.window.perform("layer.ungroup")
    assert tree(layered.document) == ["Grey", "Blue", "Red", "Green"]
    layered.window.perform("layer.lower")
    assert tree(layered.document) == ["Grey", "Red", "Green", "Blue"]
    assert len(layered.names) == 4
    assert layered.on_screen(20, 20) == BLUE
