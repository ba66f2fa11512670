"""The field in which a layer is renamed in its row."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.core.layers import LONGEST_NAME
from desktop.ui.i18n import tr

ROWS_OF_KEY = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}


class NameField(QLineEdit):
    """`ended` comes once, with the new name ("" keeps the old one) and how many rows on the next field opens."""

    ended = Signal(str, int)

    def __init__(self, name: str, box: QRect, parent: QWidget) -> None:
        super().__init__(name, parent)
        self._is_over = False
        self.setMaxLength(LONGEST_NAME)
        self.setGeometry(box)
        self.setAccessibleName(tr("action.layer.rename"))
        self.editingFinished.connect(lambda: self._end(self.text().strip()))
        self.selectAll()
        self.show()
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:  # every key is the field's, also those of actions
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key == Qt.Key.Key_Escape:
                self._end("")
                return True
            if key in ROWS_OF_KEY:
                self._end(self.text().strip(), ROWS_OF_KEY[key])
                return True
        return bool(super().event(event))

    def _end(self, name: str, rows: int = 0) -> None:
        if not self._is_over:
            self._is_over = True
            self.ended.emit(name, rows)
