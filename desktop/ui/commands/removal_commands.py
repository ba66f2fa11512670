"""Removing objects: what was painted, or selected, is filled from around it in a thread and lands as one edit."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.layers import LayerId
from desktop.core.remove import Imagine
from desktop.core.tiles import TileMap
from desktop.tools.gestures import Gesture
from desktop.tools.hole_network import StoppedError
from desktop.tools.removing import LandedRemoval, Removal, land_another, land_removal, removal_of
from desktop.ui.background import Background
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState, Tool

SHOWN_STEP = 0.02  # of the progress, before it is shown again


class _CancelledError(Exception):
    """Leaves the computation."""


class RemovalCommands(QObject):
    """`changed` while something runs and when it ends; `failed` (UserError)."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, state: EditorState, background: Background) -> None:
        super().__init__(background)
        self._state, self._background = state, background
        self._stop: threading.Event | None = None
        self._share: float | None = None
        self._runs = 0
        self._landed: tuple[OpenDocument, LandedRemoval] | None = None
        self.settle: Callable[[], None] = lambda: None  # a result that waits is kept first
        self.network: Callable[[], Imagine | None] = lambda: None  # what fills holes, where it is installed
        state.document_left.connect(self.cancel)

    @property
    def share(self) -> float | None:
        """How much of the running removal is done; None when none runs."""
        return self._share

    @property
    def can_run(self) -> bool:
        document = self._state.document
        has_place = document is not None and (not self._state.region.is_empty or document.selection is not None)
        return has_place and self._share is None

    @property
    def can_run_again(self) -> bool:
        """Whether the last removal of this document may be exchanged for another result."""
        opened = self._state.open_document
        if self._landed is None or opened is not self._landed[0] or self._share is not None:
            return False
        return not opened.is_editing and self._landed[1].is_untouched(opened.document)

    def stroke(self, stroke: Gesture, *, erases: bool) -> Gesture:
        """A stroke of the tool; its release begins the removal where that is wanted."""
        yield from stroke
        if self._state.options.retouch.remove.at_once and not erases:
            self.run()

    def run_guarded(self) -> None:
        try:
            self.run()
        except UserError as error:
            self.failed.emit(error)

    def run(self) -> None:
        """Fills what is painted or selected. UserError when there is nothing to fill or nowhere to do it."""
        self._begin(self._state.region.tiles)

    def _begin(self, region: TileMap) -> None:
        opened, options = self._state.open_document, self._state.options.retouch.remove
        if opened is None or self._share is not None:
            return
        self.settle()
        self._runs += 1
        removal = removal_of(
            opened.document,
            self._state.layer_id,
            region,
            options.settings(seed=self._runs),
            is_new_layer=options.new_layer,
        )
        self._start(opened, removal)

    def run_in_selection(self) -> None:
        """Fills what is selected, whatever is painted. UserError as for `run`."""
        self._begin(TileMap(1))

    def run_again(self) -> None:
        """Fills the same hole once more by another seed; the result takes the place of the one before."""
        if not self.can_run_again or self._landed is None:
            return
        opened, landed = self._landed
        self.settle()
        self._runs += 1
        self._start(opened, landed.removal.with_seed(self._runs), landed.layer_id)

    def cancel(self) -> bool:
        """True when something was running."""
        if self._stop is None:
            return False
        self._stop.set()
        self._end()
        return True

    def _start(self, opened: OpenDocument, removal: Removal, replaced: LayerId | None = None) -> None:
        """`replaced`: the layer with the result that this one shall take the place of."""
        imagine = self.network() if removal.settings.asks_network else None
        stop = self._stop = threading.Event()
        self._show(0.0)
        shown = 0.0

        def watch(share: float) -> None:
            nonlocal shown
            if stop.is_set():
                raise _CancelledError
            if share - shown >= SHOWN_STEP:
                shown = share
                self._background.call(lambda: self._show(share) if stop is self._stop else None)

        def work() -> Removal | None:
            try:
                return removal.filled(watch, imagine)
            except (_CancelledError, StoppedError):
                return None

        def done(filled: Removal | None) -> None:
            if stop is not self._stop:
                return
            if filled is None:
                self._end()
            elif replaced is not None:
                self._land_another(opened, filled, replaced)
            else:
                self._land(opened, removal, filled)

        def failed(error: UserError) -> None:
            if stop is self._stop:
                self._end()
                self.failed.emit(error)

        self._background.run(work, on_done=done, on_error=failed, name="removal")

    def _land(self, opened: OpenDocument, asked: Removal, filled: Removal) -> None:
        """Once more when the pixels that were looked at have changed meanwhile."""
        if opened.is_editing:
            self._background.call(lambda: self._land(opened, asked, filled) if self._stop is not None else None)
            return
        self._end()
        try:
            if not filled.still_fits(opened.document):
                self._start(opened, asked.again(opened.document))
                return
            layer_id = land_removal(opened, filled, tr("remove.layer_name"))
        except UserError as error:
            self.failed.emit(error)
            return
        self._landed = (opened, LandedRemoval.on(opened.document, asked, layer_id or asked.layer_id))
        if self._state.tool is Tool.REMOVE or not self._state.region.is_empty:
            self._state.region.clear()
        if layer_id is not None and self._state.open_document is opened:
            self._state.choose_layer(layer_id)

    def _land_another(self, opened: OpenDocument, filled: Removal, layer_id: LayerId) -> None:
        """Nothing where somebody worked on the layer meanwhile: the older result is part of that work."""
        if opened.is_editing:
            again = self._land_another
            self._background.call(lambda: again(opened, filled, layer_id) if self._stop is not None else None)
            return
        self._end()
        if not self.can_run_again:
            return
        try:
            land_another(opened, filled, layer_id)
        except UserError as error:
            self.failed.emit(error)
            return
        self._landed = (opened, LandedRemoval.on(opened.document, filled, layer_id))
        self.changed.emit()

    def _show(self, share: float | None) -> None:
        self._share = share
        self.changed.emit()

    def _end(self) -> None:
        self._stop = None
        self._show(None)
