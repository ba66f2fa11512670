"""One text being written: the edit that stays open, the layer, and how it ends. A dialog or the canvas drives it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from desktop.core.edits import Edit, OpenDocument
from desktop.core.geometry import EMPTY_RECT
from desktop.core.layers import LayerId, RasterLayer, TextContent
from desktop.tools import text_layers
from desktop.tools.layer_edits import place_above
from desktop.tools.names import EditName
from desktop.ui.state import EditorState
from desktop.ui.text_renderer import render_text


@dataclass
class TextSession:
    """`show` what is written, then `keep` or `drop`. One history entry at most."""

    state: EditorState
    opened: OpenDocument
    layer: RasterLayer  # as it was; a new one is empty
    before: LayerId | None  # the layer that was chosen
    is_new: bool
    edit: Edit
    _shown: RasterLayer | None = None  # what is in the picture now

    @staticmethod
    def begun(state: EditorState, opened: OpenDocument, layer: RasterLayer | None = None) -> TextSession:
        """Of a text layer, or of a new one above the chosen layer; it becomes the chosen one."""
        document, before, is_new = opened.document, state.layer_id, layer is None
        if layer is None:
            layer = RasterLayer(id=document.next_layer_id(), name="", tiles=document.empty_tiles())
        edit = opened.edit(EditName.ADD_TEXT if is_new else EditName.CHANGE_TEXT)
        edit.__enter__()
        if is_new:
            edit.insert_layer(layer, *place_above(document, before))
        state.choose_layer(layer.id)
        return TextSession(state, opened, layer, before, is_new, edit)

    def show(self, content: TextContent) -> None:
        """UserError when it would be too large; then what was shown stays."""
        if content.text.strip():
            like = self.layer if self._shown is None else self._shown
            shown = text_layers.with_text(like, content, self.opened.document, render_text)
        else:
            shown = self.layer.changed(tiles=self.opened.document.empty_tiles())
        self._shown = shown
        self.edit.replace_layer(shown)
        if content.text.strip() or not self.is_new:
            self.edit.note_draft()

    def keep(self, content: TextContent) -> bool:
        """Ends as one entry, as none where nothing changed; a layer whose letters are all gone goes as well.

        UserError when it cannot be shown; then it goes on.
        """
        if not content.text.strip() and self.is_new:
            self.drop()
            return False
        if not self.is_new and _same(content, text_layers.placed_text(self.layer)):
            self.drop()
            return False
        self.show(content)
        if not content.text.strip():
            self.edit.remove_layer(self.layer.id)
        self.edit.__exit__(None, None, None)
        return True

    def drop(self) -> None:
        """As if nothing had been written."""
        self.edit.__exit__(_DroppedError, _DroppedError(), None)
        document = self.opened.document
        if self.state.open_document is self.opened and self.before is not None and document.has_layer(self.before):
            self.state.choose_layer(self.before)


class _DroppedError(Exception):
    """Leaves the edit's block without a trace."""


def _same(content: TextContent, other: TextContent) -> bool:
    return replace(content, bounds=EMPTY_RECT) == replace(other, bounds=EMPTY_RECT)
