"""The refine edge brush: what was painted over the rim of a mask is solved anew in a thread and lands as one edit."""

from __future__ import annotations

import threading
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal

from desktop.core.brush import BrushMode
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.tools.edge_refining import EdgeRefinement, land_refinement, refinement_of
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.strokes import LastStroke
from desktop.ui.background import Background
from desktop.ui.state import EditorState, Tool

SHOWN_STEP = 0.02  # of the progress, before it is shown again


class _CancelledError(Exception):
    """Leaves the computation."""


class RefineCommands(QObject):
    """`changed` while something runs and when it ends; `failed` (UserError)."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, state: EditorState, background: Background) -> None:
        super().__init__(background)
        self._state, self._background = state, background
        self._stop: threading.Event | None = None
        self._share: float | None = None
        self._last = LastStroke()
        state.document_left.connect(self.cancel)

    @property
    def share(self) -> float | None:
        """How much of the running refinement is done; None when none runs."""
        return self._share

    def gesture(self, modifiers: Modifier) -> Gesture:
        """Paints the band; its release begins the work. UserError when there is no mask to refine."""
        document, state = self._state.document, self._state
        if document is None:
            raise UserError("tool.no_document")
        layer = state.active_layer
        if document.selection is None and (layer is None or layer.mask is None):
            raise UserError("refine.no_mask")
        erases = Modifier.ALT in modifiers
        settings = state.options.brushes[Tool.REFINE].settings(state.color, BrushMode.PAINT)
        settings = replace(settings, symmetry=state.options.symmetry.around(state.symmetry_center()))
        return self._stroke(state.region.stroke(settings, erases=erases, last=self._last), erases=erases)

    def cancel(self) -> bool:
        """True when something was running."""
        if self._stop is None:
            return False
        self._stop.set()
        self._end()
        self._state.region.clear()
        return True

    def key(self, key: Qt.Key) -> bool:
        return key == Qt.Key.Key_Escape and self.cancel()

    def _stroke(self, stroke: Gesture, *, erases: bool) -> Gesture:
        yield from stroke
        opened = self._state.open_document
        if opened is None or erases or self._stop is not None:
            return
        options, region = self._state.options.retouch.refine, self._state.region.tiles
        try:
            wanted = refinement_of(opened.document, self._state.layer_id, region, cleans_colors=options.clean_colors)
        except UserError as error:
            self.failed.emit(error)
            return
        self._start(opened, wanted)

    def _start(self, opened: OpenDocument, wanted: EdgeRefinement) -> None:
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

        def work() -> EdgeRefinement | None:
            try:
                return wanted.solved(watch)
            except _CancelledError:
                return None

        def done(solved: EdgeRefinement | None) -> None:
            if stop is self._stop and solved is not None:
                self._land(opened, wanted, solved)

        def failed(error: UserError) -> None:
            if stop is self._stop:
                self._end()
                self.failed.emit(error)

        self._background.run(work, on_done=done, on_error=failed, name="refine edge")

    def _land(self, opened: OpenDocument, wanted: EdgeRefinement, solved: EdgeRefinement) -> None:
        """Once more when the mask or the pixels have changed meanwhile; what was painted meanwhile comes next."""
        if opened.is_editing:
            self._background.call(lambda: self._land(opened, wanted, solved) if self._stop is not None else None)
            return
        self._end()
        try:
            if not solved.still_fits(opened.document):
                self._start(opened, wanted.again(opened.document))
                return
            land_refinement(opened, solved)
        except UserError as error:
            self.failed.emit(error)
        self._state.region.clear()

    def _show(self, share: float) -> None:
        self._share = share
        self.changed.emit()

    def _end(self) -> None:
        self._stop, self._share = None, None
        self.changed.emit()
