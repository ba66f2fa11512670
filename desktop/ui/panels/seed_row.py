"""The seed of a model whose results differ with it: a number, and a button for the next proposal."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.runtime.latents import SEED_LIMIT
from desktop.ui.commands.ai_form import AiForm
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import IconButton, dim_label
from desktop.ui.widgets.number_field import NumberField
from desktop.ui.widgets.value_slider import Range


class SeedRow(QWidget):
    """Shown only for models that take one."""

    def __init__(self, form: AiForm, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = form
        self.label = dim_label(parent=self)
        self.number = NumberField(Range(0, SEED_LIMIT - 1, 0), parent=self)
        self.next = IconButton("dice", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label)
        row.addStretch(1)
        row.addWidget(self.number)
        row.addWidget(self.next)
        self.number.value_changed.connect(lambda value: form.set_seed(int(value)))
        self.next.clicked.connect(form.next_proposal)

    def retranslate(self) -> None:
        self.label.setText(tr("ai.seed"))
        self.number.setAccessibleName(tr("ai.seed"))
        self.number.setToolTip(tr("ai.seed_tip"))
        self.next.set_tip(tr("ai.next_proposal"))

    def refresh(self) -> None:
        self.setVisible(self._form.takes_seed)
        self.number.set_value(self._form.seed)
