"""The tools on the left edge and the two colours below them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import TOOLBAR, action_spec
from desktop.ui.icons import ICON_PX, set_icon
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import rule
from desktop.ui.widgets.color_pair import ColorPair

TOOL_PX = 36
STEP_PX = TOOL_PX + 2
SIDE_PX, MARGIN_PX, GAP_PX = 6, 8, 6
MOST_COLUMNS = 3
FIRST_THAT_LOOKS = "picker"  # a line between the tools that change pixels and those that only look


class ToolStrip(QFrame):
    def __init__(self, state: EditorState, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setProperty("role", "bar")
        self.buttons = {name: self._button(name, actions) for name in TOOLBAR}
        self._rule = rule(self)
        self.colors = ColorPair(state, TOOL_PX, self)
        self.setFixedWidth(_width(1))
        state.tool_changed.connect(self._refresh)
        self._refresh()

    def retranslate(self) -> None:
        for name, button in self.buttons.items():
            tip = tip_of(action_spec(f"tool.{name}"))
            button.setToolTip(tip)
            button.setAccessibleName(tip)
        self.colors.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(_width(1), self._placed_in(MOST_COLUMNS)[1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the tools stand in several columns."""
        super().resizeEvent(event)
        columns, places = 1, self._placed_in(1)
        while places[1] > self.height() and columns < MOST_COLUMNS:
            columns += 1
            places = self._placed_in(columns)
        self.setFixedWidth(_width(columns))
        for widget, rect in places[0].items():
            widget.setGeometry(rect)

    def _placed_in(self, columns: int) -> tuple[dict[QWidget, QRect], int]:
        """Where everything goes in so many columns, and how high that is."""
        places: dict[QWidget, QRect] = {}
        names, top = list(self.buttons), MARGIN_PX
        first_look = names.index(FIRST_THAT_LOOKS)
        for group in (names[:first_look], names[first_look:]):
            for index, name in enumerate(group):
                left = SIDE_PX + index % columns * STEP_PX
                places[self.buttons[name]] = QRect(left, top + index // columns * STEP_PX, TOOL_PX, TOOL_PX)
            top += -(-len(group) // columns) * STEP_PX
            if self._rule not in places:
                places[self._rule] = QRect(SIDE_PX, top + GAP_PX, _width(columns) - 2 * SIDE_PX, 1)
                top += 2 * GAP_PX + 1
        places[self.colors] = QRect(SIDE_PX, top + GAP_PX, TOOL_PX, TOOL_PX)
        return places, top + GAP_PX + TOOL_PX + MARGIN_PX

    def _button(self, name: str, actions: ActionSet) -> QToolButton:
        button = QToolButton(self)
        set_icon(button, action_spec(f"tool.{name}").icon)
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setFixedSize(TOOL_PX, TOOL_PX)
        button.setCheckable(True)
        button.setAutoExclusive(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(actions[f"tool.{name}"].trigger)
        return button

    def _refresh(self) -> None:
        self.buttons[self._state.tool.value].setChecked(True)


def _width(columns: int) -> int:
    return 2 * SIDE_PX + columns * STEP_PX - (STEP_PX - TOOL_PX)
