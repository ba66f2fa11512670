"""Patterns of the bucket: those made by formulas, and own ones taken from the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.core.color import Pixels
from desktop.core.errors import UserError
from desktop.core.patterns import Pattern, pattern_pixels
from desktop.io.pattern_library import PatternLibrary
from desktop.paths import user_patterns_dir
from desktop.tools.clipping import copied_merged
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

OWN = "own:"  # before the names of own patterns


class PatternCommands(QObject):
    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.library = PatternLibrary(user_patterns_dir())

    def names(self) -> list[str]:
        """What the options call them."""
        return [pattern.value for pattern in Pattern] + [OWN + name for name in self.library.names()]

    def title(self, name: str) -> str:
        return name.removeprefix(OWN) if name.startswith(OWN) else tr(f"pattern.{name}")

    def pixels(self, name: str) -> Pixels | None:
        """(H, W, 4); None for the plain colour. UserError when an own one cannot be read."""
        if name not in self.names():
            return None
        return self.library.pixels(name.removeprefix(OWN)) if name.startswith(OWN) else pattern_pixels(Pattern(name))

    def define(self) -> None:
        """What is visible in the selection becomes a pattern, and the one in hand."""
        document = self._window.state.document
        if document is None:
            raise UserError("tool.no_document")
        clip = copied_merged(document)
        name = self._window.dialogs.ask_name(tr("pattern.name_title"), tr("pattern.new_name"), tr("dialog.save"))
        if name is None:
            return
        saved = self.library.save(name, clip.pixels)
        options = replace(self._window.state.options.bucket, pattern=OWN + saved)
        self._window.state.change_options(bucket=options)
        self.changed.emit()
