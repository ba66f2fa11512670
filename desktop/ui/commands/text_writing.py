"""Writing on the canvas: keys, input methods and the pointer change the draft, the layer shows it at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QApplication

from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.layers import TextContent
from desktop.tools.gestures import Gesture, GestureCancelled, Modifier, PointerEvent
from desktop.tools.text_layers import LONGEST_TEXT, SMALLEST_BOX_PX
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.canvas.frame_overlay import REACH_PX
from desktop.ui.canvas.text_overlay import BoxSide, TextOverlay
from desktop.ui.commands.text_keys import Step, TextCommand, command_of, deletion_of, letters_of, move_of
from desktop.ui.commands.text_session import TextSession
from desktop.ui.text_draft import TextDraft

NEAR_PX = 12.0  # device-independent: so near the letters a press still means them
CLICK_NEAR_PX = 4.0  # clicks that count together
UNITS = {2: QTextCursor.SelectionType.WordUnderCursor, 3: QTextCursor.SelectionType.BlockUnderCursor}


class TextWriting(QObject):
    """From the first letter until `ended` is called. `on_change` hears of every other look of the text."""

    def __init__(
        self,
        canvas: CanvasWidget,
        overlay: TextOverlay,
        session: TextSession,
        content: TextContent,
        *,
        fail: Callable[[UserError], None],
        end: Callable[[TextCommand], None],
        on_change: Callable[[], None],
    ) -> None:
        super().__init__(canvas)
        self._canvas, self._overlay, self._fail = canvas, overlay, fail
        self._end, self._on_change = end, on_change
        self.session, self.draft = session, TextDraft(content)
        self._shown: TextContent | None = None
        self._clicks, self._last_click = 0, (0, Point(0.0, 0.0))
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._show)
        canvas.set_writer(self)
        canvas.setFocus()
        overlay.show(self.draft)

    @property
    def is_at_work(self) -> bool:
        """The layer does not show yet what was written."""
        return self._later.isActive()

    def restyle(self, **changes: object) -> None:
        self.draft.restyle(**changes)
        self._changed()

    def close(self) -> None:
        """Hands the keys back; what becomes of the text is the session's matter."""
        self._later.stop()
        self._overlay.show(None)
        self._canvas.set_writer(None)
        self.deleteLater()

    def finish_composing(self) -> None:
        """What an input method still holds becomes part of the text, or is given up where it does not hand it over."""
        if self.draft.is_composing:
            QGuiApplication.inputMethod().commit()
            self.draft.compose("", 0)

    # keys

    def takes(self, event: QKeyEvent) -> bool:
        return bool(
            command_of(event) or move_of(event) or deletion_of(event) is not None or letters_of(event)
        )  # a modifier alone, zooming and panels go on working

    def key(self, event: QKeyEvent) -> bool:
        if (command := command_of(event)) is not None:
            self.do(command)
        elif (move := move_of(event)) is not None:
            self.draft.go(move[0], selects=move[1])
            self._moved()
        elif (step := deletion_of(event)) is not None:
            self.draft.delete(step)
            self._changed()
        elif letters := letters_of(event):
            self._write(letters)
        else:
            return False
        return True

    def do(self, command: TextCommand) -> None:
        """What a menu or a key asks of the text."""
        clipboard = QApplication.clipboard()
        if command in (TextCommand.KEEP, TextCommand.DISCARD):
            self._end(command)
            return
        if command in (TextCommand.COPY, TextCommand.CUT) and self.draft.has_selection:
            clipboard.setText(self.draft.selected_text)
        if command is TextCommand.CUT and self.draft.has_selection:
            self.draft.delete(Step.NoMove)
        elif command is TextCommand.PASTE:
            self._write(clipboard.text())
        elif command is TextCommand.SELECT_ALL:
            self.draft.select_all()
        elif command is TextCommand.UNDO:
            self.draft.undo()
        elif command is TextCommand.REDO:
            self.draft.redo()
        self._changed()

    def _write(self, text: str) -> None:
        if text and not self.draft.insert(text):
            self._fail(UserError("text.too_long", length=len(self.draft.text) + len(text), limit=LONGEST_TEXT))
        self._changed()

    # input methods

    def compose(self, event: QInputMethodEvent) -> None:
        self.draft.compose("", 0)
        if event.commitString() or event.replacementLength():
            start, length = event.replacementStart(), event.replacementLength()
            if not self.draft.replace_near(start, length, event.commitString()):
                length = len(self.draft.text) + len(event.commitString())
                self._fail(UserError("text.too_long", length=length, limit=LONGEST_TEXT))
        text = event.preeditString()
        places = [one.start for one in event.attributes() if one.type == QInputMethodEvent.AttributeType.Cursor]
        self.draft.compose(text, places[0] if places else len(text))
        self._changed()

    def answer(self, query: Qt.InputMethodQuery) -> Any:
        asked = Qt.InputMethodQuery
        text, place, other_end = self.draft.line
        answers: dict[Qt.InputMethodQuery, Callable[[], Any]] = {
            asked.ImEnabled: lambda: True,
            asked.ImCursorRectangle: self._caret_on_widget,
            asked.ImAnchorRectangle: self._caret_on_widget,
            asked.ImCursorPosition: lambda: place,
            asked.ImAnchorPosition: lambda: other_end,
            asked.ImSurroundingText: lambda: text,
            asked.ImCurrentSelection: lambda: self.draft.selected_text,
            asked.ImHints: lambda: Qt.InputMethodHint.ImhMultiLine.value,
        }
        return answers[query]() if query in answers else None

    def _caret_on_widget(self) -> QRectF:
        caret, canvas = self.draft.caret(), self._canvas
        corners = [
            canvas.from_device(*canvas.view.image_to_view(self.draft.affine.point(Point(corner.x(), corner.y()))))
            for corner in (caret.topLeft(), caret.topRight(), caret.bottomLeft(), caret.bottomRight())
        ]
        return QRectF(QPointF(*_least(corners)), QPointF(*_most(corners))).adjusted(0, 0, 1, 0)

    # the pointer

    def holds(self, point: Point) -> bool:
        """Whether a press there belongs to this text."""
        return self._pulled(point) is not None or self.draft.holds(self._local(point), NEAR_PX / self._scale())

    def drag(self, event: PointerEvent) -> Gesture:
        """From a press on the text on: the caret, a selection, the box, or with Ctrl the place."""
        self.finish_composing()
        if Modifier.CTRL in event.modifiers:
            yield from self._drag_place(event)
        elif (side := self._pulled(event.point)) is not None:
            yield from self._drag_side(event, side)
        else:
            yield from self._drag_selection(event)

    def _drag_selection(self, event: PointerEvent) -> Gesture:
        unit = UNITS.get(self._count_click(event))
        if unit is None:
            self.draft.put_at(self._local(event.point), selects=Modifier.SHIFT in event.modifiers)
        else:
            self.draft.select_at(self._local(event.point), unit)
        self._moved()
        pressed = event.point
        while event.pressed:
            if unit is None and event.point != pressed:
                self.draft.put_at(self._local(event.point), selects=True)
                self._moved()
            event = yield

    def _drag_place(self, event: PointerEvent) -> Gesture:
        start, pressed = self.draft.content, self._local(event.point)
        try:
            while event.pressed:
                point = self._local(event.point)
                self.restyle(x=start.x + point.x - pressed.x, y=start.y + point.y - pressed.y)
                event = yield
        except GestureCancelled:
            self.restyle(x=start.x, y=start.y)
            raise

    def _drag_side(self, event: PointerEvent, side: BoxSide) -> Gesture:
        start = self.draft.content
        try:
            while event.pressed:
                point = self._local(event.point)
                width = max(point.x - start.x, float(SMALLEST_BOX_PX))
                height = max(point.y - start.y, float(SMALLEST_BOX_PX))
                self.restyle(
                    width=start.width if side is BoxSide.BOTTOM else width,
                    height=start.height if side is BoxSide.RIGHT else height,
                )
                event = yield
        except GestureCancelled:
            self.restyle(width=start.width, height=start.height)
            raise

    def _pulled(self, point: Point) -> BoxSide | None:
        """The handle at a point; where several are near, the corner."""
        reach, point = REACH_PX / self._scale(), self._local(point)
        near = [
            side
            for side, handle in self._overlay.handles().items()
            if abs(handle.x - point.x) < reach and abs(handle.y - point.y) < reach
        ]
        return near[-1] if near else None

    def _scale(self) -> float:
        """Points of the screen for one of the draft's."""
        return float(self._canvas.view.zoom * self.draft.affine.scale / self._canvas.devicePixelRatioF())

    def _local(self, point: Point) -> Point:
        """A point of the image as one of the draft."""
        return self.draft.affine.inverse().point(point)

    def _count_click(self, event: PointerEvent) -> int:
        """The how many-th of several quick ones at one place this is; up to three."""
        time_ms, place = self._last_click
        near = CLICK_NEAR_PX / self._scale()
        is_quick = 0 <= event.time_ms - time_ms <= QApplication.doubleClickInterval()
        is_near = abs(place.x - event.point.x) <= near and abs(place.y - event.point.y) <= near
        is_third = self._clicks == 2 and is_quick and is_near
        self._clicks = 2 if self._canvas.is_double_click else 3 if is_third else 1
        self._last_click = (event.time_ms, event.point)
        return self._clicks

    # what is shown

    def _changed(self) -> None:
        self._later.start()
        self._moved()
        self._on_change()

    def _moved(self) -> None:
        self._overlay.show(self.draft)
        self._canvas.caret_moved()

    def _show(self) -> None:
        content = self.draft.content
        if content == self._shown:
            return
        self._shown = content
        try:
            self.session.show(content)
        except UserError as error:
            self._fail(error)


def _least(points: list[QPointF]) -> tuple[float, float]:
    return min(point.x() for point in points), min(point.y() for point in points)


def _most(points: list[QPointF]) -> tuple[float, float]:
    return max(point.x() for point in points), max(point.y() for point in points)
