"""A slider that carries its number in the same row: drag, wheel, type; a double click brings the default back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QWidget

from desktop.ui.theme import color, tokens
from desktop.ui.widgets.number_field import NumberField, Range

__all__ = ["Range", "ValueSlider"]

HANDLE_PX = 12
TRACK_PX = 4
WHEEL_STEPS = 40  # a notch of the wheel goes this part of the range when no step says else


class ValueSlider(QWidget):
    """Label, track and number. `value_changed` while it moves, `drag_finished` once at the end of a drag.

    Escape in the middle of a drag brings the value from before it back; `drag_cancelled` says so.
    """

    value_changed = Signal(float)
    drag_started = Signal()
    drag_finished = Signal()
    drag_cancelled = Signal()

    def __init__(self, value_range: Range, *, label: str = "", unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._range = value_range
        self._value = value_range.default
        self._value_before: float | None = None  # of the drag that runs
        self.label = QLabel(label, self)
        self.label.setProperty("role", "dim")
        self.track = _Track(self)
        self.number = NumberField(value_range, unit, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label)
        row.addWidget(self.track, 1)
        row.addWidget(self.number)
        self.label.setVisible(bool(label))
        self.number.setAccessibleName(label)
        self.label.installEventFilter(self)
        self.setMinimumHeight(28)
        self.setFocusProxy(self.number)
        self.number.value_changed.connect(self._enter)
        self.number.stepped.connect(self.step_by)

    @property
    def value(self) -> float:
        return self._value

    @property
    def value_range(self) -> Range:
        return self._range

    def set_value(self, value: float) -> None:
        """Shows a value without announcing it."""
        self._value = self._range.clamped(value)
        self.number.set_value(self._value)
        self.track.update()

    def set_label(self, text: str) -> None:
        self.label.setText(text)
        self.label.setVisible(bool(text))
        self.number.setAccessibleName(text)

    def set_tip(self, text: str) -> None:
        for part in (self.label, self.track, self.number):
            part.setToolTip(text)
        self.number.setAccessibleName(self.label.text() or text)

    def reset(self) -> None:
        self._take(self._range.default)
        self.drag_finished.emit()

    @property
    def is_dragging(self) -> bool:
        return self._value_before is not None

    def begin_drag(self) -> None:
        self._value_before = self._value
        QApplication.instance().installEventFilter(self)  # the keyboard's focus may be anywhere
        self.drag_started.emit()

    def end_drag(self) -> None:
        if self._value_before is not None:
            self._value_before = None
            QApplication.instance().removeEventFilter(self)
            self.drag_finished.emit()

    def cancel_drag(self) -> None:
        before, self._value_before = self._value_before, None
        if before is not None:
            QApplication.instance().removeEventFilter(self)
            self._take(before)
            self.drag_cancelled.emit()

    def move_to_share(self, share: float) -> None:
        self._take(self._range.from_share(share))

    def step_by(self, notches: float) -> None:
        value_range = self._range
        if value_range.curve > 1:
            self._take(value_range.from_share(value_range.to_share(self._value) + notches / WHEEL_STEPS))
        else:
            span = value_range.maximum - value_range.minimum
            self._take(self._value + notches * max(value_range.step, span / WHEEL_STEPS / 2.5))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self.label and event.type() == QEvent.Type.MouseButtonDblClick:
            self.reset()
            return True
        if self.is_dragging and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            self.cancel_drag()
            return True
        return False

    def hideEvent(self, event: QHideEvent) -> None:
        self.end_drag()
        super().hideEvent(event)

    def _enter(self, value: float) -> None:
        """A typed number: it counts as a drag of its own."""
        self._take(value)
        self.drag_finished.emit()

    def _take(self, value: float) -> None:
        before = self._value
        self.set_value(value)
        if self._value != before:
            self.value_changed.emit(self._value)


class _Track(QWidget):
    def __init__(self, slider: ValueSlider) -> None:
        super().__init__(slider)
        self._slider = slider
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setMinimumWidth(40)

    def sizeHint(self) -> QSize:
        return QSize(96, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        length = self.width() - HANDLE_PX
        share = self._slider.value_range.to_share(self._slider.value)
        is_live = self.isEnabled()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(t.line))
        top = middle - TRACK_PX / 2
        painter.drawRoundedRect(QRectF(HANDLE_PX / 2, top, length, TRACK_PX), TRACK_PX / 2, TRACK_PX / 2)
        painter.setBrush(color(t.dim if is_live else t.disabled))
        painter.drawRoundedRect(QRectF(HANDLE_PX / 2, top, length * share, TRACK_PX), TRACK_PX / 2, TRACK_PX / 2)
        painter.setBrush(color(t.text if is_live else t.disabled))
        painter.setPen(QPen(color(t.panel), 2))
        painter.drawEllipse(QRectF(length * share, middle - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._slider.begin_drag()
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._slider.is_dragging:
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._slider.end_drag()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._slider.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._slider.step_by(event.angleDelta().y() / 120)
        event.accept()

    def _follow(self, event: QMouseEvent) -> None:
        self._slider.move_to_share((event.position().x() - HANDLE_PX / 2) / max(self.width() - HANDLE_PX, 1))
