"""A panel that opens beside a button and closes with a click elsewhere or Escape."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

GAP_PX = 6


class Popover(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "popup")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 12, 12, 12)
        self.body.setSpacing(8)

    def open_below(self, anchor: QWidget) -> None:
        """Opens under a widget, pushed back onto the screen where it would hang over."""
        self.adjustSize()
        place = anchor.mapToGlobal(QPoint(0, anchor.height() + GAP_PX))
        room = anchor.screen().availableGeometry()
        x = min(place.x(), room.right() - self.width() - GAP_PX)
        y = min(place.y(), room.bottom() - self.height() - GAP_PX)
        self.move(max(x, room.left() + GAP_PX), max(y, room.top() + GAP_PX))
        self.show()
        self.setFocus()
