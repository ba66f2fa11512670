"""The tools that retouch and transform, put together for the window: which of them a press, a key or Enter means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from desktop.tools.gestures import Gesture, Modifier
from desktop.ui.commands.removal_commands import RemovalCommands
from desktop.ui.commands.retouch_commands import RetouchCommands
from desktop.ui.state import RETOUCH_TOOLS, Tool

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class EditingTools:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.removal = RemovalCommands(window.state, window.background)
        self.removal.settle = window.ai.settle
        self.removal.failed.connect(window.show_error)
        self.retouch = RetouchCommands(window.state, window.canvas, self.removal)

    @property
    def can_run(self) -> bool:
        """Whether the tool in hand is one that Ctrl+Enter runs."""
        return self._window.state.tool is Tool.REMOVE and self.removal.can_run

    def run_tool(self) -> None:
        """What Ctrl+Enter means: the removal while its tool is in hand, else the model."""
        if self.can_run:
            self.removal.run()
        else:
            self._window.ai.run()

    def gesture(self, tool: Tool, modifiers: Modifier) -> Gesture | None:
        """What a press begins; None for the tools of others."""
        if tool not in RETOUCH_TOOLS:
            return None
        self._window.ai.settle()
        return self.retouch.gesture(tool, modifiers)

    def key(self, key: Qt.Key) -> bool:
        """What keys mean while something runs; False when they mean nothing here."""
        return key == Qt.Key.Key_Escape and self.removal.cancel()
