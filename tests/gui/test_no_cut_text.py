"""No text of the window, its panels, popovers and dialogs is cut off, in either language."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTabBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

import desktop.ui.dialogs
from desktop.ui.focus import is_behind
from desktop.ui.i18n import set_language
from desktop.ui.widgets.basics import ElidedLabel
from tests.gui.conftest import Studio
from tests.gui.every_place import places

IN_TEXT_PX = 12  # padding and frame of a field


def shown_texts(root: QWidget) -> Iterator[tuple[QWidget, str]]:
    for kind in (QLabel, QPushButton, QCheckBox, QComboBox, QLineEdit):
        for widget in (*root.findChildren(kind), *([root] if isinstance(root, kind) else [])):
            text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
            if widget.isVisible() and text and not isinstance(widget, ElidedLabel):
                yield widget, text


def cut_by(widget: QWidget, text: str) -> str:
    """Why the text cannot be read whole; empty when it can."""
    if isinstance(widget, QLabel) and widget.wordWrap():
        needed = widget.heightForWidth(widget.width())
        longest = max((QFontMetrics(widget.font()).horizontalAdvance(word) for word in text.split()), default=0)
        if widget.height() < needed:
            return f"{widget.height()} px high, needs {needed}"
        is_cut = longest > widget.width() and not any(ord(letter) > 0x2E80 for letter in text)
        return f"its longest word needs {longest} px of {widget.width()}" if is_cut else ""
    if isinstance(widget, QLineEdit):
        needed = QFontMetrics(widget.font()).horizontalAdvance(text) + IN_TEXT_PX
        is_number = not widget.isReadOnly() and text[0].isdigit()
        return f"{widget.width()} px, needs {needed}" if is_number and widget.width() < needed else ""
    if isinstance(widget, QComboBox):
        needed = QFontMetrics(widget.font()).horizontalAdvance(text) + IN_TEXT_PX + 20
        return f"{widget.width()} px, needs {needed}" if widget.width() < needed else ""
    needed = widget.minimumSizeHint().width()
    return f"{widget.width()} px, needs {needed}" if widget.width() < needed and "…" not in text else ""


def leaves_parent(widget: QWidget) -> str:
    """A widget that its parents clip; what is inside a scroll area may lie below it, never beside it."""
    parent = widget.parentWidget()
    box = QRect(widget.rect())
    child = widget
    while parent is not None and not child.isWindow():
        box = QRect(child.mapToParent(box.topLeft()), box.size())
        is_scrolled = isinstance(parent.parentWidget(), QScrollArea)
        if box.left() < 0 or box.right() > parent.width():
            return f"reaches from {box.left()} to {box.right()} of {parent.width()} px in {type(parent).__name__}"
        if is_scrolled:
            return ""
        if box.top() < -1 or box.bottom() > parent.height():
            return f"reaches from {box.top()} to {box.bottom()} of {parent.height()} px in {type(parent).__name__}"
        child, parent = parent, parent.parentWidget()
    return ""


def kinds_of_dialogs() -> set[type[QDialog]]:
    folder = desktop.ui.dialogs
    modules = [
        importlib.import_module(f"{folder.__name__}.{found.name}") for found in pkgutil.iter_modules(folder.__path__)
    ]
    return {
        kind
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, QDialog) and kind.__module__ == module.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_text_is_cut_off_anywhere(studio: Studio, tmp_path: Path, language: str) -> None:
    set_language(language)
    studio.window.resize(1280, 800)
    studio.show_plain()
    cut, seen = set(), set()
    for place, root in places(studio, tmp_path):
        QApplication.processEvents()
        seen.add(type(root))
        for part in (studio.window.context, studio.window.strip) if root is studio.window else (root,):
            for widget, text in shown_texts(part):
                why = "" if is_behind(widget) else cut_by(widget, text) or leaves_parent(widget)
                if why:
                    cut.add(f"{place}: {type(widget).__name__} “{text}” {why}")
    assert not cut, "\n".join(sorted(cut))
    missing = [kind.__name__ for kind in kinds_of_dialogs() - seen]
    assert not missing, "a new dialog belongs among the places of every_place"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_panel_has_its_tab_in_sight(studio: Studio, language: str) -> None:
    set_language(language)
    studio.window.resize(1280, 800)
    studio.show_plain()
    QApplication.processEvents()
    bars = [bar for bar in studio.window.panels.findChildren(QTabBar) if bar.isVisible() and bar.count() > 1]
    assert len(bars) >= 2
    for bar in bars:
        assert not any(button.isVisible() for button in bar.findChildren(QToolButton)), "the tabs need to be scrolled"
        assert all(bar.rect().contains(bar.tabRect(index)) for index in range(bar.count()))


def test_a_text_without_room_is_found(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.resize(100, 60)
    texts = ("Feather the selection", "Two lines of text", "A")
    name, sentence, beside = (QLabel(text, holder) for text in texts)
    name.setGeometry(0, 0, 40, 20)
    sentence.setWordWrap(True)
    sentence.setGeometry(0, 20, 60, 12)
    beside.setGeometry(95, 0, 20, 20)
    assert "needs" in cut_by(name, name.text())
    assert "high" in cut_by(sentence, sentence.text())
    assert "reaches" in leaves_parent(beside)
    assert not cut_by(beside, "A")
