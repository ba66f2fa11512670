"""How long a network may learn on a picture; then how far it is and how the picture looks so far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QWidget

from desktop.tools.self_restoring import DENOISE, FILL, PRIOR
from desktop.ui.dialogs.parts import dialog_column
from desktop.ui.i18n import tr
from desktop.ui.panels.style_panel import picture_of
from desktop.ui.widgets.basics import wrapped_label
from desktop.ui.widgets.picture_tile import PictureTile
from desktop.ui.widgets.value_slider import Range, ValueSlider

if TYPE_CHECKING:
    from desktop.ui.commands.program_jobs import ProgramJobs

WIDTH_PX, SHOWN_PX = 420, 192
TITLES = {DENOISE: "restoring.denoise_title", PRIOR: "restoring.prior_title", FILL: "restoring.fill_title"}
HINTS = {DENOISE: "restoring.denoise_hint", PRIOR: "restoring.prior_hint", FILL: "restoring.fill_hint"}
MINUTES = {DENOISE: Range(1, 30, 3, step=1), PRIOR: Range(1, 30, 5, step=1), FILL: Range(1, 30, 5, step=1)}


class SelfRestoringDialog(QDialog):
    """Closing it while something runs leaves that running; the same menu entry shows it again."""

    start_asked = Signal(str, float)  # kind, minutes

    def __init__(self, jobs: ProgramJobs, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs, self._kind = jobs, kind
        self._path: Path | None = None
        self._ran = False
        self.setWindowTitle(tr(TITLES[kind]))
        self.setMinimumWidth(WIDTH_PX)
        self.hint = wrapped_label("hint", self)
        self.hint.setText(tr(HINTS[kind]))
        self.minutes = ValueSlider(MINUTES[kind], label=tr("restoring.minutes"), unit=tr("restoring.min"), parent=self)
        self.minutes.set_value(MINUTES[kind].default)
        self.picture, self.progress = PictureTile(SHOWN_PX, self), QProgressBar(self)
        self.picture.set_tip(tr("restoring.so_far"))
        self.picture.setText(tr("restoring.starts"))
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr(TITLES[kind]))
        self.start, self.leave = QPushButton(tr("restoring.start"), self), QPushButton(self)
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        column, buttons = dialog_column(self), QHBoxLayout()
        for widget in (self.hint, self.minutes, self.picture, self.progress):
            column.addWidget(widget)
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.start)
        column.addLayout(buttons)
        self.start.clicked.connect(lambda: self.start_asked.emit(self._kind, self.minutes.value))
        self.leave.clicked.connect(self._leave)
        jobs.changed.connect(self._refresh)
        self._refresh()

    def _leave(self) -> None:
        if self._jobs.is_running:
            self._jobs.cancel()
        else:
            self.reject()

    def _refresh(self) -> None:
        jobs, is_running = self._jobs, self._jobs.is_running
        if self._ran and not is_running:  # it has landed, failed or was cancelled: each says so in the window
            self._ran = False
            self.accept()
            return
        self._ran = is_running
        for widget, is_seen in ((self.minutes, not is_running), (self.start, not is_running)):
            widget.setVisible(is_seen)
        for widget in (self.picture, self.progress):
            widget.setVisible(is_running)
        self.leave.setText(tr("ai.cancel_button") if is_running else tr("dialog.cancel"))
        self.progress.setRange(0, jobs.of)  # without an end while the program starts
        self.progress.setValue(jobs.step)
        if is_running and jobs.picture is not None and jobs.picture != self._path:
            self._path = jobs.picture
            self.picture.set_picture(picture_of(jobs.picture))
        self.adjustSize()
