"""Preferences: looks, device of models, memory, folders, journal. Nothing changes before the dialog is accepted."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from desktop.paths import user_journal_dir, user_scratch_dir
from desktop.runtime.runner import DeviceInfo
from desktop.settings import (
    DEVICE,
    JOURNAL,
    JOURNAL_FOLDER,
    LANGUAGE,
    MODEL_IDLE_SECONDS,
    SCRATCH_FOLDER,
    THEME,
    TILE_MEMORY_PERCENT,
    TRAIN_PYTHON,
    UNDO_MEMORY_PERCENT,
    Setting,
    Settings,
)
from desktop.ui.device_texts import device_detail, device_refusal
from desktop.ui.dialogs.file_dialogs import ask_file, ask_folder
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import dim_label, wrapped_label
from desktop.ui.widgets.value_slider import Range, ValueSlider

WIDTH_PX = 560
MEGABYTE = 1 << 20
MEGABYTES_PX = 84


class PreferencesDialog(QDialog):
    """`values` are the settings as the form says, also those that did not change."""

    def __init__(self, settings: Settings, devices: Sequence[DeviceInfo], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("preferences.title"))
        self.setMinimumWidth(WIDTH_PX)
        self._settings = settings
        self.theme = self._choice(THEME, [("dark", tr("preferences.dark")), ("light", tr("preferences.light"))])
        languages = [("system", tr("preferences.system")), ("en", "English"), ("zh_CN", "简体中文")]
        self.language = self._choice(LANGUAGE, languages)
        self.device = self._choice(DEVICE, [(name, tr(f"preferences.device.{name}")) for name in DEVICE.choices])
        self.idle = self._number(MODEL_IDLE_SECONDS, "s", curve=3)
        self.undo = self._number(UNDO_MEMORY_PERCENT, "%")
        self.tiles = self._number(TILE_MEMORY_PERCENT, "%")
        self.journal = QCheckBox(tr("preferences.journal"), self)
        self.journal.setChecked(settings.get(JOURNAL))
        self.scratch = _FolderField(settings.get(SCRATCH_FOLDER), user_scratch_dir(), self)
        self.journal_folder = _FolderField(settings.get(JOURNAL_FOLDER), user_journal_dir(), self)
        self.train_python = _ProgramField(settings.get(TRAIN_PYTHON), Path(sys.executable), self)
        self.keys = QPushButton(tr("action.edit.shortcuts"), self)
        self.device_note = wrapped_label(parent=self)
        self.device_note.setText("\n".join(_said_of(device) for device in devices))
        for slider, key in ((self.idle, "idle"), (self.undo, "undo"), (self.tiles, "tiles")):
            slider.set_tip(tr(f"preferences.{key}"))
        self._lay_out()

    @property
    def values(self) -> list[tuple[Setting[Any], Any]]:
        return [
            (THEME, self.theme.currentData()),
            (LANGUAGE, self.language.currentData()),
            (DEVICE, self.device.currentData()),
            (MODEL_IDLE_SECONDS, round(self.idle.value)),
            (UNDO_MEMORY_PERCENT, round(self.undo.value)),
            (TILE_MEMORY_PERCENT, round(self.tiles.value)),
            (JOURNAL, self.journal.isChecked()),
            (JOURNAL_FOLDER, self.journal_folder.chosen),
            (SCRATCH_FOLDER, self.scratch.chosen),
            (TRAIN_PYTHON, self.train_python.chosen),
        ]

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(8)
        form.setHorizontalSpacing(16)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._heading(form, "preferences.looks", first=True)
        self._row(form, "preferences.theme", self.theme)
        self._row(form, "preferences.language", self.language)
        self._row(form, "preferences.keys", self.keys)
        self._heading(form, "preferences.models")
        self._row(form, "preferences.device", self.device)
        if self.device_note.text():
            form.addRow("", self.device_note)
        form.addRow(tr("preferences.idle"), self.idle)
        self._row(form, "preferences.train_python", self.train_python)
        self.train_python.text.setToolTip(tr("preferences.train_python_tip"))
        self._heading(form, "preferences.memory")
        form.addRow(tr("preferences.undo"), self._with_megabytes(self.undo))
        form.addRow(tr("preferences.tiles"), self._with_megabytes(self.tiles))
        self._row(form, "preferences.scratch", self.scratch)
        self._heading(form, "preferences.recovery")
        form.addRow("", self.journal)
        self._row(form, "preferences.journal_folder", self.journal_folder)
        column = dialog_column(self)
        column.addLayout(form)
        column.addWidget(dialog_buttons(self, tr("preferences.accept")))
        self.journal.toggled.connect(self.journal_folder.setEnabled)
        self.journal_folder.setEnabled(self.journal.isChecked())

    def _heading(self, form: QFormLayout, key: str, *, first: bool = False) -> None:
        label = QLabel(tr(key), self)
        label.setProperty("role", "header")
        label.setContentsMargins(0, 0 if first else 10, 0, 0)
        form.addRow(label)

    def _row(self, form: QFormLayout, key: str, control: QWidget) -> None:
        form.addRow(tr(key), control)
        named = control.findChild(QWidget, "named") or control
        named.setAccessibleName(tr(key))

    def _choice(self, setting: Setting[str], choices: Sequence[tuple[str, str]]) -> QComboBox:
        box = QComboBox(self)
        for value, text in choices:
            box.addItem(text, value)
        box.setCurrentIndex(box.findData(self._settings.get(setting)))
        return box

    def _number(self, setting: Setting[int], unit: str, *, curve: float = 1.0) -> ValueSlider:
        assert setting.limits is not None
        least, most = setting.limits
        slider = ValueSlider(Range(least, most, setting.default, curve=curve), unit=unit, parent=self)
        slider.set_value(self._settings.get(setting))
        return slider

    def _with_megabytes(self, slider: ValueSlider) -> QWidget:
        """The number, and how much that is on this machine."""
        holder, said = QWidget(self), dim_label(parent=self)
        said.setMinimumWidth(MEGABYTES_PX)
        said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(slider, 1)
        row.addWidget(said)
        total = psutil.virtual_memory().total / MEGABYTE

        def show(percent: float) -> None:
            said.setText(tr("preferences.megabytes", megabytes=f"{total * percent / 100:,.0f}"))

        slider.value_changed.connect(show)
        show(slider.value)
        return holder


class _FolderField(QWidget):
    """A folder that can be typed or chosen; empty for the usual one, which is shown in grey."""

    def __init__(self, chosen: str, usual: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.text = QLineEdit(chosen, self)
        self.text.setObjectName("named")
        self.text.setPlaceholderText(str(usual))
        self.text.setClearButtonEnabled(True)
        browse = QPushButton(tr("preferences.browse"), self)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        row.addWidget(browse)

    @property
    def chosen(self) -> str:
        return self.text.text().strip()

    def _browse(self) -> None:
        folder = ask_folder(self, tr("preferences.choose_folder"), self.chosen)
        if folder is not None:
            self.text.setText(str(folder))


class _ProgramField(_FolderField):
    """The same for a program."""

    def _browse(self) -> None:
        path = ask_file(self, tr("preferences.choose_program"), self.chosen)
        if path is not None:
            self.text.setText(str(path))


def _said_of(device: DeviceInfo) -> str:
    return device_detail(device) if device.is_available else device_refusal(device)
