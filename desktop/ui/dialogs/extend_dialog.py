"""How far the picture shall grow on each side, in pixels or percent."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QWidget

from desktop.core.document import MAX_SIDE_PX, Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.tools.extending import Sides
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr, tr_error
from desktop.ui.widgets.basics import Segments, wrapped_label
from desktop.ui.widgets.number_field import NumberField, Range

WIDTH_PX = 400
FIELD_PX = 104
SIDES = {"left": "extend.left", "top": "extend.top", "right": "extend.right", "bottom": "extend.bottom"}
PIXELS, PERCENT = "pixels", "percent"
FIRST_PERCENT = 20  # to the right: something to see at once
LARGEST_PERCENT = 400

CheckSize = Callable[[Size], None]


class ExtendDialog(QDialog):
    """Four lengths, what comes of them, and a sentence where that cannot be."""

    def __init__(self, document: Document, check: CheckSize, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("extend.title"))
        self.setMinimumWidth(WIDTH_PX)
        self._size, self._check = document.size, check
        self.units = Segments([PIXELS, PERCENT], self)
        self.units.set_texts(
            (tr("extend.pixels"), tr("extend.percent")), (tr("extend.pixels_tip"), tr("extend.percent_tip"))
        )
        self.units.set_value(PIXELS)
        self.units.chosen.connect(lambda _value: self._refresh())
        form = self.form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow(tr("extend.unit"), self.units)
        self.pixels = {side: self._field(side, Range(0, MAX_SIDE_PX, 0), "px") for side in SIDES}
        self.percents = {side: self._field(side, Range(0, LARGEST_PERCENT, 0, decimals=1), "%") for side in SIDES}
        for side in SIDES:
            self.pixels[side].value_changed.connect(lambda value, s=side: self._follow(s, px=value))
            self.percents[side].value_changed.connect(lambda value, s=side: self._follow(s, percent=value))
        self.outcome, self.problem = wrapped_label("hint", self), wrapped_label("error", self)
        column = dialog_column(self)
        column.addLayout(form)
        column.addWidget(self.outcome)
        column.addWidget(self.problem)
        self.buttons = dialog_buttons(self, tr("extend.extend"))
        column.addWidget(self.buttons)
        self._follow("right", percent=FIRST_PERCENT)
        self.pixels["right"].setFocus()

    def sides(self) -> Sides:
        self.setFocus()  # takes what is still being typed
        return Sides(**{side: round(field.value) for side, field in self.pixels.items()})

    def _field(self, side: str, limits: Range, unit: str) -> NumberField:
        field = NumberField(limits, unit, self)
        field.setFixedWidth(FIELD_PX)
        field.setAccessibleName(tr(SIDES[side]))
        self.form.addRow(tr(SIDES[side]), field)
        return field

    def _follow(self, side: str, *, px: float | None = None, percent: float | None = None) -> None:
        """Pixels and percent of a side say the same."""
        length = self._size.width if side in ("left", "right") else self._size.height
        if px is not None:
            self.percents[side].set_value(px * 100 / length)
        if percent is not None:
            self.pixels[side].set_value(round(length * percent / 100))
        self._refresh()

    def _refresh(self) -> None:
        for fields, unit in ((self.pixels, PIXELS), (self.percents, PERCENT)):
            for field in fields.values():
                self.form.setRowVisible(field, self.units.value == unit)
        text, outcome = "", ""
        try:
            canvas = Sides(**{side: round(field.value) for side, field in self.pixels.items()}).canvas(self._size)
            self._check(canvas.size)
            outcome = tr("extend.outcome", width=canvas.width, height=canvas.height)
        except UserError as error:
            text = tr_error(error)
        for label, said in ((self.problem, text), (self.outcome, outcome)):
            label.setText(said)
            label.setVisible(bool(said))
        for button in self.buttons.buttons():
            if self.buttons.buttonRole(button) is QDialogButtonBox.ButtonRole.AcceptRole:
                button.setEnabled(not text)
