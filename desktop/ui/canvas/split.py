"""The split line: an older version of the document left of it, the present one right. It shows and never edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QSinglePointEvent

from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.ui.canvas.picture import Picture
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

REACH_PX = 6.0  # how near the pointer takes hold of the line, in points of the screen
EDGE_PX = 24.0  # the line stays this far inside, where it can be taken hold of
HANDLE_RADIUS_PX = 9.0
LABEL_TOP_PX, LABEL_GAP_PX = 12.0, 10.0
SHADOW, LINE, PLATE = QColor(0, 0, 0, 130), QColor(255, 255, 255), QColor(20, 20, 22, 215)


class SplitLine(QObject):
    """An event filter of the canvas: presses near the line drag it, all others go to the tool in hand."""

    changed = Signal()  # shown or not, or another version

    def __init__(self, canvas: CanvasWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._share = 0.5  # of the canvas's width
        self._name = ""
        self._is_dragged = self._is_near = False
        self.picture: Picture | None = None
        self.document: Document | None = None
        canvas.installEventFilter(self)

    @property
    def is_shown(self) -> bool:
        """False as well while a key shows the version before alone."""
        return self.picture is not None and not self._canvas.is_showing_before

    @property
    def x(self) -> int:
        """The first device column of the present version."""
        return round(self._share * self._canvas.view_size.width)

    def show(self, document: Document, name: str) -> None:
        """Shows a version left of the line under a name for people."""
        if document is not self.document:
            self._close()
            self.picture, self.document = self._canvas.made_picture(OpenDocument(document)), document
        self._name = name
        self.changed.emit()
        self._canvas.update()

    def hide(self) -> None:
        if self.picture is None:
            return
        self._close()
        self._leave()
        self.changed.emit()
        self._canvas.update()

    def draw(self, painter: QPainter, ratio: float) -> None:
        """The line with its handle, and what stands on either side."""
        if not self.is_shown:
            return
        x, height = self.x / ratio, self._canvas.height()
        middle = QPointF(x, height / 2)
        painter.save()
        painter.scale(ratio, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for shade, width in ((SHADOW, 4.0), (LINE, 1.5)):
            painter.setPen(QPen(shade, width))
            painter.drawLine(QPointF(x, 0), QPointF(x, height))
        painter.setPen(QPen(SHADOW, 1.0))
        painter.setBrush(LINE)
        painter.drawEllipse(middle, HANDLE_RADIUS_PX, HANDLE_RADIUS_PX)
        painter.setPen(QPen(PLATE, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for side in (-1, 1):
            tip = middle + QPointF(side * 5.5, 0)
            painter.drawLine(tip, tip + QPointF(-side * 2.8, -2.8))
            painter.drawLine(tip, tip + QPointF(-side * 2.8, 2.8))
        _draw_plate(painter, x - LABEL_GAP_PX, self._name, is_left=True)
        _draw_plate(painter, x + LABEL_GAP_PX, tr("split.now"), is_left=False)
        painter.restore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.is_shown and isinstance(event, QSinglePointEvent):
            return self._pointed(event)
        if self._is_near and event.type() == QEvent.Type.Leave:
            self._leave()
        return False

    def _pointed(self, event: QSinglePointEvent) -> bool:
        """True when the event is the line's."""
        if event.type() == QEvent.Type.TabletPress and self._is_at(event.position()):
            event.ignore()  # Qt makes a press of the mouse of it
            return True
        if not isinstance(event, QMouseEvent):
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            self._is_dragged = event.button() == Qt.MouseButton.LeftButton and self._is_at(event.position())
            return self._is_dragged
        if event.type() == QEvent.Type.MouseMove and self._is_dragged:
            self._drag_to(event.position().x())
            return True
        if event.type() == QEvent.Type.MouseMove:
            return self._hover(event)
        was_dragged, self._is_dragged = self._is_dragged, False
        return was_dragged

    def _is_at(self, position: QPointF) -> bool:
        pointer = self._canvas.pointer
        is_free = not (pointer.is_busy or pointer.is_panning)
        return (
            is_free and abs(self._canvas.to_device(position)[0] - self.x) <= REACH_PX * self._canvas.devicePixelRatioF()
        )

    def _hover(self, event: QMouseEvent) -> bool:
        if event.buttons() != Qt.MouseButton.NoButton or not self._is_at(event.position()):
            self._leave()
            return False
        if not self._is_near:
            self._is_near = True
            self._canvas.hover_at(None)
            self._canvas.setCursor(Qt.CursorShape.SplitHCursor)
        return True

    def _leave(self) -> None:
        if self._is_near:
            self._is_near = False
            self._canvas.pointer.refresh_cursor()

    def _drag_to(self, x: float) -> None:
        width = self._canvas.width()
        self._share = min(max(x, EDGE_PX), width - EDGE_PX) / width
        self._canvas.update()

    def _close(self) -> None:
        if self.picture is not None:
            self.picture.close()
        self.picture = self.document = None


def _draw_plate(painter: QPainter, x: float, text: str, *, is_left: bool) -> None:
    """A name at one side of the line."""
    box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-8, -5, 8, 5)
    box.moveTop(LABEL_TOP_PX)
    box.moveRight(x) if is_left else box.moveLeft(x)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(box, 5, 5)
    painter.setPen(LINE)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
