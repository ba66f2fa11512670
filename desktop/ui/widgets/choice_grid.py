"""One of several names: short ones as buttons side by side, long ones as a list that opens."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QPushButton, QVBoxLayout, QWidget

SHORT = 2  # letters
ACROSS = 10
MANY_ACROSS = 13  # the alphabet in two rows


class ChoiceGrid(QWidget):
    """`chosen` (name) when a person chose another."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: list[str] = []
        self._grid_holder = QWidget(self)
        self._grid = QGridLayout(self._grid_holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        self.list = QComboBox(self)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.textActivated.connect(self.chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._grid_holder)
        column.addWidget(self.list)

    def set_choices(self, choices: Sequence[str]) -> None:
        if list(choices) == self._choices:
            return
        self._choices = list(choices)
        for button in self.buttons.values():
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = {}
        is_short = all(len(name) <= SHORT for name in choices)
        self.list.clear()
        self.list.addItems(self._choices)
        self.list.setVisible(not is_short)
        self._grid_holder.setVisible(is_short)
        for index, name in enumerate(choices if is_short else ()):
            button = self.buttons[name] = QPushButton(name, self._grid_holder)
            button.setCheckable(True)
            button.setProperty("role", "key")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, n=name: self.chosen.emit(n))
            self._group.addButton(button)
            across = ACROSS if len(choices) <= ACROSS else MANY_ACROSS
            self._grid.addWidget(button, index // across, index % across)

    def set_value(self, name: str) -> None:
        self.list.setCurrentText(name)
        if name in self.buttons:
            self.buttons[name].setChecked(True)
