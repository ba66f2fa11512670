"""A view on which one may write: while somebody does, keys and input methods belong to the text."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent, QMouseEvent

from desktop.ui.canvas.view_widget import ViewWidget


class Writer(Protocol):
    """Who takes what is typed."""

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here: then no shortcut has it."""

    def key(self, event: QKeyEvent) -> bool:
        """Does what a key means; False for keys that mean nothing here."""

    def compose(self, event: QInputMethodEvent) -> None:
        """What an input method composes or hands over."""

    def answer(self, query: Qt.InputMethodQuery) -> Any:
        """What an input method asks; None for what is not known."""


class TypingWidget(ViewWidget):
    """Input methods are on only while there is a writer: else they would swallow the keys of tools."""

    _writer: Writer | None = None
    is_double_click = False  # while the press of one is handled

    def set_writer(self, writer: Writer | None) -> None:
        self._writer = writer
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, writer is not None)
        self.caret_moved()

    def caret_moved(self) -> None:
        """Input methods keep their windows beside the caret."""
        if self.hasFocus():
            QGuiApplication.inputMethod().update(Qt.InputMethodQuery.ImQueryInput | Qt.InputMethodQuery.ImEnabled)

    def types(self, event: QKeyEvent) -> bool:
        """Whether a key went to the text."""
        return self._writer is not None and self._writer.key(event)

    def event(self, event: QEvent) -> bool:
        writer = self._writer
        if writer is not None and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride and writer.takes(event):
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                return writer.key(event)  # Tab leads nowhere while one writes
        return super().event(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.is_double_click = True
        super().mouseDoubleClickEvent(event)
        self.is_double_click = False

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        if self._writer is None:
            super().inputMethodEvent(event)
            return
        self._writer.compose(event)
        event.accept()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> Any:
        answer = None if self._writer is None else self._writer.answer(query)
        return super().inputMethodQuery(query) if answer is None else answer
