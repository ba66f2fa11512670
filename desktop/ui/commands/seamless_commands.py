"""Edit ▸ Make seamless: asks how, computes in a thread, lands as one edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from desktop.core.color import Pixels
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect
from desktop.core.layers import LayerId
from desktop.core.seamless import SeamlessSettings, check_size
from desktop.tools.reduced import first_of
from desktop.tools.seaming import land_seamless, seaming_area, seamless_pixels
from desktop.ui.dialogs.seamless_dialog import TILE_PX, SeamlessDialog

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class SeamlessCommands:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.dialog: SeamlessDialog | None = None
        self._settings = SeamlessSettings()
        window.state.document_left.connect(self._give_up)

    def open(self) -> None:
        """UserError when the layer cannot be changed or is too small."""
        opened, layer_id = self._window.state.open_document, self._window.state.layer_id
        if opened is None or opened.is_editing or self._window.effects.dialog is not None:
            return
        self._window.ai.settle()
        area = seaming_area(opened.document, layer_id)
        check_size(area.width, area.height)
        assert layer_id is not None
        small = _reduced(opened.document.raster_layer(layer_id).tiles.read, area)
        dialog = self.dialog = self._window.effects.dialog = SeamlessDialog(self._settings, small, self._window)
        dialog.accepted.connect(lambda: self._make(opened, layer_id, dialog.settings))
        dialog.finished.connect(self._finished)
        dialog.show()

    def _make(self, opened: OpenDocument, layer_id: LayerId, settings: SeamlessSettings) -> None:
        def work(document: Document) -> tuple[Rect, Pixels]:
            area = seaming_area(document, layer_id)
            return area, seamless_pixels(document, layer_id, area, settings)

        self._settings = settings
        self._window.layers.compute(work, lambda answer: land_seamless(opened, layer_id, *answer))

    def _give_up(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def _finished(self, _result: int) -> None:
        dialog, self._window.effects.dialog = self.dialog, None
        self.dialog = None
        assert dialog is not None
        dialog.deleteLater()
        self._window.canvas.setFocus()


def _reduced(read: Callable[[Rect], Pixels], area: Rect) -> Pixels:
    """Every n-th pixel of every n-th row, TILE_PX at most."""
    step = max(1, -(-max(area.width, area.height) // TILE_PX))
    columns = slice(first_of(area.width, step), None, step)
    rows = range(area.y + first_of(area.height, step), area.bottom, step)
    return np.stack([read(Rect(area.x, y, area.width, 1))[0, columns] for y in rows])
