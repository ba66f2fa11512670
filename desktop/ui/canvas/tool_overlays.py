"""What tools draw over the canvas while a button is held: the gradient's line, the picker's ring."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from desktop.core.geometry import Point, Rect
from desktop.core.gradients import GradientLine
from desktop.tools.clicking import INSIDE, Clicks, Stroke
from desktop.tools.picking import Color, Picked
from desktop.ui.canvas.view import View

DARK, LIGHT = QColor(0, 0, 0, 170), QColor(255, 255, 255, 235)
HANDLE_RADIUS_PX = 5.0
INSIDE_COLOR, OUTSIDE_COLOR = QColor("#1f8f4d"), QColor("#c4342b")
STROKE_ALPHA = 120
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


class OutlineOverlay:
    """The shape that is being drawn with a selection tool."""

    def __init__(self, update: Callable[[], None]) -> None:
        self._update = update
        self.points: tuple[Point, ...] = ()

    def show(self, points: Sequence[Point] | None) -> None:
        self.points = tuple(points or ())
        self._update()

    def draw(self, painter: QPainter, view: View, ratio: float) -> None:
        if not self.points:
            return
        line = QPolygonF([QPointF(*view.image_to_view(point)) for point in self.points])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for shade, width in ((DARK, 2.6), (LIGHT, 1.2)):
            painter.setPen(QPen(shade, width * ratio))
            painter.drawPolygon(line)


class ClickMarks:
    """Where an object was pointed at: green discs inside it, red ones outside, the box around it, strokes over it."""

    def __init__(self, update: Callable[[], None]) -> None:
        self._update = update
        self.clicks = Clicks()
        self.dragged: Rect | Stroke | None = None

    def show(self, clicks: Clicks) -> None:
        if clicks != self.clicks:
            self.clicks = clicks
            self._update()

    def show_dragged(self, dragged: Rect | Stroke | None) -> None:
        self.dragged = dragged
        self._update()

    def draw(self, painter: QPainter, view: View, ratio: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_stroke = isinstance(self.dragged, Stroke)
        for stroke in (*self.clicks.strokes, *([self.dragged] if isinstance(self.dragged, Stroke) else [])):
            self._draw_stroke(painter, view, stroke)
        box = self.clicks.box if is_stroke or self.dragged is None else self.dragged
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if box is not None:
            corners = ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
            polygon = QPolygonF([QPointF(*view.image_to_view(Point(*corner))) for corner in corners])
            for shade, width in ((DARK, 3.2), (LIGHT, 1.4)):
                painter.setPen(QPen(shade, width * ratio))
                painter.drawPolygon(polygon)
        radius = HANDLE_RADIUS_PX * ratio
        for x, y, label in self.clicks.points:
            center = QPointF(*view.image_to_view(Point(x, y)))
            painter.setPen(QPen(LIGHT, 1.4 * ratio))
            painter.setBrush(INSIDE_COLOR if label == INSIDE else OUTSIDE_COLOR)
            painter.drawEllipse(center, radius, radius)
            painter.drawLine(center - QPointF(radius / 2, 0), center + QPointF(radius / 2, 0))
            if label == INSIDE:
                painter.drawLine(center - QPointF(0, radius / 2), center + QPointF(0, radius / 2))

    def _draw_stroke(self, painter: QPainter, view: View, stroke: Stroke) -> None:
        color = QColor(INSIDE_COLOR if stroke.inside else OUTSIDE_COLOR)
        color.setAlpha(STROKE_ALPHA)
        width = 2 * stroke.radius_px * view.zoom
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        places = [QPointF(*view.image_to_view(point)) for point in stroke.points]
        if len(places) == 1:
            painter.drawPoint(places[0])
        else:
            painter.drawPolyline(QPolygonF(places))


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
