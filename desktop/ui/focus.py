"""What the keyboard's focus may go to."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from desktop.ui.panels.dock import PanelDock

TEXT_FIELDS = (QLineEdit, QPlainTextEdit, QComboBox)


def first_control(part: QWidget) -> QWidget | None:
    """What Tab would reach first in a part of the window."""
    return next((widget for widget in (part, *_chain_from(part)) if takes_tab(widget) and _is_in(widget, part)), None)


def takes_tab(widget: QWidget) -> bool:
    """Whether Tab stops here: enabled, wanted, and in a panel that lies in front."""
    wants = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
    return wants and widget.isEnabled() and widget.isVisible() and not is_behind(widget)


def is_behind(widget: QWidget) -> bool:
    """True inside a panel that lies behind another tab: Qt counts it as visible all the same."""
    dock: QWidget | None = widget
    while dock is not None and not isinstance(dock, PanelDock):
        dock = dock.parentWidget()
    return dock is not None and dock.visibleRegion().isEmpty()


def is_typing() -> bool:
    return isinstance(QApplication.focusWidget(), TEXT_FIELDS)


def _chain_from(start: QWidget) -> Iterator[QWidget]:
    widget = start.nextInFocusChain()
    while widget is not None and widget is not start:
        yield widget
        widget = widget.nextInFocusChain()


def _is_in(widget: QWidget, part: QWidget) -> bool:
    return widget is part or part.isAncestorOf(widget)
