"""The line over the list of layers that finds them: by name, by kind, by colour tag."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from desktop.core.layers import ColorTag
from desktop.ui.i18n import tr
from desktop.ui.panels.layer_painter import tag_color
from desktop.ui.panels.layer_rows import Kind, LayerFilter
from desktop.ui.widgets.basics import IconButton


class LayerFilterBar(QWidget):
    changed = Signal(object)  # LayerFilter
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = QLineEdit(self)
        self.field.setClearButtonEnabled(True)
        self.field.installEventFilter(self)
        self.button = IconButton("filter", self)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setCheckable(True)
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        self._wanted = LayerFilter()
        self._choices: list[tuple[QAction, Kind, ColorTag | None]] = []
        self._fill_menu()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 6)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        self.field.textChanged.connect(self._take)
        self.menu.triggered.connect(self._take)
        self.menu.aboutToShow.connect(self._paint_dots)

    @property
    def wanted(self) -> LayerFilter:
        return self._wanted

    def open(self) -> None:
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def close_and_clear(self) -> None:
        """Lists every layer again."""
        self._choices[0][0].setChecked(True)
        self.field.clear()
        self._take()
        self.hide()
        self.closed.emit()

    def retranslate(self) -> None:
        self.field.setPlaceholderText(tr("layers.filter_hint"))
        self.field.setAccessibleName(tr("layers.filter_hint"))
        self.button.set_tip(tr("layers.filter_kinds"))
        for action, kind, tag in self._choices:
            action.setText(tr(f"layer_kind.{kind.value}") if tag is None else tr(f"tag.{tag.value}"))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if watched is self.field and is_escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if watched is self.field and is_escape and event.type() == QEvent.Type.KeyPress:
            self.close_and_clear()
            return True
        return False

    def _fill_menu(self) -> None:
        group = QActionGroup(self)
        choices: list[tuple[Kind, ColorTag | None]] = [(kind, None) for kind in Kind]
        choices += [(Kind.ANY, tag) for tag in ColorTag if tag is not ColorTag.NONE]
        for kind, tag in choices:
            if kind is Kind.PIXELS or tag is ColorTag.RED:
                self.menu.addSeparator()
            action = QAction(self.menu)
            action.setCheckable(True)
            group.addAction(action)
            self.menu.addAction(action)
            self._choices.append((action, kind, tag))
        self._choices[0][0].setChecked(True)

    def _paint_dots(self) -> None:
        """In the colours of the theme that is shown now."""
        for action, _kind, tag in self._choices:
            if tag is not None:
                action.setIcon(_dot(QColor(tag_color(tag)), self.devicePixelRatioF()))

    def _take(self) -> None:
        _action, kind, tag = next(choice for choice in self._choices if choice[0].isChecked())
        self.button.setChecked(kind is not Kind.ANY or tag is not None)
        wanted = LayerFilter(self.field.text().strip(), kind, tag)
        if wanted != self._wanted:
            self._wanted = wanted
            self.changed.emit(wanted)


def _dot(shade: QColor, pixel_ratio: float) -> QIcon:
    pixmap = QPixmap(QSize(16, 16) * pixel_ratio)
    pixmap.setDevicePixelRatio(pixel_ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    painter.drawEllipse(QPointF(8, 8), 5, 5)
    painter.end()
    return QIcon(pixmap)
