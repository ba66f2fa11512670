"""A question for one name."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QWidget

from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr

WIDTH_PX = 360


class NameDialog(QDialog):
    """`accept` says on the button what will be done with the name; an empty one cannot be accepted."""

    def __init__(self, title: str, name: str, accept: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH_PX)
        self.field = QLineEdit(name, self)
        label = QLabel(tr("dialog.name"), self)
        label.setBuddy(self.field)
        self.buttons = dialog_buttons(self, accept)
        column = dialog_column(self)
        column.addWidget(label)
        column.addWidget(self.field)
        column.addWidget(self.buttons)
        self.field.textChanged.connect(self._refresh)
        self._refresh()
        self.field.setFocus()
        self.field.selectAll()

    @property
    def name(self) -> str:
        return self.field.text().strip()

    def _refresh(self) -> None:
        for button in self.buttons.buttons():
            if self.buttons.buttonRole(button) is QDialogButtonBox.ButtonRole.AcceptRole:
                button.setEnabled(bool(self.name))


def ask_name(title: str, name: str, accept: str, parent: QWidget) -> str | None:
    """None when it was cancelled."""
    dialog = NameDialog(title, name, accept, parent)
    return dialog.name if dialog.exec() else None
