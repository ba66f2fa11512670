"""The keyboard dialog and the keys in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.settings import KEY_PRESET, SHORTCUTS, Settings
from desktop.ui import keymap
from desktop.ui.actions import ACTIONS, action_spec
from desktop.ui.dialogs.shortcuts_dialog import ShortcutsDialog
from desktop.ui.key_presets import KEY_PRESETS
from desktop.ui.state import Tool
from tests.gui.conftest import OpenStudio, Studio


@pytest.fixture
def dialog(studio: Studio) -> Iterator[ShortcutsDialog]:
    made = ShortcutsDialog(studio.window)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def press(dialog: ShortcutsDialog, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    dialog.field.setFocus()
    QTest.keyClick(dialog.field, key, modifier)


@pytest.mark.parametrize("preset", KEY_PRESETS)
def test_a_preset_names_real_actions_and_gives_no_key_twice(preset: str) -> None:
    assert KEY_PRESETS[preset].keys() <= {spec.id for spec in ACTIONS}
    keys = Counter(key for held in keymap.keys_in_force(preset, {}).values() for key in held)
    assert [key for key, count in keys.items() if count > 1] == []
    for name, wanted in KEY_PRESETS[preset].items():
        assert keymap.keys_in_force(preset, {})[name] == keymap.normalized(wanted), name


def test_a_new_key_works_at_once_and_the_old_one_no_longer(studio: Studio) -> None:
    studio.show_plain()
    studio.window.canvas.setFocus()
    studio.dialogs.shortcuts = ("default", {"tool.eraser": ("Y",)})
    studio.window.perform("edit.shortcuts")
    QTest.keyClick(studio.window.canvas, "e")
    assert studio.window.state.tool is Tool.BRUSH
    QTest.keyClick(studio.window.canvas, "y")
    assert studio.window.state.tool is Tool.ERASER
    assert "(Y)" in studio.window.strip.buttons["eraser"].toolTip()


def test_keys_are_remembered_by_the_next_start(open_studio: OpenStudio) -> None:
    first = open_studio()
    first.dialogs.shortcuts = ("gimp", {"tool.eraser": ("Ctrl+;", "Y"), "edit.clear": ()})
    first.window.perform("edit.shortcuts")
    open_studio()
    assert keymap.current_preset() == "gimp"
    assert keymap.keys_of("tool.eraser") == ("Ctrl+;", "Y")
    assert keymap.keys_of("edit.clear") == ()
    assert keymap.keys_of("tool.brush") == ("P",)


def test_the_key_that_is_held_for_before_can_be_changed(studio: Studio) -> None:
    studio.show_plain()
    studio.drag((20, 20), (60, 20))
    studio.dialogs.shortcuts = ("default", {"view.before": ("F6",)})
    studio.window.perform("edit.shortcuts")
    QTest.keyPress(studio.window.canvas, Qt.Key.Key_Backslash)
    assert not studio.window.canvas.is_showing_before
    QTest.keyPress(studio.window.canvas, Qt.Key.Key_F6)
    assert studio.window.canvas.is_showing_before
    QTest.keyRelease(studio.window.canvas, Qt.Key.Key_F6)
    assert not studio.window.canvas.is_showing_before


def test_a_taken_key_names_who_has_it_and_moves_when_it_is_set(dialog: ShortcutsDialog) -> None:
    dialog.choose("tool.eraser")
    press(dialog, Qt.Key.Key_B)
    assert "Brush" in dialog.notice.text()
    QTest.mouseClick(dialog.set_key, Qt.MouseButton.LeftButton)
    assert dialog.keys["tool.eraser"] == ("B",)
    assert dialog.keys["tool.brush"] == ()
    assert dialog.notice.text() == ""


def test_a_key_the_user_gave_twice_stays_with_the_last(dialog: ShortcutsDialog) -> None:
    for action_id in ("tool.eraser", "tool.move"):
        dialog.choose(action_id)
        press(dialog, Qt.Key.Key_F7)
        QTest.mouseClick(dialog.add_key, Qt.MouseButton.LeftButton)
    assert dialog.keys["tool.eraser"] == ("E",)
    assert dialog.keys["tool.move"] == ("V", "F7")


def test_reset_gives_the_keys_back(dialog: ShortcutsDialog) -> None:
    dialog.choose("tool.eraser")
    press(dialog, Qt.Key.Key_B)
    QTest.mouseClick(dialog.set_key, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.reset_keys, Qt.MouseButton.LeftButton)
    assert dialog.keys["tool.eraser"] == ("E",)
    assert dialog.keys["tool.brush"] == ("B",)


def test_keys_of_the_window_do_nothing_while_they_are_entered(studio: Studio, dialog: ShortcutsDialog) -> None:
    press(dialog, Qt.Key.Key_E)
    press(dialog, Qt.Key.Key_F4, Qt.KeyboardModifier.ControlModifier)
    assert studio.window.state.tool is Tool.BRUSH
    assert dialog.field.keys == "Ctrl+F4"


def test_the_filter_finds_by_name_and_by_key(dialog: ShortcutsDialog) -> None:
    dialog.filter.setText("ctrl+j")
    shown = [item.data(0, Qt.ItemDataRole.UserRole) for item in dialog._items() if not item.isHidden()]
    assert shown == ["layer.duplicate"]


def test_broken_lines_of_the_settings_are_left_out(studio: Studio) -> None:
    settings: Settings = studio.window.settings
    settings.set(SHORTCUTS, ("no.such=Ctrl+K", "tool.eraser", "tool.move=F8;;nonsense+", "tool.hand="))
    settings.set(KEY_PRESET, "default")
    keymap.load_keymap(settings)
    assert keymap.keys_of("tool.move") == ("F8",)
    assert keymap.keys_of("tool.hand") == ()
    assert keymap.keys_of("tool.eraser") == keymap.normalized(action_spec("tool.eraser").shortcuts)


def test_a_preset_takes_no_action_its_key_without_giving_another() -> None:
    usual = keymap.keys_in_force("default", {})
    for preset in KEY_PRESETS:
        keys = keymap.keys_in_force(preset, {})
        assert [name for name in usual if usual[name] and not keys[name]] == []
        held = [key for of_action in keys.values() for key in of_action]
        assert len(held) == len(set(held)), "one key, one action"
