"""The menu of the files that were open last, filled when it is opened."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QWidget

from desktop.ui.commands.file_commands import FileCommands
from desktop.ui.i18n import tr


class RecentMenu(QMenu):
    def __init__(self, files: FileCommands, parent: QWidget) -> None:
        super().__init__(parent)
        self._files = files
        self.aboutToShow.connect(self._fill)

    def retranslate(self) -> None:
        self.setTitle(tr("menu.recent"))

    def _fill(self) -> None:
        self.clear()
        paths = self._files.recent()
        for path in paths:
            action = self.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _checked=False, chosen=path: self._files.open_path(chosen))
        if not paths:
            self.addAction(tr("menu.recent_empty")).setEnabled(False)
