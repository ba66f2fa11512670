"""How a layer is made seamless, with two times two of it beside each other."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QLabel, QWidget

from desktop.core.color import Pixels, to_depth
from desktop.core.errors import UserError
from desktop.core.seamless import EVENNESSES, OVERLAPS, SeamlessSettings, seamless
from desktop.ui.dialogs.parts import align_sliders, dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.panels.thumbnails import pixmap_of
from desktop.ui.widgets.basics import wrapped_label
from desktop.ui.widgets.value_slider import Range, ValueSlider

TILE_PX = 210  # of one of the four, at most
SETTLE_MS = 60  # after the last change


class SeamlessDialog(QDialog):
    def __init__(self, settings: SeamlessSettings, small: Pixels, parent: QWidget) -> None:
        """`small`: (H, W, 4) straight, what becomes the tile, reduced to TILE_PX at most."""
        super().__init__(parent)
        self._small = to_depth(small, 8)
        self.setWindowTitle(tr("seamless.title"))
        self.preview = QLabel(self)
        self.preview.setFixedSize(2 * TILE_PX, max(2 * small.shape[0], TILE_PX))
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setToolTip(tr("seamless.preview"))
        self.preview.setAccessibleName(tr("seamless.preview"))
        hint = wrapped_label("hint", self)
        hint.setText(tr("seamless.hint"))
        self.overlap = ValueSlider(Range(*OVERLAPS, 40), label=tr("seamless.overlap"), unit="%", parent=self)
        self.overlap.set_value(settings.overlap)
        self.evenness = ValueSlider(Range(*EVENNESSES, 50), label=tr("seamless.evenness"), unit="%", parent=self)
        self.evenness.set_value(settings.evenness)
        align_sliders(self.overlap, self.evenness)
        column = dialog_column(self)
        for widget in (self.preview, hint, self.overlap, self.evenness, dialog_buttons(self, tr("seamless.apply"))):
            column.addWidget(widget)
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._later.timeout.connect(self._refresh)
        for slider in (self.overlap, self.evenness):
            slider.value_changed.connect(lambda _value: self._later.start())
        self._refresh()

    @property
    def settings(self) -> SeamlessSettings:
        return SeamlessSettings(self.overlap.value, self.evenness.value)

    def _refresh(self) -> None:
        try:
            tile = seamless(self._small, self.settings)
        except UserError as error:  # reduced, a very long one is too narrow to be shown
            self.preview.setText(error.text)
            return
        self.preview.setPixmap(pixmap_of(np.tile(tile, (2, 2, 1)), 1.0))
