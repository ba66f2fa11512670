"""A ring of hues (Page Up, Page Down) around a square of saturation and value (arrow keys)."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QConicalGradient,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from desktop.ui.theme import color, tokens

RING_PX = 14
GAP_PX = 5
MARK_PX = 5
KEY_STEP = 0.02


class ColorWheel(QWidget):
    """Hue, saturation and value 0..1; black keeps its hue while it is dragged."""

    changed = Signal(float, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hue, self.saturation, self.brightness = 0.0, 0.0, 0.0
        self._drags_hue = False
        self.setMinimumSize(120, 120)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:
        return QSize(150, 150)

    def set_hsv(self, hue: float, saturation: float, brightness: float) -> None:
        self.hue, self.saturation, self.brightness = hue, saturation, brightness
        self.update()

    def place_of_hue(self, hue: float) -> QPointF:
        """The middle of the ring where a hue lies; red on the right, then up."""
        radius = self._side() / 2 - RING_PX / 2
        angle = hue * 2 * math.pi
        center = QRectF(self.rect()).center()
        return QPointF(center.x() + radius * math.cos(angle), center.y() - radius * math.sin(angle))

    def square(self) -> QRectF:
        half = (self._side() / 2 - RING_PX - GAP_PX) / math.sqrt(2)
        center = QRectF(self.rect()).center()
        return QRectF(center.x() - half, center.y() - half, 2 * half, 2 * half)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._draw_ring(painter)
        square = self.square()
        across = QLinearGradient(square.topLeft(), square.topRight())
        across.setColorAt(0, QColor("white"))
        across.setColorAt(1, QColor.fromHsvF(self.hue % 1.0, 1, 1))
        down = QLinearGradient(square.topLeft(), square.bottomLeft())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, QColor(0, 0, 0, 255))
        for fill in (across, down):
            painter.fillRect(square, fill)
        if self.hasFocus():
            painter.setPen(QPen(color(tokens().accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(square.adjusted(-1.5, -1.5, 1.5, 1.5))
        x = square.left() + self.saturation * square.width()
        y = square.top() + (1 - self.brightness) * square.height()
        _draw_mark(painter, QPointF(x, y))
        _draw_mark(painter, self.place_of_hue(self.hue))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        offset = event.position() - QRectF(self.rect()).center()
        self._drags_hue = math.hypot(offset.x(), offset.y()) > self._side() / 2 - RING_PX - GAP_PX / 2
        self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0.0, -KEY_STEP, 0.0),
            Qt.Key.Key_Right: (0.0, KEY_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, 0.0, KEY_STEP),
            Qt.Key.Key_Down: (0.0, 0.0, -KEY_STEP),
            Qt.Key.Key_PageUp: (1 / 72, 0.0, 0.0),
            Qt.Key.Key_PageDown: (-1 / 72, 0.0, 0.0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        self._take(self.hue + step[0], self.saturation + step[1], self.brightness + step[2])

    def _draw_ring(self, painter: QPainter) -> None:
        center, radius = QRectF(self.rect()).center(), self._side() / 2
        hues = QConicalGradient(center, 0)
        for step in range(13):
            hues.setColorAt(step / 12, QColor.fromHsvF(step / 12 % 1.0, 1, 1))
        ring = QPainterPath()
        ring.addEllipse(center, radius, radius)
        ring.addEllipse(center, radius - RING_PX, radius - RING_PX)
        painter.fillPath(ring, hues)

    def _follow(self, position: QPointF) -> None:
        if self._drags_hue:
            offset = position - QRectF(self.rect()).center()
            self._take(math.atan2(-offset.y(), offset.x()) / (2 * math.pi), self.saturation, self.brightness)
            return
        square = self.square()
        across = (position.x() - square.left()) / square.width()
        self._take(self.hue, across, 1 - (position.y() - square.top()) / square.height())

    def _take(self, hue: float, saturation: float, brightness: float) -> None:
        self.set_hsv(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(brightness, 0.0), 1.0))
        self.changed.emit(self.hue, self.saturation, self.brightness)

    def _side(self) -> float:
        return min(self.width(), self.height()) - 2.0


def _draw_mark(painter: QPainter, place: QPointF) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shade, radius in ((QColor(0, 0, 0, 160), MARK_PX + 1.0), (QColor("white"), float(MARK_PX))):
        painter.setPen(QPen(shade, 1.5))
        painter.drawEllipse(place, radius, radius)
