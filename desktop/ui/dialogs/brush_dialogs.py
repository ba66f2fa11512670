"""What is asked about brushes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from desktop.ui.dialogs.file_dialogs import ask_file, ask_files
from desktop.ui.dialogs.name_dialog import ask_name
from desktop.ui.i18n import tr

TIP_PATTERNS = "*.gbr *.png"
BRUSH_PATTERNS = f"{TIP_PATTERNS} *.toml"


class BrushDialogs:
    """Asks the person in front of `window`. None, or no files, means cancelled."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def ask_new_name(self, suggestion: str) -> str | None:
        return ask_name(tr("brush.name_title"), suggestion, tr("dialog.save"), self._window)

    def ask_name(self, name: str) -> str | None:
        """Another one for a brush that has one."""
        return ask_name(tr("brush.rename_title"), name, tr("dialog.rename"), self._window)

    def ask_files(self) -> list[Path]:
        return ask_files(self._window, tr("brush.import_title"), "", f"{tr('brush.files')} ({BRUSH_PATTERNS})")

    def ask_tip(self) -> Path | None:
        return ask_file(self._window, tr("brush.tip_title"), "", f"{tr('brush.tips')} ({TIP_PATTERNS})")
