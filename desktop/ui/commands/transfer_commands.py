"""Layers that go to another open document: dragged onto its tab, or by the menu."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from desktop.core.errors import UserError
from desktop.core.layers import LayerId
from desktop.tools.layer_transfer import branches_for, land_branches
from desktop.ui.documents import DocumentSession

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class TransferCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window, self._state = window, window.state

    @property
    def others(self) -> list[DocumentSession]:
        """The documents that are not shown."""
        return [session for session in self._state.documents if session is not self._state.current]

    def choose(self) -> None:
        """Asks which of the other documents the chosen layers go to."""
        self.menu().popup(QCursor.pos())

    def menu(self) -> QMenu:
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for session in self.others:
            entry = menu.addAction(session.title.replace("&", "&&"))
            entry.triggered.connect(lambda _checked=False, to=session: self.copy_to(to, self._state.chosen_ids))
        return menu

    def copy_to(self, session: DocumentSession, layer_ids: Collection[LayerId]) -> None:
        """Copies of layers of the shown document land above the layer chosen there, and that document is shown."""
        opened, target = self._state.open_document, session.open_document
        if opened is None or session is self._state.current:
            return
        source, into = opened.document, target.document

        def land(branches: object) -> None:
            if session not in self._state.documents or target.is_editing:
                return
            assert isinstance(branches, tuple)
            above = session.layer_id if session is not self._state.current else self._state.layer_id
            ids = land_branches(target, branches, above)
            self._state.show_document(session)
            self._state.choose_layers(ids, ids[-1])

        self._window.background.run(
            lambda: branches_for(source, layer_ids, into), on_done=land, on_error=self._fail, name="transfer"
        )

    # a drag out of the layer list

    def over(self, place: QPoint) -> bool:
        """The dragged pointer is there, on the screen: whether another document would take the layers."""
        session = self._window.tabs.session_at(place)
        taken = session if session is not self._state.current else None
        self._window.tabs.mark(taken)
        return taken is not None

    def drop(self, place: QPoint, layer_ids: Collection[LayerId]) -> bool:
        """True when another document takes the layers."""
        session = self._window.tabs.session_at(place)
        if session is None or session is self._state.current:
            return False
        self.copy_to(session, layer_ids)
        return True

    def end(self) -> None:
        """The drag is over, wherever."""
        self._window.tabs.mark(None)

    def _fail(self, error: UserError) -> None:
        self._window.show_error(error)
