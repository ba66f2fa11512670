"""A field for one number: typed, stepped with the arrow keys and the wheel; keeps Enter and Escape to itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.ui.widgets.basics import tabular

WIDTH_PX = 64
EDGES_PX = 22  # of the field, left and right of its text
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Range:
    """Limits and default of a number. `curve` > 1 gives small values more of a slider's track (brush sizes)."""

    minimum: float
    maximum: float
    default: float
    step: float = 1.0
    decimals: int = 0
    curve: float = 1.0

    def clamped(self, value: float) -> float:
        return min(max(value, self.minimum), self.maximum)

    def to_share(self, value: float) -> float:
        share = (self.clamped(value) - self.minimum) / (self.maximum - self.minimum)
        return float(share ** (1 / self.curve))

    def from_share(self, share: float) -> float:
        value = self.minimum + (self.maximum - self.minimum) * min(max(share, 0.0), 1.0) ** self.curve
        return round(self.clamped(round(value / self.step) * self.step), 6)


class NumberField(QLineEdit):
    """`value_changed` when a person entered another number; what is no number is put back."""

    value_changed = Signal(float)
    stepped = Signal(float)  # notches of the wheel or presses of an arrow key

    def __init__(self, value_range: Range, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._range = value_range
        self._unit = unit
        self._value = value_range.default
        self._is_fresh = False
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFont(tabular(self.font()))
        self.fit()
        self.setMaxLength(16)
        self.editingFinished.connect(self._take)
        self._show()

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Shows a number without announcing it; what is being typed stays."""
        self._value = self._range.clamped(value)
        if not (self.hasFocus() and self.isModified()):
            self._show()

    def fit(self) -> None:
        """Becomes as wide as the widest number it may show."""
        texts = [self._text_of(value) for value in (self._range.minimum, self._range.maximum)]
        widest = max(self.fontMetrics().horizontalAdvance(text) for text in texts)
        self.setFixedWidth(max(WIDTH_PX, widest + EDGES_PX))

    def event(self, event: QEvent) -> bool:
        own_keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in own_keys:
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            self.setModified(False)
            self._show()
            self._give_focus_back()
        elif steps is not None:
            self.step_by(steps)
        else:
            super().keyPressEvent(event)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if isinstance(self.window(), QDialog):
                    event.ignore()  # Enter does what the dialog is for
                    return
                self._give_focus_back()
        event.accept()

    def _give_focus_back(self) -> None:
        """To the canvas, where the window has one: its keys work again."""
        self.clearFocus()
        proxy = self.window().focusProxy()
        if proxy is not None:
            proxy.setFocus()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.step_by(event.angleDelta().y() / 120)
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.selectAll()
        self._is_fresh = True

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The first click would leave a cursor somewhere in the old number, and typing would lengthen it."""
        super().mouseReleaseEvent(event)
        if self._is_fresh and not self.hasSelectedText() and not self.isModified():
            self.selectAll()
        self._is_fresh = False

    def step_by(self, notches: float) -> None:
        """A slider takes steps by its own curve; alone, the field adds them."""
        if self.receivers("2stepped(double)"):
            self.stepped.emit(notches)
        else:
            self._enter(self._value + notches * self._range.step)

    def _take(self) -> None:
        found = _NUMBER.search(self.text())
        self.setModified(False)
        if found is None:
            self._show()
            return
        self._enter(round(float(found.group().replace(",", ".")), self._range.decimals))

    def _enter(self, value: float) -> None:
        before = self._value
        self._value = self._range.clamped(value)
        self._show()
        if self._value != before:
            self.value_changed.emit(self._value)

    def _show(self) -> None:
        self.setText(self._text_of(self._value))
        self.setCursorPosition(0)

    def _text_of(self, value: float) -> str:
        return f"{value:.{self._range.decimals}f} {self._unit}".rstrip()
