"""A drop-down list of the blend modes in their families, with a line between two of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from desktop.core.blend_modes import BLEND_FAMILIES, BlendMode
from desktop.ui.i18n import tr

SHOWN_LETTERS = 9  # what a panel has room for; the list itself is as wide as its texts
MOST_ROWS = 33  # all modes and the lines between them: nothing to scroll


class BlendCombo(QComboBox):
    """The item's data is the `BlendMode`; lines have none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMaxVisibleItems(MOST_ROWS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(SHOWN_LETTERS)
        for family in BLEND_FAMILIES:
            if self.count():
                self.insertSeparator(self.count())
            for mode in family:
                self.addItem("", mode)

    def retranslate(self) -> None:
        for index in range(self.count()):
            mode = self.itemData(index)
            if mode is not None:
                self.setItemText(index, tr(f"blend.{mode.value}"))
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)

    @property
    def mode(self) -> BlendMode:
        chosen: BlendMode = self.currentData()
        return chosen

    def set_mode(self, mode: BlendMode) -> None:
        """Shows a mode without announcing a choice."""
        self.setCurrentIndex(self.findData(mode))
