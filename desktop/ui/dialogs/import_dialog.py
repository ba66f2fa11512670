"""Importing a foreign model: what was found out, and a strip of pictures to choose from where the file does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.errors import UserError
from desktop.runtime.importing.inspection import Candidate, Inspection
from desktop.runtime.importing.verdict import verdict
from desktop.ui.commands.model_commands import ImportAnswers, ModelCommands, OpenStaging
from desktop.ui.i18n import tr, tr_error
from desktop.ui.widgets.basics import wrapped_label

PREVIEW_PX = 136
LICENCES = ("LicenseRef-unknown", "Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-NC-4.0", "CC0-1.0")


class ImportDialog(QDialog):
    """Examines as soon as it is shown; `installed_id` names the model when it was accepted."""

    def __init__(self, path: Path, models: ModelCommands, parent: QWidget) -> None:
        super().__init__(parent)
        self._path, self._models = path, models
        self._staging: OpenStaging | None = None
        self._settings: dict[str, str] = {}
        self._cancelled = False
        self._installs_when_done = False
        self.installed_id = ""
        self.setWindowTitle(tr("import.title"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.heading = QLabel(path.name, self)
        self.heading.setProperty("role", "header")
        self.text = wrapped_label(parent=self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.strip_title = QLabel(tr("import.which"), self)
        self.strip = _strip(self)
        self.title = QLineEdit(self)
        self.licence = QComboBox(self)
        self.licence.setEditable(True)
        self.licence.addItems(LICENCES)
        self.hole = QComboBox(self)
        for value in ("white", "black"):
            self.hole.addItem(tr(f"import.hole.{value}"), value)
        self.class_number = QLineEdit(self)
        self.accept_button = QPushButton(tr("import.button"), self)
        self.cancel_button = QPushButton(tr("dialog.cancel"), self)
        self._lay_out()
        self._show_part(examining=True)
        self.examine()

    # examining

    def examine(self) -> None:
        self._cancelled = False
        self._show_part(examining=True)
        self._models.examine(
            ImportAnswers(self._path, dict(self._settings)),
            on_step=self._step,
            is_cancelled=lambda: self._cancelled,
            on_done=self._examined,
            on_error=self._refused,
        )

    def _step(self, name: str) -> None:
        self.text.setText(tr(f"import.step.{name}"))

    def _examined(self, staging: OpenStaging | None) -> None:
        if staging is None or self._cancelled:
            if staging is not None:
                staging.close()
            return
        self._drop_staging()
        self._staging = staging
        if self._installs_when_done:
            self._install()
            return
        self._show_found(staging.staged.inspection)

    def _refused(self, error: UserError) -> None:
        self._show_part(examining=False)
        self.accept_button.hide()
        self.cancel_button.setText(tr("import.close"))
        self.text.setText(tr_error(error))

    # what was found

    def _show_found(self, found: Inspection) -> None:
        self._show_part(examining=False)
        self.text.setText(" ".join(_sentence(sentence) for sentence in verdict(found)))
        asked = {question.key for question in found.questions}
        self.strip.clear()
        for candidate in _different(found.candidates):
            self.strip.addItem(_preview_item(candidate))
        if self.strip.count():
            self.strip.setCurrentRow(0)
        has_strip = self.strip.count() > 1 and bool(asked & {"range", "order"})
        self.strip_title.setVisible(has_strip)
        self.strip.setVisible(has_strip)
        self.title.setText(found.manifest.title)
        self.licence.setCurrentText(found.manifest.licence)
        choices = found.choices
        self._form.setRowVisible(self.hole, "hole" in asked)
        self._form.setRowVisible(self.class_number, "class" in asked)
        if choices is not None:
            self.hole.setCurrentIndex(self.hole.findData(choices.mask_hole))
            self.class_number.setText("" if choices.class_index is None else str(choices.class_index))
        self.accept_button.setFocus()
        self.layout().activate()
        self.adjustSize()

    def accept(self) -> None:
        """Installs; answers that differ from the guesses are tried once more first."""
        if self._staging is None:
            return
        answers = self._answers()
        guessed = _guesses(self._staging.staged.inspection)
        if all(guessed.get(key) == value for key, value in answers.items()):
            self._install()
            return
        kept = self._staging.staged.inspection.manifest.task.value  # what the person read and agreed to
        self._settings = {"task": kept, **answers}
        self._installs_when_done = True
        self.examine()

    def _answers(self) -> dict[str, str]:
        assert self._staging is not None
        found = self._staging.staged.inspection
        answers = {"title": self.title.text().strip() or found.manifest.title}
        answers["licence"] = self.licence.currentText().strip() or found.manifest.licence
        item = self.strip.currentItem()
        if item is not None and self.strip.isVisibleTo(self):
            answers |= dict(item.data(Qt.ItemDataRole.UserRole))
        asked = {question.key for question in found.questions}
        if "hole" in asked:
            answers["hole"] = self.hole.currentData()
        if "class" in asked:
            answers["class"] = self.class_number.text().strip()
        return answers

    def _install(self) -> None:
        assert self._staging is not None
        try:
            self.installed_id = self._models.install(self._staging)
        except UserError as error:
            self._refused(error)
            return
        super().accept()
        self._drop_staging()

    def reject(self) -> None:
        self._cancelled = True
        self._drop_staging()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reject()
        super().closeEvent(event)

    def _drop_staging(self) -> None:
        if self._staging is not None:
            self._staging.close()
            self._staging = None

    # putting together

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setSpacing(8)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        self._form.addRow(tr("import.name"), self.title)
        self._form.addRow(tr("import.licence"), self.licence)
        self._form.addRow(tr("import.hole"), self.hole)
        self._form.addRow(tr("import.class"), self.class_number)
        self._form_holder = QWidget(self)
        self._form_holder.setLayout(self._form)
        self._form.setContentsMargins(0, 0, 0, 0)
        self.accept_button.setProperty("role", "primary")
        self.accept_button.setDefault(True)
        self.accept_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.strip.itemActivated.connect(lambda _item: self.accept())
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.accept_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        for widget in (self.heading, self.bar, self.text, self.strip_title, self.strip, self._form_holder):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setMinimumWidth(680)

    def _show_part(self, *, examining: bool) -> None:
        self.bar.setVisible(examining)
        is_found = not examining and self._staging is not None
        self._form_holder.setVisible(is_found)
        self.accept_button.setVisible(True)
        self.accept_button.setEnabled(is_found)
        if examining:
            self.strip_title.hide()
            self.strip.hide()
            self.text.setText(tr("import.step.reading"))


def _sentence(sentence: UserError) -> str:
    if sentence.key == "verdict.task":
        sentence = UserError(sentence.key, task=tr(f"task_kind.{sentence.values['task']}"))
    return tr_error(sentence)


def _strip(parent: QWidget) -> QListWidget:
    """Pictures side by side; one is chosen with the mouse or the arrow keys."""
    strip = QListWidget(parent)
    strip.setViewMode(QListView.ViewMode.IconMode)
    strip.setFlow(QListView.Flow.LeftToRight)
    strip.setWrapping(False)
    strip.setMovement(QListView.Movement.Static)
    strip.setIconSize(QSize(PREVIEW_PX, PREVIEW_PX))
    strip.setFixedHeight(PREVIEW_PX + 52)
    strip.setSpacing(4)
    strip.setAccessibleName(tr("import.which"))
    return strip


def _different(candidates: tuple[Candidate, ...]) -> list[Candidate]:
    """Candidates that can be told apart by eye: the same picture is not offered twice."""
    shown: list[Candidate] = []
    for candidate in candidates:
        if not any(_is_same(candidate.preview, known.preview) for known in shown):
            shown.append(candidate)
    return shown


def _is_same(first: Any, second: Any) -> bool:
    return bool(first.shape == second.shape and abs(first.astype(int) - second.astype(int)).max() <= 2)


def _preview_item(candidate: Candidate) -> QListWidgetItem:
    pixels = candidate.preview
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888).copy()
    pixmap = QPixmap.fromImage(image).scaled(
        PREVIEW_PX, PREVIEW_PX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    picture = QIcon(pixmap)
    picture.addPixmap(pixmap, QIcon.Mode.Selected)  # Qt would tint it, and colours are what is judged here
    item = QListWidgetItem(picture, f"{candidate.range} · {candidate.order}")
    item.setData(Qt.ItemDataRole.UserRole, {"range": candidate.range, "order": candidate.order})
    return item


def _guesses(found: Inspection) -> dict[str, str]:
    """What the examination assumed, as answers."""
    guessed = {"title": found.manifest.title, "licence": found.manifest.licence}
    if found.choices is not None:
        guessed |= {"range": found.choices.range, "order": found.choices.order, "hole": found.choices.mask_hole}
        guessed["class"] = "" if found.choices.class_index is None else str(found.choices.class_index)
    return guessed
