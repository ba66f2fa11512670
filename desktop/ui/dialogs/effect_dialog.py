"""The dialog of an adjustment or filter: its form, the histogram, and the picture itself as the preview.

It does not hold the window: one may zoom and pan in the picture while it is open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QPushButton, QWidget

from desktop.core.effect_table import Effect, Menu
from desktop.core.errors import UserError
from desktop.core.layers import EffectSettings
from desktop.tools.histogram import Sampled, auto_levels, counts_of
from desktop.ui.background import Background
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.effect_trials import Trial
from desktop.ui.i18n import tr
from desktop.ui.panels.effect_form import EffectForm, Reference
from desktop.ui.widgets.basics import dim_label
from desktop.ui.widgets.histogram_view import HistogramView

WIDTH_PX = 372
FRAME_MS = 16
AUTOMATIC = "levels"  # the effect that can find its own values
EDGE_PX = 24
RECOUNT_MS = 120  # between two histograms: a thread for every step of a drag would cost more than it shows


class EffectDialog(QDialog):
    """`failed` (UserError) when it could not be applied. Accepted: kept; rejected: the picture is as it was."""

    failed = Signal(object)

    def __init__(
        self,
        effect: Effect,
        settings: EffectSettings,
        trial: Trial,
        *,
        background: Background,
        choose_lut: Callable[[], bytes | None],
        parent: QWidget,
        references: Sequence[Reference] = (),
    ) -> None:
        super().__init__(parent)
        self._effect, self._trial, self._background = effect, trial, background
        self._sample: Sampled | None = None
        self._counts = False  # a histogram is being counted
        self._counted: EffectSettings | None = None
        self._is_kept = self._is_over = False
        self.setWindowTitle(tr(f"effect.{effect.id}"))
        self.setMinimumWidth(WIDTH_PX)
        self.form = EffectForm(effect, settings, choose_lut, self, references)
        self.histogram = HistogramView(self)
        self.preview = QCheckBox(tr("effect.preview"), self)
        self.auto = QPushButton(tr("effect.auto"), self)
        self.reset = QPushButton(tr("effect.reset"), self)
        self.progress = dim_label("", self)
        self.buttons = dialog_buttons(self, tr("effect.keep"))
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._try)
        self._frames = QTimer(self, interval=FRAME_MS)
        self._frames.timeout.connect(self._work)
        self._recount = QTimer(self, singleShot=True, interval=RECOUNT_MS)
        self._recount.timeout.connect(self._count)
        self._connect()
        self._later.start()

    def place_beside(self, widget: QWidget) -> None:
        """At the upper right of the picture, where most of it stays in sight."""
        self.adjustSize()
        corner = widget.mapToGlobal(QPoint(widget.width() - self.width() - EDGE_PX, EDGE_PX))
        self.move(corner)

    @property
    def is_at_work(self) -> bool:
        """True while the picture does not show the values yet."""
        return self._later.isActive() or self._frames.isActive()

    def accept(self) -> None:
        """Keeps it when all of the picture is done."""
        if self.form.settings is None or self._is_over:
            return
        self._is_kept = True
        self.form.setEnabled(False)
        self.preview.setChecked(True)
        self._try()

    def reject(self) -> None:
        if not self._is_over:
            self._end()
            self._trial.drop()
            super().reject()

    def _lay_out(self) -> None:
        shows_tones = self._effect.menu is Menu.TONES and self._effect.has_form
        self.histogram.setVisible(shows_tones)
        self.histogram.setToolTip(tr("effect.histogram"))
        self.auto.setVisible(self._effect.id == AUTOMATIC)
        self.auto.setToolTip(tr("effect.auto_tip"))
        self.reset.setToolTip(tr("effect.reset_tip"))
        self.preview.setToolTip(tr("effect.preview_tip"))
        self.preview.setChecked(True)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.preview)
        foot.addWidget(self.progress, 1)
        foot.addWidget(self.auto)
        foot.addWidget(self.reset)
        column = dialog_column(self)
        column.addWidget(self.histogram)
        column.addWidget(self.form)
        column.addStretch(1)
        column.addLayout(foot)
        column.addWidget(self.buttons)
        for button in (self.auto, self.reset):
            button.setAutoDefault(False)
        if shows_tones:
            self._background.run(self._trial.sample, on_done=self._take_sample, on_error=lambda _error: None)

    def _connect(self) -> None:
        self.form.changed.connect(self._later.start)
        self.form.group_changed.connect(self.histogram.set_channel)
        self.preview.toggled.connect(lambda _on: self._later.start())
        self.reset.clicked.connect(self.form.reset)
        self.auto.clicked.connect(self._set_auto)

    def _try(self) -> None:
        """Shows the values as they are now; several changes between two frames are one."""
        settings = self.form.settings
        self._trial.show(settings if self.preview.isChecked() else None)
        self._frames.start()
        self._work()
        if self._sample is not None and not self._recount.isActive():
            self._recount.start()

    def _work(self) -> None:
        if self._is_over:
            return
        try:
            has_more = self._trial.work()
        except UserError as error:
            self.reject()
            self.failed.emit(error)
            return
        self.progress.setText(tr("effect.working", percent=round(self._trial.progress * 100)) if has_more else "")
        if has_more:
            return
        self._frames.stop()
        if self._is_kept and not self._later.isActive():
            self._end()
            self._trial.keep()
            super().accept()

    def _end(self) -> None:
        self._is_over = True
        self._later.stop()
        self._frames.stop()

    def _take_sample(self, sample: Sampled) -> None:
        if not self._is_over:
            self._sample = sample
            self.histogram.set_before(counts_of(sample))
            self._count()

    def _count(self) -> None:
        """The histogram of what the picture becomes, in a thread; the newest values count."""
        sample, settings = self._sample, self.form.settings
        if sample is None or settings is None or self._counts or settings == self._counted:
            return
        self._counts = True

        def take(counts: object) -> None:
            self._counts, self._counted = False, settings
            if not self._is_over:
                self.histogram.set_after(counts)  # type: ignore[arg-type]
                self._recount.start()

        self._background.run(lambda: counts_of(sample, settings), on_done=take, on_error=lambda _error: None)

    def _set_auto(self) -> None:
        if self._sample is not None:
            self.form.reset()
            self.form.set_values(dict(auto_levels(self._sample, each_channel=False).values))
