"""What Qt itself says follows the window's language, both ways, without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton

from desktop.paths import resources_dir
from desktop.ui.dialogs.file_dialogs import file_dialog
from desktop.ui.dialogs.name_dialog import NameDialog
from desktop.ui.i18n import FALLBACK, LANGUAGES, qt_texts_of, set_language
from tests.gui.conftest import Studio


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    set_language("en")


def menu_of_field(field: QLineEdit) -> list[str]:
    menu = field.createStandardContextMenu()
    assert menu is not None
    texts = [action.text().split("\t")[0] for action in menu.actions() if action.text()]
    menu.deleteLater()
    return texts


def test_the_menu_of_a_text_field_speaks_the_windows_language(studio: Studio) -> None:
    studio.show_plain()
    dialog = NameDialog("Rename", "Gull", "Rename", studio.window)
    assert menu_of_field(dialog.field)[0] == "&Undo"
    studio.window.perform("view.chinese")
    assert menu_of_field(dialog.field) == ["撤消(&U)", "重做(&R)", "剪切(&T)", "复制(&C)", "粘贴(&P)", "删除", "全选"]
    studio.window.perform("view.english")
    assert menu_of_field(dialog.field)[0] == "&Undo"
    dialog.deleteLater()


def test_a_file_dialog_has_no_english_word_in_chinese_and_none_of_chinese_in_english(
    studio: Studio, tmp_path: Path
) -> None:
    for action, language in (("view.chinese", "zh_CN"), ("view.english", "en")):
        studio.window.perform(action)
        dialog = file_dialog(studio.window, "", str(tmp_path), "")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        texts = [part.text() for kind in (QLabel, QPushButton) for part in dialog.findChildren(kind)]  # type: ignore[attr-defined]
        said = [text.replace("&", "").rstrip(":： ") for text in texts if len(text) > 1]
        assert len(said) >= 5
        chinese = [any(ord(letter) > 0x2E80 for letter in text) for text in said]
        assert all(chinese) if language == "zh_CN" else not any(chinese), said
        dialog.deleteLater()


def test_keys_keep_their_names_in_chinese(studio: Studio) -> None:
    """They are printed on the keyboard, and those of the guide and of tooltips are the same."""
    studio.window.perform("view.chinese")
    assert QKeySequence("Ctrl+Shift+Z").toString(QKeySequence.SequenceFormat.NativeText) == "Ctrl+Shift+Z"
    assert QKeySequence(Qt.Key.Key_Escape).toString(QKeySequence.SequenceFormat.NativeText) == "Esc"


def test_every_language_has_a_table_of_qt_and_the_package_brings_it(qapp: QApplication) -> None:
    spec = (resources_dir().parent / "build" / "scumble.spec").read_text(encoding="utf-8")
    for language in LANGUAGES.keys() - {FALLBACK}:
        path = qt_texts_of(language)
        assert path is not None
        assert path.name in spec, "the frozen program would speak English there"
