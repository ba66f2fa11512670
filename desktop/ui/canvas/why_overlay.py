"""What decided, in colours over the picture, which is dimmed so that they can be told from its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF, QTransform

from desktop.core.geometry import Rect
from desktop.tools.why_map import WhyMap
from desktop.ui.canvas.picture import canvas_polygon

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

VEIL = QColor(0, 0, 0, 110)


class WhyOverlay:
    def __init__(self, canvas: CanvasWidget) -> None:
        self._canvas = canvas
        self._image: QImage | None = None
        self._place = Rect(0, 0, 0, 0)
        canvas.overlays.append(self)

    def show(self, found: WhyMap | None, place: Rect) -> None:
        """`place`: the part of the canvas that the model was shown."""
        self._image, self._place = None if found is None else color_image(found), place
        self._canvas.update()

    @property
    def is_shown(self) -> bool:
        return self._image is not None

    def draw(self, painter: QPainter, ratio: float) -> None:
        document = self._canvas.state.document
        if self._image is None or document is None:
            return
        view = self._canvas.view
        painter.save()
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(VEIL)
        painter.drawPolygon(QPolygonF(canvas_polygon(view, document.size)))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(QTransform(*view.matrix()), True)
        place = QRectF(self._place.x, self._place.y, self._place.width, self._place.height)
        painter.drawImage(place, self._image)
        painter.restore()


def color_image(found: WhyMap) -> QImage:
    colors = found.colors()
    height, width = colors.shape[:2]
    return QImage(colors.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
