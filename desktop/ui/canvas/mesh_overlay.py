"""The net of a warp over the canvas: its curves, its control points, and which of them a point would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from desktop.core.geometry import Point
from desktop.core.mesh_warp import SIDE, WarpMesh, net_lines
from desktop.ui.canvas.frame_overlay import HANDLE_PX, REACH_PX
from desktop.ui.canvas.tool_overlays import DARK, LIGHT

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

CURVES = (0.0, 1 / 3, 2 / 3, 1.0)


def point_at(canvas: CanvasWidget, mesh: WarpMesh, point: Point) -> int | None:
    """The control point near an image point."""
    x, y = canvas.view.image_to_view(point)
    best, found = REACH_PX * canvas.devicePixelRatioF(), None
    for number, place in enumerate(mesh.points):
        px, py = canvas.view.image_to_view(place)
        distance = max(abs(px - x), abs(py - y))
        if distance < best:
            best, found = distance, number
    return found


class MeshOverlay:
    def __init__(self, canvas: CanvasWidget) -> None:
        self._canvas = canvas
        self.mesh: WarpMesh | None = None
        canvas.overlays.append(self)

    def show(self, mesh: WarpMesh | None) -> None:
        if mesh is not self.mesh:
            self.mesh = mesh
            self._canvas.update()

    def draw(self, painter: QPainter, ratio: float) -> None:
        if self.mesh is None:
            return
        mesh = self.mesh
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        curves = [
            QPolygonF([self._at(point) for point in mesh.line(share, is_level=is_level)])
            for share in CURVES
            for is_level in (True, False)
        ]
        handles = [QLineF(self._at(mesh.points[one]), self._at(mesh.points[other])) for one, other in net_lines()]
        for shade, width in ((DARK, 2.6), (LIGHT, 1.2)):
            painter.setPen(QPen(shade, width * ratio))
            for curve in curves:
                painter.drawPolyline(curve)
        painter.setPen(QPen(LIGHT, 1.0 * ratio, Qt.PenStyle.DotLine))
        painter.drawLines(handles)
        painter.setPen(QPen(DARK, 1.2 * ratio))
        painter.setBrush(LIGHT)
        for number, point in enumerate(mesh.points):
            self._draw_point(painter, self._at(point), number, ratio)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_point(self, painter: QPainter, center: QPointF, number: int, ratio: float) -> None:
        """Corners are square, the others round."""
        row, column = divmod(number, SIDE)
        side = HANDLE_PX * ratio
        box = QRectF(center.x() - side / 2, center.y() - side / 2, side, side)
        if row in (0, SIDE - 1) and column in (0, SIDE - 1):
            painter.drawRect(box)
        else:
            painter.drawEllipse(box)

    def _at(self, point: Point) -> QPointF:
        return QPointF(*self._canvas.view.image_to_view(point))
