"""From mouse, pen and keys to gestures: which button does what, and one gesture at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QTabletEvent

from desktop.core.errors import UserError
from desktop.tools.gestures import Gesture, Modifier, PointerEvent, RunningGesture
from desktop.ui.state import PAINT_TOOLS, Tool

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

ZOOM_DRAG_PX = 160.0  # dragging the zoom tool this far doubles the zoom

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class PointerInput:
    """`make_gesture(tool, modifiers)` gives the gesture of a tool, None for tools that only change the view."""

    def __init__(self, canvas: CanvasWidget) -> None:
        self._canvas = canvas
        self.make_gesture: Callable[..., Gesture | None] = lambda _tool, _modifiers: None
        self.on_error: Callable[[UserError], None] = lambda _error: None
        self.on_pick: Callable[..., None] = lambda _point, _modifiers: None
        self.on_nudge: Callable[[int, int], None] = lambda _dx, _dy: None
        self._gesture: RunningGesture | None = None
        self._waiting_move: PointerEvent | None = None
        self._pan_from: QPointF | None = None
        self._zoom_from: tuple[QPointF, float, bool] | None = None
        self._space = False
        self._uses_pen = False

    @property
    def is_panning(self) -> bool:
        return self._space or self._pan_from is not None

    @property
    def is_busy(self) -> bool:
        """True while a gesture runs."""
        return self._gesture is not None

    # mouse and pen

    def mouse_press(self, event: QMouseEvent) -> None:
        if self._uses_pen:
            return
        modifiers = _modifiers_of(event.modifiers())
        if event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and (self._space or self._canvas.state.tool is Tool.HAND)
        ):
            self._pan_from = event.position()
            self.refresh_cursor()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press(event.position(), 1.0, modifiers)

    def mouse_move(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_to(event.position())
        elif self._zoom_from is not None:
            self._zoom_to(event.position())
        elif self._gesture is not None and not self._uses_pen:
            self._send(self._event(event.position(), 1.0, True, _modifiers_of(event.modifiers())))
        elif self._canvas.state.tool is Tool.PICKER and event.buttons() & Qt.MouseButton.LeftButton:
            self.on_pick(self._canvas.to_image(event.position()), _modifiers_of(event.modifiers()))

    def mouse_release(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self.refresh_cursor()
        elif self._zoom_from is not None:
            self._end_zoom(event)
        elif self._gesture is not None and event.button() == Qt.MouseButton.LeftButton and not self._uses_pen:
            self.release(event.position(), _modifiers_of(event.modifiers()))

    def tablet(self, event: QTabletEvent) -> None:
        """A pen: the same gestures with pressure; the mouse events Qt makes of it are left out."""
        kind, modifiers = event.type(), _modifiers_of(event.modifiers())
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton and not self._space:
            self._uses_pen = True
            self._press(event.position(), event.pressure(), modifiers)
        elif kind == QEvent.Type.TabletMove and self._uses_pen and self._gesture is not None:
            self._send(self._event(event.position(), event.pressure(), True, modifiers))
        elif kind == QEvent.Type.TabletRelease and self._uses_pen:
            if self._gesture is not None:
                self.release(event.position(), modifiers)
            self._uses_pen = False
        else:
            event.ignore()
            return
        event.accept()

    def release(self, position: QPointF, modifiers: Modifier = Modifier.NONE) -> None:
        self.flush()
        self._send(self._event(position, 0.0, False, modifiers))
        self._gesture = None

    def cancel(self) -> bool:
        """Breaks a running gesture off; True when there was one."""
        if self._gesture is None:
            return False
        gesture, self._gesture, self._waiting_move = self._gesture, None, None
        gesture.cancel()
        return True

    def flush(self) -> None:
        """Sends the move that waited for the frame."""
        if self._waiting_move is not None and self._gesture is not None:
            event, self._waiting_move = self._waiting_move, None
            self._send_now(event)

    # keys

    def key_press(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.refresh_cursor()
        elif key == Qt.Key.Key_Escape and self.cancel():
            pass
        elif key in _ARROWS and self._canvas.state.tool is Tool.MOVE and not self.is_busy:
            step = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.on_nudge(_ARROWS[key][0] * step, _ARROWS[key][1] * step)
        elif key != Qt.Key.Key_Space:
            return False
        return True

    def key_release(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            return False
        self.let_go_of_keys()
        return True

    def let_go_of_keys(self) -> None:
        self._space = False
        self.refresh_cursor()

    def refresh_cursor(self) -> None:
        """The cursor that says what a press would do."""
        if self._pan_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space or self._canvas.state.tool is Tool.HAND:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._canvas.state.open_document is None:
            shape = Qt.CursorShape.ArrowCursor
        elif self._canvas.state.tool in PAINT_TOOLS:
            shape = Qt.CursorShape.BlankCursor
        elif self._canvas.state.tool is Tool.MOVE:
            shape = Qt.CursorShape.SizeAllCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        self._canvas.setCursor(shape)

    # in detail

    def _press(self, position: QPointF, pressure: float, modifiers: Modifier) -> None:
        tool = self._canvas.state.tool
        if self._canvas.state.open_document is None or self.is_busy:
            return
        if tool is Tool.ZOOM:
            self._zoom_from = (position, self._canvas.view.zoom, False)
            return
        is_picking = tool is Tool.PICKER or (Modifier.ALT in modifiers and tool is Tool.BRUSH)
        if is_picking:
            self.on_pick(self._canvas.to_image(position), modifiers)
            return
        try:
            gesture = self.make_gesture(tool, modifiers)
        except UserError as error:
            self.on_error(error)
            return
        if gesture is not None:
            self._gesture = RunningGesture(gesture)
            self._send_now(self._event(position, pressure, True, modifiers))

    def _send(self, event: PointerEvent) -> None:
        """Strokes need every point; moving a layer only the last one of a frame."""
        if self._canvas.state.tool is Tool.MOVE and event.pressed:
            self._waiting_move = event
            self._canvas.schedule_frame()
        else:
            self._send_now(event)

    def _send_now(self, event: PointerEvent) -> None:
        if self._gesture is None:
            return
        try:
            self._gesture.send(event)
        except UserError as error:
            self._gesture = None
            self.on_error(error)

    def _event(self, position: QPointF, pressure: float, pressed: bool, modifiers: Modifier) -> PointerEvent:
        return PointerEvent(self._canvas.to_image(position), pressure, pressed, modifiers, int(time.monotonic() * 1000))

    def _pan_to(self, position: QPointF) -> None:
        assert self._pan_from is not None
        ratio = self._canvas.devicePixelRatioF()
        delta = position - self._pan_from
        self._pan_from = position
        self._canvas.pan_by(delta.x() * ratio, delta.y() * ratio)

    def _zoom_to(self, position: QPointF) -> None:
        assert self._zoom_from is not None
        start, zoom, has_moved = self._zoom_from
        dx = position.x() - start.x()
        if has_moved or abs(dx) > 4:
            self._zoom_from = (start, zoom, True)
            self._canvas.zoom_to(zoom * 2 ** (dx / ZOOM_DRAG_PX), self._canvas.to_device(start))

    def _end_zoom(self, event: QMouseEvent) -> None:
        assert self._zoom_from is not None
        start, _, has_moved = self._zoom_from
        self._zoom_from = None
        if not has_moved:
            direction = -1 if event.modifiers() & Qt.KeyboardModifier.AltModifier else 1
            self._canvas.zoom_step(direction, self._canvas.to_device(start))


def _modifiers_of(modifiers: Qt.KeyboardModifier) -> Modifier:
    result = Modifier.NONE
    for qt, ours in (
        (Qt.KeyboardModifier.ShiftModifier, Modifier.SHIFT),
        (Qt.KeyboardModifier.ControlModifier, Modifier.CTRL),
        (Qt.KeyboardModifier.AltModifier, Modifier.ALT),
    ):
        if modifiers & qt:
            result |= ours
    return result
