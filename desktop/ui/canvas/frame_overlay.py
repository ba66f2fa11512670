"""A frame with handles over the canvas, for transforming and cropping; and which handle a point would take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from desktop.core.geometry import Point
from desktop.core.transform_box import HANDLES, Handle
from desktop.ui.canvas.tool_overlays import DARK, LIGHT

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

HANDLE_PX = 8.0
REACH_PX = 10.0  # how near a press takes hold of a handle
CROSS_PX = 5.0
SHADE = QColor(0, 0, 0, 150)


def handle_at(canvas: CanvasWidget, place: Callable[[Handle], Point], point: Point) -> Handle | None:
    """The handle near an image point, corners before sides."""
    reach = REACH_PX * canvas.devicePixelRatioF()
    x, y = canvas.view.image_to_view(point)
    best, found = reach, None
    for handle in sorted(HANDLES, key=lambda handle: abs(handle[0]) + abs(handle[1]), reverse=True):
        hx, hy = canvas.view.image_to_view(place(handle))
        distance = max(abs(hx - x), abs(hy - y))
        if distance < best:
            best, found = distance, handle
    return found


class FrameOverlay:
    """Four corners in image pixels and handles; `shades` darkens what lies outside and draws thirds inside."""

    def __init__(self, canvas: CanvasWidget, *, shades: bool = False) -> None:
        self._canvas, self._shades = canvas, shades
        self.quad: Sequence[Point] | None = None
        self.line: tuple[Point, Point] | None = None
        self._handles: Mapping[Handle, Point] = {}
        canvas.overlays.append(self)

    def show(self, quad: Sequence[Point] | None, handles: Mapping[Handle, Point]) -> None:
        self.quad, self._handles = quad, handles
        self._canvas.update()

    def show_line(self, line: tuple[Point, Point] | None) -> None:
        """A line being drawn, such as the one that is to be level."""
        self.line = line
        self._canvas.update()

    def draw(self, painter: QPainter, ratio: float) -> None:
        if self.quad is None:
            return
        corners = [self._at(point) for point in self.quad]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._shades:
            self._draw_shade(painter, corners)
        lines = [QLineF(corners[index], corners[(index + 1) % 4]) for index in range(4)]
        if self._shades:
            lines += _thirds(corners)
        middle = (corners[0] + corners[1] + corners[2] + corners[3]) / 4
        reach = CROSS_PX * ratio
        if not self._shades:
            lines.append(QLineF(middle.x() - reach, middle.y(), middle.x() + reach, middle.y()))
            lines.append(QLineF(middle.x(), middle.y() - reach, middle.x(), middle.y() + reach))
        if self.line is not None:
            lines.append(QLineF(*(self._at(point) for point in self.line)))
        for shade, width in ((DARK, 2.6), (LIGHT, 1.2)):
            painter.setPen(QPen(shade, width * ratio))
            painter.drawLines(lines)
        painter.setPen(QPen(DARK, 1.2 * ratio))
        painter.setBrush(LIGHT)
        side = HANDLE_PX * ratio
        for point in self._handles.values():
            center = self._at(point)
            painter.drawRect(QRectF(center.x() - side / 2, center.y() - side / 2, side, side))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_shade(self, painter: QPainter, corners: list[QPointF]) -> None:
        size = self._canvas.view_size
        outside, inside = QPainterPath(), QPainterPath()
        outside.addRect(QRectF(0, 0, size.width + 1, size.height + 1))
        inside.addPolygon(QPolygonF(corners))
        inside.closeSubpath()
        painter.fillPath(outside.subtracted(inside), SHADE)

    def _at(self, point: Point) -> QPointF:
        return QPointF(*self._canvas.view.image_to_view(point))


def _thirds(corners: list[QPointF]) -> list[QLineF]:
    lines = []
    for share in (1 / 3, 2 / 3):
        for one, two, three, four in ((0, 1, 3, 2), (0, 3, 1, 2)):
            start = corners[one] + (corners[two] - corners[one]) * share
            end = corners[three] + (corners[four] - corners[three]) * share
            lines.append(QLineF(start, end))
    return lines
