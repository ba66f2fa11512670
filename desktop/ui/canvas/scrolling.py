"""Moving the view by wheel, touchpad and pinch: no fraction of a pixel is lost, points stay put, flings coast."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

from desktop.ui.canvas.view import MAX_ZOOM, MIN_ZOOM, View

if TYPE_CHECKING:
    from desktop.ui.canvas.view_widget import ViewWidget

WHEEL_ZOOM = 1.2  # one notch
NOTCH = 120.0  # Qt's units of a wheel
SCROLLED_PER_NOTCH_PX = 60.0
TWIST_FROM = 8.0  # degrees that two fingers turn before the view turns with them: nobody zooms without some
SNAP_TO_QUARTER = 3.0  # degrees: a pinch that ends so near a quarter turn ends on it
COAST_MS = 16
COAST_HALF_LIFE_MS = 180.0
COAST_FROM, COAST_UNTIL = 250.0, 25.0  # device pixels a second
MEASURED_MS = 90  # the last moves that tell how fast the fingers were

Place = tuple[float, float]  # device pixels of the canvas


@dataclass
class Pinch:
    """A zoom and a turn that began at a place of a view."""

    start: View
    place: Place
    scale: float = 1.0
    twist: float = 0.0  # degrees

    def stretch(self, factor: float) -> None:
        """By a factor; what lies beyond the range of zooms does not count."""
        low, high = MIN_ZOOM / self.start.zoom, MAX_ZOOM / self.start.zoom
        self.scale = min(max(self.scale * factor, low), high)

    def view_at(self, place: Place) -> View:
        """The view now that the fingers are at a place: the same image point lies under them."""
        anchor = self.start.view_to_image(*self.place)
        turned = self.start.rotation + math.copysign(max(abs(self.twist) - TWIST_FROM, 0.0), self.twist)
        return self.start.scaled(self.start.zoom * self.scale, turned).holding(anchor, *place)


class Coasting:
    """Goes on after a fling of the touchpad, slower and slower, where the system does not do so itself."""

    def __init__(self, canvas: ViewWidget) -> None:
        self._canvas = canvas
        self._moves: deque[tuple[int, float, float]] = deque()  # (milliseconds, dx, dy)
        self._speed = (0.0, 0.0)
        self._timer = QTimer(canvas, interval=COAST_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def is_moving(self) -> bool:
        return self._timer.isActive()

    def stop(self) -> None:
        self._timer.stop()
        self._moves.clear()

    def note(self, time_ms: int, dx: float, dy: float) -> None:
        self._moves.append((time_ms, dx, dy))
        while self._moves[0][0] < time_ms - MEASURED_MS:
            self._moves.popleft()

    def let_go(self, time_ms: int) -> None:
        recent = [move for move in self._moves if move[0] >= time_ms - MEASURED_MS]
        self._moves.clear()
        if len(recent) < 2:
            return
        seconds = max(time_ms - recent[0][0], COAST_MS) / 1000
        self._speed = (sum(dx for _, dx, _ in recent) / seconds, sum(dy for _, _, dy in recent) / seconds)
        if math.hypot(*self._speed) >= COAST_FROM:
            self._timer.start()

    def _tick(self) -> None:
        dx, dy = (speed * COAST_MS / 1000 for speed in self._speed)
        slower = 0.5 ** (COAST_MS / COAST_HALF_LIFE_MS)
        self._speed = (self._speed[0] * slower, self._speed[1] * slower)
        before = self._canvas.view
        self._canvas.pan_by(dx, dy)
        if math.hypot(*self._speed) < COAST_UNTIL or self._canvas.view == before:
            self.stop()


class CanvasScrolling:
    """A mouse wheel zooms, a touchpad scrolls; Ctrl zooms, Shift and Alt scroll, with either."""

    def __init__(self, canvas: ViewWidget) -> None:
        self._canvas = canvas
        self._rest = (0.0, 0.0)
        self._pinch: Pinch | None = None
        self._shown: View | None = None  # the view that the pinch made; another one ends it
        self.coasting = Coasting(canvas)

    def wheel(self, event: QWheelEvent) -> None:
        modifiers, steps = event.modifiers(), event.angleDelta()
        notches = (steps.y() or steps.x()) / NOTCH  # Alt swaps the axes on some systems
        if self.coasting.is_moving:
            self.coasting.stop()
        if event.phase() == Qt.ScrollPhase.ScrollEnd:
            self.coasting.let_go(event.timestamp())
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            self._zoom(steps.y() / NOTCH, event.position())
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._scroll(notches * SCROLLED_PER_NOTCH_PX, 0)
        elif modifiers & Qt.KeyboardModifier.AltModifier:
            self._scroll(0, notches * SCROLLED_PER_NOTCH_PX)
        elif is_touchpad(event):
            self._scroll_with_fingers(event)
        else:
            self._zoom(steps.y() / NOTCH, event.position())
        event.accept()

    def gesture(self, event: QNativeGestureEvent) -> None:
        """A pinch on a touchpad."""
        kind, place = event.gestureType(), self._canvas.to_device(event.position())
        self.coasting.stop()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self._pinch_at(place).stretch(1 + event.value())
            self._show_pinch(place)
        elif kind == Qt.NativeGestureType.RotateNativeGesture:
            self._pinch_at(place).twist += event.value()
            self._show_pinch(place)
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            self._canvas.fit() if self._canvas.view.zoom == 1.0 else self._canvas.zoom_to(1.0, place)
        elif kind == Qt.NativeGestureType.EndNativeGesture:
            self.end_pinch()
        event.accept()

    def end_pinch(self) -> None:
        """A turn that ended near a quarter ends on it."""
        canvas, pinch = self._canvas, self._pinch
        self._pinch = None
        if pinch is None or canvas.view.rotation == pinch.start.rotation:
            return
        quarter = round(canvas.view.rotation / 90) * 90.0
        if 0 < abs(canvas.view.rotation - quarter) <= SNAP_TO_QUARTER:
            canvas.turn_to(quarter, pinch.place)

    def _zoom(self, notches: float, position: QPointF) -> None:
        """Steps of one series start from the same point, so that none is lost to whole pixels."""
        place = self._canvas.to_device(position)
        if self._pinch is not None and self._pinch.place != place:
            self._pinch = None
        self._pinch_at(place).stretch(WHEEL_ZOOM**notches)
        self._show_pinch(place)

    def _scroll_with_fingers(self, event: QWheelEvent) -> None:
        pixels, steps = event.pixelDelta(), event.angleDelta()
        ratio = self._canvas.devicePixelRatioF()
        if pixels.isNull():
            dx, dy = (delta / NOTCH * SCROLLED_PER_NOTCH_PX * ratio for delta in (steps.x(), steps.y()))
        else:
            dx, dy = pixels.x() * ratio, pixels.y() * ratio
        if event.phase() == Qt.ScrollPhase.ScrollUpdate:
            self.coasting.note(event.timestamp(), dx, dy)
        self._scroll(dx, dy)

    def _scroll(self, dx: float, dy: float) -> None:
        """Keeps what is less than a pixel for the next time."""
        dx, dy = dx + self._rest[0], dy + self._rest[1]
        self._rest = (dx - round(dx), dy - round(dy))
        self._canvas.pan_by(round(dx), round(dy))

    def _pinch_at(self, place: Place) -> Pinch:
        if self._pinch is None or self._shown is not self._canvas.view:
            self._pinch = Pinch(self._canvas.view, place)
        return self._pinch

    def _show_pinch(self, place: Place) -> None:
        assert self._pinch is not None
        self._canvas.set_view(self._pinch.view_at(place))
        self._shown = self._canvas.view


def is_touchpad(event: QWheelEvent) -> bool:
    return event.phase() != Qt.ScrollPhase.NoScrollPhase or event.deviceType() == QInputDevice.DeviceType.TouchPad
