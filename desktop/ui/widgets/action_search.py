"""The action search: type a few letters, Enter does it. Fed by the one table of actions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.ui.actions import ACTIONS, ActionSpec
from desktop.ui.conditions import holds
from desktop.ui.i18n import texts_of, tr, without_mnemonic
from desktop.ui.icons import icon, no_icon
from desktop.ui.keymap import keys_of
from desktop.ui.widgets.shortcut_delegate import KEYS_ROLE, ShortcutDelegate

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

WIDTH_PX = 520
SHOWN_ROWS = 10
ROW_PX = 32


class ActionSearch(QFrame):
    """A popup over the window. Finds by the words of the shown language and by the English ones."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self._window = window
        self.setProperty("role", "popup")
        self.field = QLineEdit(self)
        self.results = QListWidget(self)
        self.results.setUniformItemSizes(True)
        self.results.setItemDelegate(ShortcutDelegate(self.results))
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.results)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.results.itemClicked.connect(self._perform)
        self.setFixedWidth(WIDTH_PX)
        self.setFixedHeight(SHOWN_ROWS * ROW_PX + 60)

    def open_over(self, parent: QWidget) -> None:
        self.field.setPlaceholderText(tr("search.placeholder"))
        self.field.setAccessibleName(tr("action.help.search"))
        self.results.setAccessibleName(tr("search.results"))
        self.field.clear()
        self._find("")
        self.move(parent.mapToGlobal(QPoint((parent.width() - self.width()) // 2, 96)))
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.field or event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is not None:
            count = max(self.results.count(), 1)
            self.results.setCurrentRow((self.results.currentRow() + step) % count)
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            item = self.results.currentItem()
            if item is not None:
                self._perform(item)
            return True
        return False

    def _find(self, text: str) -> None:
        self.results.clear()
        blank, names = no_icon(), titles()
        usable = {spec.id for spec in ACTIONS if holds(spec.condition, self._window, spec)}
        for spec in sorted(matching_actions(text), key=lambda spec: spec.id not in usable):
            item = QListWidgetItem(names[spec.id])
            item.setData(Qt.ItemDataRole.UserRole, spec.id)
            item.setData(KEYS_ROLE, next(iter(keys_of(spec.id)), ""))
            item.setSizeHint(QSize(0, ROW_PX))
            item.setIcon(icon(spec.icon) if spec.icon else blank)  # so that all names begin in one line
            if spec.id not in usable:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.results.addItem(item)
        if self.results.count() == 0:
            item = QListWidgetItem(tr("search.nothing"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.results.addItem(item)
        self.results.setCurrentRow(0)

    def _perform(self, item: QListWidgetItem) -> None:
        if not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        self.hide()
        self._window.perform(item.data(Qt.ItemDataRole.UserRole))


def titles() -> dict[str, str]:
    """What each action is called by its id, with the name of its menu where another action has the same name."""
    names = {spec.id: tr(f"action.{spec.id}") for spec in ACTIONS}
    counts = Counter(names.values())
    for spec in ACTIONS:
        if counts[names[spec.id]] > 1:
            menu = without_mnemonic(tr(f"menu.{spec.menu}"))
            names[spec.id] = tr("search.in_menu", name=names[spec.id], menu=menu)
    return names


def matching_actions(text: str) -> list[ActionSpec]:
    """Actions whose names, or their menu's, hold every word, in any order; first those that begin with the text."""
    words = text.casefold().split()
    found = []
    for spec in ACTIONS:
        texts = texts_of("en")
        names = (tr(f"action.{spec.id}").casefold(), texts[f"action.{spec.id}"].casefold())
        menus = (tr(f"menu.{spec.menu}").casefold(), texts[f"menu.{spec.menu}"].casefold())
        if all(any(word in name for name in (*names, *menus)) for word in words):
            starts = any(name.startswith(text.casefold()) for name in names)
            is_named = all(any(word in name for name in names) for word in words)
            found.append((not starts, not is_named, len(found), spec))
    return [spec for *_, spec in sorted(found, key=lambda entry: entry[:3])]
