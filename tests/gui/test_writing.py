"""Text written on the canvas of the real window: keys, input methods, caret and selection, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.layers import Alignment, RasterLayer, TextContent
from desktop.io.journal_reader import read_journal
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.canvas.text_overlay import BoxSide
from desktop.ui.commands.text_writing import TextWriting
from desktop.ui.panels.text_bar import TextBar
from desktop.ui.state import Tool
from desktop.ui.text_draft import Step, TextDraft
from tests.gui.conftest import Studio

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SAMPLE = TextContent("one two\nthree", x=10, y=20, size_px=40)


def begin(studio: Studio, *points: tuple[float, float]) -> TextWriting:
    """A click, or a drag, with the text tool."""
    studio.window.perform("tool.text")
    studio.drag(*(points or ((40, 60),)), (points or ((40, 60),))[-1])
    studio.wait_for(lambda: studio.window.texts.writing is not None)
    writing = studio.window.texts.writing
    assert writing is not None
    return writing


def type_letters(studio: Studio, text: str) -> None:
    QTest.keyClicks(studio.window.canvas, text)


def press(studio: Studio, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(studio.window.canvas, key, modifier)


def layer_of(studio: Studio) -> RasterLayer:
    layer = studio.document.layers[-1]
    assert isinstance(layer, RasterLayer)
    return layer


def text_of(studio: Studio) -> str:
    text = layer_of(studio).text
    assert text is not None
    return text.text


def darkest_now(studio: Studio) -> int:
    """Of what the canvas shows in the middle of the edit."""
    opened = studio.window.state.open_document
    assert opened is not None
    return int(flatten(opened.shown)[..., :3].min())


def test_letters_show_while_they_are_typed_and_become_one_step(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_color((1.0, 0.0, 0.0))
    writing = begin(studio)
    type_letters(studio, "Be")
    studio.wait_for(lambda: not writing.is_at_work)
    assert darkest_now(studio) == 0
    assert studio.window.state.tool is Tool.TEXT, "letters are no shortcuts"
    press(studio, Qt.Key.Key_Space)
    type_letters(studio, "g")
    press(studio, Qt.Key.Key_Return, CTRL)
    assert not studio.window.texts.is_writing
    assert studio.names == ["New picture", "New text layer"]
    layer = layer_of(studio)
    assert layer.text is not None
    assert (layer.name, text_of(studio), layer.text.color) == ("Be g", "Be g", "#ff0000")
    bounds = layer.tiles.content_bounds()
    assert 38 <= bounds.x <= 48
    assert bounds.y < 60 < bounds.bottom, "the first line lies around the pointer"
    picture = flatten(studio.document)
    assert (picture[..., 0] == 255).all(), "red letters on white"
    assert picture[..., 1].min() < 60


def test_escape_leaves_no_trace(studio: Studio) -> None:
    studio.show_plain()
    before = studio.document
    writing = begin(studio)
    type_letters(studio, "MMM")
    studio.wait_for(lambda: not writing.is_at_work)
    press(studio, Qt.Key.Key_Escape)
    assert studio.document is before
    assert not studio.window.state.is_editing
    assert studio.window.state.layer_id == before.layers[-1].id
    begin(studio)
    studio.drag((250, 150), (250, 150))
    assert studio.names == ["New picture"], "a text of nothing is no layer"
    assert not bar_of(studio).keep.isEnabled()
    begin(studio)
    type_letters(studio, "M")
    bar_of(studio).discard.click()
    assert studio.document is before
    begin(studio)
    type_letters(studio, "M")
    bar_of(studio).keep.click()
    assert studio.names == ["New picture", "New text layer"]


def test_caret_selection_and_deleting_follow_the_keys(studio: Studio) -> None:
    studio.show_plain()
    writing = begin(studio)
    type_letters(studio, "one two")
    press(studio, Qt.Key.Key_Return)
    type_letters(studio, "three")
    press(studio, Qt.Key.Key_Home, SHIFT)
    assert writing.draft.selected_text == "three"
    press(studio, Qt.Key.Key_Delete)
    press(studio, Qt.Key.Key_Backspace)
    assert writing.draft.text == "one two"
    press(studio, Qt.Key.Key_Home)
    type_letters(studio, "a")
    press(studio, Qt.Key.Key_End)
    press(studio, Qt.Key.Key_Left, CTRL | SHIFT)
    assert writing.draft.selected_text == "two"
    press(studio, Qt.Key.Key_X, CTRL)
    assert QApplication.clipboard().text() == "two"
    press(studio, Qt.Key.Key_V, CTRL)
    press(studio, Qt.Key.Key_V, CTRL)
    assert writing.draft.text == "aone twotwo"
    press(studio, Qt.Key.Key_Z, CTRL)
    assert writing.draft.text == "aone two"
    press(studio, Qt.Key.Key_A, CTRL)
    type_letters(studio, "x")
    press(studio, Qt.Key.Key_Z, CTRL)
    press(studio, Qt.Key.Key_Z, CTRL | SHIFT)
    assert writing.draft.text == "x"
    studio.window.perform("edit.undo")
    assert writing.draft.text == "aone two", "undo means the text while one writes"
    press(studio, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert text_of(studio) == "aone two"


def compose(canvas: CanvasWidget, composed: str, handed_over: str = "") -> None:
    event = QInputMethodEvent(composed, [])
    event.setCommitString(handed_over)
    QApplication.sendEvent(canvas, event)


def test_an_input_method_writes_chinese(studio: Studio) -> None:
    studio.show_plain()
    canvas = studio.window.canvas
    assert not canvas.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled), "tools have their keys to themselves"
    writing = begin(studio)
    assert canvas.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    type_letters(studio, "A")
    studio.wait_for(lambda: not writing.is_at_work)
    alone = writing.draft.box().width()
    compose(canvas, "ni hao")
    studio.wait_for(lambda: not writing.is_at_work)
    assert writing.draft.text == "A"
    assert writing.draft.composed()
    assert writing.draft.box().width() > 2 * alone, "what is composed shows on the layer"
    rect = canvas.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    assert canvas.rect().contains(rect.toRect().center())
    compose(canvas, "", "你好")
    type_letters(studio, "!")
    assert canvas.inputMethodQuery(Qt.InputMethodQuery.ImSurroundingText) == "A你好!"
    assert canvas.inputMethodQuery(Qt.InputMethodQuery.ImCursorPosition) == 4
    studio.wait_for(lambda: not writing.is_at_work)
    assert darkest_now(studio) == 0
    compose(canvas, "zai")
    press(studio, Qt.Key.Key_Return, CTRL)
    assert text_of(studio) == "A你好!", "letters that were not handed over are not kept"
    assert layer_of(studio).name == "A你好!"
    assert not canvas.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


def test_a_click_on_letters_changes_them_where_the_layer_is_now(studio: Studio) -> None:
    studio.show_plain()
    begin(studio, (40, 60))
    type_letters(studio, "MMM")
    press(studio, Qt.Key.Key_Return, CTRL)
    layer = layer_of(studio)
    studio.window.perform("tool.move")
    bounds = layer.tiles.content_bounds()
    studio.drag((bounds.x + 4, bounds.y + 4), (bounds.x + 64, bounds.y + 44))
    moved = layer_of(studio)
    after = moved.tiles.content_bounds()
    writing = begin(studio, (after.x + 1, after.y + 5))
    assert writing.draft.place == 0, "the caret stands where the click was"
    type_letters(studio, "i")
    studio.drag((250, 20), (250, 20))
    assert not studio.window.texts.is_writing, "a click elsewhere keeps"
    changed = layer_of(studio)
    assert changed.id == layer.id
    assert text_of(studio) == "iMMM"
    assert abs(changed.tiles.content_bounds().y - after.y) <= 4
    assert studio.names[-1] == "Change text"
    studio.window.perform("edit.undo")
    assert layer_of(studio) == moved
    begin(studio, (after.x + 1, after.y + 5))
    press(studio, Qt.Key.Key_Return, CTRL)
    assert studio.document.layers[-1] is moved, "nothing changed: no entry"


def test_the_pointer_selects_letters_words_and_lines(studio: Studio) -> None:
    studio.show_plain()
    writing = begin(studio, (20, 40))
    type_letters(studio, "one two")
    draft = writing.draft
    box = draft.box()
    y = box.center().y()
    studio.drag((box.left(), y), (box.right() + 4, y))
    assert draft.selected_text == "one two"
    place = studio.at((box.right() - 6, y))
    QTest.mouseClick(studio.window.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert not draft.has_selection
    QTest.mouseDClick(studio.window.canvas, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert draft.selected_text == "two"
    shown = studio.window.canvas.grab().toImage()
    chosen = draft.selection()[0]
    column, row = studio.at((chosen.right() + 1, chosen.top() + 2)).toTuple()
    inside = shown.pixelColor(QPoint(column - 4, row))
    assert inside.blue() > inside.red() + 20, "the selection is tinted"
    press(studio, Qt.Key.Key_Delete)
    assert draft.text == "one "
    studio.drag((box.left() + 2, y), (box.left() + 52, y + 30), modifier=CTRL)
    assert draft.content.x == pytest.approx(box.left() + 50, abs=1.5)


def test_a_drag_makes_a_box_whose_width_can_be_pulled(studio: Studio) -> None:
    studio.show_plain(400, 300)
    writing = begin(studio, (20, 20), (120, 90))
    type_letters(studio, "one two three four")
    assert writing.draft.content.width == pytest.approx(100, abs=1.5)
    narrow = writing.draft.box()
    handle = writing._overlay.handles()[BoxSide.RIGHT]
    studio.drag((handle.x, handle.y), (handle.x + 200, handle.y))
    wide = writing.draft.box()
    assert wide.width() > narrow.width() + 190
    assert wide.height() == narrow.height(), "as high as it was dragged"
    press(studio, Qt.Key.Key_Return, CTRL)
    text = layer_of(studio).text
    assert text is not None
    assert text.width == pytest.approx(300, abs=2)
    assert layer_of(studio).tiles.content_bounds().width <= 305


def bar_of(studio: Studio) -> TextBar:
    bar = studio.window.context.bars[Tool.TEXT]
    assert isinstance(bar, TextBar)
    return bar


def test_the_bar_and_the_colours_change_the_text_in_hand(studio: Studio) -> None:
    studio.show_plain(400, 300)
    writing = begin(studio)
    bar = bar_of(studio)
    assert bar.isVisible()
    type_letters(studio, "MM")
    bar.size.number.value_changed.emit(60.0)
    bar.italic.click()
    bar.alignment.chosen.emit("right")
    studio.window.state.set_color((0.0, 0.0, 1.0))
    content = writing.draft.content
    assert (content.size_px, content.italic, content.alignment) == (60, True, Alignment.RIGHT)
    assert (content.color, bar.color.color) == ("#0000ff", "#0000ff")
    right = writing.draft.box().right()
    type_letters(studio, "M")
    assert writing.draft.box().right() == pytest.approx(right, abs=0.5), "what stands right grows to the left"
    assert studio.window.canvas.hasFocus()
    studio.window.perform("tool.brush")
    assert studio.names == ["New picture", "New text layer"], "another tool keeps what is written"
    layer = layer_of(studio)
    studio.window.perform("tool.text")
    assert round(bar.size.value) == 60
    bar.size.number.value_changed.emit(30.0)
    assert studio.names[-1] == "Change text", "the chosen text layer takes the style at once"
    changed = layer_of(studio)
    assert changed.id == layer.id
    assert changed.tiles.content_bounds().height < 0.7 * layer.tiles.content_bounds().height
    assert studio.window.state.options.text.size_px == 30


def test_what_is_written_is_kept_by_whatever_comes_next(studio: Studio) -> None:
    studio.show_plain()
    writing = begin(studio)
    type_letters(studio, "MM")
    zoom = studio.window.canvas.view.zoom
    studio.window.perform("view.zoom_in")
    assert studio.window.canvas.view.zoom > zoom, "one may look around"
    assert studio.window.texts.writing is writing
    studio.window.perform("select.none")
    studio.window.perform("layer.duplicate")
    assert studio.names == ["New picture", "New text layer", "Duplicate layer"]
    studio.window.perform("edit.undo")
    studio.window.canvas.zoom_to(1.0)
    bounds = layer_of(studio).tiles.content_bounds()
    begin(studio, (bounds.x + 3, bounds.y + 3))
    press(studio, Qt.Key.Key_A, CTRL)
    press(studio, Qt.Key.Key_Backspace)
    press(studio, Qt.Key.Key_Return, CTRL)
    assert len(studio.document.layers) == 1, "a text without letters is no layer"
    assert studio.names[-1] == "Change text"


def test_up_and_down_keep_the_column_and_no_place_is_lost(qapp: QApplication) -> None:
    draft = TextDraft(SAMPLE)
    draft.go(Step.Up)
    assert draft.place == 5
    draft.go(Step.Up)
    assert draft.place == 0, "above the first line lies its start"
    draft.go(Step.NextWord, selects=True)
    assert draft.selected_text == "one "
    assert len(draft.selection()) == 1
    draft.select_all()
    assert len(draft.selection()) == 2
    caret = draft.caret()
    assert caret.height() > 30
    assert caret.top() > 50, "in the second line"
    draft.insert("\U0001f600\r\nb")
    draft.compose("zh", 1)
    assert draft.content.text == "\U0001f600\nbzh"
    draft.compose("", 0)
    assert draft.delete(Step.PreviousCharacter) == "b"
    assert draft.delete(Step.PreviousCharacter) == "\n"
    assert draft.delete(Step.PreviousCharacter) == "\U0001f600"
    assert not draft.insert("x" * 20_001)


def test_the_layer_list_shows_what_is_written_and_a_click_there_keeps_it(studio: Studio) -> None:
    studio.show_plain()
    rows = studio.window.panels.layers.list.rows
    begin(studio)
    type_letters(studio, "Be")
    studio.wait_for(lambda: [row.layer.name for row in rows.rows] == ["Be", "Background"])
    QTest.mouseClick(rows, Qt.MouseButton.LeftButton, pos=rows.row_rect(studio.document.layers[0].id).center())
    assert not studio.window.texts.is_writing
    assert studio.names[-1] == "New text layer"
    assert studio.window.state.layer_id == studio.document.layers[0].id


def test_a_box_has_a_height_that_is_pulled_and_lines_without_room_are_not_shown(studio: Studio) -> None:
    studio.show_plain(400, 300)
    writing = begin(studio, (40, 40), (240, 90))
    assert writing.draft.content.height == pytest.approx(50, abs=1.5)
    type_letters(studio, "MMM")
    for letters in ("NNN", "OOO", "PPP"):
        press(studio, Qt.Key.Key_Return)
        type_letters(studio, letters)
    studio.wait_for(lambda: not writing.is_at_work)
    assert writing.draft.has_hidden_lines()
    corner = writing._overlay.handles()[BoxSide.CORNER]
    studio.drag((corner.x, corner.y), (330, 280))
    assert writing.draft.content.width == pytest.approx(290, abs=2)
    assert writing.draft.content.height == pytest.approx(240, abs=2)
    assert not writing.draft.has_hidden_lines()
    studio.drag((185, 280), (185, 100))
    press(studio, Qt.Key.Key_Return, CTRL)
    layer = layer_of(studio)
    assert layer.text is not None
    assert layer.text.text == "MMM\nNNN\nOOO\nPPP", "what is not shown is kept"
    assert layer.tiles.content_bounds().bottom <= 101
    assert layer.text.width == pytest.approx(290, abs=2)


def version_in(path: Path) -> Document:
    found = read_journal([path])
    assert found is not None
    return found.document


def test_what_is_written_is_in_the_journal_before_it_is_kept(studio: Studio) -> None:
    studio.show_plain()
    recovery = studio.window.recovery
    writing = begin(studio)
    type_letters(studio, "Be")
    studio.wait_for(lambda: not writing.is_at_work)
    opened = studio.window.state.open_document
    journal = recovery._journals[id(opened)]
    studio.wait_for(lambda: journal.is_caught_up and journal._writer.path is not None)
    assert journal._writer.path is not None
    found = version_in(journal._writer.path).layers[-1]
    assert isinstance(found, RasterLayer)
    assert found.text is not None
    assert found.text.text == "Be"
    press(studio, Qt.Key.Key_Escape)
    recovery.flush()
    assert len(version_in(journal._writer.path).layers) == 1, "what was given up does not come back"
