"""What the text tool does: a click or a drag on the canvas writes, a click on letters changes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from desktop.core.effect_values import text_of_color
from desktop.core.geometry import Point
from desktop.core.layers import LayerId, RasterLayer, TextContent
from desktop.tools import text_layers
from desktop.tools.gestures import Gesture
from desktop.tools.layer_edits import place_above
from desktop.tools.locks import check_pixels_free
from desktop.tools.names import EditName
from desktop.ui.dialogs.text_dialog import TextDialog
from desktop.ui.text_renderer import render_text

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

FIRST_SHARE = 12  # of the canvas's height: a first text is neither lost nor too large
FIRST_SIZES_PX = (12, 400)


class TextCommands:
    """One text is written at a time; everything else waits for it."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._state = window, window.state
        self._style: TextContent | None = None  # of the last text
        window.tools.write = self.gesture

    @property
    def is_made(self) -> bool:
        """The active layer's pixels are made of a text or a shape."""
        layer = self._state.active_layer
        return isinstance(layer, RasterLayer) and not (layer.text is None and layer.shape is None)

    def gesture(self) -> Gesture:
        """What a press with the text tool begins; the dialog opens after the release."""

        def done(corner: Point, width: float) -> None:
            QTimer.singleShot(0, self._window, lambda: self._window.guarded(lambda: self._write(corner, width)))

        return text_layers.drag_box(self._window.canvas.outline.show, done)

    def edit(self, layer: RasterLayer) -> None:
        """Changes the text of a layer."""
        opened = self._state.open_document
        if opened is None or opened.is_editing or layer.text is None:
            return
        check_pixels_free(opened.document, layer.id)
        self._window.ai.settle()
        self._state.choose_layer(layer.id)
        self._show(layer, text_layers.placed_text(layer), is_new=False)

    def rasterise(self) -> None:
        opened, layer = self._state.open_document, self._state.active_layer
        if opened is not None and layer is not None:
            self._window.ai.settle()
            text_layers.rasterise(opened, layer.id)

    def _write(self, corner: Point, width: float) -> None:
        opened = self._state.open_document
        if opened is None or opened.is_editing:
            return
        document = opened.document
        found = text_layers.text_layer_at(document, corner) if width == 0 else None
        if found is not None:
            self.edit(found)
            return
        share = min(max(document.size.height // FIRST_SHARE, FIRST_SIZES_PX[0]), FIRST_SIZES_PX[1])
        style = self._style or TextContent("", size_px=share)
        content = replace(style, text="", x=corner.x, y=corner.y, width=width, color=text_of_color(self._state.color))
        layer = RasterLayer(id=document.next_layer_id(), name="", tiles=document.empty_tiles())
        self._show(layer, content, is_new=True)

    def _show(self, layer: RasterLayer, content: TextContent, *, is_new: bool) -> None:
        opened, before = self._state.open_document, self._state.layer_id
        assert opened is not None
        edit = opened.edit(EditName.ADD_TEXT if is_new else EditName.CHANGE_TEXT)
        edit.__enter__()
        if is_new:
            edit.insert_layer(layer, *place_above(opened.document, before))
            self._state.choose_layer(layer.id)

        def show_text(wanted: TextContent | None) -> None:
            if wanted is None:
                shown = layer.changed(tiles=opened.document.empty_tiles())
            else:
                shown = text_layers.with_text(layer, wanted, opened.document, render_text)
            edit.replace_layer(shown)

        def finish(is_kept: bool) -> None:
            self._window.effects.dialog = None
            if is_kept:
                self._style = dialog.content
                edit.__exit__(None, None, None)
            else:
                edit.__exit__(_DroppedError, _DroppedError(), None)
                self._keep_choice(before)
            dialog.deleteLater()
            self._window.canvas.setFocus()

        dialog = TextDialog(content, show_text, finish, self._window)
        dialog.failed.connect(self._window.show_error)
        self._window.effects.dialog = dialog
        dialog.place_beside(self._window.canvas)
        dialog.show()

    def _keep_choice(self, before: LayerId | None) -> None:
        document = self._state.document
        if before is not None and document is not None and document.has_layer(before):
            self._state.choose_layer(before)


class _DroppedError(Exception):
    """Leaves the edit's block without a trace."""
