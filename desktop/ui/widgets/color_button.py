"""A button that shows a colour and opens a wheel to change it."""

from __future__ import annotations

import colorsys

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from desktop.core.effect_values import color_of_text, text_of_color
from desktop.core.errors import UserError
from desktop.ui.theme import color, tokens
from desktop.ui.widgets.color_wheel import ColorWheel
from desktop.ui.widgets.popover import Popover

WIDTH_PX, HEIGHT_PX = 64, 26


class ColorButton(QAbstractButton):
    """`color_changed` ("#rrggbb") while it is chosen."""

    color_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = "#000000"
        self.popover = Popover(self)
        self.wheel = ColorWheel(self.popover)
        self.field = QLineEdit(self.popover)
        self.popover.body.addWidget(self.wheel)
        self.popover.body.addWidget(self.field)
        self.setFixedSize(WIDTH_PX, HEIGHT_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(lambda: self.popover.open_below(self))
        self.wheel.changed.connect(lambda *hsv: self._take(text_of_color(colorsys.hsv_to_rgb(*hsv))))
        self.field.editingFinished.connect(self._typed)

    @property
    def color(self) -> str:
        return self._text

    def set_color(self, text: str) -> None:
        """Shows a colour without announcing it."""
        self._text = text
        self.wheel.set_hsv(*colorsys.rgb_to_hsv(*color_of_text(text)))
        self.field.setText(text)
        self.update()

    def set_name(self, name: str) -> None:
        for part in (self, self.wheel, self.field):
            part.setAccessibleName(name)
            part.setToolTip(name)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX, HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(self._text))
        painter.setPen(QPen(color(t.accent if self.hasFocus() else t.line), 2 if self.hasFocus() else 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()

    def _typed(self) -> None:
        text = self.field.text().strip().lower()
        text = text if text.startswith("#") else f"#{text}"
        try:
            color_of_text(text)
        except UserError:
            self.field.setText(self._text)
            return
        if text != self._text:
            self.set_color(text)
            self.color_changed.emit(text)

    def _take(self, text: str) -> None:
        self._text = text
        self.field.setText(text)
        self.update()
        self.color_changed.emit(text)
