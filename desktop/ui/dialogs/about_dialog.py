"""What this program is: version, commit, date, and the licences of everything it is built on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

import desktop
from desktop.licences import Component
from desktop.paths import BuildFacts
from desktop.ui.i18n import tr
from desktop.ui.icons import app_pixmap
from desktop.ui.widgets.basics import dim_label, wrapped_label

MARK_PX = 64


class AboutDialog(QDialog):
    """`load` reads the licences when somebody wants to see them."""

    def __init__(self, facts: BuildFacts, load: Callable[[], Sequence[Component]], parent: QWidget) -> None:
        super().__init__(parent)
        self._load = load
        self._components: Sequence[Component] = ()
        self.setWindowTitle(tr("about.title"))
        mark = QLabel(self)
        mark.setPixmap(app_pixmap(MARK_PX, self.devicePixelRatioF()))
        self.version = QLabel(f"Scumble {desktop.__version__}", self)
        self.version.setProperty("role", "header")
        self.version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.build = dim_label(parent=self)
        self.build.setText(facts.text() or tr("about.source_tree"))
        text = wrapped_label(parent=self)
        text.setText(tr("about.text"))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.version)
        words.addWidget(self.build)
        words.addSpacing(8)
        words.addWidget(text)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        self.names = QListWidget(self)
        self.names.setAccessibleName(tr("about.licences"))
        self.names.currentRowChanged.connect(self._show_text)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(tr("about.licence_text"))
        self.licences = QWidget(self)
        pair = QHBoxLayout(self.licences)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(8)
        pair.addWidget(self.names, 2)
        pair.addWidget(self.text, 3)
        self.licences.hide()
        self.show_licences = QPushButton(tr("about.licences"), self)
        self.show_licences.clicked.connect(self._show_licences)
        close = QPushButton(tr("about.close"), self)
        close.setProperty("role", "primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.show_licences)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.licences, 1)
        column.addLayout(buttons)
        self.setMinimumWidth(480)

    def _show_licences(self) -> None:
        self._components = self._load()
        self.names.addItems([f"{part.name} {part.version}" for part in self._components])
        self.show_licences.setEnabled(False)
        self.licences.setMinimumHeight(280)
        self.licences.show()
        self.names.setCurrentRow(0)
        self.resize(760, self.sizeHint().height())
        self.names.setFocus()

    def _show_text(self, row: int) -> None:
        part = self._components[row]
        self.text.setPlainText(f"{part.licence}\n\n{part.text}".strip())
