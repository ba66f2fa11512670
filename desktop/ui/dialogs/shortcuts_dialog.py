"""The keyboard dialog: every action of the table with its keys; a key that is taken says by whom before it moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.action_set import key_text
from desktop.ui.actions import ACTIONS, MENUS, SUBMENUS, ActionSpec
from desktop.ui.dialogs.parts import dialog_buttons
from desktop.ui.i18n import texts_of, tr, without_mnemonic
from desktop.ui.key_presets import KEY_PRESETS
from desktop.ui.keymap import PORTABLE, Keys, current_preset, holder_of, keys_in_force, own_keys
from desktop.ui.theme import color, tokens
from desktop.ui.widgets.basics import wrapped_label

SIZE_PX = (620, 600)
ROW_PX = 26
ID_ROLE = Qt.ItemDataRole.UserRole
MODIFIER_KEYS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)
KEYS_OF_DIALOGS = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)  # without a modifier they move the focus


class KeyField(QLineEdit):
    """Shows the keys that are pressed in it. Tab alone leaves it, so that the dialog works without a mouse."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keys = ""
        self.setReadOnly(True)

    def take(self, keys: str) -> None:
        self.keys = keys
        self.setText(key_text(keys) if keys else "")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # otherwise the window would act on the key
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in KEYS_OF_DIALOGS and event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.ShiftModifier,
            ):
                return super().event(event)
            if key not in MODIFIER_KEYS and key != Qt.Key.Key_unknown:
                self.take(QKeySequence(event.keyCombination()).toString(PORTABLE))
                self.textEdited.emit(self.text())
            return True
        return super().event(event)


class ShortcutsDialog(QDialog):
    """Works on a copy; `preset` and `own` are what was chosen when the dialog was accepted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.preset = current_preset()
        self.own: dict[str, Keys] = dict(own_keys())
        self.setWindowTitle(tr("keys.title"))
        self.presets = QComboBox(self)
        self.filter = QLineEdit(self, placeholderText=tr("keys.filter"), clearButtonEnabled=True)
        self.tree = QTreeWidget(self)
        self.field = KeyField(self)
        self.notice = wrapped_label("warning", self)
        self.set_key = QPushButton(tr("keys.set"), self)
        self.add_key = QPushButton(tr("keys.add"), self)
        self.clear_keys = QPushButton(tr("keys.clear"), self)
        self.reset_keys = QPushButton(tr("keys.reset"), self)
        self.reset_all = QPushButton(tr("keys.reset_all"), self)
        self._lay_out()
        self._fill()
        self._connect()
        self.resize(*SIZE_PX)

    @property
    def keys(self) -> dict[str, Keys]:
        """What every action would have."""
        return keys_in_force(self.preset, self.own)

    @property
    def chosen(self) -> str:
        """The id of the action in the list; empty for a heading."""
        item = self.tree.currentItem()
        return "" if item is None else item.data(0, ID_ROLE) or ""

    def choose(self, action_id: str) -> None:
        for item in self._items():
            if item.data(0, ID_ROLE) == action_id:
                self.tree.setCurrentItem(item)

    # putting together

    def _lay_out(self) -> None:
        for name in KEY_PRESETS:
            self.presets.addItem(tr(f"keys.preset.{name}"), name)
        self.presets.setCurrentIndex(self.presets.findData(self.preset))
        self.tree.setHeaderLabels([tr("keys.action"), tr("keys.keys")])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.tree.setRootIsDecorated(False)
        self.tree.setItemsExpandable(False)
        self.tree.setIndentation(12)
        for widget, name in (
            (self.presets, "keys.preset"),
            (self.filter, "keys.filter"),
            (self.tree, "keys.title"),
            (self.field, "keys.press"),
        ):
            widget.setAccessibleName(tr(name))
        self.field.setPlaceholderText(tr("keys.press"))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        top = _row(QLabel(tr("keys.preset"), self), self.presets, self.filter)
        top.insertSpacing(2, 8)
        top.setStretch(3, 1)
        column.addLayout(top)
        column.addWidget(self.tree, 1)
        column.addLayout(_row(self.field, self.set_key, self.add_key, self.clear_keys, self.reset_keys))
        column.addWidget(self.notice)
        self.notice.setMinimumHeight(self.notice.fontMetrics().height())
        buttons = dialog_buttons(self, tr("keys.save"))
        for button in (*buttons.buttons(), self.set_key, self.add_key, self.clear_keys, self.reset_keys):
            if isinstance(button, QPushButton):
                button.setAutoDefault(False)
        self.reset_all.setAutoDefault(False)
        column.addLayout(_row(self.reset_all, None, buttons))

    def _fill(self) -> None:
        headings: dict[str, QTreeWidgetItem] = {}
        for menu in MENUS:
            headings[menu] = QTreeWidgetItem(self.tree, [without_mnemonic(tr(f"menu.{menu}")), ""])
            headings[menu].setFlags(Qt.ItemFlag.ItemIsEnabled)
            headings[menu].setSizeHint(0, QSize(0, ROW_PX))
            headings[menu].setForeground(0, color(tokens().dim))
        for spec in ACTIONS:
            item = QTreeWidgetItem(headings[SUBMENUS.get(spec.menu, spec.menu)], [tr(f"action.{spec.id}"), ""])
            item.setData(0, ID_ROLE, spec.id)
            item.setSizeHint(0, QSize(0, ROW_PX))
        self.tree.expandAll()
        self._refresh()
        self.choose(ACTIONS[0].id)

    def _connect(self) -> None:
        self.presets.currentIndexChanged.connect(self._choose_preset)
        self.filter.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._show_chosen())
        self.tree.itemActivated.connect(lambda _item, _column: self.field.setFocus())
        self.field.textEdited.connect(lambda _text: self._refresh_buttons())
        self.set_key.clicked.connect(lambda: self._give((self.field.keys,)))
        self.add_key.clicked.connect(lambda: self._give((*self.keys[self.chosen], self.field.keys)))
        self.clear_keys.clicked.connect(lambda: self._give(()))
        self.reset_keys.clicked.connect(self._reset)
        self.reset_all.clicked.connect(self._reset_everything)
        self.tree.installEventFilter(self)
        self._show_chosen()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter in the list goes to the field instead of closing the dialog."""
        is_enter = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if watched is self.tree and event.type() == QEvent.Type.KeyPress and is_enter:
            self.field.setFocus()
            return True
        return super().eventFilter(watched, event)

    # what the buttons do

    def _choose_preset(self) -> None:
        self.preset = self.presets.currentData()
        self._refresh()

    def _give(self, keys: Keys) -> None:
        """The keys to the chosen action; whoever had one of them loses it for good."""
        now = self.keys
        for key in keys:
            holder = holder_of(key, now, but=self.chosen)
            if holder is not None and holder in self.own:
                self.own[holder] = tuple(held for held in self.own[holder] if held != key)
        self.own[self.chosen] = tuple(dict.fromkeys(keys))
        self._show_chosen()
        self._refresh()

    def _reset(self) -> None:
        self.own.pop(self.chosen, None)
        self._refresh()

    def _reset_everything(self) -> None:
        self.own.clear()
        self._refresh()

    # what is shown

    def _show_chosen(self) -> None:
        self.field.take("")
        self._refresh_buttons()

    def _refresh(self) -> None:
        keys = self.keys
        for item in self._items():
            name = item.data(0, ID_ROLE)
            item.setText(1, "   ".join(key_text(key) for key in keys[name]))
            font = item.font(0)
            font.setBold(name in self.own)
            item.setFont(0, font)
            item.setFont(1, font)
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        keys, entered, chosen = self.keys, self.field.keys, self.chosen
        self.field.setEnabled(bool(chosen))
        self.set_key.setEnabled(bool(chosen and entered))
        self.add_key.setEnabled(bool(chosen and entered))
        self.clear_keys.setEnabled(bool(chosen and keys[chosen]))
        self.reset_keys.setEnabled(chosen in self.own)
        self.reset_all.setEnabled(bool(self.own))
        holder = holder_of(entered, keys, but=chosen) if entered and chosen else None
        self.notice.setText("" if holder is None else tr("keys.taken", keys=key_text(entered), action=_title(holder)))

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for heading in (self.tree.topLevelItem(index) for index in range(self.tree.topLevelItemCount())):
            shown = 0
            for index in range(heading.childCount()):
                item = heading.child(index)
                found = _matches(item, words)
                item.setHidden(not found)
                shown += found
            heading.setHidden(not shown)

    def _items(self) -> list[QTreeWidgetItem]:
        headings = [self.tree.topLevelItem(index) for index in range(self.tree.topLevelItemCount())]
        return [heading.child(index) for heading in headings for index in range(heading.childCount())]


def _matches(item: QTreeWidgetItem, words: list[str]) -> bool:
    english = texts_of("en")[f"action.{item.data(0, ID_ROLE)}"]
    names = " ".join((item.text(0), english, item.text(1))).casefold()
    return all(word in names for word in words)


def _title(action_id: str) -> str:
    spec: ActionSpec = next(spec for spec in ACTIONS if spec.id == action_id)
    return tr(f"action.{spec.id}").rstrip("…")


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is a stretch."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
