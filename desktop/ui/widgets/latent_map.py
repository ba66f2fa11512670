"""A plane of pictures with a handle: dragging it chooses the picture between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.canvas.picture import draw_checkerboard
from desktop.ui.theme import color, tokens
from desktop.ui.widgets.picture_tile import image_of

KEY_STEPS = 40  # an arrow key goes this part of the whole way
HANDLE_PX = 14
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}


class LatentMap(QWidget):
    """Coordinates are -1..1 across and, upwards, along. `moved` (x, y) while the handle is dragged."""

    moved = Signal(float, float)

    def __init__(self, side_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side_px = side_px
        self._x = self._y = 0.0
        self._sheet: QPixmap | None = None
        self._cells = 0
        self._waiting = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def place(self) -> tuple[float, float]:
        return self._x, self._y

    @property
    def has_pictures(self) -> bool:
        return self._sheet is not None

    def set_side(self, side_px: int) -> None:
        """The largest side."""
        if side_px != self._side_px:
            self._side_px = side_px
            self.updateGeometry()

    def set_place(self, x: float, y: float) -> None:
        """Shows where the picture in hand is; places beyond the map lie at its rim."""
        self._x, self._y = float(np.clip(x, -1, 1)), float(np.clip(y, -1, 1))
        self.update()

    def set_pictures(self, pictures: Sequence[NDArray[np.uint8]], waiting: str) -> None:
        """side × side pictures, row after row; none of them: `waiting` says why."""
        self._waiting = waiting
        self._cells = round(len(pictures) ** 0.5)
        self._sheet = None
        if pictures:
            rows = [np.hstack(pictures[i : i + self._cells]) for i in range(0, len(pictures), self._cells)]
            self._sheet = QPixmap.fromImage(image_of(np.vstack(rows)))
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, self._side_px)

    def sizeHint(self) -> QSize:
        return QSize(self._side_px, self._side_px)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 96)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self._box()
        painter.fillRect(box, color(t.sunken))
        if self._sheet is None:
            painter.setPen(color(t.dim))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._waiting)
        else:
            if self._sheet.hasAlphaChannel():
                draw_checkerboard(painter, box, t.checker_light, t.checker_dark)
            painter.drawPixmap(box, self._sheet, QRectF(self._sheet.rect()))
            self._draw_handle(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color(t.accent if self.hasFocus() else t.line), 1))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None or self._sheet is None:
            super().keyPressEvent(event)
            return
        self._go(self._x + step[0] * 2 / KEY_STEPS, self._y + step[1] * 2 / KEY_STEPS)

    def _box(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, 0, side, side)

    def _inner(self) -> QRectF:
        """From the middle of the first picture to that of the last: these are the ends of the way."""
        box = self._box()
        half = box.width() / max(self._cells, 1) / 2
        return box.adjusted(half, half, -half, -half)

    def _follow(self, position: QPointF) -> None:
        inner = self._inner()
        if self._sheet is not None:
            self._go(
                (position.x() - inner.left()) / inner.width() * 2 - 1,
                1 - (position.y() - inner.top()) / inner.height() * 2,
            )

    def _go(self, x: float, y: float) -> None:
        self.set_place(x, y)
        self.moved.emit(self._x, self._y)

    def _draw_handle(self, painter: QPainter) -> None:
        inner = self._inner()
        center = QPointF(
            inner.left() + (self._x + 1) / 2 * inner.width(), inner.top() + (1 - self._y) / 2 * inner.height()
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for shade, width in ((Qt.GlobalColor.black, 4.0), (Qt.GlobalColor.white, 2.0)):
            painter.setPen(QPen(shade, width))
            painter.drawEllipse(center, HANDLE_PX / 2, HANDLE_PX / 2)
