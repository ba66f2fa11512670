"""The tools on the left edge and the two colours below them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import TOOLBAR, action_spec
from desktop.ui.icons import ICON_PX, set_icon
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import rule
from desktop.ui.widgets.color_pair import ColorPair

STRIP_PX = 48
TOOL_PX = 36
SPACE_BEFORE = ("picker",)  # a line between the tools that change pixels and those that only look


class ToolStrip(QFrame):
    def __init__(self, state: EditorState, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setProperty("role", "bar")
        self.setFixedWidth(STRIP_PX)
        self.buttons: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 8)
        column.setSpacing(2)
        for name in TOOLBAR:
            if name in SPACE_BEFORE:
                column.addSpacing(4)
                column.addWidget(rule(self))
                column.addSpacing(4)
            button = self.buttons[name] = QToolButton(self)
            set_icon(button, action_spec(f"tool.{name}").icon)
            button.setIconSize(QSize(ICON_PX, ICON_PX))
            button.setFixedSize(TOOL_PX, TOOL_PX)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(actions[f"tool.{name}"].trigger)
            column.addWidget(button)
        column.addSpacing(8)
        self.colors = ColorPair(state, TOOL_PX, self)
        column.addWidget(self.colors)
        column.addStretch(1)
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

    def _refresh(self) -> None:
        self.buttons[self._state.tool.value].setChecked(True)
