"""Small parts that every panel is made of: icon buttons, rules, headers, cards, segments, swatches."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.icons import ICON_PX, set_icon
from desktop.ui.theme import color, tokens

BUTTON_PX = 28


class IconButton(QToolButton):
    """A flat square button with one icon."""

    def __init__(self, icon_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_icon(self, icon_name)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setFixedSize(BUTTON_PX, BUTTON_PX)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_tip(self, text: str) -> None:
        self.setToolTip(text)
        self.setAccessibleName(text)


def rule(parent: QWidget | None = None) -> QFrame:
    """A thin line between parts."""
    line = QFrame(parent)
    line.setProperty("role", "rule")
    return line


def upright_rule(parent: QWidget | None = None) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "rule-v")
    line.setFixedHeight(20)
    return line


def dim_label(text: str = "", parent: QWidget | None = None) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", "dim")
    return label


def wrapped_label(role: str = "dim", parent: QWidget | None = None) -> QLabel:
    label = QLabel(parent)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label


def tabular(font: QFont) -> QFont:
    """The font with figures of one width, so that changing numbers do not dance."""
    result = QFont(font)
    if hasattr(result, "setFeature") and hasattr(QFont, "Tag"):
        result.setFeature(QFont.Tag("tnum"), 1)
    return result


class SectionHeader(QWidget):
    """A title over a part of a panel, with room for buttons on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel(self)
        self.title.setProperty("role", "header")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)
        self.row.addWidget(self.title)
        self.row.addStretch(1)
        self.setMinimumHeight(BUTTON_PX)

    def add(self, widget: QWidget) -> None:
        self.row.addWidget(widget)


class Card(QFrame):
    """A framed block that can be chosen."""

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 10, 12, 10)
        self.body.setSpacing(4)

    @property
    def is_chosen(self) -> bool:
        return self.property("chosen") == "true"

    def set_chosen(self, chosen: bool) -> None:
        self.setProperty("chosen", "true" if chosen else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event: object) -> None:
        if getattr(event, "key", int)() in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


class Segments(QWidget):
    """A few exclusive choices side by side. Values are strings; texts come with `set_texts`."""

    chosen = Signal(str)

    def __init__(self, values: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for index, value in enumerate(values):
            button = QPushButton(self)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            edge = "first" if index == 0 else "last" if index == len(values) - 1 else "inner"
            button.setProperty("edge", edge)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, v=value: self.chosen.emit(v))
            self._group.addButton(button)
            self._buttons[value] = button
            row.addWidget(button, 1)
        self.setFixedHeight(BUTTON_PX)

    def button(self, value: str) -> QPushButton:
        return self._buttons[value]

    def set_texts(self, texts: Sequence[str], tips: Sequence[str] = ()) -> None:
        for button, text in zip(self._buttons.values(), texts, strict=True):
            button.setText(text)
        for button, tip in zip(self._buttons.values(), tips, strict=False):
            button.setToolTip(tip)

    def set_value(self, value: str) -> None:
        self._buttons[value].setChecked(True)

    @property
    def value(self) -> str:
        return next((value for value, button in self._buttons.items() if button.isChecked()), "")


class Swatch(QWidget):
    """A patch of one colour; a click asks to change it."""

    clicked = Signal()

    def __init__(self, side_px: int = 24, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color = QColor("black")
        self.setFixedSize(side_px, side_px)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def shown_color(self) -> QColor:
        return self._color

    def set_color(self, shown: QColor) -> None:
        self._color = shown
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(color(tokens().dim, 0.6), 1))
        painter.setBrush(self._color)
        painter.drawRoundedRect(box, 4, 4)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()


def stacked(top: QWidget, below: QWidget) -> QWidget:
    """Two widgets, one above the other, without a gap."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(top)
    column.addWidget(below, 1)
    return holder


class ElidedLabel(QLabel):
    """One line that ends in … where there is no room; the whole text is its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_full_text(self, text: str) -> None:
        self._full = text
        self._refresh()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._full, Qt.TextElideMode.ElideRight, max(self.width(), 0))
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")
