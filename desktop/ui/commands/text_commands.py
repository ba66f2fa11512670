"""What the text tool does: a click or a drag on the canvas writes, a click on letters changes them."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.effect_values import text_of_color
from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.layers import Layer, RasterLayer, TextContent
from desktop.tools import text_layers
from desktop.tools.gestures import Gesture
from desktop.tools.locks import check_pixels_free
from desktop.tools.names import EditName
from desktop.ui.canvas.text_overlay import TextOverlay
from desktop.ui.commands.text_keys import TextCommand
from desktop.ui.commands.text_session import TextSession
from desktop.ui.commands.text_writing import TextWriting
from desktop.ui.dialogs.text_dialog import TextDialog
from desktop.ui.panels.live_change import LiveChange
from desktop.ui.state import Tool
from desktop.ui.text_options import TextOptions
from desktop.ui.text_renderer import render_text

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

FIRST_SHARE = 12  # of the canvas's height: a first text is neither lost nor too large
FIRST_SIZES_PX = (12, 400)
LINE_SHARE = 0.6  # of the size: half a line is about as high
LOOKS = ("view.", "panel.")  # actions that may be done meanwhile: one looks around
OF_THE_TEXT = {  # actions that mean the text while one writes
    "edit.undo": TextCommand.UNDO,
    "edit.redo": TextCommand.REDO,
    "edit.cut": TextCommand.CUT,
    "edit.copy": TextCommand.COPY,
    "edit.paste": TextCommand.PASTE,
    "select.all": TextCommand.SELECT_ALL,
    "ai.run": TextCommand.KEEP,  # its keys are those that keep a text
}


class TextCommands(QObject):
    """One text is written at a time, on the canvas or in the dialog. `changed` when another style is in hand."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self._overlay = TextOverlay(window.canvas)
        self._live = LiveChange(self._state, window.ai.settle)
        self.writing: TextWriting | None = None
        window.tools.write = self.gesture
        state = self._state
        state.document_left.connect(self.keep)
        state.tool_changed.connect(self._tool_changed)
        state.active_layer_changed.connect(self._layer_changed)
        state.colors_changed.connect(self._color_changed)
        state.document_renamed.connect(self.changed.emit)  # an entry more or less of the history

    @property
    def is_made(self) -> bool:
        """The active layer's pixels are made of a text or a shape."""
        layer = self._state.active_layer
        return isinstance(layer, RasterLayer) and not (layer.text is None and layer.shape is None)

    @property
    def is_writing(self) -> bool:
        return self.writing is not None

    @property
    def active(self) -> RasterLayer | None:
        """The text layer in hand: the active layer, while the text tool is."""
        layer = self._state.active_layer
        if self._state.tool is Tool.TEXT and isinstance(layer, RasterLayer) and layer.text is not None:
            return layer
        return None

    @property
    def style(self) -> TextContent:
        """How the text in hand looks, or the next one."""
        if self.writing is not None:
            return self.writing.draft.content
        layer = self.active
        return layer.text if layer is not None and layer.text is not None else self._next_style()

    # the canvas

    def gesture(self) -> Gesture:
        """What a press with the text tool begins."""
        if self.writing is not None:
            return self._press(self.writing)
        return text_layers.drag_box(self._window.canvas.outline.show, self._later)

    def keep(self) -> bool:
        """What is written becomes the layer; False when it cannot."""
        writing = self.writing
        if writing is None:
            return True
        writing.finish_composing()
        content = writing.draft.content
        self.writing = None  # who hears of the end asks no more for it
        try:
            is_kept = writing.session.keep(content)
        except UserError as error:
            self.writing = writing
            self._window.show_error(error)
            return False
        writing.close()
        if is_kept:
            self._remember(content)
        self.changed.emit()
        return True

    def discard(self) -> None:
        """As if nothing had been written."""
        if self.writing is not None:
            session = self.writing.session
            self._leave()
            session.drop()

    def gives_way(self, action_id: str) -> bool:
        """Whether an action may be done now: what is written is kept first, unless the action means the text."""
        writing = self.writing
        if writing is None or action_id.startswith(LOOKS):
            return True
        if action_id in OF_THE_TEXT:
            writing.do(OF_THE_TEXT[action_id])
            return False
        return self.keep()

    # the context bar

    def restyle(self, *, is_dragging: bool = False, **changes: object) -> None:
        """Changes the text in hand, or how the next one looks; while a slider is dragged it only shows."""
        self._window.guarded(lambda: self._restyle(is_dragging, changes))

    def end_drag(self, **changes: object) -> None:
        if self._live.is_running:
            self.restyle(**changes)

    def drop_drag(self) -> None:
        self._live.drop()

    def to_canvas(self) -> None:
        """The keys belong to the text again after a choice in the bar."""
        if self.writing is not None:
            self._window.canvas.setFocus()

    def open_dialog(self) -> None:
        """Everything about the text in hand in a dialog; it takes over what is being written."""
        writing, layer = self.writing, self.active
        if writing is not None:
            writing.finish_composing()
            session, content = writing.session, writing.draft.content
            self._leave()
            self._show_dialog(session, content)
        elif layer is not None:
            self.edit(layer)

    # the dialog

    def edit(self, layer: RasterLayer) -> None:
        """Changes the text of a layer in the dialog."""
        opened = self._state.open_document
        if opened is None or not self.keep() or opened.is_editing or layer.text is None:
            return
        check_pixels_free(opened.document, layer.id)
        self._window.ai.settle()
        layer = opened.document.raster_layer(layer.id)
        self._show_dialog(TextSession.begun(self._state, opened, layer), text_layers.placed_text(layer))

    def rasterise(self) -> None:
        opened, layer = self._state.open_document, self._state.active_layer
        if opened is not None and layer is not None:
            self._window.ai.settle()
            text_layers.rasterise(opened, layer.id)

    # in detail

    def _later(self, corner: Point, width: float, height: float) -> None:
        """After the release: nothing is edited any more."""
        QTimer.singleShot(0, self._window, lambda: self._window.guarded(lambda: self._write(corner, width, height)))

    def _press(self, writing: TextWriting) -> Gesture:
        """On the text being written, or beside it: that keeps it, and letters of another layer are next."""
        event = yield
        if writing.holds(event.point):
            yield from writing.drag(event)
            return
        point = event.point
        while event.pressed:
            event = yield
        opened = self._state.open_document
        if self.keep() and opened is not None and text_layers.text_layer_at(opened.document, point) is not None:
            self._later(point, 0.0, 0.0)

    def _write(self, corner: Point, width: float, height: float = 0.0) -> None:
        opened = self._state.open_document
        if opened is None or opened.is_editing:
            return
        self._window.ai.settle()
        document = opened.document
        found = text_layers.text_layer_at(document, corner) if width == 0 else None
        if found is not None:
            check_pixels_free(document, found.id)
            content = text_layers.placed_text(found)
            self._begin(TextSession.begun(self._state, opened, found), content)
            assert self.writing is not None
            self.writing.draft.put_at(content.affine.inverse().point(corner))
            return
        content = replace(self._next_style(), x=corner.x, y=corner.y, width=width, height=height)
        if width == 0:  # the first line lies around the pointer
            content = replace(content, y=corner.y - content.size_px * content.leading * LINE_SHARE)
        self._begin(TextSession.begun(self._state, opened), content)

    def _begin(self, session: TextSession, content: TextContent) -> None:
        self.writing = TextWriting(
            self._window.canvas,
            self._overlay,
            session,
            content,
            fail=self._window.show_error,
            end=lambda command: self.keep() if command is TextCommand.KEEP else self.discard(),
            on_change=self.changed.emit,
        )
        self.changed.emit()

    def _leave(self) -> None:
        writing, self.writing = self.writing, None
        if writing is not None:
            writing.close()
        self.changed.emit()

    def _next_style(self) -> TextContent:
        """An empty text as the next one will look."""
        options = self._state.options.text
        content = TextContent("", **asdict(options))
        size = options.size_px or self._first_size()
        return replace(content, size_px=size, color=text_of_color(self._state.color))

    def _first_size(self) -> int:
        document = self._state.document
        height = 0 if document is None else document.size.height
        return min(max(height // FIRST_SHARE, FIRST_SIZES_PX[0]), FIRST_SIZES_PX[1])

    def _remember(self, content: TextContent) -> None:
        """The next text will look like this one; a size that nobody chose goes on following the picture."""
        options = TextOptions.of(content)
        if self._state.options.text.size_px == 0 and options.size_px == self._first_size():
            options = replace(options, size_px=0)
        self._state.change_options(text=options)

    def _restyle(self, is_dragging: bool, changes: dict[str, object]) -> None:
        layer, opened = self.active, self._state.open_document
        if self.writing is not None:
            self.writing.restyle(**changes)
        elif layer is not None and opened is not None:
            check_pixels_free(opened.document, layer.id)
            self._live.show(EditName.CHANGE_TEXT, partial(self._restyled, changes))
            if not is_dragging:
                self._live.keep()
        if not is_dragging or (self.writing is None and layer is None):
            kept = {name: value for name, value in changes.items() if name != "color"}
            self._state.change_options(text=replace(self._state.options.text, **kept))
        self.changed.emit()

    def _restyled(self, changes: dict[str, object], layer: Layer) -> Layer:
        opened = self._state.open_document
        if opened is None or not isinstance(layer, RasterLayer) or layer.text is None:
            return layer
        content = replace(text_layers.placed_text(layer), **changes)  # type: ignore[arg-type]
        return layer if content == layer.text else text_layers.with_text(layer, content, opened.document, render_text)

    def _tool_changed(self) -> None:
        if self._state.tool is not Tool.TEXT:
            self.keep()
        self.changed.emit()

    def _layer_changed(self) -> None:
        if self.writing is not None and self._state.layer_id != self.writing.session.layer.id:
            self.keep()
        self.changed.emit()

    def _color_changed(self) -> None:
        """A colour that is chosen elsewhere is meant for the text being written."""
        if self.writing is not None:
            self.writing.restyle(color=text_of_color(self._state.color))
        self.changed.emit()

    def _show_dialog(self, session: TextSession, content: TextContent) -> None:
        def show_text(wanted: TextContent | None) -> None:
            session.show(replace(content, text="") if wanted is None else wanted)

        def finish(is_kept: bool) -> None:
            self._window.effects.dialog = None
            if is_kept:
                session.keep(dialog.content)
                self._remember(dialog.content)
            else:
                session.drop()
            dialog.deleteLater()
            self._window.canvas.setFocus()
            self.changed.emit()

        dialog = TextDialog(content, show_text, finish, self._window)
        dialog.failed.connect(self._window.show_error)
        self._window.effects.dialog = dialog
        dialog.place_beside(self._window.canvas)
        dialog.show()
