"""Every question the window asks, in one replaceable object, so that tests answer without a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QLabel,
    QWidget,
)

from desktop.core.color import Depth
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.io.formats import READABLE_SUFFIXES, SUFFIXES, FileFormat
from desktop.runtime.runner import DeviceInfo
from desktop.settings import Setting, Settings
from desktop.ui.commands.ai_commands import AiCommands
from desktop.ui.commands.model_commands import ModelCommands
from desktop.ui.dialogs.amount_dialog import Amount, AmountDialog
from desktop.ui.dialogs.file_dialogs import ask_file, ask_files, ask_new_file
from desktop.ui.dialogs.guide_window import GuideWindow
from desktop.ui.dialogs.import_dialog import ImportDialog
from desktop.ui.dialogs.models_window import ModelsWindow
from desktop.ui.dialogs.name_dialog import ask_name
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.dialogs.preferences_dialog import PreferencesDialog
from desktop.ui.dialogs.question import Question, unsaved_question
from desktop.ui.dialogs.shortcuts_dialog import ShortcutsDialog
from desktop.ui.dialogs.unsaved_dialog import UnsavedDialog
from desktop.ui.i18n import tr, tr_error
from desktop.ui.keymap import Keys
from desktop.ui.memory import check_new_size
from desktop.ui.widgets.basics import Segments, wrapped_label
from desktop.ui.widgets.number_field import NumberField, Range
from desktop.ui.widgets.value_slider import ValueSlider

PROJECT_SUFFIX = ".ora"
QUALITY_FORMATS = (FileFormat.JPEG, FileFormat.WEBP)
LARGEST_NEW_PX = 30_000


class Unsaved(Enum):
    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    path: Path
    quality: int = 92
    lossless: bool = False


@dataclass(frozen=True, slots=True)
class NewPicture:
    width: int
    height: int
    is_transparent: bool
    depth: Depth = 8


class Dialogs:
    """Asks the person in front of `window`. None means cancelled."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._models_window: ModelsWindow | None = None
        self._guide: GuideWindow | None = None

    def ask_unsaved(self, name: str) -> Unsaved:
        question = unsaved_question(name, self._window)
        question.exec()
        if question.clickedButton() is question.yes:
            return Unsaved.SAVE
        return Unsaved.DISCARD if question.clickedButton() is question.destroy else Unsaved.CANCEL

    def ask_unsaved_list(self, names: Sequence[str]) -> list[bool] | None:
        """Which of several documents to save before all of them are closed; None stays."""
        dialog = UnsavedDialog(names, self._window)
        return dialog.answers() if dialog.exec() else None

    def confirm(self, title: str, text: str, button: str) -> bool:
        """One question with yes, named by what it does, and cancel."""
        question = Question(title, text, button, self._window)
        question.exec()
        return question.clickedButton() is question.yes

    def ask_name(self, title: str, name: str, accept: str) -> str | None:
        """`accept` stands on the button."""
        return ask_name(title, name, accept, self._window)

    def show_folder(self, folder: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def ask_file(self, title: str, folder: Path, pattern: str) -> Path | None:
        return ask_file(self._window, title, str(folder), pattern)

    def ask_new_file(self, title: str, suggestion: Path, pattern: str) -> Path | None:
        chosen = ask_new_file(self._window, title, suggestion, pattern)
        return None if chosen is None else chosen[0]

    def ask_open(self, folder: Path) -> list[Path]:
        patterns = " ".join(f"*{suffix}" for suffix in READABLE_SUFFIXES)
        filters = f"{tr('file.pictures')} ({patterns});;{tr('file.all')} (*)"
        return ask_files(self._window, tr("file.open_title"), str(folder), filters)

    def ask_save(self, suggestion: Path) -> Path | None:
        return self.ask_new_file(tr("file.save_title"), suggestion, f"OpenRaster (*{PROJECT_SUFFIX})")

    def ask_export(self, suggestion: Path) -> ExportOptions | None:
        kinds = {"PNG": "*.png", "JPEG": "*.jpg *.jpeg", "WebP": "*.webp", "TIFF": "*.tif *.tiff", "BMP": "*.bmp"}
        filters = ";;".join(f"{name} ({patterns})" for name, patterns in kinds.items())
        answer = ask_new_file(self._window, tr("file.export_title"), suggestion, filters)
        if answer is None:
            return None
        path, chosen = answer
        if path.suffix.lower() not in SUFFIXES:
            path = path.with_name(path.name + "." + chosen.split("*.")[1].split()[0].rstrip(")"))
        if SUFFIXES[path.suffix.lower()] not in QUALITY_FORMATS:
            return ExportOptions(path)
        dialog = QualityDialog(path, self._window)
        return dialog.options() if dialog.exec() else None

    def ask_new(self) -> NewPicture | None:
        dialog = NewDialog(self._window, partial(check_new_size, self._window.settings))
        return dialog.picture() if dialog.exec() else None

    def ask_shortcuts(self) -> tuple[str, dict[str, Keys]] | None:
        """The preset and the user's own keys."""
        dialog = ShortcutsDialog(self._window)
        return (dialog.preset, dialog.own) if dialog.exec() else None

    def ask_preferences(
        self, settings: Settings, devices: Sequence[DeviceInfo]
    ) -> list[tuple[Setting[Any], Any]] | None:
        dialog = PreferencesDialog(settings, devices, self._window)
        dialog.keys.clicked.connect(self._window.help.shortcuts)
        return dialog.values if dialog.exec() else None

    def ask_amount(self, amount: Amount) -> float | None:
        dialog = AmountDialog(amount, self._window)
        return dialog.amount if dialog.exec() else None

    def ask_model_file(self) -> Path | None:
        return ask_file(self._window, tr("import.title"), "", f"ONNX (*.onnx);;{tr('file.all')} (*)")

    def import_model(self, path: Path, models: ModelCommands) -> str:
        """The id of the imported model; empty when nothing was imported."""
        dialog = ImportDialog(path, models, self.ask_model_file, self._window)
        return dialog.installed_id if dialog.exec() else ""

    def show_models(self, models: ModelCommands, ai: AiCommands, import_file: Callable[[], None]) -> None:
        """Opens the Models window, or brings the open one to the front."""
        if self._models_window is None:
            self._models_window = ModelsWindow(models, ai, import_file, self._window)
        self._models_window.show()
        self._models_window.raise_()

    def show_guide(self, page: str = "") -> None:
        """Opens the user guide, or brings the open one to the front."""
        if self._guide is None:
            self._guide = GuideWindow(self._window)
        self._guide.choose(page)
        self._guide.show()
        self._guide.raise_()

    def about(self) -> None:
        from desktop.licences import components, model_components
        from desktop.paths import build_facts, package_data_dir
        from desktop.ui.dialogs.about_dialog import AboutDialog

        models = self._window.ai.form.models
        load = lambda: [*components(package_data_dir()), *model_components(models)]  # noqa: E731
        dialog = AboutDialog(build_facts(), load, self._window)
        dialog.exec()
        dialog.deleteLater()


class QualityDialog(QDialog):
    """Quality of a lossy format."""

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._path = path
        self.setWindowTitle(tr("file.export_title"))
        self.quality = ValueSlider(Range(1, 100, 92), label=tr("export.quality"), parent=self)
        self.lossless = QCheckBox(tr("export.lossless"), self)
        self.lossless.setVisible(SUFFIXES[path.suffix.lower()] is FileFormat.WEBP)
        self.lossless.toggled.connect(self.quality.setDisabled)
        column = dialog_column(self)
        column.addWidget(QLabel(path.name, self))
        column.addWidget(self.quality)
        column.addWidget(self.lossless)
        column.addWidget(dialog_buttons(self, tr("export.button")))
        self.setMinimumWidth(360)

    def options(self) -> ExportOptions:
        return ExportOptions(self._path, round(self.quality.value), self.lossless.isChecked())


class NewDialog(QDialog):
    """Size and ground of a new picture."""

    def __init__(self, parent: QWidget, check: Callable[[Size, Depth], object] = lambda size, depth: None) -> None:
        super().__init__(parent)
        self._check = check
        self.setWindowTitle(tr("new.title"))
        self.width_box = NumberField(Range(1, LARGEST_NEW_PX, 1920), "px", self)
        self.height_box = NumberField(Range(1, LARGEST_NEW_PX, 1080), "px", self)
        for box in (self.width_box, self.height_box):
            box.setFixedWidth(120)
        self.depth = Segments(["8", "16"], self)
        self.depth.set_texts([tr("depth.8"), tr("depth.16")])
        self.depth.set_value("8")
        self.transparent = QCheckBox(tr("new.transparent"), self)
        form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow(tr("new.width"), self.width_box)
        form.addRow(tr("new.height"), self.height_box)
        form.addRow(tr("new.depth"), self.depth)
        form.addRow("", self.transparent)
        column = dialog_column(self)
        column.addLayout(form)
        self.problem = wrapped_label("error", self)
        column.addWidget(self.problem)
        self.buttons = dialog_buttons(self, tr("new.button"))
        column.addWidget(self.buttons)
        self.setMinimumWidth(320)
        for box in (self.width_box, self.height_box):
            box.value_changed.connect(lambda _value: self._refresh())
        self.depth.chosen.connect(lambda _depth: self._refresh())
        self._refresh()

    def _refresh(self) -> None:
        """An absurd size is refused here, before anything is made."""
        try:
            picture = self.picture()
            self._check(Size(picture.width, picture.height), picture.depth)
            self.problem.setText("")
        except UserError as error:
            self.problem.setText(tr_error(error))
        fits = not self.problem.text()
        self.problem.setVisible(not fits)
        next(iter(self.buttons.buttons())).setEnabled(fits)

    def picture(self) -> NewPicture:
        return NewPicture(
            int(self.width_box.value),
            int(self.height_box.value),
            self.transparent.isChecked(),
            16 if self.depth.value == "16" else 8,
        )
