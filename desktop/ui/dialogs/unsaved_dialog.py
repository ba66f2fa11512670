"""One question about several documents with unsaved work: a tick for each that is to be saved."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QWidget

from desktop.ui.dialogs.parts import dialog_column
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import dim_label

ROWS_SHOWN = 8


class UnsavedDialog(QDialog):
    """Accepted with `answers`, or rejected, which stays."""

    def __init__(self, names: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("app.name"))
        title = QLabel(tr("unsaved.list_title", count=len(names)), self)
        title.setProperty("role", "header")
        self.list = QListWidget(self)
        self.list.setAccessibleName(title.text())
        for name in names:
            item = QListWidgetItem(name, self.list)
            item.setToolTip(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setFixedHeight(30 * min(len(names), ROWS_SHOWN) + 8)
        self.save = QPushButton(tr("unsaved.save_chosen"), self)
        self.save.setProperty("role", "primary")
        self.save.setDefault(True)
        self.discard = QPushButton(tr("unsaved.discard_all"), self)
        self.cancel = QPushButton(tr("dialog.cancel"), self)
        buttons = QHBoxLayout()
        buttons.addWidget(self.discard)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        column = dialog_column(self)
        column.addWidget(title)
        column.addWidget(dim_label(tr("unsaved.list_text"), self))
        column.addWidget(self.list)
        column.addLayout(buttons)
        self.save.clicked.connect(self.accept)
        self.discard.clicked.connect(self._discard)
        self.cancel.clicked.connect(self.reject)
        self.setMinimumWidth(420)

    def answers(self) -> list[bool]:
        """True for each document that is to be saved, in the order of the names."""
        return [self.list.item(row).checkState() is Qt.CheckState.Checked for row in range(self.list.count())]

    def _discard(self) -> None:
        for row in range(self.list.count()):
            self.list.item(row).setCheckState(Qt.CheckState.Unchecked)
        self.accept()
