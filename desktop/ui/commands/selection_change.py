"""Grow, shrink, feather, border, smooth: one at a time in a thread, with its progress; Escape gives it up."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core import select_modify
from desktop.core.color import Gray8
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.tiles import TileMap
from desktop.tools import selecting
from desktop.tools.names import EditName
from desktop.ui.background import Background
from desktop.ui.commands.long_commands import EDIT_WAIT_MS
from desktop.ui.dialogs.amount_dialog import Amount
from desktop.ui.i18n import tr

AMOUNTS = {
    "grow": Amount("select.grow", 1, select_modify.LARGEST_RADIUS_PX, 5),
    "shrink": Amount("select.shrink", 1, select_modify.LARGEST_RADIUS_PX, 5),
    "feather": Amount("select.feather", 0.5, 250, 8),
    "border": Amount("select.border", 1, select_modify.LARGEST_RADIUS_PX, 8),
    "smooth": Amount("select.smooth", 1, select_modify.LARGEST_MEDIAN_PX, 4),
}
CHANGES = {  # and how far they reach, in amounts
    "grow": (select_modify.grown, 1.0),
    "shrink": (select_modify.shrunk, 1.0),
    "feather": (select_modify.feathered, 2.0),
    "border": (select_modify.bordered, 0.5),
    "smooth": (select_modify.smoothed, 1.0),
}


class _GivenUpError(Exception):
    """Ends the work in its thread."""


class SelectionChange(QObject):
    """`told` (text, empty at the end) says how far it is; `failed` (UserError)."""

    told = Signal(str)
    failed = Signal(object)
    _went_on = Signal(int, float)  # which run, how far; from its thread

    def __init__(self, background: Background) -> None:
        super().__init__(background)
        self._background = background
        self._run = 0  # the number of the one that counts; 0 when none does
        self._runs = 0
        self._title = ""
        self._went_on.connect(self._tell)

    @property
    def is_running(self) -> bool:
        return self._run != 0

    def start(self, opened: OpenDocument, kind: str, amount: float) -> None:
        """Changes the selection of what is open; one that still runs gives way."""
        self._runs += 1
        run = self._run = self._runs
        (change, share), version = CHANGES[kind], opened.document

        def tell(share: float) -> None:
            if run != self._run:
                raise _GivenUpError
            self._went_on.emit(run, share)

        def changed(levels: Gray8) -> Gray8:
            return change(levels, amount, tell)

        def work() -> tuple[TileMap | None] | None:
            try:
                return (selecting.changed_selection(version, changed, share * amount),)
            except _GivenUpError:
                return None

        self._title = tr(f"action.select.{kind}").rstrip("….").rstrip()
        self._tell(run, 0.0)
        self._background.run(
            work,
            on_done=lambda found: found is not None and self._land(run, opened, found[0]),
            on_error=lambda error: self._fail(run, error),
            name="selection",
        )

    def give_up(self) -> bool:
        """False when there is nothing to give up."""
        was_running = self.is_running
        self._end()
        return was_running

    def _tell(self, run: int, share: float) -> None:
        if run == self._run:
            self.told.emit(tr("select.working", what=self._title, share=f"{share:.0%}"))

    def _land(self, run: int, opened: OpenDocument, selection: TileMap | None) -> None:
        if run != self._run:
            return
        if opened.is_editing:  # in the middle of a stroke
            QTimer.singleShot(EDIT_WAIT_MS, self, lambda: self._land(run, opened, selection))
            return
        self._end()
        land_selection(opened, selection)

    def _fail(self, run: int, error: UserError) -> None:
        if run == self._run:
            self._end()
            self.failed.emit(error)

    def _end(self) -> None:
        if self._run:
            self._run = 0
            self.told.emit("")


def land_selection(opened: OpenDocument, selection: TileMap | None) -> None:
    with opened.edit(EditName.SELECT) as edit:
        edit.set_selection(selection)
