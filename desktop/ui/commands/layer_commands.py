"""What the Edit, Layer and Select menus do."""

from __future__ import annotations

import numpy as np

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.layers import Layer, LayerId, Locks
from desktop.core.tiles import TileMap
from desktop.tools import filling, layer_edits
from desktop.tools.names import EditName
from desktop.tools.painting import Plane
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState


class LayerCommands:
    """Each method is one action; those that act on a layer take the active one."""

    def __init__(self, state: EditorState, rename: object = None) -> None:
        self._state = state
        self.start_rename = rename if callable(rename) else lambda: None

    def undo(self) -> None:
        self._document.undo()

    def redo(self) -> None:
        self._document.redo()

    def clear(self) -> None:
        """Makes the selection (or the whole layer) transparent."""
        filling.clear_selection(self._document, self._state.layer_id, self._state.plane)

    def fill(self) -> None:
        """Fills the selection (or the canvas) with the foreground colour."""
        filling.fill_selection(self._document, self._state.layer_id, self._state.plane, self._state.color)

    def fill_background(self) -> None:
        filling.fill_selection(self._document, self._state.layer_id, self._state.plane, self._state.background)

    def new(self) -> None:
        name = tr("layer.default_name", number=self._next_number())
        self._state.choose_layer(layer_edits.add_layer(self._document, name, self._state.layer_id))

    def duplicate(self) -> None:
        name = tr("layer.copy_name", name=self._layer.name)
        self._state.choose_layer(layer_edits.duplicate_layer(self._document, self._layer.id, name))

    def group(self) -> None:
        name = tr("layer.group_name", number=self._next_number())
        self._state.choose_layer(layer_edits.group_layer(self._document, self._layer.id, name))

    def ungroup(self) -> None:
        self._state.choose_layer(layer_edits.ungroup(self._document, self._layer.id))

    def rename(self) -> None:
        self.start_rename()

    def delete(self) -> None:
        self._state.choose_layer(layer_edits.delete_layer(self._document, self._layer.id))

    def add_mask(self) -> None:
        layer_edits.add_mask(self._document, self._layer.id)
        self._state.choose_layer(self._layer.id, Plane.MASK)

    def delete_mask(self) -> None:
        layer_edits.delete_mask(self._document, self._layer.id)

    def invert_mask(self) -> None:
        layer_edits.invert_mask(self._document, self._layer.id)

    def switch_mask(self) -> None:
        layer_edits.switch_mask(self._document, self._layer.id)

    def clip(self) -> None:
        self._change(EditName.CLIP, clip_to_below=not self._layer.clip_to_below)

    def toggle_visible(self) -> None:
        self._change(EditName.VISIBILITY, visible=not self._layer.visible)

    def solo(self) -> None:
        layer_edits.show_only(self._document, self._layer.id)

    def lock_pixels(self) -> None:
        self._lock("pixels")

    def lock_alpha(self) -> None:
        self._lock("alpha")

    def lock_position(self) -> None:
        self._lock("position")

    def lock_all(self) -> None:
        """Locks everything, or frees everything when all is locked already."""
        state = not self._layer.locks.all
        self._change(EditName.LOCK, locks=Locks(position=state, pixels=state, alpha=state))

    def raise_layer(self) -> None:
        layer_edits.move_by(self._document, self._layer.id, 1)

    def lower_layer(self) -> None:
        layer_edits.move_by(self._document, self._layer.id, -1)

    def merge_down(self) -> None:
        self._state.choose_layer(layer_edits.merge_down(self._document, self._layer.id))

    def merge_visible(self) -> None:
        self._state.choose_layer(layer_edits.merge_visible(self._document, tr("layer.merged_name")))

    def select_all(self) -> None:
        canvas = self._document.document.size.rect()
        self._select(TileMap.from_array(np.full((canvas.height, canvas.width), 255, np.uint8)))

    def select_none(self) -> None:
        self._select(None)

    def invert_selection(self) -> None:
        document = self._document.document
        if document.selection is not None:
            self._select(TileMap.from_array(255 - document.selection.read(document.size.rect())))

    def select_region(self) -> None:
        self._select(self._state.region.tiles)

    def select_mask(self) -> None:
        mask = self._layer.mask
        canvas = self._document.document.size.rect()
        if mask is not None:
            self._select(TileMap.from_array(mask.tiles.read(canvas)))

    @property
    def _document(self) -> OpenDocument:
        if self._state.open_document is None:
            raise UserError("tool.no_document")
        return self._state.open_document

    @property
    def _layer(self) -> Layer:
        layer = self._state.active_layer
        if layer is None:
            raise UserError("tool.no_layer")
        return layer

    def _next_number(self) -> LayerId:
        return self._document.document.next_layer_id()

    def _change(self, name: EditName, **changes: object) -> None:
        layer_edits.change_layer(self._document, self._layer.id, name, **changes)

    def _lock(self, what: str) -> None:
        locks = self._layer.locks
        fields = {name: getattr(locks, name) for name in ("position", "pixels", "alpha")}
        self._change(EditName.LOCK, locks=type(locks)(**{**fields, what: not fields[what]}))

    def _select(self, selection: TileMap | None) -> None:
        with self._document.edit(EditName.SELECT) as edit:
            edit.set_selection(selection)
