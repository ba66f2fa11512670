"""Without a mouse: every control has a name, Tab reaches it, and one sees where the focus is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

from desktop.ui.dialogs.brush_dialogs import BrushDialogs
from desktop.ui.dialogs.dialogs import NewDialog
from desktop.ui.dialogs.name_dialog import NameDialog
from desktop.ui.focus import is_behind, takes_tab
from desktop.ui.widgets.number_field import NumberField
from tests.gui.conftest import Studio
from tests.gui.every_place import places

CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def controls_in(root: QWidget) -> Iterator[QWidget]:
    """Everything that is pressed, typed into or chosen from; parts of Qt's own controls belong to these."""
    for widget in root.findChildren(QWidget):
        is_control = isinstance(widget, CONTROLS) or bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        is_part = isinstance(widget, QScrollBar | QHeaderView | QLabel) or widget.focusProxy() is not None
        if is_control and not is_part and not is_inside(widget, (QComboBox, QLineEdit)):
            yield widget


def is_inside(widget: QWidget, kinds: tuple[type[QWidget], ...]) -> bool:
    parent = widget.parentWidget()
    return parent is not None and (isinstance(parent, kinds) or is_inside(parent, kinds))


def spoken_name(widget: QWidget) -> str:
    """What a screen reader says."""
    found = QAccessible.queryAccessibleInterface(widget)
    return widget.accessibleName() or ("" if found is None else str(found.text(QAccessible.Text.Name)).strip())


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_every_control_has_a_name_to_be_spoken(studio: Studio, tmp_path: Path, language: str) -> None:
    studio.show_plain()
    studio.window.perform(f"view.{language}")
    nameless = set()
    for place, root in places(studio, tmp_path):
        QApplication.processEvents()
        for widget in controls_in(root):
            if widget.isVisible() and not spoken_name(widget):
                nameless.add((place, type(widget).__name__, type(widget.parent()).__name__))
    assert not nameless


def test_tab_reaches_every_control(studio: Studio, tmp_path: Path) -> None:
    """Of a group of exclusive buttons Tab reaches the chosen one and the arrows the others."""
    studio.show_plain()
    out_of_reach = set()
    for place, root in places(studio, tmp_path):
        QApplication.processEvents()
        for widget in controls_in(root):
            if not widget.isVisible() or not widget.isEnabled() or is_behind(widget):
                continue
            grouped = isinstance(widget, QAbstractButton) and (widget.group() is not None or widget.autoExclusive())
            if not grouped and not takes_tab(widget) and not has_other_way(widget):
                out_of_reach.add((place, type(widget).__name__, spoken_name(widget)))
    assert not out_of_reach


def has_other_way(widget: QWidget) -> bool:
    """The list of the search follows its field; a tab's close button is Ctrl+W."""
    return spoken_name(widget) == "Actions found" or isinstance(widget.parent(), QTabBar)


def test_one_sees_where_the_focus_is(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    unseen = set()
    seen: set[int] = set()
    for place, root in places(studio, tmp_path):
        QApplication.processEvents()
        for widget in controls_in(root):
            if id(widget) in seen or not takes_tab(widget):
                continue
            seen.add(id(widget))
            if not looks_focused(widget):
                unseen.add((place, type(widget).__name__, spoken_name(widget)))
    assert len(seen) > 90
    assert not unseen


def looks_focused(widget: QWidget) -> bool:
    window = widget.window()
    (window.focusWidget() or window).clearFocus()
    before = pixels_of(widget)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    if isinstance(widget, QLineEdit):
        widget.deselect()
        widget.setCursorPosition(0)
    return int((pixels_of(widget) != before).any(axis=2).sum()) > 15


def pixels_of(widget: QWidget) -> np.ndarray:
    QApplication.processEvents()
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).copy()


def test_tab_passes_panels_that_lie_behind(studio: Studio) -> None:
    studio.show_plain()
    studio.window.panels.bring_to_front("history")
    QApplication.processEvents()
    studio.window.context.size.number.setFocus()
    reached: list[QWidget] = []
    while len(reached) < 2 or reached[-1] is not reached[0]:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert not is_behind(focus), type(focus).__name__
        reached.append(focus)
    window = studio.window
    for part in (window.strip, window.context, window.panels.ai, window.panels.history, window.status):
        assert any(part.isAncestorOf(widget) for widget in reached), part
    assert window.canvas not in reached, "there Tab puts the panels away"
    studio.key(Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is window.canvas


def test_a_key_goes_round_the_parts_of_the_window(studio: Studio) -> None:
    studio.show_plain()
    window = studio.window
    assert QApplication.focusWidget() is window.canvas, "painting can begin at once"
    parts = [window.strip, window.context, window.panels.docks["ai"], window.panels.docks["layers"]]
    for part in [*parts, window.status]:
        studio.key(Qt.Key.Key_F6)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert focus is part or part.isAncestorOf(focus), part
    studio.key(Qt.Key.Key_F6)
    assert QApplication.focusWidget() is window.canvas


def test_enter_in_a_number_gives_the_keys_back_to_the_canvas(studio: Studio) -> None:
    studio.show_plain()
    field = studio.window.context.size.number
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    QTest.keyClicks(field, "33")
    studio.key(Qt.Key.Key_Return)
    assert studio.window.state.brush.size_px == 33
    assert QApplication.focusWidget() is studio.window.canvas


def test_enter_in_a_number_of_a_dialog_accepts_it(studio: Studio) -> None:
    dialog = NewDialog(studio.window)
    dialog.show()
    dialog.activateWindow()
    QApplication.processEvents()
    field: NumberField = dialog.width_box
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    QTest.keyClicks(field, "640")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert dialog.picture().width == 640
    dialog.deleteLater()


def test_what_was_selected_is_selected_again(studio: Studio) -> None:
    studio.show_plain()
    assert not studio.window.actions_by_id["select.again"].isEnabled()
    studio.window.perform("select.all")
    selection = studio.document.selection
    studio.window.perform("select.none")
    studio.drag((20, 20), (60, 20))
    studio.key(Qt.Key.Key_D, CTRL_SHIFT)
    assert studio.document.selection is selection


def test_the_name_of_a_brush_is_asked_for_in_words(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(dialog: NameDialog) -> bool:
        assert dialog.windowTitle() == "Save brush"
        assert not dialog.buttons.buttons()[0].isEnabled(), "a name is needed"
        dialog.field.setText(" x ")
        return dialog.buttons.buttons()[0].isEnabled()

    monkeypatch.setattr(NameDialog, "exec", answer)
    assert BrushDialogs(studio.window).ask_new_name("") == "x"
