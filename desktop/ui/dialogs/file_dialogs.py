"""Asking for files and folders: the system's own dialogs where it has some, else Qt's in the window's language."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHeaderView, QSplitter, QToolButton, QTreeView, QWidget

from desktop.ui.i18n import tr
from desktop.ui.icons import set_icon

SIZE_PX = (860, 540)  # names and dates of photographs fit
PLACES_PX = 170
ICONS = {  # by Qt's names of the buttons: its own arrows are black in the dark theme too
    "backButton": "undo",
    "forwardButton": "redo",
    "toParentButton": "arrow-up",
    "newFolderButton": "folder",
    "listModeButton": "grid",
    "detailModeButton": "layers",
}


def ask_files(parent: QWidget, title: str, folder: str, filters: str) -> list[Path]:
    """Several that exist; none when it was cancelled."""
    dialog = file_dialog(parent, title, folder, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    return _answered(dialog)


def ask_file(parent: QWidget, title: str, folder: str, filters: str = "") -> Path | None:
    dialog = file_dialog(parent, title, folder, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return next(iter(_answered(dialog)), None)


def ask_new_file(parent: QWidget, title: str, suggestion: Path, filters: str) -> tuple[Path, str] | None:
    """Where to write, and which of the filters was chosen."""
    dialog = file_dialog(parent, title, str(suggestion.parent), filters)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(suggestion.name)
    chosen = _answered(dialog)
    return (chosen[0], dialog.selectedNameFilter()) if chosen else None


def ask_folder(parent: QWidget, title: str, folder: str) -> Path | None:
    dialog = file_dialog(parent, title, folder, "")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return next(iter(_answered(dialog)), None)


def file_dialog(parent: QWidget, title: str, folder: str, filters: str) -> QFileDialog:
    dialog = QFileDialog(parent, title, folder, filters)
    # Qt's Chinese table has no word for these two
    dialog.setLabelText(QFileDialog.DialogLabel.LookIn, tr("files.look_in"))
    dialog.setLabelText(QFileDialog.DialogLabel.FileType, tr("files.type"))
    _make_room(dialog)
    return dialog


def _make_room(dialog: QFileDialog) -> None:
    """Qt's own dialog begins too small for its columns; the system's has no such parts."""
    splitter, details = dialog.findChild(QSplitter), dialog.findChild(QTreeView)
    if not isinstance(splitter, QSplitter) or not isinstance(details, QTreeView):
        return
    dialog.resize(*SIZE_PX)
    splitter.setSizes([PLACES_PX, SIZE_PX[0] - PLACES_PX])
    for button in dialog.findChildren(QToolButton):
        if button.objectName() in ICONS:
            set_icon(button, ICONS[button.objectName()])
    header = details.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)


def _answered(dialog: QFileDialog) -> list[Path]:
    chosen = [Path(name) for name in dialog.selectedFiles()] if dialog.exec() else []
    dialog.deleteLater()
    return chosen
