"""What tools draw over the canvas while a button is held: the gradient's line, the picker's ring."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.core.gradients import GradientLine
from desktop.tools.picking import Color, Picked
from desktop.ui.canvas.view import View

DARK, LIGHT = QColor(0, 0, 0, 170), QColor(255, 255, 255, 235)
HANDLE_RADIUS_PX = 5.0
RING_RADIUS_PX, RING_WIDTH_PX = 34.0, 16.0  # wide enough to be seen around a finger or a pen


class GradientLineOverlay:
    """The line of a gradient with a round handle at its start and a square one at its end."""

    def __init__(self, update: Callable[[], None]) -> None:
        self._update = update
        self.line: GradientLine | None = None

    def show(self, line: GradientLine | None) -> None:
        self.line = line
        self._update()

    def draw(self, painter: QPainter, view: View, ratio: float) -> None:
        if self.line is None:
            return
        start, end = QPointF(*view.image_to_view(self.line.start)), QPointF(*view.image_to_view(self.line.end))
        radius = HANDLE_RADIUS_PX * ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for shade, width in ((DARK, 3.2), (LIGHT, 1.4)):
            painter.setPen(QPen(shade, width * ratio))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawLine(start, end)
            painter.drawEllipse(start, radius, radius)
            painter.drawRect(QRectF(end.x() - radius, end.y() - radius, 2 * radius, 2 * radius))


class PickerRing:
    """A ring around the pointer: the colour found above, the one before below."""

    def __init__(self, update: Callable[[], None]) -> None:
        self._update = update
        self.picked: Picked | None = None

    def show(self, picked: Picked | None) -> None:
        self.picked = picked
        self._update()

    def draw(self, painter: QPainter, view: View, ratio: float) -> None:
        picked = self.picked
        if picked is None:
            return
        center = QPointF(*view.image_to_view(picked.point))
        radius, width = RING_RADIUS_PX * ratio, RING_WIDTH_PX * ratio
        box = QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, first in ((picked.color or picked.before, 0), (picked.before, 180)):
            painter.setPen(QPen(_qcolor(color), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(box, first * 16, 180 * 16)
        for shade, edge in ((DARK, 1.0), (LIGHT, 0.0)):
            painter.setPen(QPen(shade, 1.2 * ratio))
            for rim in (radius - width / 2 - edge * ratio, radius + width / 2 + edge * ratio):
                painter.drawEllipse(center, rim, rim)


def _qcolor(color: Color) -> QColor:
    return QColor.fromRgbF(*color)
