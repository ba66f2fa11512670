"""The brush on the canvas before it paints: its outline at true size, the axes of symmetry, the size being dragged."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from desktop.core.brush import BrushSettings
from desktop.core.geometry import Point, Rect
from desktop.core.symmetry import Symmetry
from desktop.ui.canvas.view import View

SMALLEST_OUTLINE_PX = 4.0  # a smaller outline is shown as a cross
LABEL_GAP_PX = 14.0
DARK, LIGHT = QColor(0, 0, 0, 160), QColor(255, 255, 255, 225)


def draw_brush(painter: QPainter, x: float, y: float, settings: BrushSettings, *, view: View, ratio: float) -> None:
    """The brush's outline around device pixel (x, y): a dark and a light line, so that it shows on every ground."""
    diameter = settings.diameter_px * view.zoom
    if diameter < SMALLEST_OUTLINE_PX:
        _draw_cross(painter, x, y)
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    outline = outline_of(settings)
    for shade, grow in ((DARK, 1.5 * ratio), (LIGHT, -0.5 * ratio)):
        size = diameter + grow
        turned = QTransform().translate(x, y).rotate(view.rotation).scale(-1 if view.flipped else 1, 1)
        placed = turned.rotate(settings.angle).scale(size, size * settings.roundness)
        painter.setPen(QPen(shade, 1.2 * ratio))
        painter.drawPath(placed.map(outline))


def outline_of(settings: BrushSettings) -> QPainterPath:
    """The outline where the diameter is 1 and the middle is 0, neither turned nor squashed."""
    path = QPainterPath()
    if settings.tip is None:
        path.addEllipse(QPointF(0, 0), 0.5, 0.5)
        return path
    for line in settings.tip.outline():
        polygon = QPolygonF([QPointF(px, py) for px, py in line.tolist()])
        path.addPolygon(polygon)
        path.closeSubpath()
    return path


def brush_rect(
    x: float, y: float, settings: BrushSettings, *, zoom: float, ratio: float
) -> tuple[float, float, float, float]:
    """The device pixels that the outline covers: left, top, right, bottom."""
    reach = max(settings.reach_px * zoom, SMALLEST_OUTLINE_PX) + 4 * ratio
    return x - reach, y - reach, x + reach, y + reach


def draw_symmetry(painter: QPainter, view: View, symmetry: Symmetry, center: Point, canvas: Rect) -> None:
    """The axes as dashed lines through the centre, as far as the picture reaches."""
    axes = symmetry.axes()
    if not axes:
        return
    left, top, width, height = view.rect_in_view(canvas)
    x, y = view.image_to_view(center)
    far = math.hypot(width, height) + math.hypot(x - left - width / 2, y - top - height / 2)
    outline = QPainterPath()
    outline.addPolygon(QPolygonF([QPointF(*corner) for corner in view.corners_in_view(canvas)]))
    outline.closeSubpath()
    painter.save()
    painter.setClipPath(outline, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for angle in axes:
        dx, dy = view.direction_to_view(math.cos(math.radians(angle)), math.sin(math.radians(angle)))
        line = QLineF(x, y, x + far * dx / view.zoom, y + far * dy / view.zoom)
        painter.setPen(QPen(QColor(0, 0, 0, 110), 3))
        painter.drawLine(line)
        painter.setPen(QPen(QColor(120, 190, 255), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(line)
    painter.restore()


def draw_label(painter: QPainter, x: float, y: float, text: str, ratio: float) -> None:
    """A line of text on a dark plate beside device pixel (x, y)."""
    box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-8, -5, 8, 5)
    box.moveTopLeft(QPointF(LABEL_GAP_PX, LABEL_GAP_PX))
    painter.save()
    painter.translate(x, y)
    painter.scale(ratio, ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 20, 22, 215))
    painter.drawRoundedRect(box, 5, 5)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def _draw_cross(painter: QPainter, x: float, y: float) -> None:
    for shade, width in ((QColor(0, 0, 0, 170), 3), (QColor(255, 255, 255), 1)):
        painter.setPen(QPen(shade, width))
        painter.drawLine(QPointF(x - 4, y), QPointF(x + 4, y))
        painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
