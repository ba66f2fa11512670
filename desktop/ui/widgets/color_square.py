"""A square of saturation and value with a bar of hues beside it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

HUE_BAR_PX = 16
GAP_PX = 8
MARK_PX = 6


class ColorSquare(QWidget):
    """Hue, saturation and value 0..1; black keeps its hue while it is dragged."""

    changed = Signal(float, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hue, self.saturation, self.brightness = 0.0, 0.0, 0.0
        self._drags_hue = False
        self.setMinimumHeight(96)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:
        return QSize(240, 140)

    def set_hsv(self, hue: float, saturation: float, brightness: float) -> None:
        self.hue, self.saturation, self.brightness = hue, saturation, brightness
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        square, bar = self._square(), self._bar()
        painter.setPen(Qt.PenStyle.NoPen)
        across = QLinearGradient(square.topLeft(), square.topRight())
        across.setColorAt(0, QColor("white"))
        across.setColorAt(1, QColor.fromHsvF(self.hue, 1, 1))
        down = QLinearGradient(square.topLeft(), square.bottomLeft())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, QColor(0, 0, 0, 255))
        hues = QLinearGradient(bar.topLeft(), bar.bottomLeft())
        for step in range(7):
            hues.setColorAt(step / 6, QColor.fromHsvF(step / 6 % 1.0, 1, 1))
        for area, fill in ((square, across), (square, down), (bar, hues)):
            painter.setBrush(fill)
            painter.drawRoundedRect(area, 4, 4)
        x = square.left() + self.saturation * square.width()
        y = square.top() + (1 - self.brightness) * square.height()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for shade, radius in ((QColor(0, 0, 0, 160), MARK_PX + 1.0), (QColor("white"), float(MARK_PX))):
            painter.setPen(QPen(shade, 1.5))
            painter.drawEllipse(QPointF(x, y), radius, radius)
        hue_y = bar.top() + self.hue * bar.height()
        painter.setPen(QPen(QColor("white"), 2))
        painter.drawRoundedRect(QRectF(bar.left() - 1, hue_y - 3, bar.width() + 2, 6), 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drags_hue = event.position().x() > self._square().right() + GAP_PX / 2
        self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def _follow(self, position: QPointF) -> None:
        square = self._square()
        down = min(max((position.y() - square.top()) / square.height(), 0.0), 1.0)
        if self._drags_hue:
            self.hue = min(down, 0.999)
        else:
            self.saturation = min(max((position.x() - square.left()) / square.width(), 0.0), 1.0)
            self.brightness = 1 - down
        self.update()
        self.changed.emit(self.hue, self.saturation, self.brightness)

    def _square(self) -> QRectF:
        return QRectF(1, 1, self.width() - HUE_BAR_PX - GAP_PX - 3, self.height() - 2)

    def _bar(self) -> QRectF:
        return QRectF(self.width() - HUE_BAR_PX - 1, 1, HUE_BAR_PX, self.height() - 2)
