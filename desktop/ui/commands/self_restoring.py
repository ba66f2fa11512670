"""Filter ▸ Restore: networks that learn on the picture itself, by a Python with the train extra.

What comes back is a layer over the others, with the transparency of the picture and a mask of the selection.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.documents import flat_image
from desktop.tools.layer_edits import place_above
from desktop.tools.self_restoring import (
    DENOISE,
    FILL,
    PRIOR,
    SELF_PROGRAMS,
    part_of,
    put_picture,
    restored_pixels,
    self_arguments,
)
from desktop.ui.commands.long_commands import EDIT_WAIT_MS
from desktop.ui.commands.program_jobs import ProgramJobs
from desktop.ui.dialogs.self_restoring_dialog import SelfRestoringDialog
from desktop.ui.i18n import tr

if TYPE_CHECKING:
    from desktop.ui.documents import DocumentSession
    from desktop.ui.main_window import MainWindow


LAYER_NAMES = {DENOISE: "restoring.denoise_layer", PRIOR: "restoring.prior_layer", FILL: "restoring.fill_layer"}


class SelfRestoring(ProgramJobs):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, SELF_PROGRAMS, "restoring")
        self.dialog: SelfRestoringDialog | None = None
        self.changed.connect(window.ai.changed)  # what can be done now
        self.changed.connect(self._show_task)
        self._was_shown = False

    def open(self, kind: str) -> None:
        """The question how long it may learn; the progress where something runs already."""
        session = self._window.state.current
        if session is None:
            raise UserError("tool.no_document")
        if not self.is_running:
            self._check_can_start()
            _part(kind, session.open_document.document)  # says at once what is too large
        if self.dialog is None:
            dialog = self.dialog = SelfRestoringDialog(self, self.kind or kind, self._window)
            dialog.finished.connect(self._forget)
            dialog.start_asked.connect(self._start_from_dialog)
        self.dialog.show()
        self.dialog.raise_()

    def start(self, kind: str, minutes: float) -> None:
        """The visible picture, or what is selected of it, learned on for so long; the result lands when it is there."""
        session = self._window.state.current
        if session is None:
            raise UserError("tool.no_document")
        self._check_can_start()
        document = session.open_document.document
        part = _part(kind, document)
        folder = self._begin(kind)
        arguments = self_arguments(folder, minutes, has_hole=kind == FILL)
        self.changed.emit()
        self._window.background.run(
            lambda: _put(folder, document, part, kind),
            on_done=lambda _none: self._start(arguments, lambda: self._fetch(session, document, part)),
            on_error=self._fail,
            name="learning on a picture",
        )

    def _start_from_dialog(self, kind: str, minutes: float) -> None:
        self._window.guarded(lambda: self.start(kind, minutes))

    def _fetch(self, session: DocumentSession, document: Document, part: Rect) -> None:
        """Reads the result where nobody waits for it; the job's folder goes when that is done."""
        folder, self._folder, kind = self._folder, None, self.kind
        assert folder is not None

        def read() -> TileMap:
            with folder:
                return TileMap.from_array(restored_pixels(Path(folder.name), document.depth), part.left, part.top)

        self._window.background.run(
            read,
            on_done=lambda tiles: self._land(session, document, kind, tiles),
            on_error=self.failed.emit,
            name="learned on a picture",
        )

    def _land(self, session: DocumentSession, document: Document, kind: str, tiles: TileMap) -> None:
        opened = session.open_document
        if opened.is_editing:  # in the middle of a stroke
            QTimer.singleShot(EDIT_WAIT_MS, self, lambda: self._land(session, document, kind, tiles))
            return
        if opened.document.size != document.size or opened.document.depth != document.depth:
            self.failed.emit(UserError("restoring.changed_meanwhile"))
            return
        mask = None if document.selection is None else Mask(document.selection)
        name = tr(LAYER_NAMES[kind])
        layer = RasterLayer(id=opened.document.next_layer_id(), name=name, tiles=tiles, mask=mask)
        parent, index = place_above(opened.document, None)
        with opened.edit(name) as edit:
            edit.insert_layer(layer, parent, index)
        self.noted.emit(tr("restoring.landed"))

    def _forget(self, _result: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _show_task(self) -> None:
        """In the status bar as long as it runs: its window may be closed meanwhile."""
        if self.is_running or self._was_shown:
            share = f"{self.step / self.of:.0%}" if self.of else "…"
            self._window.status.show_task(tr("restoring.working", share=share) if self.is_running else "")
        self._was_shown = self.is_running


def _part(kind: str, document: Document) -> Rect:
    selected = None if document.selection is None else document.selection.content_bounds()
    return part_of(kind, document.size, selected)


def _put(folder: Path, document: Document, part: Rect, kind: str) -> None:
    picture = flat_image(document)
    rows, columns = slice(part.top, part.bottom), slice(part.left, part.right)
    hole = document.selection.read(part)[..., 0] if kind == FILL and document.selection is not None else None
    put_picture(folder, replace(picture, pixels=np.ascontiguousarray(picture.pixels[rows, columns])), hole)
