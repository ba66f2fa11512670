"""A gradient from left to right with its stops below it: dragged, added by a click, removed by pulling them away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.core.gradients import LEAST_MIDDLE, MOST_STOPS, Gradient, Stop
from desktop.ui.theme import color, tokens

STRIP_PX, STOP_PX, SIDE_PX = 28, 12, 10
AWAY_PX = 28.0  # pulled this far below, a stop goes
REACH_PX = 7.0
CHECK_PX = 5
KEY_STEP = 0.01


class GradientStrip(QWidget):
    """`changed(Gradient)` while something is dragged; `chosen()` when another stop is in hand."""

    changed = Signal(object)
    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gradient = Gradient((Stop(0, (0, 0, 0)), Stop(1, (1, 1, 1))))
        self.index = 0
        self._middle: int | None = None  # the stop whose middle is dragged
        self._before: Gradient | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(360, STRIP_PX + STOP_PX + 10)

    @property
    def stop(self) -> Stop:
        return self.gradient.stops[self.index]

    def show_gradient(self, gradient: Gradient) -> None:
        self.gradient = gradient
        self.index = min(self.index, len(gradient.stops) - 1)
        self.update()

    def change_stop(self, **changes: object) -> None:
        """The stop in hand with other values; it stays in hand when it passes another one."""
        self._put(replace(self.stop, **changes))  # type: ignore[arg-type]

    def remove_stop(self) -> None:
        if len(self.gradient.stops) > 2:
            stops = [stop for number, stop in enumerate(self.gradient.stops) if number != self.index]
            self._take(Gradient(tuple(stops)), min(self.index, len(stops) - 1))

    def x_of(self, place: float) -> float:
        return SIDE_PX + place * (self.width() - 2 * SIDE_PX)

    def middle_of(self, index: int) -> float:
        """The place of 0..1 of the middle after a stop."""
        stop, after = self.gradient.stops[index], self.gradient.stops[index + 1]
        return stop.position + stop.middle * (after.position - stop.position)

    # hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        near = [(abs(self.x_of(stop.position) - x), number) for number, stop in enumerate(self.gradient.stops)]
        middles = [(abs(self.x_of(self.middle_of(number)) - x), number) for number in range(len(near) - 1)]
        self._middle = None
        if min(near)[0] <= REACH_PX:
            self._choose(min(near)[1])
        elif min(middles)[0] <= REACH_PX and event.position().y() > STRIP_PX:
            self._middle = min(middles)[1]
        elif len(near) < MOST_STOPS:
            place = self._place(x)
            red, green, blue, opacity = self.gradient.color_at(place)
            self._before = self.gradient
            self._insert(Stop(place, (red, green, blue), opacity))
        self._before = self.gradient

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._before is None:
            return
        place = self._place(event.position().x())
        if self._middle is not None:
            self._drag_middle(self._middle, place)
        elif event.position().y() > self.height() + AWAY_PX - STOP_PX and len(self.gradient.stops) > 2:
            self.remove_stop()
            self._before = None
        else:
            self.change_stop(position=place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._before = self._middle = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -KEY_STEP, Qt.Key.Key_Right: KEY_STEP}
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_stop()
        elif key in steps:
            self.change_stop(position=min(max(self.stop.position + steps[key], 0.0), 1.0))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if key == Qt.Key.Key_Up else -1
            self._choose((self.index + step) % len(self.gradient.stops))
        else:
            super().keyPressEvent(event)

    def _place(self, x: float) -> float:
        return min(max((x - SIDE_PX) / (self.width() - 2 * SIDE_PX), 0.0), 1.0)

    def _drag_middle(self, index: int, place: float) -> None:
        stop, after = self.gradient.stops[index], self.gradient.stops[index + 1]
        length = after.position - stop.position
        if length > 0:
            share = min(max((place - stop.position) / length, LEAST_MIDDLE), 1 - LEAST_MIDDLE)
            stops = list(self.gradient.stops)
            stops[index] = replace(stop, middle=share)
            self._take(Gradient(tuple(stops)), self.index)

    def _put(self, stop: Stop) -> None:
        others = [other for number, other in enumerate(self.gradient.stops) if number != self.index]
        self._insert(stop, others)

    def _insert(self, stop: Stop, others: list[Stop] | None = None) -> None:
        rest = list(self.gradient.stops) if others is None else others
        number = sum(other.position <= stop.position for other in rest)
        self._take(Gradient((*rest[:number], stop, *rest[number:])), number)

    def _take(self, gradient: Gradient, index: int) -> None:
        self.gradient, self.index = gradient, index
        self.update()
        self.changed.emit(gradient)
        self.chosen.emit()

    def _choose(self, index: int) -> None:
        self.index = index
        self.update()
        self.chosen.emit()

    # looks

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = tokens(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(SIDE_PX, 1, self.width() - 2 * SIDE_PX, STRIP_PX - 2)
        painter.drawImage(box, gradient_image(self.gradient, int(box.width()), STRIP_PX - 2))
        painter.setPen(QPen(color(t.accent if self.hasFocus() else t.line), 2 if self.hasFocus() else 1))
        painter.drawRect(box)
        for number, stop in enumerate(self.gradient.stops):
            if number + 1 < len(self.gradient.stops):
                self._draw_middle(painter, self.x_of(self.middle_of(number)))
            self._draw_stop(painter, stop, is_chosen=number == self.index)
        painter.end()

    def _draw_stop(self, painter: QPainter, stop: Stop, *, is_chosen: bool) -> None:
        t, x, top = tokens(), self.x_of(stop.position), STRIP_PX + 1.0
        half = STOP_PX / 2
        shape = QPolygonF(
            [
                QPointF(x, top),
                QPointF(x + half, top + half),
                QPointF(x + half, top + half + STOP_PX * 0.7),
                QPointF(x - half, top + half + STOP_PX * 0.7),
                QPointF(x - half, top + half),
            ]
        )
        painter.setPen(QPen(color(t.accent if is_chosen else t.text), 2 if is_chosen else 1))
        painter.setBrush(QColor.fromRgbF(*stop.color))
        painter.drawPolygon(shape)

    def _draw_middle(self, painter: QPainter, x: float) -> None:
        t, y, half = tokens(), STRIP_PX + 7.0, 3.5
        painter.setPen(QPen(color(t.dim), 1))
        painter.setBrush(color(t.panel))
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - half), QPointF(x + half, y), QPointF(x, y + half), QPointF(x - half, y)])
        )


def gradient_image(gradient: Gradient, width: int, height: int) -> QImage:
    """The gradient from left to right over a checkerboard."""
    row = gradient.colors(max(width, 2))[None, :, :]
    y, x = np.mgrid[0 : max(height, 1), 0 : max(width, 2)]
    ground = np.where((x // CHECK_PX + y // CHECK_PX) % 2, 1.0, 0.8)[..., None]
    mixed = row[..., :3] * row[..., 3:] + ground * (1 - row[..., 3:])
    levels = np.ascontiguousarray(np.rint(mixed * 255).astype(np.uint8))
    image = QImage(levels.tobytes(), levels.shape[1], levels.shape[0], levels.shape[1] * 3, QImage.Format.Format_RGB888)
    return image.copy()
