"""What the channels panel does: shows one channel, makes selections of channels and channels of selections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.core.color import Gray8
from desktop.core.edits import OpenDocument
from desktop.core.select import Joined
from desktop.tools import channels
from desktop.tools.channels import PLATES
from desktop.tools.names import EditName
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ChannelCommands(QObject):
    """Channels go by number: the four of the picture, then the saved selections."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self._state.document_renamed.connect(self._repaint)  # after every step of the history

    def _repaint(self) -> None:
        if self._state.shown_channel is not None:
            self._window.canvas.update()

    def show(self, number: int | None) -> None:
        """One channel in grey, or the picture again."""
        self._state.show_channel(number)

    def save_selection(self) -> None:
        """As a channel that stays in the document."""
        opened = self._opened()
        if opened is not None:
            number = len(opened.document.channels) + 1
            self._window.guarded(lambda: channels.save_selection(opened, tr("channels.new_name", number=number)))

    def store(self, number: int) -> None:
        """The selection takes the place of a saved one."""
        opened = self._opened()
        if opened is not None and self.is_saved(number):
            self._window.guarded(lambda: channels.store_selection(opened, number - len(PLATES)))

    def delete(self, number: int) -> None:
        opened = self._opened()
        if opened is not None and self.is_saved(number):
            channels.delete_channel(opened, number - len(PLATES))
            self._state.show_channel(None)

    def rename(self, number: int) -> None:
        opened = self._opened()
        if opened is None or not self.is_saved(number):
            return
        old = opened.document.channels[number - len(PLATES)].name
        name = self._window.dialogs.ask_name(tr("channels.rename"), old, tr("dialog.rename"))
        if name:
            channels.rename_channel(opened, number - len(PLATES), name)

    def load(self, number: int, how: Joined) -> None:
        """A channel's levels as the selection, read in a thread."""
        opened = self._opened()
        if opened is None or number >= len(PLATES) + len(opened.document.channels):
            return
        version = opened.document

        def work() -> Gray8:
            if number < len(PLATES):
                return channels.plate_levels(version, PLATES[number])
            return channels.saved_levels(version, number - len(PLATES))

        def land(levels: Gray8) -> None:
            if opened.is_editing or opened.document.size != version.size:
                return
            with opened.edit(EditName.SELECT) as edit:
                edit.set_selection(channels.selection_from_levels(opened.document, levels, how))

        self._window.background.run(work, on_done=land, on_error=self._window.show_error, name="channel")

    def is_saved(self, number: int) -> bool:
        document = self._state.document
        return document is not None and 0 <= number - len(PLATES) < len(document.channels)

    def _opened(self) -> OpenDocument | None:
        opened = self._state.open_document
        if opened is None or opened.is_editing:
            return None
        self._window.ai.settle()
        return opened
