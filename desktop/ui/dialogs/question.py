"""One sentence, what follows from it, and buttons named by what they do."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap
from desktop.ui.theme import tokens

MARK_PX = 32


class Question(QMessageBox):
    """`accept` and `cancel` are always there, `destroy` where there is a third way; Escape cancels."""

    def __init__(self, title: str, text: str, accept: str, parent: QWidget, *, destroy: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("app.name"))
        self.setText(title)
        self.setInformativeText(text)
        self.setIconPixmap(icon_pixmap("warning", tokens().warning, MARK_PX, parent.devicePixelRatioF()))
        self.yes: QPushButton = self.addButton(accept, QMessageBox.ButtonRole.AcceptRole)
        self.yes.setProperty("role", "primary")
        self.yes.style().unpolish(self.yes)  # the box styled it before it had its role
        self.yes.style().polish(self.yes)
        self.destroy: QPushButton | None = None
        if destroy:
            self.destroy = self.addButton(destroy, QMessageBox.ButtonRole.DestructiveRole)
        self.setDefaultButton(self.yes)
        self.setEscapeButton(self.addButton(tr("dialog.cancel"), QMessageBox.ButtonRole.RejectRole))


def unsaved_question(name: str, parent: QWidget) -> Question:
    title, text = tr("unsaved.title", name=name), tr("unsaved.text")
    return Question(title, text, tr("unsaved.save"), parent, destroy=tr("unsaved.discard"))
