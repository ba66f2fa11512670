"""A small picture of the whole document with the frame of what the canvas shows; a drag moves the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.core.color import Rgba8
from desktop.core.geometry import Point, Size
from desktop.ui.canvas.picture import draw_checkerboard, wrapped_image
from desktop.ui.theme import color, tokens

MARGIN_PX = 8


class Overview(QWidget):
    """Points are image pixels. `dragged(point)` wants that point in the middle, `zoomed(notches)` another zoom."""

    dragged = Signal(object)
    zoomed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: Rgba8 | None = None
        self._image: QImage | None = None
        self._size: Size | None = None
        self._frame: tuple[Point, ...] = ()
        self.empty_text = ""  # shown while there is no document
        self.setMinimumHeight(80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(240, 160)

    @property
    def has_picture(self) -> bool:
        return self._image is not None

    def set_picture(self, pixels: Rgba8 | None, size: Size | None) -> None:
        """Premultiplied BGRA of any size, and the size of the document it stands for."""
        self._pixels, self._size = pixels, size
        self._image = None if pixels is None else wrapped_image(pixels)
        self.update()

    def set_frame(self, corners: tuple[Point, ...]) -> None:
        """The corners of what the canvas shows, in order."""
        self._frame = corners
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the document lies in the widget."""
        if self._size is None:
            return QRectF()
        room = QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
        scale = min(room.width() / self._size.width, room.height() / self._size.height)
        width, height = self._size.width * scale, self._size.height * scale
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        t = tokens()
        painter.fillRect(self.rect(), color(t.sunken))
        if self._image is not None and self._size is not None:
            area = self.picture_rect()
            draw_checkerboard(painter, area, t.checker_light, t.checker_dark)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self._image)
            self._draw_frame(painter, area)
        elif self._size is None and self.empty_text:
            painter.setPen(color(t.dim))
            room = self.rect().adjusted(3 * MARGIN_PX, 0, -3 * MARGIN_PX, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty_text)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoomed.emit(event.angleDelta().y() / 120)
        event.accept()

    def _draw_frame(self, painter: QPainter, area: QRectF) -> None:
        assert self._size is not None
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = area.width() / self._size.width
        frame = QPolygonF([QPointF(area.x() + p.x * scale, area.y() + p.y * scale) for p in self._frame])
        painter.setClipRect(self.rect())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for shade, width in ((QColor(0, 0, 0, 160), 3.0), (QColor("white"), 1.5)):
            painter.setPen(QPen(shade, width))
            painter.drawPolygon(frame)

    def _follow(self, position: QPointF) -> None:
        area = self.picture_rect()
        if self._size is None or area.isEmpty():
            return
        scale = self._size.width / area.width()
        x = min(max((position.x() - area.x()) * scale, 0), self._size.width)
        y = min(max((position.y() - area.y()) * scale, 0), self._size.height)
        self.dragged.emit(Point(x, y))
