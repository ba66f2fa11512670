"""What is asked about brushes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from desktop.ui.i18n import tr

TIP_PATTERNS = "*.gbr *.png"
BRUSH_PATTERNS = f"{TIP_PATTERNS} *.toml"


class BrushDialogs:
    """Asks the person in front of `window`. None, or no files, means cancelled."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def ask_name(self, suggestion: str) -> str | None:
        name, is_answered = QInputDialog.getText(
            self._window, tr("brush.name_title"), tr("brush.name_label"), text=suggestion
        )
        return name if is_answered else None

    def ask_files(self) -> list[Path]:
        names, _ = QFileDialog.getOpenFileNames(
            self._window, tr("brush.import_title"), "", f"{tr('brush.files')} ({BRUSH_PATTERNS})"
        )
        return [Path(name) for name in names]

    def ask_tip(self) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(
            self._window, tr("brush.tip_title"), "", f"{tr('brush.tips')} ({TIP_PATTERNS})"
        )
        return Path(name) if name else None
