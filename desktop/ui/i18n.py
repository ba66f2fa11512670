"""Texts for people in two languages. `tr("key")` looks a text up; switching needs no restart.

Widgets take their texts in `retranslate()`, called again on Qt's LanguageChange event. English error sentences live in
core.errors; other languages translate them under `error.<key>`. What Qt itself says (context menus of fields, file
dialogs, names of keys) comes from Qt's own tables and follows the same switch.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import PySide6
from PySide6.QtCore import QCoreApplication, QEvent, QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication

from desktop.core.errors import UserError
from desktop.paths import resources_dir

LANGUAGES: dict[str, str] = {"en": "English", "zh_CN": "简体中文"}
FALLBACK = "en"


class _Current:
    """The one language of the process: every text on the screen has it."""

    language = FALLBACK
    qt: QTranslator | None = None  # of Qt's own texts; English needs none


@cache
def texts_of(language: str) -> dict[str, str]:
    """The whole table of a language, put together from one file per part of the program."""
    table: dict[str, str] = {}
    for path in sorted((resources_dir() / "i18n" / language).glob("*.json")):
        part: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        assert table.keys().isdisjoint(part), f"{path} repeats a key"
        table |= part
    return table


def language() -> str:
    return _Current.language


def set_language(name: str) -> None:
    """Switches every window at once; unknown names mean English."""
    _Current.language = name if name in LANGUAGES else FALLBACK
    _speak_as_qt(_Current.language)
    retranslate_windows()


def retranslate_windows() -> None:
    """Has every window take its texts again, now and once."""
    application = QCoreApplication.instance()
    if isinstance(application, QApplication):
        for receiver in (*application.topLevelWindows(), *application.topLevelWidgets()):
            # a translator posts its own
            QCoreApplication.removePostedEvents(receiver, QEvent.Type.LanguageChange.value)
        for window in application.topLevelWidgets():
            QCoreApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))


def _speak_as_qt(name: str) -> None:
    """Has Qt's own texts in the same language."""
    application = QCoreApplication.instance()
    if application is None:
        return
    if _Current.qt is not None and _Current.qt.language() == name:
        return
    if _Current.qt is not None:
        application.removeTranslator(_Current.qt)
        _Current.qt = None
    if name != FALLBACK and (path := qt_texts_of(name)) is not None:
        translator = QTranslator(application)
        if translator.load(str(path)):
            application.installTranslator(translator)
            _Current.qt = translator


def qt_texts_of(name: str) -> Path | None:
    """Qt's table of a language: where this Qt keeps such files, or beside PySide6 where a package moved them."""
    folders = [Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))]
    folders += [Path(PySide6.__file__).parent / part for part in ("Qt/translations", "translations")]
    found = (folder / f"qtbase_{name}.qm" for folder in folders)
    return next((path for path in found if path.is_file()), None)


def preferred_language(names: list[str]) -> str:
    """The first language of a system's list that there is a table for."""
    for name in names:
        if name.lower().startswith("zh"):
            return "zh_CN"
        if name.lower().startswith("en"):
            return "en"
    return FALLBACK


def tr(key: str, /, **values: object) -> str:
    """The text of `key`, its {fields} filled in."""
    table = texts_of(_Current.language)
    assert key in table, f"no text for {key!r}"
    return table[key].format(**values) if values else table[key]


def tr_or(key: str, fallback: str) -> str:
    """For names that come from outside, such as a model's title: the table's text if it has one."""
    return texts_of(_Current.language).get(key, fallback)


@cache
def card_texts(language: str) -> dict[str, str]:
    """What model cards say, by the English words: of `cards/<model>.json` and `cards/common.json`."""
    table: dict[str, str] = {}
    for path in sorted((resources_dir() / "i18n" / language / "cards").glob("*.json")):
        table |= json.loads(path.read_text(encoding="utf-8"))
    return table


def tr_card(text: str) -> str:
    """A line of a model's card. What was written anew since it was translated stays as the card has it."""
    mark = re.match(r"(- |#+ )?", text)
    start = mark.group() if mark is not None else ""
    return start + card_texts(_Current.language).get(text[len(start) :], text[len(start) :])


def tr_error(error: UserError) -> str:
    """The sentence of an error; reasons inside it may be errors themselves."""
    pattern = texts_of(_Current.language).get(f"error.{error.key}")
    if pattern is None:
        return str(error)
    values = {name: tr_error(value) if isinstance(value, UserError) else value for name, value in error.values.items()}
    return pattern.format(**values)


def tr_edit(name: str) -> str:
    """The name of a history entry; names made of a model's title and parameters stand as they are."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return tr_or(f"edit.{slug}", name)


def without_mnemonic(title: str) -> str:
    """The name of a menu without its underlined letter: "&File" and "文件(&F)"."""
    return re.sub(r"\(&.\)", "", title).replace("&", "")
