"""Settings survive a restart, a damaged file and a newer program; paths and the log follow the user's folders."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop import paths, settings
from desktop.core.errors import UserError
from desktop.log import set_up_log
from desktop.settings import ALL_SETTINGS, RECENT_FILES, THEME, UNDO_MEMORY_PERCENT, WINDOW_STATE, Settings


def test_every_default_is_valid_and_every_key_is_unique() -> None:
    assert all(setting.is_valid(setting.default) for setting in ALL_SETTINGS)
    assert len({setting.key for setting in ALL_SETTINGS}) == len(ALL_SETTINGS)


def test_what_was_set_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "settings.json"
    first = Settings(path)
    first.set(THEME, "light")
    first.set(RECENT_FILES, ("/a/ä.png", "/b.ora"))
    second = Settings(path)
    assert second.get(THEME) == "light"
    assert second.get(RECENT_FILES) == ("/a/ä.png", "/b.ora")
    assert second.get(UNDO_MEMORY_PERCENT) == 25


def test_a_file_whose_name_is_no_utf8_costs_no_settings(tmp_path: Path) -> None:
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    settings = Settings(tmp_path / "settings.json")
    settings.set(RECENT_FILES, (name,))
    settings.save()
    assert Settings(tmp_path / "settings.json").get(RECENT_FILES) == (name,)


def test_listeners_hear_of_changes_only(tmp_path: Path) -> None:
    heard: list[object] = []
    chosen = Settings(tmp_path / "settings.json")
    chosen.changed.connect(heard.append)
    chosen.set(THEME, "dark")
    assert heard == []
    chosen.set(THEME, "light")
    assert heard == [THEME]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 1, "theme": 7}', "\0" * 9])
def test_a_damaged_file_costs_only_what_is_damaged(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="utf-8")
    assert Settings(path).get(THEME) == "dark"


def test_one_wrong_value_does_not_cost_the_others(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    stored = {"format": 1, "theme": "pink", "undo_memory_percent": 40, "unknown": 3, "recent_files": [1]}
    path.write_text(json.dumps(stored), encoding="utf-8")
    chosen = Settings(path)
    assert (chosen.get(THEME), chosen.get(UNDO_MEMORY_PERCENT), chosen.get(RECENT_FILES)) == ("dark", 40, ())


@pytest.mark.parametrize("value", [0, 76, True, "40", None, 2.5j])
def test_numbers_have_limits(value: object) -> None:
    assert not UNDO_MEMORY_PERCENT.is_valid(value)


def test_an_old_format_is_carried_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"format": 0, "colours": "light"}', encoding="utf-8")
    monkeypatch.setitem(settings.MIGRATIONS, 0, lambda old: {"theme": old["colours"]})
    assert Settings(path).get(THEME) == "light"


def test_a_folder_that_cannot_be_made_is_told_and_the_value_holds(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    chosen = Settings(tmp_path / "file" / "settings.json")
    with pytest.raises(UserError, match="could not be saved"):
        chosen.set(WINDOW_STATE, "abc")
    assert chosen.get(WINDOW_STATE) == "abc"


def test_one_folder_can_hold_everything_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path))
    own = (paths.user_models_dir(), paths.user_config_dir(), paths.user_cache_dir(), paths.user_log_dir())
    assert all(path.is_relative_to(tmp_path) for path in own)
    assert len(set(own)) == 4
    monkeypatch.delenv("SCUMBLE_HOME")
    assert not any(path.is_relative_to(tmp_path) for path in (paths.user_models_dir(), paths.settings_file()))


def test_shipped_things_are_found_beside_the_source_inside_a_wheel_and_in_a_frozen_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (paths.shipped_models_dir() / "manifest.schema.json").is_file()
    inside = tmp_path / "desktop" / "_data" / "onnx"
    inside.mkdir(parents=True)
    with monkeypatch.context() as wheel:
        wheel.setattr(paths, "_PACKAGE", tmp_path / "desktop")
        assert paths.shipped_models_dir() == inside
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert paths.shipped_models_dir() == inside


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """The program's logger without handlers, as at its start."""
    logger = logging.getLogger("desktop")
    level = logger.level
    monkeypatch.setattr(logger, "handlers", [])
    yield logger
    for handler in logger.handlers:
        handler.close()
    logger.setLevel(level)


def test_the_log_goes_to_a_file_and_warnings_to_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "propagate", False)
    set_up_log(tmp_path / "log")
    logging.getLogger("desktop.anything").info("quiet")
    logging.getLogger("desktop.anything").warning("loud")
    assert capsys.readouterr().err == "WARNING: loud\n"
    assert "INFO desktop.anything: quiet" in (tmp_path / "log" / "scumble.log").read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, root: logging.Logger) -> None:
    (tmp_path / "file").touch()
    set_up_log(tmp_path / "file")
    assert len(root.handlers) == 1


def test_a_value_that_was_put_holds_at_once_and_is_kept_by_saving(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    chosen = Settings(path)
    assert chosen.put(THEME, "light")
    assert not chosen.put(THEME, "light")
    assert (chosen.get(THEME), path.exists()) == ("light", False)
    writer = threading.Thread(target=chosen.save)
    writer.start()
    writer.join()
    assert Settings(path).get(THEME) == "light"
