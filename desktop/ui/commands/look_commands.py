"""What Layer ▸ Style does: the dialog, taking styles off, copying them from one layer to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.core.edits import OpenDocument
from desktop.core.errors import UserError
from desktop.core.layer_styles import LayerStyles
from desktop.core.layers import GroupLayer, Layer, RasterLayer
from desktop.tools.layer_tree import with_layers_changed
from desktop.tools.locks import check_pixels_free
from desktop.tools.names import EditName
from desktop.ui.dialogs.layer_style_dialog import LayerStyleDialog

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


WEARING = (RasterLayer, GroupLayer)


class LookCommands(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self._copied: LayerStyles | None = None

    @property
    def is_styled(self) -> bool:
        return getattr(self._state.active_layer, "styles", None) is not None

    @property
    def can_wear(self) -> bool:
        """The active layer has pixels, or layers that have."""
        return isinstance(self._state.active_layer, WEARING)

    @property
    def can_paste(self) -> bool:
        return self._copied is not None and self.can_wear

    def open(self) -> None:
        """Styles of the active layer or group, tried on the picture."""
        opened, active = self._state.open_document, self._state.layer_id
        if opened is None or opened.is_editing or active is None or not self.can_wear:
            return
        self._window.ai.settle()
        check_pixels_free(opened.document, active)
        layer = opened.document.layer(active)
        if isinstance(layer, WEARING):
            self._show(opened, layer)

    def clear(self) -> None:
        self._wear(None, EditName.CLEAR_STYLES)

    def copy(self) -> None:
        self._copied = getattr(self._state.active_layer, "styles", None)

    def paste(self) -> None:
        """On every chosen layer that has pixels, and every chosen group."""
        if self._copied is not None:
            self._wear(self._copied, EditName.CHANGE_STYLES)

    def _wear(self, styles: LayerStyles | None, name: EditName) -> None:
        opened = self._state.open_document
        if opened is None or opened.is_editing:
            return
        self._window.ai.settle()

        def change(layer: Layer) -> Layer:
            return layer.changed(styles=styles) if isinstance(layer, WEARING) else layer

        chosen = [one for one in self._state.chosen_ids if isinstance(opened.document.layer(one), WEARING)]
        if not chosen:
            raise UserError("tool.no_layer")
        for layer_id in chosen:
            check_pixels_free(opened.document, layer_id)
        with opened.edit(name) as edit:
            edit.replace_document(with_layers_changed(opened.document, chosen, change))

    def _show(self, opened: OpenDocument, layer: RasterLayer | GroupLayer) -> None:
        edit = opened.edit(EditName.CHANGE_STYLES)
        edit.__enter__()

        def show_styles(styles: LayerStyles) -> None:
            edit.replace_layer(layer.changed(styles=None if styles.is_empty else styles))

        def finish(is_kept: bool) -> None:
            self._window.effects.dialog = None
            if is_kept and getattr(edit.document.layer(layer.id), "styles", None) != layer.styles:
                edit.__exit__(None, None, None)
            else:
                edit.__exit__(_DroppedError, _DroppedError(), None)
            dialog.deleteLater()
            self._window.canvas.setFocus()

        dialog = LayerStyleDialog(layer.styles or LayerStyles(), show_styles, finish, self._window)
        self._window.effects.dialog = dialog
        dialog.place_beside(self._window.canvas)
        dialog.show()


class _DroppedError(Exception):
    """Leaves the edit's block without a trace."""
