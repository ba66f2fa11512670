"""Importing a foreign model: what was found out, and a strip of pictures to choose from where the file does not say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.errors import UserError
from desktop.runtime.importing.importer import with_title
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.verdict import verdict
from desktop.runtime.manifest import Task
from desktop.ui.commands.model_commands import ImportAnswers, ModelCommands, OpenStaging
from desktop.ui.dialogs.preview_strip import PreviewStrip
from desktop.ui.i18n import language, tr, tr_error
from desktop.ui.widgets.basics import wrapped_label

LONGEST_TITLE = 120
LICENCES = ("LicenseRef-unknown", "Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-NC-4.0", "CC0-1.0")


AskFile = Callable[[], Path | None]


class ImportDialog(QDialog):
    """Examines as soon as it is shown; `installed_id` names the model when it was accepted."""

    def __init__(self, path: Path, models: ModelCommands, ask_file: AskFile, parent: QWidget) -> None:
        super().__init__(parent)
        self._path, self._models, self._ask_file = path, models, ask_file
        self._staging: OpenStaging | None = None
        self._settings: dict[str, str] = {}
        self._agreed: dict[str, str] = {}  # the settings of what is shown
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
        self.strip = PreviewStrip(self)
        self.strip.setAccessibleName(tr("import.which"))
        self.title = QLineEdit(self)
        self.title.setMaxLength(LONGEST_TITLE)
        self.licence = QComboBox(self)
        self.licence.setEditable(True)
        self.licence.addItems(LICENCES)
        self.hole = QComboBox(self)
        for value in ("white", "black"):
            self.hole.addItem(tr(f"import.hole.{value}"), value)
        self.class_number, self.channels = QLineEdit(self), QLineEdit(self)
        self.inverted = QCheckBox(tr("import.inverted"), self)
        self.task = QComboBox(self)
        for task in sorted(Task, key=lambda task: tr(f"task_kind.{task.value}")):
            self.task.addItem(tr(f"task_kind.{task.value}"), task.value)
        self.warning = wrapped_label("warning", self)
        self.second_button = QPushButton(tr("import.second"), self)
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
        if not self._cancelled:  # else the dialog may be gone
            self.text.setText(tr(f"import.step.{name}"))

    def _examined(self, staging: OpenStaging | None) -> None:
        if staging is None or self._cancelled:
            if staging is not None:
                staging.close()
            return
        self._drop_staging()
        self._staging = staging
        self._agreed = dict(self._settings)
        if self._installs_when_done:
            self._install()
            return
        self._show_found(staging.staged.inspection)

    def _refused(self, error: UserError) -> None:
        if self._cancelled:
            return
        self._installs_when_done = False
        if self._staging is not None:  # an answer did not work; what was found before still holds
            self._settings = dict(self._agreed)
            self._show_found(self._staging.staged.inspection)
            self.warning.setText(tr_error(error))
            self.warning.show()
            return
        self._show_part(examining=False)
        self.accept_button.hide()
        self.cancel_button.setText(tr("import.close"))
        is_half = error.key == "import.half"
        self.second_button.setVisible(is_half)
        self.text.setText(tr("import.half_here", name=self._path.name) if is_half else tr_error(error))

    # what was found

    def _show_found(self, found: Inspection) -> None:
        self._show_part(examining=False)
        gap = "" if language().startswith("zh") else " "
        self.text.setText(gap.join(_sentence(sentence) for sentence in verdict(found)))
        asked = {question.key for question in found.questions}
        self.strip.fill(found.candidates)
        has_strip = self.strip.count() > 1 and bool(asked & {"range", "order", "hole", "class"})
        self.strip_title.setVisible(has_strip)
        self.strip.setVisible(has_strip)
        self.title.setText(found.manifest.title)
        self.licence.setCurrentText(found.manifest.licence)
        self.task.setCurrentIndex(self.task.findData(found.manifest.task.value))
        choices = found.choices
        self._form.setRowVisible(self.task, choices is not None)
        self._form.setRowVisible(self.channels, "channels" in asked)
        self._form.setRowVisible(self.hole, "hole" in asked)
        self._form.setRowVisible(self.class_number, "class" in asked)
        self._form.setRowVisible(self.inverted, choices is not None and choices.task is Task.MATTE)
        if choices is not None:
            self.hole.setCurrentIndex(self.hole.findData(choices.mask_hole))
            self.inverted.setChecked(choices.invert)
            self.class_number.setText("" if choices.class_index is None else str(choices.class_index))
            self.channels.setText("" if choices.channels is None else "{}..{}".format(*choices.channels))
        self.accept_button.setFocus()
        self._form.activate()  # rows were shown and hidden: the form's own height comes first
        self.layout().activate()
        self.resize(self.width(), self.layout().totalHeightForWidth(self.width()))

    def accept(self) -> None:
        """Installs; answers that differ from the guesses are tried once more first."""
        if self._staging is None:
            return
        answers = self._answers()
        guessed = _guesses(self._staging.staged.inspection)
        if all(guessed.get(key) == value for key, value in answers.items()):
            self._install()
            return
        if {key for key, value in answers.items() if guessed.get(key) != value} <= {"title", "licence"}:
            self._staging.staged = with_title(self._staging.staged, answers["title"], answers["licence"])
            self._install()
            return
        kept = self._staging.staged.inspection.manifest.task.value  # what the person read and agreed to
        self._settings = {**self._agreed, "task": kept, **answers}
        self._installs_when_done = True
        self.examine()

    def _answers(self) -> dict[str, str]:
        assert self._staging is not None
        found = self._staging.staged.inspection
        answers = {"title": self.title.text().strip() or found.manifest.title}
        answers["licence"] = self.licence.currentText().strip() or found.manifest.licence
        asked = {question.key for question in found.questions}
        if "hole" in asked:
            answers["hole"] = self.hole.currentData()
        if "class" in asked:
            answers["class"] = self.class_number.text().strip()
        if self.strip.isVisibleTo(self):
            answers |= {key: value for key, value in self.strip.answer.items() if key in ("range", "order")}
        if found.choices is not None and found.choices.task is Task.MATTE:
            answers["invert"] = "yes" if self.inverted.isChecked() else "no"
        if "channels" in asked:
            answers["channels"] = self.channels.text().strip()
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

    def _take_from_strip(self) -> None:
        """The meaning of the mask and the class go with the chosen picture; they can still be set otherwise."""
        answer = self.strip.answer
        if "hole" in answer:
            self.hole.setCurrentIndex(self.hole.findData(answer["hole"]))
        if "class" in answer:
            self.class_number.setText(answer["class"])

    def _choose_task(self) -> None:
        """Another task changes what the numbers mean, so the file is tried again at once."""
        self._settings = {**self._agreed, "task": self.task.currentData()}
        self.examine()

    def _choose_second(self) -> None:
        path = self._ask_file()
        if path is not None:
            self._settings["second"] = str(path)
            self.cancel_button.setText(tr("dialog.cancel"))
            self.examine()

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
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._form.addRow(tr("import.name"), self.title)
        self._form.addRow(tr("import.licence"), self.licence)
        self._form.addRow(tr("import.task"), self.task)
        self._form.addRow(tr("import.hole"), self.hole)
        self._form.addRow(tr("import.class"), self.class_number)
        self._form.addRow(tr("import.hole"), self.inverted)
        self._form.addRow(tr("import.channels"), self.channels)
        self._form_holder = QWidget(self)
        self._form_holder.setLayout(self._form)
        self._form.setContentsMargins(0, 0, 0, 0)
        self.accept_button.setProperty("role", "primary")
        self.accept_button.setDefault(True)
        self.accept_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.task.activated.connect(self._choose_task)
        self.second_button.clicked.connect(self._choose_second)
        self.strip.itemActivated.connect(lambda _item: self.accept())
        self.strip.currentItemChanged.connect(lambda _now, _before: self._take_from_strip())
        buttons = QHBoxLayout()
        buttons.addWidget(self.second_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.accept_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        parts = (self.heading, self.bar, self.text, self.warning, self.strip_title, self.strip, self._form_holder)
        for widget in parts:
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setMinimumWidth(680)

    def _show_part(self, *, examining: bool) -> None:
        self.bar.setVisible(examining)
        self.warning.hide()
        self.second_button.hide()
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


def _guesses(found: Inspection) -> dict[str, str]:
    """What the examination assumed, as answers."""
    guessed = {"title": found.manifest.title, "licence": found.manifest.licence}
    if found.choices is not None:
        guessed["invert"] = "yes" if found.choices.invert else "no"
        guessed |= {"range": found.choices.range, "order": found.choices.order, "hole": found.choices.mask_hole}
        guessed["channels"] = "" if found.choices.channels is None else "{}..{}".format(*found.choices.channels)
        guessed["class"] = "" if found.choices.class_index is None else str(found.choices.class_index)
    return guessed
