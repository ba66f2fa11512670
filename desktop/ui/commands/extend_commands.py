"""Extending the picture: by lengths on its sides, by a canvas or a crop frame that reaches beyond it."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from desktop.core.document import Document
from desktop.core.geometry import Rect
from desktop.core.remove import RemoveSettings
from desktop.tools.extending import extended
from desktop.tools.names import EditName
from desktop.ui.i18n import tr
from desktop.ui.memory import check_new_size

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class _CancelledError(Exception):
    """Leaves the computation."""


class ExtendCommands:
    """What `image.extend` does, and the filling that other commands ask for."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._stop: threading.Event | None = None
        self._runs = 0

    def extend(self) -> None:
        """Asks how far; then the picture grows and what is new is filled, in one edit."""
        document = self._window.state.document
        if document is None:
            return
        sizes = self._window.editing.sizes
        check = partial(check_new_size, self._window.settings, depth=document.depth)
        canvas = sizes.dialogs.ask_sides(document, check)
        if canvas is None:
            return
        sizes.change(EditName.EXTEND, partial(self.filled, canvas=canvas, keeps_outside=True))

    def filled(self, document: Document, canvas: Rect, *, keeps_outside: bool) -> Document:
        """In the background: the picture on another canvas, what is new filled; the same document where cancelled."""
        stop = self._stop = threading.Event()
        self._runs += 1
        call, status = self._window.background.call, self._window.status
        settings = RemoveSettings(seed=self._runs)

        def watch(_share: float) -> None:
            if stop.is_set():
                raise _CancelledError

        call(lambda: status.show_task(tr("extend.working")))
        try:
            name = tr("extend.layer_name")
            return extended(document, canvas, settings, name, keeps_outside=keeps_outside, watch=watch)
        except _CancelledError:
            return document
        finally:
            self._stop = None
            call(lambda: status.show_task(""))

    def cancel(self) -> bool:
        """True when something was running."""
        if self._stop is None:
            return False
        self._stop.set()
        return True
