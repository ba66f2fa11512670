"""The colour panel: square and hue bar, H S V rows, hex, and a row of swatches."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from desktop.ui.i18n import tr
from desktop.ui.state import Color, EditorState
from desktop.ui.widgets.basics import Swatch
from desktop.ui.widgets.color_pair import ColorPair
from desktop.ui.widgets.color_square import ColorSquare
from desktop.ui.widgets.value_slider import Range, ValueSlider

PALETTE = (
    "#000000", "#3a3a3a", "#747474", "#aeaeae", "#ffffff", "#7a1f1f", "#d43d2f", "#ef8a2c", "#f5c945", "#f7e9b8",
    "#2f5d3a", "#57a05a", "#a8cf72", "#1d4e5f", "#3a8fa8", "#8fc7d6", "#26366f", "#4f6ad0", "#6b3f87", "#c98fc0",
)  # fmt: skip
SWATCHES_IN_ROW = 10


class ColorPanel(QWidget):
    """Shows and changes the foreground colour of the window."""

    def __init__(self, state: EditorState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._hsv = (0.0, 0.0, 0.0)
        self.pair = ColorPair(state, 36, self)
        self.hex = QLineEdit(self)
        self.hex.setMaxLength(7)
        self.hex.setFixedWidth(84)
        self.square = ColorSquare(self)
        self.rows = (
            ValueSlider(Range(0, 359, 0), unit="°", parent=self),
            ValueSlider(Range(0, 100, 0), unit="%", parent=self),
            ValueSlider(Range(0, 100, 0), unit="%", parent=self),
        )
        self.hex_label = QLabel(self)
        self.hex_label.setProperty("role", "dim")
        self._lay_out()
        self.square.changed.connect(self._set_hsv)
        self.hex.editingFinished.connect(self._take_hex)
        for row in self.rows:
            row.value_changed.connect(self._take_rows)
        state.colors_changed.connect(self._refresh)
        self._refresh()

    def retranslate(self) -> None:
        self.hex_label.setText(tr("color.hex"))
        self.hex.setToolTip(tr("color.hex_tip"))
        self.hex.setAccessibleName(tr("color.hex_tip"))
        for row, key in zip(self.rows, ("hue", "saturation", "brightness"), strict=True):
            row.set_label(tr(f"color.{key}"))
            row.set_tip(tr(f"color.{key}_tip"))
        width = max(row.label.sizeHint().width() for row in self.rows)
        for row in self.rows:
            row.label.setMinimumWidth(width)
        self.pair.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.pair)
        top.addStretch(1)
        top.addWidget(self.hex_label)
        top.addWidget(self.hex)
        swatches = QGridLayout()
        swatches.setSpacing(4)
        for index, name in enumerate(PALETTE):
            swatch = Swatch(20, self)
            swatch.set_color(QColor(name))
            swatch.setToolTip(name)
            swatch.clicked.connect(lambda value=name: self._state.set_color(_from_qcolor(QColor(value))))
            swatches.addWidget(swatch, index // SWATCHES_IN_ROW, index % SWATCHES_IN_ROW)
        swatches.setColumnStretch(SWATCHES_IN_ROW, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.square, 1)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        for row in self.rows:
            rows.addWidget(row)
        column.addLayout(rows)
        column.addLayout(swatches)

    def _refresh(self) -> None:
        shown = QColor.fromRgbF(*self._state.color)
        if QColor.fromHsvF(*self._hsv).rgb() != shown.rgb():
            hue = shown.hsvHueF() if shown.hsvHueF() >= 0 else self._hsv[0]
            self._hsv = (hue, shown.hsvSaturationF(), shown.valueF())
        hue, saturation, brightness = self._hsv
        self.square.set_hsv(hue, saturation, brightness)
        for row, value in zip(self.rows, (hue * 359, saturation * 100, brightness * 100), strict=True):
            row.set_value(round(value))
        if not self.hex.hasFocus():
            self.hex.setText(shown.name())

    def _set_hsv(self, hue: float, saturation: float, brightness: float) -> None:
        self._hsv = (hue, saturation, brightness)
        self._state.set_color(_from_qcolor(QColor.fromHsvF(hue, saturation, brightness)))
        self._refresh()

    def _take_rows(self) -> None:
        hue, saturation, brightness = (row.value for row in self.rows)
        self._set_hsv(hue / 359, saturation / 100, brightness / 100)

    def _take_hex(self) -> None:
        text = self.hex.text().strip().lstrip("#")
        if re.fullmatch(r"[0-9a-fA-F]{6}|[0-9a-fA-F]{3}", text):
            self._state.set_color(_from_qcolor(QColor(f"#{text}")))
        self.hex.clearFocus()
        self.hex.setText(QColor.fromRgbF(*self._state.color).name())


def _from_qcolor(value: QColor) -> Color:
    return value.redF(), value.greenF(), value.blueF()
