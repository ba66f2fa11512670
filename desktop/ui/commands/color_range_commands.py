"""Select ▸ Colour range: colours chosen on the canvas, a preview in the dialog, the selection made in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from desktop.core.color import Gray8, Pixels, max_level
from desktop.core.color_range import MOST_COLORS, Color, color_range
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.select import Joined, Shape
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.reduced import reduced_picture
from desktop.tools.selecting import select_shape
from desktop.ui.dialogs.color_range_dialog import PREVIEW_PX, ColorRangeDialog

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ColorRangeCommands(QObject):
    """While the dialog is open, presses on the canvas choose colours whatever tool is in hand."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self.dialog: ColorRangeDialog | None = None
        self._opened: OpenDocument | None = None
        self._tolerance = 20.0
        self._state.document_left.connect(self._give_up)

    def open(self) -> None:
        opened = self._state.open_document
        if opened is None or opened.is_editing or self._window.effects.dialog is not None:
            return
        self._window.ai.settle()
        self._opened = opened
        version = opened.document
        dialog = self.dialog = ColorRangeDialog(self._state.color, self._tolerance, self._window)
        self._window.background.run(
            lambda: reduced_picture(version, PREVIEW_PX),
            on_done=lambda small: dialog is self.dialog and dialog.show_picture(small),
            on_error=self._window.show_error,
            name="colour-range-preview",
        )
        self._window.effects.dialog = dialog
        dialog.finished.connect(self._finished)
        self._before = self._window.canvas.pointer.grab
        self._window.canvas.pointer.grab = self._grab
        dialog.place_beside(self._window.canvas)
        dialog.show()

    def _give_up(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def _grab(self, point: Point, modifiers: Modifier) -> Gesture | None:
        return self._pick()

    def _pick(self) -> Gesture:
        """The colour under the pointer; Shift keeps the others, Alt takes what is nearest to it away."""
        event = yield
        keys, is_first = event.modifiers, True
        while event.pressed:
            if self.dialog is not None and self._opened is not None and (is_first or keys is Modifier.NONE):
                color = _color_at(self._opened.document, event.point)
                if color is not None:
                    self.dialog.choose(color, keys)
            is_first = False
            event = yield

    def _finished(self, is_kept: int) -> None:
        dialog, opened = self.dialog, self._opened
        self._window.canvas.pointer.grab = self._before
        self._window.effects.dialog = self.dialog = self._opened = None
        assert dialog is not None
        self._tolerance = dialog.tolerance
        if is_kept and opened is not None and dialog.colors:
            self._select(opened, dialog.colors, dialog.tolerance, inverted=dialog.is_inverted)
        dialog.deleteLater()
        self._window.canvas.setFocus()

    def _select(self, opened: OpenDocument, colors: list[Color], tolerance: float, *, inverted: bool) -> None:
        version, how = opened.document, self._state.options.select.how

        def work() -> Gray8:
            return color_range(flatten(version), colors[:MOST_COLORS], tolerance, inverted=inverted)

        def land(levels: Gray8) -> None:
            if not levels.any() and how is Joined.REPLACE:
                self._window.show_error(UserError("select.would_be_empty"))
            elif opened.document.size == version.size and not opened.is_editing:
                select_shape(opened, Shape(version.size.rect(), levels), how)

        self._window.background.run(work, on_done=land, on_error=self._window.show_error, name="colour-range")


def _color_at(document: Document, point: Point) -> Color | None:
    """Nothing outside the canvas and where all is transparent."""
    if not document.size.rect().contains_point(point):
        return None
    found: Pixels = flatten(document, Rect(int(point.x), int(point.y), 1, 1))[0, 0]
    if found[3] == 0:
        return None
    red, green, blue = (float(level) for level in found[:3].astype(np.float64) / max_level(found.dtype))
    return red, green, blue
