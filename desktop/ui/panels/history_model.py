"""The steps of a document as a Qt model: nothing is copied, a stroke adds one row, whatever their number."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from desktop.core.history import History
from desktop.ui.i18n import tr_edit
from desktop.ui.theme import color, tokens

SIZE_ROLE = Qt.ItemDataRole.UserRole
MARGIN_PX = 10
Index = QModelIndex | QPersistentModelIndex


class HistoryModel(QAbstractListModel):
    def __init__(self, parent: object = None) -> None:
        super().__init__(parent)  # type: ignore[arg-type]
        self._history: History | None = None
        self._rows = 0

    def show(self, history: History | None) -> None:
        """Lists another history from the start."""
        self.beginResetModel()
        self._history, self._rows = history, 0 if history is None else len(history)
        self.endResetModel()

    def refresh(self) -> None:
        """Takes over what was added or forgotten; only rows in sight are asked for again."""
        if self._history is None:
            return
        count = len(self._history)
        if count < self._rows:
            self.beginRemoveRows(QModelIndex(), count, self._rows - 1)
            self._rows = count
            self.endRemoveRows()
        elif count > self._rows:
            self.beginInsertRows(QModelIndex(), self._rows, count - 1)
            self._rows = count
            self.endInsertRows()
        if count:
            self.dataChanged.emit(self.index(0), self.index(count - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self._history is None or not index.isValid() or index.row() >= len(self._history):
            return None
        entry = self._history.entry(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return tr_edit(entry.name)
        if role == SIZE_ROLE:
            return size_text(entry.own_bytes) if entry.own_bytes else ""
        if role == Qt.ItemDataRole.ForegroundRole and index.row() > self._history.position:
            return QColor(tokens().disabled)
        return None


class SizeDelegate(QStyledItemDelegate):
    """A name on the left, what it costs on the right."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        foreground = index.data(Qt.ItemDataRole.ForegroundRole)
        if foreground is not None:
            option.palette.setColor(option.palette.ColorRole.Text, foreground)
        size = index.data(SIZE_ROLE) or ""
        room = option.rect.width() - 3 * MARGIN_PX - option.fontMetrics.horizontalAdvance(size)
        option.text = option.fontMetrics.elidedText(option.text, Qt.TextElideMode.ElideRight, max(room, 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        size = index.data(SIZE_ROLE)
        if size:
            painter.setPen(color(tokens().dim))
            rect: QRect = option.rect.adjusted(0, 0, -MARGIN_PX, 0)
            painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, size)


def size_text(count: int) -> str:
    """Bytes as people read them: "12 KB", "3.4 MB", "1.2 GB"."""
    if count < 1 << 20:
        return f"{-(-count // 1024)} KB"
    return f"{count / (1 << 20):.1f} MB" if count < 1 << 30 else f"{count / (1 << 30):.1f} GB"
