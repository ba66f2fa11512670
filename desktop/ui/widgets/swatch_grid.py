"""Swatches in rows as wide as there is room. A click or Enter takes a colour, F2 renames, Delete removes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop.io.palettes import PaletteColor
from desktop.ui.theme import color, tokens

CELL_PX = 18
STEP_PX = 22


class SwatchGrid(QWidget):
    """Signals carry the swatch's place in the row of colours."""

    chosen = Signal(int)
    rename_asked = Signal(int)
    remove_asked = Signal(int)
    menu_asked = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colors: tuple[PaletteColor, ...] = ()
        self.current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_colors(self, colors: Sequence[PaletteColor]) -> None:
        self.colors = tuple(colors)
        self.current = min(self.current, len(self.colors) - 1)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = -(-max(len(self.colors), 1) // max(width // STEP_PX, 1))
        return rows * STEP_PX

    def sizeHint(self) -> QSize:
        return QSize(STEP_PX * 12, self.heightForWidth(STEP_PX * 12))

    def minimumSizeHint(self) -> QSize:
        return QSize(STEP_PX * 4, STEP_PX)

    def cell(self, index: int) -> QRect:
        in_row = max(self.width() // STEP_PX, 1)
        return QRect(index % in_row * STEP_PX, index // in_row * STEP_PX, CELL_PX, CELL_PX)

    def index_at(self, point: QPoint) -> int:
        return next((index for index in range(len(self.colors)) if self.cell(index).contains(point)), -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, entry in enumerate(self.colors):
            box = QRectF(self.cell(index)).adjusted(0.5, 0.5, -0.5, -0.5)
            is_marked = self.hasFocus() and index == self.current
            painter.setPen(QPen(color(tokens().accent), 2) if is_marked else QPen(color(tokens().dim, 0.6), 1))
            painter.setBrush(QColor(entry.hex))
            painter.drawRoundedRect(box, 3, 3)
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keys begin at the first swatch."""
        if self.current < 0 and self.colors:
            self.current = 0
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index < 0:
            return
        self.current = index
        self.update()
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index)
        elif event.button() == Qt.MouseButton.RightButton:
            self.menu_asked.emit(index, event.globalPosition().toPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        in_row = max(self.width() // STEP_PX, 1)
        key = Qt.Key(event.key())
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -in_row, Qt.Key.Key_Down: in_row}
        asks = {
            Qt.Key.Key_Return: self.chosen,
            Qt.Key.Key_Enter: self.chosen,
            Qt.Key.Key_Space: self.chosen,
            Qt.Key.Key_F2: self.rename_asked,
            Qt.Key.Key_Delete: self.remove_asked,
        }
        if key in moves and self.colors:
            self.current = min(max(self.current + moves[key], 0), len(self.colors) - 1)
            self.update()
        elif key in asks and self.current >= 0:
            asks[key].emit(self.current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        own = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_F2, Qt.Key.Key_Delete)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in own:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(event.pos())
            if index >= 0:
                entry = self.colors[index]
                QToolTip.showText(event.globalPos(), f"{entry.name} {entry.hex}".strip(), self)
            else:
                QToolTip.hideText()
            return True
        return bool(super().event(event))
