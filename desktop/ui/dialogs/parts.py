"""What every dialog is made of."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout

from desktop.ui.i18n import tr
from desktop.ui.widgets.value_slider import ValueSlider


def dialog_column(dialog: QDialog) -> QVBoxLayout:
    column = QVBoxLayout(dialog)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(12)
    return column


def dialog_buttons(dialog: QDialog, accept: str) -> QDialogButtonBox:
    box = QDialogButtonBox(dialog)
    primary = box.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
    primary.setProperty("role", "primary")
    primary.style().unpolish(primary)  # the box styled it before it had its role
    primary.style().polish(primary)
    box.addButton(tr("dialog.cancel"), QDialogButtonBox.ButtonRole.RejectRole)
    box.accepted.connect(dialog.accept)
    box.rejected.connect(dialog.reject)
    return box


def align_sliders(*sliders: ValueSlider) -> None:
    """Gives the labels of sliders that stand one under the other one width, so that their tracks begin in one line."""
    width = max(slider.label.sizeHint().width() for slider in sliders)
    for slider in sliders:
        slider.label.setMinimumWidth(width)
