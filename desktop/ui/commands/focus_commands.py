"""The key that takes the focus round the parts of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from desktop.ui.focus import first_control

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class FocusCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def next_part(self) -> None:
        """From the canvas to the tools, their options, each group of panels, the status bar, and back."""
        parts = [part for part in self._parts() if part.isVisible() and not part.visibleRegion().isEmpty()]
        here = QApplication.focusWidget()
        place = next((i for i, part in enumerate(parts) if here is part or (here and part.isAncestorOf(here))), -1)
        for step in range(1, len(parts) + 1):
            part = parts[(place + step) % len(parts)]
            target = part if part is self._window.canvas else first_control(part)
            if target is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def _parts(self) -> list[QWidget]:
        window = self._window
        docks = sorted(window.panels.docks.values(), key=lambda dock: (dock.x(), dock.y()))
        return [window.canvas, window.tabs, window.strip, window.context, *docks, window.status]
