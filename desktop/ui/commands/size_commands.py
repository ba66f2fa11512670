"""The Image menu and the arranging of layers: sizes, turns, flips, trim, align. Computed in a thread, one edit each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.turning import Turn
from desktop.tools import resizing, transforming
from desktop.tools.names import EditName
from desktop.tools.transforming import Edge
from desktop.ui.dialogs.size_dialogs import ImageSize, SizeDialogs
from desktop.ui.memory import check_new_size

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

Work = Callable[[Document], Document]


class SizeCommands:
    """Each method is one action."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._state = window, window.state
        self.dialogs = SizeDialogs(window)

    def image_size(self) -> None:
        document = self._state.document
        if document is None:
            return
        wanted = self.dialogs.ask_image_size(document, {}, partial(check_new_size, self._window.settings))
        if wanted is not None:
            self._change(EditName.IMAGE_SIZE, partial(_with_image_size, wanted=wanted))

    def canvas_size(self) -> None:
        document = self._state.document
        if document is None:
            return
        wanted = self.dialogs.ask_canvas_size(document, partial(check_new_size, self._window.settings))
        if wanted is None:
            return

        def work(version: Document) -> Document:
            return resizing.with_canvas(version, wanted.anchor.place(version.size, wanted.size), keeps_outside=True)

        self._change(EditName.CANVAS_SIZE, work)

    def trim(self) -> None:
        self._change(EditName.TRIM, resizing.trimmed)

    def turn_picture(self, turn: str) -> None:
        kind = Turn(turn)
        name = EditName.FLIP_PICTURE if kind in (Turn.ACROSS, Turn.DOWN) else EditName.TURN_PICTURE
        self._change(name, lambda document: resizing.turned_document(document, kind))

    def turn_layers(self, turn: str) -> None:
        kind, ids = Turn(turn), self._ids
        name = EditName.FLIP_LAYER if kind in (Turn.ACROSS, Turn.DOWN) else EditName.TURN_LAYER
        self._change(name, lambda document: transforming.turned_layers(document, ids, kind))

    def align(self, edge: str) -> None:
        ids = self._ids
        self._change(EditName.ALIGN, lambda document: transforming.aligned_layers(document, ids, Edge[edge.upper()]))

    def distribute(self, edge: str) -> None:
        ids = self._ids
        self._change(
            EditName.DISTRIBUTE, lambda document: transforming.distributed_layers(document, ids, Edge[edge.upper()])
        )

    @property
    def _ids(self) -> tuple[int, ...]:
        if not self._state.chosen_ids:
            raise UserError("tool.no_layer")
        return self._state.chosen_ids

    def _change(self, name: EditName, work: Work) -> None:
        """From one version to the next; no entry where nothing changed."""
        opened = self._state.open_document
        if opened is None:
            return
        self._window.ai.settle()

        def land(after: Document) -> None:
            if after is not opened.document:
                with opened.edit(name) as edit:
                    edit.replace_document(after)

        self._window.layers.compute(work, land)


def _with_image_size(document: Document, wanted: ImageSize) -> Document:
    resized = resizing.with_size(document, wanted.size, wanted.resampling)
    if abs(wanted.dpi - document.resolution_dpi[0]) < 0.05:
        return resized
    return resized.changed(resolution_dpi=(wanted.dpi, wanted.dpi))
