"""Importing a foreign file and looking after models, through the real dialogs and the real sandbox."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.paths import user_models_dir
from desktop.runtime.catalog import Catalog
from desktop.runtime.manifest import Task
from desktop.tools.ai_tool import Where
from desktop.ui.dialogs.card_pictures import fit_pictures, pictures_of
from desktop.ui.dialogs.import_dialog import ImportDialog
from desktop.ui.dialogs.models_window import ModelsWindow
from desktop.ui.i18n import card_texts
from tests import foreign_models as foreign
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_models import identity_model

EXAMINATION_MS = 120_000


@pytest.fixture
def studio(open_studio: OpenStudio, models_dir: Path) -> Studio:
    return open_studio(catalog=Catalog((models_dir, user_models_dir())))


@pytest.fixture
def window(studio: Studio) -> Iterator[ModelsWindow]:
    made = ModelsWindow(studio.window.models, studio.window.ai, lambda: None, studio.window)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def examination_shows(studio: Studio, condition: Callable[[], bool]) -> None:
    """Waits for a process that has to start, load libraries and try a network in many ways, on a busy machine too."""
    studio.qtbot.waitUntil(condition, timeout=EXAMINATION_MS)


def examined(studio: Studio, path: Path) -> ImportDialog:
    dialog = ImportDialog(path, studio.window.models, studio.window.dialogs.ask_model_file, studio.window)
    dialog.show()
    examination_shows(studio, lambda: not studio.window.background.is_busy and not dialog.bar.isVisible())
    return dialog


def done(studio: Studio, dialog: ImportDialog) -> None:
    dialog.reject()
    dialog.deleteLater()
    examination_shows(studio, lambda: not studio.window.background.is_busy)
    QApplication.processEvents()


def test_a_file_is_examined_shown_and_imported_under_the_name_that_was_typed(studio: Studio, tmp_path: Path) -> None:
    dialog = examined(studio, foreign.enlarger(tmp_path / "big.onnx", 2))
    assert "2 times as wide" in dialog.text.text()
    dialog.title.setText("Twice")
    dialog.licence.setCurrentText("MIT")
    QTest.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    examination_shows(studio, lambda: bool(dialog.installed_id))
    model = studio.window.models.catalog.verified("big")
    assert (model.manifest.title, model.manifest.licence, model.manifest.scale) == ("Twice", "MIT", 2)
    assert [path.name for path in user_models_dir().iterdir()] == ["big"], "nothing of the examination is left"
    done(studio, dialog)


def test_the_picture_that_was_chosen_decides_range_and_order(studio: Studio, tmp_path: Path) -> None:
    dialog = examined(studio, foreign.sharpener(tmp_path / "sharp.onnx"))
    wanted = next(row for row in range(dialog.strip.count()) if dialog.strip.item(row).text().startswith("0..255"))
    dialog.strip.setCurrentRow(wanted)
    dialog.accept()
    examination_shows(studio, lambda: bool(dialog.installed_id))
    assert studio.window.models.catalog.get("sharp").manifest.inputs[0].std == [1.0]
    done(studio, dialog)


def test_half_a_model_asks_for_its_other_file(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predict, transform = foreign.style_pair(tmp_path)
    monkeypatch.setattr(studio.window.dialogs, "ask_model_file", lambda: predict)
    dialog = examined(studio, transform)
    assert "one half" in dialog.text.text()
    assert dialog.accept_button.isHidden()
    QTest.mouseClick(dialog.second_button, Qt.MouseButton.LeftButton)
    examination_shows(studio, lambda: dialog.accept_button.isEnabled())
    dialog.accept()
    examination_shows(studio, lambda: bool(dialog.installed_id))
    assert studio.window.models.catalog.get(dialog.installed_id).manifest.task is Task.STYLE
    done(studio, dialog)


def test_another_task_is_tried_at_once_and_one_that_cannot_be_changes_nothing(studio: Studio, tmp_path: Path) -> None:
    dialog = examined(studio, foreign.sharpener(tmp_path / "sharp.onnx"))
    assert dialog.task.currentData() == "restore"
    choose(studio, dialog, Task.GENERATE)
    assert dialog.warning.isVisible()
    assert dialog.task.currentData() == "restore"
    choose(studio, dialog, Task.TRANSLATE)
    assert not dialog.warning.isVisible()
    dialog.accept()
    examination_shows(studio, lambda: bool(dialog.installed_id))
    assert studio.window.models.catalog.get("sharp").manifest.task is Task.TRANSLATE
    done(studio, dialog)


def choose(studio: Studio, dialog: ImportDialog, task: Task) -> None:
    row = dialog.task.findData(task.value)
    dialog.task.setCurrentIndex(row)
    dialog.task.activated.emit(row)
    examination_shows(studio, lambda: not studio.window.background.is_busy and not dialog.bar.isVisible())


def test_a_mask_that_is_black_where_something_is_wanted_can_be_turned_round(studio: Studio, tmp_path: Path) -> None:
    nodes = [foreign.node("ReduceMean", ["image"], "grey", axes=[1]), foreign.node("Sigmoid", ["grey"], "mask")]
    path = foreign.graph_file(
        tmp_path / "matte.onnx", nodes, inputs={"image": foreign.FREE}, outputs={"mask": (1, 1, "h", "w")}
    )
    dialog = examined(studio, path)
    assert dialog.inverted.isVisible()
    dialog.inverted.setChecked(True)
    dialog.accept()
    examination_shows(studio, lambda: bool(dialog.installed_id))
    assert studio.window.models.catalog.get("matte").manifest.outputs[0].invert
    done(studio, dialog)


def test_a_refused_file_says_why_and_leaves_nothing(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "pickle.onnx"
    path.write_bytes(b"\x80\x04" + bytes(100))
    dialog = examined(studio, path)
    assert "pickle" in dialog.text.text()
    assert dialog.accept_button.isHidden()
    assert list(user_models_dir().iterdir()) == []
    done(studio, dialog)


def test_cancelling_the_examination_leaves_nothing(studio: Studio, tmp_path: Path) -> None:
    dialog = ImportDialog(foreign.endless(tmp_path / "endless.onnx"), studio.window.models, lambda: None, studio.window)
    dialog.show()
    examination_shows(studio, lambda: "takes" in dialog.text.text())
    done(studio, dialog)
    assert list(user_models_dir().iterdir()) == []


def test_a_model_file_dropped_on_the_window_is_imported(studio: Studio, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "some.onnx"))])
    event = QDropEvent(
        QPointF(QPoint(50, 50)),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    studio.window.dropEvent(event)
    examination_shows(studio, lambda: "import some.onnx" in studio.dialogs.asked)


def test_the_window_shows_the_card_and_verifies(studio: Studio, window: ModelsWindow) -> None:
    window.choose("denoise-photo")
    assert "SHA-256" in window.facts.text()
    assert not window.remove_button.isEnabled(), "it came with the program"


def test_a_card_is_read_in_chinese_as_far_as_it_is_translated(studio: Studio) -> None:
    folder = identity_model(user_models_dir() / "own")
    known, own = "One sign at a time, at 32 × 32 pixels.", "A sentence that nobody translated."
    (folder / "card.md").write_text(f"# Own\n\n## Weaknesses\n\n- {known}\n- {own}\n", encoding="utf-8")
    studio.window.perform("view.chinese")
    window = ModelsWindow(studio.window.models, studio.window.ai, lambda: None, studio.window)
    window.choose("own")
    shown = window.card.toPlainText()
    assert all(text in shown for text in ("不足之处", card_texts("zh_CN")[known], own))
    assert "Weaknesses" not in shown
    window.deleteLater()


def test_a_manifest_may_name_any_icon(studio: Studio, tmp_path: Path) -> None:
    """What is no name of ours is none: too long for the disk, in another folder, damaged."""
    for number, name in enumerate(("a" * 300, "../../README", "a\\u0000b")):
        folder = identity_model(user_models_dir() / f"odd-{number}")
        path = folder / "manifest.toml"
        path.write_text(f'icon = "{name}"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    window = ModelsWindow(studio.window.models, studio.window.ai, lambda: None, studio.window)
    window.choose("odd-0")
    assert window.chosen == "odd-0"
    window.deleteLater()


def test_a_card_that_is_no_text_and_a_folder_that_went_away_do_no_harm(studio: Studio) -> None:
    for name in ("odd", "gone"):
        identity_model(user_models_dir() / name)
    (user_models_dir() / "odd" / "card.md").write_bytes(b"# x\n\xff\xfe bad")
    window = ModelsWindow(studio.window.models, studio.window.ai, lambda: None, studio.window)
    window.choose("odd")
    assert "bad" in window.card.toPlainText()
    shutil.rmtree(user_models_dir() / "gone")
    window.choose("gone")
    assert "no model “gone”" in window.card.toPlainText()
    assert not window.remove_button.isEnabled()
    window.deleteLater()


def test_pictures_of_a_card_are_no_wider_than_the_window(tmp_path: Path, qapp: QApplication) -> None:
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((30, 900, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((30, 90, 3), np.uint8))
    document = QTextDocument()
    document.setBaseUrl(QUrl.fromLocalFile(f"{tmp_path}/"))
    document.setMarkdown("One ![a](wide.png) and ![b](small.png) and ![c](missing.png)")
    fit_pictures(document, 300)
    assert [picture.charFormat().toImageFormat().width() for picture in pictures_of(document)] == [300, 90, 0]


def test_an_own_model_is_removed_and_leaves_the_ai_panel(studio: Studio, tmp_path: Path) -> None:
    with studio.window.models.importer.examined(foreign.sharpener(tmp_path / "sharp.onnx")) as staged:
        studio.window.models.importer.install(staged)
    studio.window.ai.form.load_models()
    window = ModelsWindow(studio.window.models, studio.window.ai, lambda: None, studio.window)
    window.choose("sharp")
    assert window.remove_button.isEnabled()
    QTest.mouseClick(window.verify_button, Qt.MouseButton.LeftButton)
    examination_shows(studio, lambda: "exactly" in window.message.text())
    model_file = next((user_models_dir() / "sharp").glob("*.onnx"))
    stamp, content = model_file.stat(), bytearray(model_file.read_bytes())
    content[-1] ^= 1
    model_file.write_bytes(content)
    os.utime(model_file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    QTest.mouseClick(window.verify_button, Qt.MouseButton.LeftButton)
    examination_shows(studio, lambda: "altered" in window.message.text() or "not the" in window.message.text())
    asked: list[str] = []
    window.confirm_removal = lambda title: bool(asked.append(title))
    QTest.mouseClick(window.remove_button, Qt.MouseButton.LeftButton)
    assert asked == ["Sharp"]
    assert (user_models_dir() / "sharp").exists(), "nothing goes without a yes"
    window.confirm_removal = lambda _title: True
    QTest.mouseClick(window.remove_button, Qt.MouseButton.LeftButton)
    assert "sharp" not in [model.id for model in studio.window.models.catalog.models()]
    assert not (user_models_dir() / "sharp").exists()
    window.close()
    window.deleteLater()


def test_the_tile_of_one_model_is_remembered_and_used(studio: Studio, window: ModelsWindow) -> None:
    window.choose("denoise-photo")
    window.tile.setCurrentIndex(window.tile.findData(1024))
    studio.show_plain()
    studio.window.ai.form.set_where(Where.ALL)
    studio.run_model()
    assert studio.runner.requests[-1].tile_side == 1024
    window.tile.setCurrentIndex(0)
    assert studio.window.ai.form.tile_override("denoise-photo") is None


def test_the_device_of_one_model_is_remembered(studio: Studio, window: ModelsWindow) -> None:
    window.choose("denoise-photo")
    window.device.setCurrentIndex(window.device.findData("cpu"))
    ai = studio.window.ai.form
    assert ai.model is not None
    assert ai.device_override("denoise-photo") == "cpu"
    assert ai.device_for(ai.model) == "cpu"
    window.device.setCurrentIndex(0)
    assert ai.device_for(ai.model) == ai.device


def test_a_file_with_its_own_manifest_is_renamed_without_another_look(studio: Studio, tmp_path: Path) -> None:
    folder = identity_model(tmp_path / "own")
    manifest = json.dumps(tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8")))
    model = onnx.load(folder / "model.onnx")
    entry = model.metadata_props.add()
    entry.key, entry.value = "scumble.manifest", manifest
    path = tmp_path / "own.onnx"
    path.write_bytes(model.SerializeToString())
    dialog = examined(studio, path)
    dialog.title.setText("My own name")
    dialog.accept()
    assert dialog.installed_id, "at once"
    assert studio.window.models.catalog.get(dialog.installed_id).manifest.title == "My own name"
    done(studio, dialog)


def test_what_a_killed_import_left_is_removed_by_the_next(studio: Studio, tmp_path: Path) -> None:
    left = user_models_dir() / ".import-999999999-x"
    left.mkdir(parents=True)
    (left / "model.onnx").write_bytes(b"half")
    done(studio, examined(studio, foreign.sharpener(tmp_path / "sharp.onnx")))
    assert not left.exists()
