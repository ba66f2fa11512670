"""Filter ▸ Restore ▸ Scratches and dust: found in a thread, shown, then selected or filled at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.core.blemishes import BlemishSettings, blemishes
from desktop.core.color import Gray8
from desktop.core.composite import flatten
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.select import Joined, Shape
from desktop.tools.reduced import reduced_picture
from desktop.tools.selecting import select_shape
from desktop.ui.dialogs.blemish_dialog import PREVIEW_PX, BlemishDialog

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class MendCommands(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: BlemishDialog | None = None
        self._opened: OpenDocument | None = None
        self._settings = BlemishSettings()
        self._is_searching = False
        window.state.document_left.connect(self._give_up)

    def open(self) -> None:
        opened = self._window.state.open_document
        if opened is None or opened.is_editing or self._window.effects.dialog is not None:
            return
        self._window.ai.settle()
        self._opened, version = opened, opened.document
        dialog = self.dialog = BlemishDialog(self._settings, self._window)
        dialog.changed.connect(lambda _settings: self._search())
        dialog.chosen.connect(self._choose)
        dialog.finished.connect(self._finished)
        self._window.effects.dialog = dialog
        self._window.background.run(
            lambda: reduced_picture(version, PREVIEW_PX),
            on_done=lambda small: dialog is self.dialog and dialog.show_picture(small),
            on_error=self._window.show_error,
            name="blemish-preview",
        )
        self._search()
        dialog.show()

    def _search(self) -> None:
        """One search at a time; what was changed meanwhile is searched for after it."""
        dialog, opened = self.dialog, self._opened
        if dialog is None or opened is None or self._is_searching:
            return
        self._is_searching, settings, version = True, dialog.settings, opened.document

        def done(levels: Gray8) -> None:
            self._is_searching = False
            if dialog is self.dialog:
                dialog.show_found(levels)
            if self.dialog is not None and (dialog is not self.dialog or dialog.settings != settings):
                self._search()

        def failed(error: UserError) -> None:
            self._is_searching = False
            self._window.show_error(error)

        self._window.background.run(
            lambda: blemishes(flatten(version), settings), on_done=done, on_error=failed, name="blemishes"
        )

    def _choose(self, levels: Gray8, is_mended: bool) -> None:
        dialog, opened = self.dialog, self._opened
        assert dialog is not None
        assert opened is not None
        dialog.accept()
        if opened.is_editing or (opened.document.size.height, opened.document.size.width) != levels.shape:
            return
        select_shape(opened, Shape(opened.document.size.rect(), levels), Joined.REPLACE)
        if is_mended:
            self._window.guarded(self._window.editing.removal.run_in_selection)

    def _give_up(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def _finished(self, _result: int) -> None:
        dialog = self.dialog
        self._window.effects.dialog = self.dialog = self._opened = None
        assert dialog is not None
        self._settings = dialog.settings
        dialog.deleteLater()
        self._window.canvas.setFocus()
