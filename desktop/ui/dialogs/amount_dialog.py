"""A question for one number of pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtWidgets import QDialog, QWidget

from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.widgets.value_slider import Range, ValueSlider

WIDTH_PX = 360


@dataclass(frozen=True, slots=True)
class Amount:
    """`action` names the question: its text stands under `action.<action>`."""

    action: str
    least: float
    most: float
    value: float

    def starting_at(self, value: float) -> Amount:
        return replace(self, value=value)


class AmountDialog(QDialog):
    def __init__(self, amount: Amount, parent: QWidget) -> None:
        super().__init__(parent)
        title = tr(f"action.{amount.action}").rstrip("….").rstrip()
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH_PX)
        limits = Range(amount.least, amount.most, amount.value, step=1 if amount.least >= 1 else 0.5, curve=3)
        self.slider = ValueSlider(limits, label=tr("select.amount"), unit="px", parent=self)
        self.slider.set_value(amount.value)
        column = dialog_column(self)
        column.addWidget(self.slider)
        column.addWidget(dialog_buttons(self, title))
        self.slider.number.setFocus()
        self.slider.number.selectAll()

    @property
    def amount(self) -> float:
        return self.slider.value
