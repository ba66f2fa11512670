"""The history: every step by name, the later ones dim; a click goes there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.ui.i18n import tr, tr_edit
from desktop.ui.state import EditorState
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import wrapped_label


class HistoryPanel(QWidget):
    def __init__(self, state: EditorState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.list = QListWidget(self)
        self.list.setUniformItemSizes(True)
        self.size = wrapped_label(parent=self)
        self.size.setContentsMargins(12, 6, 12, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self.size)
        self._later = QTimer(self, singleShot=True, interval=30)
        self._later.timeout.connect(self.refresh)
        self.list.itemClicked.connect(lambda item: self._jump(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self._jump(self.list.row(item)))
        state.document_replaced.connect(self._document_replaced)

    def refresh(self) -> None:
        opened = self._state.open_document
        self.list.clear()
        if opened is None:
            self.size.setText(tr("history.empty"))
            return
        for index, entry in enumerate(opened.history.entries):
            item = QListWidgetItem(tr_edit(entry.name))
            if index > opened.history.position:
                item.setForeground(QColor(tokens().disabled))
            self.list.addItem(item)
        self.list.setCurrentRow(opened.history.position)
        megabytes = opened.history.memory_bytes / (1 << 20)
        self.size.setText(tr("history.size", steps=len(opened.history.entries) - 1, megabytes=f"{megabytes:.1f}"))

    def retranslate(self) -> None:
        self.list.setAccessibleName(tr("panel.history"))
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self._later.start()
        super().changeEvent(event)

    def _jump(self, index: int) -> None:
        opened = self._state.open_document
        if opened is not None and not opened.is_editing and index != opened.history.position:
            opened.jump_to(index)

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        if opened is not None:
            opened.history_changed.connect(self._later.start)
        self.refresh()
