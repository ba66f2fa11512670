"""Caret, selection and box of the text that is being written on the canvas."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication

from desktop.core.geometry import Point
from desktop.ui.canvas.frame_overlay import HANDLE_PX
from desktop.ui.canvas.tool_overlays import DARK, LIGHT
from desktop.ui.text_draft import TextDraft
from desktop.ui.theme import tokens

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

SELECTION_ALPHA = 110
MORE_TEXT, PLUS_SHARE = "#c4342b", 0.42


class BoxSide(Enum):
    """What a handle of the box pulls."""

    RIGHT = "right"
    BOTTOM = "bottom"
    CORNER = "corner"


class TextOverlay:
    """The caret blinks as the desktop says, while the canvas has the keys."""

    def __init__(self, canvas: CanvasWidget) -> None:
        self._canvas = canvas
        self.draft: TextDraft | None = None
        self._is_lit = True
        self._blink = QTimer(canvas)
        self._blink.timeout.connect(self._turn)
        canvas.overlays.append(self)

    def show(self, draft: TextDraft | None) -> None:
        """The caret stands where the draft has it now, and is lit."""
        self.draft, self._is_lit = draft, True
        half = QApplication.cursorFlashTime() // 2
        if draft is None or half <= 0:
            self._blink.stop()
        else:
            self._blink.start(half)
        self._canvas.update()

    def handles(self) -> dict[BoxSide, Point]:
        """What width and height of a text in a box are pulled by, as points of the draft."""
        draft = self.draft
        if draft is None or not draft.content.width:
            return {}
        box = draft.box()
        right = box.x() + draft.content.width
        return {
            BoxSide.RIGHT: Point(right, box.center().y()),
            BoxSide.BOTTOM: Point((box.x() + right) / 2, box.bottom()),
            BoxSide.CORNER: Point(right, box.bottom()),
        }

    def draw(self, painter: QPainter, ratio: float) -> None:
        draft = self.draft
        if draft is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        chosen = QColor(tokens().accent)
        chosen.setAlpha(SELECTION_ALPHA)
        painter.setBrush(chosen)
        for rect in draft.selection():
            painter.drawPolygon(self._polygon(rect))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for rect in draft.composed():
            corners = self._polygon(rect)
            self._draw_lines(painter, [QLineF(corners[2], corners[3])], ratio)
        self._draw_box(painter, draft, ratio)
        if self._is_lit:
            caret = self._polygon(draft.caret())
            self._draw_lines(painter, [QLineF(caret[0], caret[2])], ratio)

    def _draw_box(self, painter: QPainter, draft: TextDraft, ratio: float) -> None:
        corners = self._polygon(draft.box())
        painter.setPen(QPen(DARK, 1.0 * ratio))
        painter.drawPolygon(corners)
        painter.setPen(QPen(LIGHT, 1.0 * ratio, Qt.PenStyle.DashLine))
        painter.drawPolygon(corners)
        side = HANDLE_PX * ratio
        for place, handle in self.handles().items():
            center = self._at(handle)
            rect = QRectF(center.x() - side / 2, center.y() - side / 2, side, side)
            painter.setPen(QPen(DARK, 1.2 * ratio))
            painter.setBrush(LIGHT)
            painter.drawRect(rect)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if place is BoxSide.CORNER and draft.has_hidden_lines():
                self._draw_plus(painter, rect, ratio)

    def _draw_plus(self, painter: QPainter, rect: QRectF, ratio: float) -> None:
        """The sign that there is more text than room."""
        middle, arm = rect.center(), rect.width() * PLUS_SHARE
        painter.setPen(QPen(QColor(MORE_TEXT), 2.0 * ratio))
        painter.drawLine(QLineF(middle.x() - arm, middle.y(), middle.x() + arm, middle.y()))
        painter.drawLine(QLineF(middle.x(), middle.y() - arm, middle.x(), middle.y() + arm))

    def _draw_lines(self, painter: QPainter, lines: list[QLineF], ratio: float) -> None:
        for shade, width in ((LIGHT, 3.6), (QColor(0, 0, 0), 1.6)):
            painter.setPen(QPen(shade, width * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawLines(lines)

    def _polygon(self, rect: QRectF) -> QPolygonF:
        """In device pixels: upper left, upper right, lower right, lower left."""
        corners = (rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft())
        return QPolygonF([self._at(Point(corner.x(), corner.y())) for corner in corners])

    def _at(self, point: Point) -> QPointF:
        assert self.draft is not None
        return QPointF(*self._canvas.view.image_to_view(self.draft.affine.point(point)))

    def _turn(self) -> None:
        if self.draft is None:
            return
        self._is_lit = not self._is_lit or not self._canvas.hasFocus()
        around, ratio = self._polygon(self.draft.caret()).boundingRect(), self._canvas.devicePixelRatioF()
        edge = 4 * ratio
        self._canvas.update_device_rect(
            around.left() - edge, around.top() - edge, around.right() + edge, around.bottom() + edge
        )
