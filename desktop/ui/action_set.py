"""The table of actions as QActions of a window: texts, shortcuts, ticks, menus."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from desktop.ui.actions import ACTIONS, MENUS, SUBMENUS, ActionSpec
from desktop.ui.conditions import holds
from desktop.ui.i18n import tr
from desktop.ui.icons import set_icon
from desktop.ui.keymap import keys_of

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ActionSet:
    """Builds every action once; `refresh` sets what can be used now, `retranslate` the texts."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.by_id: dict[str, QAction] = {}
        self.menus: dict[str, QMenu] = {}
        for spec in ACTIONS:
            self.by_id[spec.id] = self._made(spec)

    def __getitem__(self, action_id: str) -> QAction:
        return self.by_id[action_id]

    def fill(self, bar: QMenuBar) -> None:
        """Puts every action into its menu."""
        for name in MENUS:
            menu = self.menus[name] = bar.addMenu("")
            menu.aboutToShow.connect(self.refresh)
        for name, parent in SUBMENUS.items():
            self.menus[name] = QMenu(self.menus[parent])
        for spec in ACTIONS:
            menu = self.menus[spec.menu]
            if spec.menu in SUBMENUS and menu.isEmpty():
                parent_menu = self.menus[SUBMENUS[spec.menu]]
                parent_menu.addMenu(menu)
            if spec.separated:
                menu.addSeparator()
            menu.addAction(self.by_id[spec.id])

    def refresh(self) -> None:
        for spec in ACTIONS:
            action = self.by_id[spec.id]
            action.setEnabled(holds(spec.condition, self._window, spec))
            if spec.checked:
                action.setChecked(holds(spec.checked, self._window, spec))

    def retranslate(self) -> None:
        for name, menu in self.menus.items():
            menu.setTitle(tr(f"menu.{name}"))
        for spec in ACTIONS:
            action = self.by_id[spec.id]
            text, keys = tr(f"action.{spec.id}"), keys_of(spec.id)
            action.setText(f"{text}\t{key_text(keys[0])}" if spec.hold and keys else text)
            if not spec.hold:
                action.setShortcuts([QKeySequence(key) for key in keys])
            action.setToolTip(tip_of(spec))

    def _made(self, spec: ActionSpec) -> QAction:
        action = QAction(self._window)
        action.setObjectName(spec.id)
        action.setCheckable(bool(spec.checked))
        if spec.icon:
            set_icon(action, spec.icon)
            action.setIconVisibleInMenu(not spec.checked)
        if spec.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False: self._window.perform(spec.id))
        (self._window.canvas if spec.on_canvas else self._window).addAction(action)
        return action


def call_handler(window: MainWindow, spec: ActionSpec) -> None:
    """Does what an action does, whatever its state."""
    handler: Any = handler_of(window, spec)
    if spec.argument is None:
        handler()
    else:
        handler(spec.argument)


def handler_of(window: MainWindow, spec: ActionSpec) -> object:
    """The bound method an action calls."""
    return attrgetter(spec.handler)(window)


def tip_of(spec: ActionSpec) -> str:
    """The text with its key, for tooltips: "Brush (B)"."""
    text, keys = tr(f"action.{spec.id}").rstrip("…"), keys_of(spec.id)
    return f"{text} ({key_text(keys[0])})" if keys else text


def shown_key(action_id: str) -> str:
    """An action's first key for sentences; its name where it has none."""
    keys = keys_of(action_id)
    return key_text(keys[0]) if keys else tr(f"action.{action_id}")


def key_text(shortcut: str) -> str:
    """The keys as people read them; both Enter keys are called Enter."""
    shown = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText) or shortcut
    return shown.replace("Return", "Enter")
