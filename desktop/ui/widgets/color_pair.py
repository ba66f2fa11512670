"""Foreground over background, as painters know them; a click on the back one swaps."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.ui.action_set import tip_of
from desktop.ui.actions import action_spec
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState
from desktop.ui.theme import color, tokens

FRONT_SHARE = 0.68


class ColorPair(QWidget):
    """`clicked` when the foreground was pressed."""

    clicked = Signal()

    def __init__(self, state: EditorState, side_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setFixedSize(side_px, side_px)
        state.colors_changed.connect(self.update)

    def retranslate(self) -> None:
        self.setToolTip(f"{tr('color.pair_tip')}\n{tip_of(action_spec('edit.swap_colors'))}")
        self.setAccessibleName(tr("color.pair_tip"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for area, fill in ((self._back(), self._state.background), (self._front(), self._state.color)):
            painter.setBrush(QColor.fromRgbF(*fill))
            painter.setPen(QPen(color(tokens().panel), 2))
            painter.drawRoundedRect(area, 4, 4)
            painter.setPen(QPen(color(tokens().dim, 0.7), 1))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 3, 3)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._front().contains(event.position()):
            self.clicked.emit()
        elif self._back().contains(event.position()):
            self._state.swap_colors()

    def _front(self) -> QRectF:
        side = self.width() * FRONT_SHARE
        return QRectF(1, 1, side, side)

    def _back(self) -> QRectF:
        side = self.width() * FRONT_SHARE
        return QRectF(self.width() - side - 1, self.height() - side - 1, side, side)
