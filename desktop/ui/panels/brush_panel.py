"""The Brushes panel: every brush as a picture; keep the one in hand, import, rename, delete, change everything."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.commands.brush_commands import BrushCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.brush_list import BrushList
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton
from desktop.ui.widgets.popover import Popover

BUTTONS = ("brush.edit", "brush.save", "brush.import", "brush.rename", "brush.delete")
POPOVER_PX = (428, 420)


class BrushPanel(QWidget):
    def __init__(
        self, state: EditorState, brushes: BrushCommands, actions: ActionSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.list = BrushList(state, brushes, self)
        self.buttons: dict[str, IconButton] = {}
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 6)
        row.setSpacing(2)
        for action_id in BUTTONS:
            button = self.buttons[action_id] = IconButton(action_spec(action_id).icon, self)
            button.clicked.connect(actions[action_id].trigger)
            row.addWidget(button)
        row.insertStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self._brushes = brushes
        state.options_changed.connect(self._refresh)
        state.tool_changed.connect(self._refresh)
        self.retranslate()

    def retranslate(self) -> None:
        self.list.setAccessibleName(tr("panel.brushes"))
        for action_id, button in self.buttons.items():
            button.set_tip(tip_of(action_spec(action_id)))
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _refresh(self) -> None:
        is_own = self._brushes.is_own
        for action_id in ("brush.rename", "brush.delete"):
            self.buttons[action_id].setEnabled(is_own)


class BrushPicker(Popover):
    """The panel as a popover of the context bar."""

    def __init__(self, state: EditorState, brushes: BrushCommands, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self.panel = BrushPanel(state, brushes, actions, self)
        self.body.setContentsMargins(4, 8, 4, 4)
        self.body.addWidget(self.panel)
        self.setFixedSize(*POPOVER_PX)
        self.panel.list.picked.connect(lambda _id: self.close())
        for button in self.panel.buttons.values():
            button.clicked.connect(self.close)
