"""Which keys perform which action: the table's own keys, a preset over them, and what the user chose over both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from PySide6.QtGui import QKeyEvent, QKeySequence

from desktop.settings import KEY_PRESET, SHORTCUTS, Settings
from desktop.ui.actions import ACTIONS
from desktop.ui.i18n import retranslate_windows
from desktop.ui.key_presets import KEY_PRESETS

Keys = tuple[str, ...]  # portable names: "Ctrl+Shift+N"
KeyTable = Mapping[str, Keys]  # action id → its keys, the first one is shown in menus

PORTABLE = QKeySequence.SequenceFormat.PortableText
SEPARATOR = ";"  # "action.id=Ctrl+K;F5": a semicolon itself is written by its name
SEMICOLON = "Semicolon"


class _Current:
    """The one set of keys of the process: every tooltip and menu shows it."""

    preset = "default"
    own: ClassVar[KeyTable] = {}
    keys: ClassVar[KeyTable] = {}


def load_keymap(settings: Settings) -> None:
    """Takes the keys from the settings, before a window makes its actions."""
    _hold(settings.get(KEY_PRESET), _parsed(settings.get(SHORTCUTS)))


def choose_keymap(settings: Settings, preset: str, own: KeyTable) -> None:
    """Other keys from now on; UserError when they cannot be saved, they hold all the same.

    Windows hear of it as a LanguageChange: menus, tooltips and hints name keys.
    """
    _hold(preset, own)
    retranslate_windows()
    settings.set(KEY_PRESET, preset)
    settings.set(SHORTCUTS, tuple(f"{name}={_joined(keys)}" for name, keys in sorted(own.items())))


def current_preset() -> str:
    return _Current.preset


def own_keys() -> KeyTable:
    """What the user changed, by action."""
    return _Current.own


def keys_of(action_id: str) -> Keys:
    return _Current.keys[action_id]


def is_pressed(action_id: str, event: QKeyEvent) -> bool:
    """Whether pressing this key begins an action that lasts as long as its key is held."""
    return QKeySequence(event.keyCombination()).toString(PORTABLE) in keys_of(action_id)


def is_released(action_id: str, event: QKeyEvent) -> bool:
    """The same for letting go; modifiers may have been let go before."""
    return any(QKeySequence(key)[0].key() == event.key() for key in keys_of(action_id))


def keys_in_force(preset: str, own: KeyTable) -> dict[str, Keys]:
    """Every action's keys; nobody has a key that a stronger table gives to another action."""
    result = {spec.id: normalized(spec.shortcuts) for spec in ACTIONS}
    for table in (KEY_PRESETS[preset], own):
        claimed = {key for keys in table.values() for key in normalized(keys)}
        result = {name: tuple(key for key in keys if key not in claimed) for name, keys in result.items()}
        result |= {name: normalized(keys) for name, keys in table.items() if name in result}
    return result


def holder_of(key: str, keys: KeyTable, *, but: str) -> str | None:
    """The other action that has the key now."""
    return next((name for name, held in keys.items() if name != but and key in held), None)


def normalized(keys: Iterable[str]) -> Keys:
    """Portable names, without what is no key and without repeats."""
    names = [QKeySequence(key).toString(PORTABLE) for key in keys]
    return tuple(dict.fromkeys(name for name in names if name))


def _joined(keys: Keys) -> str:
    return SEPARATOR.join(key.replace(SEPARATOR, SEMICOLON) for key in keys)


def _parsed(lines: Iterable[str]) -> dict[str, Keys]:
    """Own keys from the settings file; actions that no longer exist and broken keys are left out."""
    known = {spec.id for spec in ACTIONS}
    table: dict[str, Keys] = {}
    for line in lines:
        name, found, keys = line.partition("=")
        if found and name in known:
            table[name] = normalized(key.replace(SEMICOLON, SEPARATOR) for key in keys.split(SEPARATOR))
    return table


def _hold(preset: str, own: KeyTable) -> None:
    _Current.preset, _Current.own, _Current.keys = preset, dict(own), keys_in_force(preset, own)
