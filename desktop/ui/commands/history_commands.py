"""What the history panel does besides jumping: snapshots, and forgetting the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import UserError
from desktop.tools.names import EditName
from desktop.ui.i18n import tr, tr_edit

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

SNAPSHOT_SHARE = 0.5  # of the budget; the rest stays with the steps


class HistoryCommands(QObject):
    snapshots_changed = Signal()
    compare_wanted = Signal(object, str)  # Document, its name

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._state = window.state

    def budget_bytes(self) -> int:
        return self._window.files.memory_budget()

    def used_bytes(self) -> int:
        """What the histories and snapshots of all documents keep in memory."""
        return sum(session.kept_bytes() for session in self._state.documents)

    def snapshot(self) -> None:
        """Keeps the shown version under a name that can be changed."""
        session = self._state.current
        if session is None or session.open_document.is_editing:
            return
        document = session.open_document.document
        taken = {snapshot.name for snapshot in session.snapshots.all}
        number = next(n for n in range(1, len(taken) + 2) if tr("history.snapshot_name", number=n) not in taken)
        room = int(self.budget_bytes() * SNAPSHOT_SHARE)
        try:
            name = tr("history.snapshot_name", number=number)
            session.snapshots.add(name, document, shown=document, budget_bytes=room)
        except UserError as error:
            self._window.show_error(error)
        self.snapshots_changed.emit()

    def restore(self, index: int) -> None:
        """Shows a snapshot again, as a step that can be undone."""
        session = self._state.current
        if session is None or session.open_document.is_editing or not 0 <= index < len(session.snapshots.all):
            return
        self._window.ai.settle()
        with session.open_document.edit(EditName.SNAPSHOT) as edit:
            edit.replace_document(session.snapshots.all[index].document)
        self.snapshots_changed.emit()

    def compare_step(self, index: int) -> None:
        """Wants a step of the history beside the present version."""
        session = self._state.current
        if session is not None and 0 <= index < len(session.open_document.history):
            entry = session.open_document.history.entry(index)
            self.compare_wanted.emit(entry.document, tr_edit(entry.name))

    def compare_snapshot(self, index: int) -> None:
        session = self._state.current
        if session is not None and 0 <= index < len(session.snapshots.all):
            snapshot = session.snapshots.all[index]
            self.compare_wanted.emit(snapshot.document, snapshot.name)

    def remove(self, index: int) -> None:
        session = self._state.current
        if session is not None and 0 <= index < len(session.snapshots.all):
            session.snapshots.remove(index)
            self.snapshots_changed.emit()

    def rename(self, index: int, name: str) -> None:
        session = self._state.current
        if session is None or not 0 <= index < len(session.snapshots.all):
            return
        if name.strip() and name != session.snapshots.all[index].name:
            session.snapshots.rename(index, name.strip())
        self.snapshots_changed.emit()

    def clear(self) -> None:
        """Forgets every step but the shown one, after a question."""
        session = self._state.current
        if session is None or session.open_document.is_editing or len(session.open_document.history) < 2:
            return
        if self._window.dialogs.confirm(tr("history.clear_title"), tr("history.clear_text"), tr("history.clear_yes")):
            session.open_document.clear_history()
