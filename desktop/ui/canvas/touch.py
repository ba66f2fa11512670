"""Fingers on a touch screen: one draws like the mouse, two move, zoom and turn the view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEventPoint, QMouseEvent, QTouchEvent

from desktop.ui.canvas.scrolling import CanvasScrolling, Pinch

if TYPE_CHECKING:
    from desktop.ui.canvas.view_widget import ViewWidget

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class CanvasTouch:
    """Qt would make mouse events of the first finger only, and tell nothing of the second."""

    def __init__(self, canvas: ViewWidget, scrolling: CanvasScrolling) -> None:
        self._canvas, self._scrolling = canvas, scrolling
        self._pinch: tuple[Pinch, QPointF] | None = None  # and the line between the fingers at its start
        self._finger: int | None = None  # the one that draws
        self._is_spent = False  # a finger that is left after a pinch does nothing

    def touch(self, event: QTouchEvent) -> None:
        kind = event.type()
        if kind == QEvent.Type.TouchCancel:
            self._canvas.cancel_gesture()
        held = [point for point in event.points() if point.state() != QEventPoint.State.Released]
        if len(held) >= 2:
            self._move_two(held[0].position(), held[1].position())
        elif self._pinch is not None:
            self._pinch, self._is_spent = None, True
        elif not self._is_spent:
            self._draw_with_one(event)
        if kind in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
            self._pinch, self._finger, self._is_spent = None, None, False
        event.accept()

    def _move_two(self, first: QPointF, second: QPointF) -> None:
        canvas, between = self._canvas, second - first
        middle = canvas.to_device((first + second) / 2)
        if self._pinch is None:
            canvas.cancel_gesture()
            self._finger = None
            self._scrolling.coasting.stop()
            self._pinch = Pinch(canvas.view, middle), between
        pinch, start = self._pinch
        length = math.hypot(start.x(), start.y())
        if length > 0:
            pinch.scale = 1.0
            pinch.stretch(math.hypot(between.x(), between.y()) / length)
            turned = math.degrees(math.atan2(between.y(), between.x()) - math.atan2(start.y(), start.x()))
            pinch.twist = (turned + 180) % 360 - 180
        canvas.set_view(pinch.view_at(middle))

    def _draw_with_one(self, event: QTouchEvent) -> None:
        point = event.points()[0]
        state, canvas = point.state(), self._canvas
        if state == QEventPoint.State.Pressed and self._finger is None:
            self._finger = point.id()
            canvas.mousePressEvent(_mouse(QEvent.Type.MouseButtonPress, point, event))
        elif point.id() != self._finger:
            return
        elif state == QEventPoint.State.Updated:
            canvas.mouseMoveEvent(_mouse(QEvent.Type.MouseMove, point, event))
        elif state == QEventPoint.State.Released:
            canvas.mouseReleaseEvent(_mouse(QEvent.Type.MouseButtonRelease, point, event))


def _mouse(kind: QEvent.Type, point: QEventPoint, event: QTouchEvent) -> QMouseEvent:
    button = _NONE if kind == QEvent.Type.MouseMove else _LEFT
    held = _NONE if kind == QEvent.Type.MouseButtonRelease else _LEFT
    made = QMouseEvent(kind, point.position(), point.globalPosition(), button, held, event.modifiers())
    made.setTimestamp(event.timestamp())
    return made
