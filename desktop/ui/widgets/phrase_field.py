"""A field for a phrase in a model's own words: it completes them, and says which ones the model does not know."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QStringListModel, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout, QWidget

from desktop.core.errors import UserError
from desktop.runtime.manifest import Param
from desktop.runtime.wording import LONGEST_TEXT, check_words
from desktop.ui.i18n import tr, tr_error
from desktop.ui.widgets.basics import dim_label, wrapped_label


class PhraseField(QWidget):
    """`taken` is called with a phrase that the model understands, at Enter or when the field is left."""

    def __init__(self, param: Param, label: str, value: str, taken: Callable[[str], None]) -> None:
        super().__init__()
        self._param, self._taken, self._value = param, taken, value
        self.field = _WordsEdit(param.words)
        self.field.setText(value)
        self.field.setMaxLength(LONGEST_TEXT)
        self.field.setAccessibleName(label)
        self.field.setToolTip(tr("words.tip", count=len(param.words)))
        self.trouble = wrapped_label(parent=self)
        self.trouble.setProperty("role", "dim")
        self.trouble.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(dim_label(label, self))
        column.addWidget(self.field)
        column.addWidget(self.trouble)
        self.field.editingFinished.connect(self._take)
        self.field.textEdited.connect(self.trouble.hide)

    def _take(self) -> None:
        text = self.field.text()
        try:
            check_words(self._param.label, text, self._param.words)
        except UserError as error:
            self.trouble.setText(tr_error(error))
            self.trouble.show()
            return
        self.trouble.hide()
        if text != self._value:
            self._value = text
            self._taken(text)


class _WordsEdit(QLineEdit):
    """Completes the word at the cursor, not the whole text; Enter stays in the field."""

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self._completer = QCompleter(QStringListModel(words, self), self)
        self._completer.setWidget(self)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.activated.connect(self._put)
        self.textEdited.connect(self._offer)

    def _word(self) -> str:
        return self.text()[: self.cursorPosition()].split(" ")[-1]

    def _offer(self) -> None:
        word = self._word()
        self._completer.setCompletionPrefix(word)
        popup = self._completer.popup()
        if not word or self._completer.completionCount() == 0 or self._completer.currentCompletion() == word:
            popup.hide()
            return
        self._completer.complete()

    def _put(self, word: str) -> None:
        before, after = self.text()[: self.cursorPosition()], self.text()[self.cursorPosition() :]
        begun = before[: len(before) - len(self._word())] + word
        self.setText(begun + after)
        self.setCursorPosition(len(begun))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()

    def event(self, event: QEvent) -> bool:
        """Keys typed here are not shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.text():
            event.accept()
            return True
        return super().event(event)
