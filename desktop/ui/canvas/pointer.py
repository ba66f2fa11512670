"""From mouse, pen and keys to gestures: which button does what, and one gesture at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QTabletEvent

from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.tools.gestures import Gesture, Modifier, PointerEvent, RunningGesture
from desktop.ui.canvas.pointer_drags import BrushResize, ViewTurn, is_eraser, modifiers_of
from desktop.ui.state import OUTLINED_TOOLS, PAINT_TOOLS, PICKS_WITH_ALT, SELECT_TOOLS, Tool

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

PEN_SILENT_S = 0.5  # a mouse that is pressed so long after the pen's last word is no echo of it
ZOOM_DRAG_PX = 160.0  # dragging the zoom tool this far doubles the zoom

LAST_MOVE_COUNTS = (
    Tool.MOVE,
    Tool.TRANSFORM,
    Tool.CROP,
    Tool.GRADIENT,
    Tool.FILL,
    Tool.PICKER,
    Tool.SHAPE,
    *(set(SELECT_TOOLS) - {Tool.LASSO}),
)

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
        self.grab: Callable[[Point, Modifier], Gesture | None] = lambda _point, _modifiers: None  # before the tool
        self.cursor_over: Callable[[], Qt.CursorShape | None] = lambda: None  # for what `grab` would take
        self.works_on_edit: Callable[[], bool] = lambda: False  # a press belongs to the edit that is open
        self.on_error: Callable[[UserError], None] = lambda _error: None
        self.on_key: Callable[[Qt.Key], bool] = lambda _key: False
        self.on_nudge: Callable[[int, int], None] = lambda _dx, _dy: None
        self._gesture: RunningGesture | None = None
        self.on_resize: Callable[[float, float], None] = lambda _size, _hardness: None
        self._waiting: list[PointerEvent] = []  # moves that wait for the frame
        self._last_sent: PointerEvent | None = None
        self._pan_from: QPointF | None = None
        self._zoom_from: tuple[QPointF, float, bool] | None = None
        self._turn: ViewTurn | None = None
        self.turns = False  # dragging turns the view: while its key is held, or chosen in the menu
        self.pans = False  # the same for moving the view
        self._uses_pen = False
        self._pen_seen = 0.0  # when the pen last spoke, on time.monotonic
        self._held = Qt.MouseButton.LeftButton  # what began the gesture
        self._view_button = Qt.MouseButton.MiddleButton  # what began a move or turn of the view
        self._pressure = 1.0  # the pen's last, for the release: many report 0 there
        self._resize: BrushResize | None = None

    @property
    def is_panning(self) -> bool:
        return self.pans or self._pan_from is not None or self.turns or self.is_turning

    @property
    def is_turning(self) -> bool:
        """True while the view is being turned."""
        return self._turn is not None

    @property
    def is_busy(self) -> bool:
        """True while a gesture runs."""
        return self._gesture is not None

    @property
    def resize(self) -> BrushResize | None:
        """The change of the brush's size that is being dragged."""
        return self._resize

    # mouse and pen

    def mouse_press(self, event: QMouseEvent) -> None:
        if self._uses_pen:
            if time.monotonic() - self._pen_seen < PEN_SILENT_S:
                return
            self.let_go_of_pen()
        modifiers = modifiers_of(event.modifiers())
        if self._begins_resize(event):
            self._resize = BrushResize(event.position(), self._canvas.state.brush)
            self._canvas.update()
        elif self._begins_turn(event):
            self._turn, self._view_button = ViewTurn.from_press(self._canvas, event.position()), event.button()
            self.refresh_cursor()
        elif event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and (self.pans or self._canvas.state.tool is Tool.HAND)
        ):
            self._pan_from, self._view_button = event.position(), event.button()
            self.refresh_cursor()
        elif event.button() == Qt.MouseButton.LeftButton or self._subtracts(event):
            self._held = event.button()
            modifiers |= Modifier.ALT if self._subtracts(event) else Modifier.NONE
            self._press(self._event(event.position(), modifiers, event.timestamp()), event.position())

    def mouse_move(self, event: QMouseEvent) -> None:
        if self._resize is not None:
            self.on_resize(*self._resize.dragged_to(event.position(), self._canvas.view.zoom, self._ratio()))
        elif self._turn is not None:
            is_stepped = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._canvas.turn_to(self._turn.dragged_to(self._canvas.to_device(event.position()), is_stepped))
        elif self._pan_from is not None:
            self._pan_to(event.position())
        elif self._zoom_from is not None:
            self._zoom_to(event.position())
        elif self._gesture is not None and not self._uses_pen:
            self._send(self._event(event.position(), modifiers_of(event.modifiers()), event.timestamp()))

    def mouse_release(self, event: QMouseEvent) -> None:
        if self._resize is not None:
            if event.button() == Qt.MouseButton.RightButton:
                self._resize = None
                self._canvas.update()
        elif self._gesture is not None and event.button() == self._held and not self._uses_pen:
            self.release(self._event(event.position(), modifiers_of(event.modifiers()), event.timestamp()))
        elif self._turn is not None or self._pan_from is not None:
            if event.button() == self._view_button:
                self._turn = self._pan_from = None
                self._canvas.update()
                self.refresh_cursor()
        elif self._zoom_from is not None:
            self._end_zoom(event)

    def tablet(self, event: QTabletEvent) -> None:
        """A pen: the same gestures with pressure, tilt and rotation; Qt makes no mouse events of what is accepted."""
        kind, self._pen_seen = event.type(), time.monotonic()
        is_hovering = kind == QEvent.Type.TabletMove and event.buttons() == Qt.MouseButton.NoButton
        if is_hovering or kind == QEvent.Type.TabletPress:
            self.let_go_of_pen()  # it had left the tablet, and nobody told
        if kind == QEvent.Type.TabletPress and self._takes_pen(event):
            self._uses_pen, self._pressure = True, event.pressure()
            self._press(self._pen_event(event), event.position(), turned=is_eraser(event))
        elif kind == QEvent.Type.TabletMove and self._uses_pen:
            self._pressure = event.pressure() or self._pressure
            if self._gesture is not None:
                self._send(self._pen_event(event))
        elif kind == QEvent.Type.TabletRelease and self._uses_pen:
            if self._gesture is not None:
                self.release(self._pen_event(event))
            self._uses_pen = False
        else:
            event.ignore()
            return
        event.accept()

    def let_go_of_pen(self) -> None:
        """Ends the pen's stroke where it last was: its release is lost when the window or the tablet is left."""
        if not self._uses_pen:
            return
        self._uses_pen = False
        if self._gesture is not None and self._last_sent is not None:
            self.flush()
            self.release(self._last_sent)

    def begin(self, gesture: Gesture, event: QMouseEvent) -> None:
        """A gesture that starts beside the canvas; moves and the release follow as those of the canvas."""
        self._gesture, self._held = RunningGesture(gesture), event.button()
        self._send_now(self._event(event.position(), modifiers_of(event.modifiers()), event.timestamp()))

    def release(self, event: PointerEvent) -> None:
        self.flush()
        if self.is_finishing:
            return
        self._send_now(replace(event, pressed=False))
        if not self.is_finishing:
            self._gesture = None

    def cancel(self) -> bool:
        """Breaks a running gesture off; True when there was one."""
        if self._gesture is None:
            return False
        gesture, self._gesture, self._waiting, self._last_sent = self._gesture, None, [], None
        gesture.cancel()
        return True

    def flush(self) -> None:
        """Sends the moves that waited for the frame, or the last event again to a gesture with more to do."""
        waiting, self._waiting = self._waiting, []
        for event in waiting[:-1]:
            self._send_now(replace(event, more_follow=True))
        if waiting:
            self._send_now(waiting[-1])
        elif self._gesture is not None and self._gesture.has_more and self._last_sent is not None:
            self._send_now(self._last_sent)

    # keys

    def key_press(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if not self.is_busy and self.on_key(key):
            return True
        if key == Qt.Key.Key_Escape and (self.cancel() or self.turns or self.pans):
            self.set_turns(False)
            self.set_pans(False)
        elif key in _ARROWS and self._canvas.state.tool is Tool.MOVE and not self._canvas.state.is_editing:
            step = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            dx, dy = self._canvas.view.axis_in_image(*_ARROWS[key])
            self.on_nudge(dx * step, dy * step)
        else:
            return False
        return True

    def set_turns(self, wanted: bool) -> None:
        """Whether dragging turns the view, whatever tool is in hand."""
        self.turns = wanted
        self.refresh_cursor()
        self._canvas.update()

    def set_pans(self, wanted: bool) -> None:
        """Whether dragging moves the view, whatever tool is in hand."""
        self.pans = wanted
        self.refresh_cursor()

    def refresh_cursor(self) -> None:
        """The cursor that says what a press would do."""
        if self._pan_from is not None or self._turn is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self.turns:
            shape = Qt.CursorShape.PointingHandCursor
        elif self.pans or self._canvas.state.tool is Tool.HAND:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._canvas.state.open_document is None:
            shape = Qt.CursorShape.ArrowCursor
        elif self._canvas.state.tool in OUTLINED_TOOLS:
            shape = Qt.CursorShape.BlankCursor
        elif self._canvas.state.tool is Tool.MOVE:
            shape = Qt.CursorShape.SizeAllCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        if not self.is_panning and (over := self.cursor_over()) is not None:
            shape = over
        self._canvas.setCursor(shape)

    # in detail

    def _press(self, event: PointerEvent, position: QPointF, *, turned: bool = False) -> None:
        """`turned`: by the eraser end of a pen, which erases whatever brush is in hand."""
        tool, modifiers = self._canvas.state.tool, event.modifiers
        if self._canvas.state.open_document is None or self.is_busy:
            return
        if tool is Tool.ZOOM:
            self._zoom_from = (position, self._canvas.view.zoom, False)
            return
        if self._canvas.state.is_editing and not self.works_on_edit():  # something is being tried in a dialog
            return
        if Modifier.ALT in modifiers and tool in PICKS_WITH_ALT:
            tool = Tool.PICKER
        elif turned:
            tool, modifiers = (Tool.ERASER, modifiers) if tool is Tool.BRUSH else (tool, modifiers | Modifier.ALT)
        try:
            gesture = self.grab(event.point, modifiers) or self.make_gesture(tool, modifiers)
        except UserError as error:
            self.on_error(error)
            return
        if gesture is not None:
            self._gesture = RunningGesture(gesture)
            self._send_now(event)

    def _send(self, event: PointerEvent) -> None:
        """Moves wait for the frame: strokes need every point, moving a layer or a gradient only the last one."""
        if self.is_finishing:
            return
        if self._canvas.state.tool in LAST_MOVE_COUNTS:
            self._waiting.clear()
        self._waiting.append(event)
        self._canvas.schedule_frame()

    def _send_now(self, event: PointerEvent) -> None:
        if self._gesture is None:
            return
        gesture, self._last_sent = self._gesture, event
        try:
            gesture.send(event)
        except UserError as error:
            self._gesture = None
            self.on_error(error)
        if not gesture.is_running:
            self._gesture = None
        elif gesture.has_more:
            self._canvas.schedule_frame()

    @property
    def is_finishing(self) -> bool:
        """True while a gesture is still at work after the release."""
        is_released = self._last_sent is not None and not self._last_sent.pressed
        return self._gesture is not None and self._gesture.has_more and is_released

    def _event(self, position: QPointF, modifiers: Modifier, time_ms: int) -> PointerEvent:
        return PointerEvent(self._canvas.to_image(position), 1.0, True, modifiers, time_ms)

    def _pen_event(self, event: QTabletEvent) -> PointerEvent:
        view = self._canvas.view
        across, down = view.direction_to_image(event.xTilt() * view.zoom, event.yTilt() * view.zoom)
        return PointerEvent(
            self._canvas.to_image(event.position()),
            event.pressure() if event.type() != QEvent.Type.TabletRelease else event.pressure() or self._pressure,
            modifiers=modifiers_of(event.modifiers()),
            time_ms=event.timestamp(),
            tilt=(across, down),
            rotation=view.angle_in_image(event.rotation()),
        )

    def _takes_pen(self, event: QTabletEvent) -> bool:
        """Panning, zooming and picking are left to the mouse events that Qt makes of a pen."""
        is_drawing = self._canvas.state.tool in (*PAINT_TOOLS, Tool.MOVE)
        return event.button() == Qt.MouseButton.LeftButton and is_drawing and not self.is_panning

    def _begins_turn(self, event: QMouseEvent) -> bool:
        is_asked = self.turns or (self.pans and bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        return is_asked and event.button() == Qt.MouseButton.LeftButton and not self.is_busy

    def _subtracts(self, event: QMouseEvent) -> bool:
        """The right button of the object tool: what does not belong to the object."""
        return event.button() == Qt.MouseButton.RightButton and self._canvas.state.tool is Tool.OBJECT

    def _begins_resize(self, event: QMouseEvent) -> bool:
        is_asked = event.button() == Qt.MouseButton.RightButton and bool(
            event.modifiers() & Qt.KeyboardModifier.AltModifier
        )
        return is_asked and self._canvas.state.tool in PAINT_TOOLS and not self.is_busy

    def _ratio(self) -> float:
        return float(self._canvas.devicePixelRatioF())

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
