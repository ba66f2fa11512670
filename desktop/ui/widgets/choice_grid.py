"""One of several values: those with short names as buttons side by side, others as a list that opens."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QPushButton, QVBoxLayout, QWidget

SHORT = 2  # letters
ACROSS = 10
MANY_ACROSS = 13  # the alphabet in two rows


class ChoiceGrid(QWidget):
    """`chosen` (value) when a person chose another."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: dict[str, str] = {}
        self._grid_holder = QWidget(self)
        self._grid = QGridLayout(self._grid_holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        self.list = QComboBox(self)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.activated.connect(lambda index: self.chosen.emit(str(self.list.itemData(index))))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._grid_holder)
        column.addWidget(self.list)

    def set_choices(self, names: Mapping[str, str]) -> None:
        """What a person reads, by value."""
        if list(names.items()) == list(self._names.items()):
            return
        self._names = dict(names)
        for button in self.buttons.values():
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = {}
        is_short = all(len(name) <= SHORT for name in names.values())
        self.list.clear()
        for value, name in names.items():
            self.list.addItem(name, value)
        self.list.setVisible(not is_short)
        self._grid_holder.setVisible(is_short)
        for index, (value, name) in enumerate(names.items() if is_short else ()):
            button = self.buttons[value] = QPushButton(name, self._grid_holder)
            button.setCheckable(True)
            button.setProperty("role", "key")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, v=value: self.chosen.emit(v))
            self._group.addButton(button)
            across = ACROSS if len(names) <= ACROSS else MANY_ACROSS
            self._grid.addWidget(button, index // across, index % across)

    def set_value(self, value: str) -> None:
        self.list.setCurrentIndex(self.list.findData(value))
        if value in self.buttons:
            self.buttons[value].setChecked(True)
