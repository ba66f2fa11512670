"""A curve from 0..1 to 0..1 that is drawn by hand: drag points, click to add one, drag it away to take it out."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.core.dynamics import IDENTITY, Curve
from desktop.ui.theme import color, tokens

SIDE_PX = 172
MARGIN_PX = 8
GRAB_PX = 10.0
AWAY_PX = 28.0  # dragged this far out of the square a point is gone
MOST_POINTS = 8
KEY_STEP = 0.02
LEAST_GAP = 0.02
DRAWN_POINTS = 96


class CurveEditor(QWidget):
    """`curve_changed(Curve)` while it is dragged. Arrow keys move the chosen point, Delete takes it out."""

    curve_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None, side_px: int = SIDE_PX) -> None:
        super().__init__(parent)
        self._points = list(IDENTITY.points)
        self._chosen = 0
        self._is_dragging = False
        self._dragged_out: tuple[float, float] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(side_px, side_px)
        self.setCursor(Qt.CursorShape.CrossCursor)

    @property
    def curve(self) -> Curve:
        return Curve(tuple(self._points))

    def set_curve(self, curve: Curve) -> None:
        """Shows a curve without announcing it."""
        if tuple(self._points) != curve.points:
            self._points = list(curve.points)
            self._chosen = min(self._chosen, len(self._points) - 1)
        self.update()

    def place_of(self, point: tuple[float, float]) -> QPointF:
        """Where a point of the curve lies in the widget."""
        box = self._box()
        return QPointF(box.left() + point[0] * box.width(), box.bottom() - point[1] * box.height())

    def reset(self) -> None:
        self._points, self._chosen = list(IDENTITY.points), 0
        self._announce()

    def sizeHint(self) -> QSize:
        return QSize(self.width(), self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            index = self._point_near(event.position())
            if index is not None:
                self._remove(index)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        index = self._point_near(event.position())
        if index is None and len(self._points) < MOST_POINTS:
            index = self._add(self._value_at(event.position()))
        if index is not None:
            self._chosen, self._is_dragging = index, True
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._is_dragging:
            return
        is_end = self._chosen in (0, len(self._points) - 1)
        outside = not self._box().adjusted(-AWAY_PX, -AWAY_PX, AWAY_PX, AWAY_PX).contains(event.position())
        if outside and not is_end and self._dragged_out is None:
            self._dragged_out = self._points.pop(self._chosen)
            self._announce()
        elif self._dragged_out is not None and not outside:
            self._dragged_out = None
            self._chosen = self._add(self._value_at(event.position()))
        elif self._dragged_out is None:
            self._move(*self._value_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_dragging, self._dragged_out = False, None
        self._chosen = min(self._chosen, len(self._points) - 1)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._point_near(event.position())
        if index is not None and 0 < index < len(self._points) - 1:
            self._remove(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        if key in steps:
            x, y = self._points[self._chosen]
            self._move(x + steps[key][0] * KEY_STEP, y + steps[key][1] * KEY_STEP)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove(self._chosen)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._chosen = (self._chosen + (1 if key == Qt.Key.Key_PageDown else -1)) % len(self._points)
            self.update()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t, box = tokens(), self._box()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(t.line), 1))
        painter.setBrush(color(t.sunken))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        for share in (0.25, 0.5, 0.75):
            across, up = self.place_of((share, 0)).x(), self.place_of((0, share)).y()
            painter.drawLine(QPointF(across, box.top()), QPointF(across, box.bottom()))
            painter.drawLine(QPointF(box.left(), up), QPointF(box.right(), up))
        xs = np.linspace(0, 1, DRAWN_POINTS)
        line = QPolygonF([self.place_of(pair) for pair in zip(xs, self.curve.values(xs), strict=True)])
        painter.setPen(QPen(color(t.accent if self.isEnabled() else t.disabled), 2))
        painter.drawPolyline(line)
        for index, point in enumerate(self._points):
            is_chosen = index == self._chosen and self.hasFocus()
            painter.setPen(QPen(color(t.panel), 2))
            painter.setBrush(color(t.accent if is_chosen else t.text))
            painter.drawEllipse(self.place_of(point), 5, 5)
        painter.end()

    def _box(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)

    def _value_at(self, place: QPointF) -> tuple[float, float]:
        box = self._box()
        x, y = (place.x() - box.left()) / box.width(), (box.bottom() - place.y()) / box.height()
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def _point_near(self, place: QPointF) -> int | None:
        distances = [(self.place_of(point) - place).manhattanLength() for point in self._points]
        nearest = min(range(len(distances)), key=distances.__getitem__)
        return nearest if distances[nearest] <= GRAB_PX * 1.5 else None

    def _add(self, point: tuple[float, float]) -> int:
        index = next((i for i, (x, _) in enumerate(self._points) if x > point[0]), len(self._points))
        index = min(max(index, 1), len(self._points) - 1)
        low, high = self._points[index - 1][0] + LEAST_GAP, self._points[index][0] - LEAST_GAP
        if low > high:
            return index
        self._points.insert(index, (min(max(point[0], low), high), point[1]))
        self._announce()
        return index

    def _move(self, x: float, y: float) -> None:
        """The ends stay at the sides; a point in between stays between its neighbours."""
        index, last = self._chosen, len(self._points) - 1
        if index in (0, last):
            x = self._points[index][0]
        else:
            x = min(max(x, self._points[index - 1][0] + LEAST_GAP), self._points[index + 1][0] - LEAST_GAP)
        self._points[index] = (x, min(max(y, 0.0), 1.0))
        self._announce()

    def _remove(self, index: int) -> None:
        if 0 < index < len(self._points) - 1:
            del self._points[index]
            self._chosen = index - 1
            self._announce()

    def _announce(self) -> None:
        self.update()
        self.curve_changed.emit(self.curve)
