"""The choice of a further picture: a layer of the document, or a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QWidget

from desktop.core.layers import RasterLayer
from desktop.ui.commands.ai_form import AiForm
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState

AskFile = Callable[[], Path | None]
FILE, NONE = "file", "none"


class SecondPictureCombo(QComboBox):
    """Lists the raster layers, topmost first, then the file that was taken, then the way to another file."""

    def __init__(self, state: EditorState, form: AiForm, ask_file: AskFile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._form, self._ask_file = state, form, ask_file
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.activated.connect(self._take)

    def showPopup(self) -> None:
        self.refresh()
        super().showPopup()

    def refresh(self) -> None:
        """After the document, its layers or the choice changed."""
        self.blockSignals(True)
        self.clear()
        self.setPlaceholderText(tr("ai.second.choose"))
        document = self._state.document
        if not self._form.is_second_needed:
            self.addItem(tr("ai.second.none"), NONE)
        layers = [] if document is None else [x for x in document.iter_layers() if isinstance(x, RasterLayer)]
        for layer in reversed(layers):
            self.addItem(layer.name, layer.id)
        path = self._form.second_path
        if path is not None:
            self.addItem(path.name, path)
        if self.count():
            self.insertSeparator(self.count())
        self.addItem(tr("ai.second.file"), FILE)
        self._show_choice()
        self.blockSignals(False)

    def _show_choice(self) -> None:
        second, path = self._form.second, self._form.second_path
        wanted = path if path is not None else None if second is None else second.layer_id
        if wanted is None and not self._form.is_second_needed:
            wanted = NONE
        known = [index for index in range(self.count()) if wanted is not None and self.itemData(index) == wanted]
        self.setCurrentIndex(known[0] if known else -1)

    def _take(self, index: int) -> None:
        value = self.itemData(index)
        if value == NONE:
            self._form.set_second_layer(None)
        elif value == FILE:
            path = self._ask_file()
            if path is not None:
                self._form.set_second_file(path)
        elif isinstance(value, int):
            self._form.set_second_layer(value)
        self._show_choice()
