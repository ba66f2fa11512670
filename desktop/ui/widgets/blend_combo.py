"""A drop-down list of the blend modes in their families, with a line between two of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from desktop.core.blend_modes import BLEND_FAMILIES, BlendMode
from desktop.ui.i18n import tr

SHOWN_LETTERS = 9  # what a panel has room for; the list itself is as wide as its texts
MOST_ROWS = 35  # all modes and the lines between them: nothing to scroll
PASS_THROUGH = "pass-through"  # groups only: their layers blend with what is below the group

BlendChoice = BlendMode | str


class BlendCombo(QComboBox):
    """The item's data is the `BlendMode`; lines have none.

    `previewed` comes for every mode under the pointer or the arrow keys while the list is open, then either `chosen`
    or `dismissed`. The wheel and keys on the closed box are `stepped`.
    """

    previewed = Signal(object)
    chosen = Signal(object)
    dismissed = Signal()
    stepped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_open = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMaxVisibleItems(MOST_ROWS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(SHOWN_LETTERS)
        for family in BLEND_FAMILIES:
            if self.count():
                self.insertSeparator(self.count())
            for mode in family:
                self.addItem("", mode)
        self.view().installEventFilter(self)
        self.highlighted.connect(self._preview)
        self.activated.connect(self._choose)

    def retranslate(self) -> None:
        for index in range(self.count()):
            mode = self.itemData(index)
            if mode is not None:
                self.setItemText(index, tr(f"blend.{_name_of(mode)}"))
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)

    @property
    def mode(self) -> BlendChoice:
        chosen: BlendChoice = self.currentData()
        return chosen

    def set_mode(self, mode: BlendChoice, *, is_group: bool = False) -> None:
        """Shows a mode without announcing a choice; groups may be passed through as well."""
        if is_group != (self.itemData(0) == PASS_THROUGH):
            if is_group:
                self.insertSeparator(0)
                self.insertItem(0, tr(f"blend.{PASS_THROUGH}"), PASS_THROUGH)
            else:
                self.removeItem(0)
                self.removeItem(0)
        self.setCurrentIndex(self.findData(mode))

    def showPopup(self) -> None:
        self._is_open = True
        super().showPopup()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self.view() and event.type() == QEvent.Type.Hide:
            QTimer.singleShot(0, self, self._dismiss)  # a choice is announced after the list has gone
        return bool(super().eventFilter(watched, event))

    def _preview(self, index: int) -> None:
        mode = self.itemData(index)
        if self._is_open and mode is not None:
            self.previewed.emit(mode)

    def _choose(self, index: int) -> None:
        mode = self.itemData(index)
        if mode is not None:
            (self.chosen if self._is_open else self.stepped).emit(mode)
        self._is_open = False

    def _dismiss(self) -> None:
        if self._is_open and not self.view().isVisible():
            self._is_open = False
            self.dismissed.emit()


def _name_of(mode: BlendChoice) -> str:
    return mode.value if isinstance(mode, BlendMode) else mode
