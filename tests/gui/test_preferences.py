"""Preferences: what is chosen is applied, kept and used; Cancel changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.settings import (
    DEVICE,
    JOURNAL,
    LANGUAGE,
    SCRATCH_FOLDER,
    THEME,
    UNDO_MEMORY_PERCENT,
    Settings,
)
from desktop.tools.ai_tool import Where
from desktop.ui.dialogs.dialogs import Dialogs
from desktop.ui.dialogs.preferences_dialog import PreferencesDialog
from desktop.ui.memory import scratch_dir
from desktop.ui.theme import theme_name
from tests.gui.conftest import Studio


def dialog_of(studio: Studio) -> PreferencesDialog:
    return PreferencesDialog(studio.window.settings, studio.window.ai.devices, studio.window)


def accepted(studio: Studio, dialog: PreferencesDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio.window.dialogs, "ask_preferences", lambda _settings, _devices: dialog.values)
    studio.window.perform("edit.preferences")
    dialog.deleteLater()


def test_what_is_chosen_is_applied_and_kept(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_home: Path
) -> None:
    dialog, settings = dialog_of(studio), studio.window.settings
    dialog.theme.setCurrentIndex(dialog.theme.findData("light"))
    dialog.language.setCurrentIndex(dialog.language.findData("zh_CN"))
    dialog.undo.set_value(10)
    dialog.scratch.text.setText(str(tmp_path))
    accepted(studio, dialog, monkeypatch)
    assert theme_name() == "light"
    assert "编辑" in studio.window.menuBar().actions()[1].text()
    assert settings.get(UNDO_MEMORY_PERCENT) == 10
    assert scratch_dir(settings) == tmp_path
    again = Settings(empty_home / "settings.json")
    assert (again.get(THEME), again.get(LANGUAGE), again.get(SCRATCH_FOLDER)) == ("light", "zh_CN", str(tmp_path))


def test_the_device_of_all_models_is_used(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = dialog_of(studio)
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    accepted(studio, dialog, monkeypatch)
    assert studio.window.settings.get(DEVICE) == "cpu"
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    assert studio.runner.requests[-1].device == "cpu"


def test_cancel_changes_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio.window.dialogs, "ask_preferences", lambda _settings, _devices: None)
    studio.window.perform("edit.preferences")
    assert studio.window.settings.get(JOURNAL)
    assert theme_name() == "dark"


def test_a_scratch_folder_that_is_gone_is_not_used(studio: Studio, tmp_path: Path) -> None:
    studio.window.settings.set(SCRATCH_FOLDER, str(tmp_path / "gone"))
    assert scratch_dir(studio.window.settings) != tmp_path / "gone"


def test_a_paused_journal_stays_in_the_status_bar(studio: Studio) -> None:
    status = studio.window.status
    studio.window.recovery._tell_paused(OSError(28, "No space left on device"))
    studio.window.info.hide()
    assert status.warning.isVisibleTo(status)
    studio.window.recovery._tell_resumed()
    assert not status.warning.isVisibleTo(status)


def test_the_keys_are_reached_from_the_preferences(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def press_the_button(dialog: PreferencesDialog) -> int:
        dialog.keys.click()
        return 0

    monkeypatch.setattr(PreferencesDialog, "exec", press_the_button)
    assert Dialogs(studio.window).ask_preferences(studio.window.settings, studio.window.ai.devices) is None
    assert studio.dialogs.asked[-1] == "shortcuts"
