"""How much counts as scratch or dust, how wide and of which tone, with what would be filled in colour."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.core.blemishes import SENSITIVITIES, WIDTHS_PX, BlemishSettings, BlemishTone
from desktop.core.color import Gray8, Pixels, to_depth
from desktop.ui.dialogs.parts import align_sliders, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.panels.thumbnails import pixmap_of
from desktop.ui.widgets.basics import wrapped_label
from desktop.ui.widgets.value_slider import Range, ValueSlider

PREVIEW_PX = 420
SETTLE_MS = 200  # after the last change, before the picture is searched anew
TONES = {
    BlemishTone.BOTH: "mend.tone_both",
    BlemishTone.LIGHT: "mend.tone_light",
    BlemishTone.DARK: "mend.tone_dark",
}
FOUND = np.array([255, 60, 40], np.float32)


class BlemishDialog(QDialog):
    """`changed` (BlemishSettings) when the picture is to be searched; `chosen` (levels, is to be mended)."""

    changed = Signal(object)
    chosen = Signal(object, bool)

    def __init__(self, settings: BlemishSettings, parent: QWidget) -> None:
        super().__init__(parent)
        self._small: Pixels | None = None
        self._levels: Gray8 | None = None
        self.setWindowTitle(tr("mend.title"))
        self.preview = QLabel(tr("mend.searching"), self)
        self.preview.setFixedSize(PREVIEW_PX, PREVIEW_PX * 3 // 4)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setToolTip(tr("mend.preview"))
        self.preview.setAccessibleName(tr("mend.preview"))
        hint = wrapped_label(parent=self)
        hint.setText(tr("mend.hint"))
        self.sensitivity = ValueSlider(Range(*SENSITIVITIES, 50), label=tr("mend.sensitivity"), parent=self)
        self.sensitivity.set_value(settings.sensitivity)
        self.width_px = ValueSlider(Range(*WIDTHS_PX, 6), label=tr("mend.width"), unit="px", parent=self)
        self.width_px.set_value(settings.width_px)
        self.tone = QComboBox(self)
        self.tone.setAccessibleName(tr("mend.tone"))
        for tone in BlemishTone:
            self.tone.addItem(tr(TONES[tone]), tone)
        self.tone.setCurrentIndex(list(BlemishTone).index(settings.tone))
        self.share = wrapped_label("hint", self)
        align_sliders(self.sensitivity, self.width_px)
        column = dialog_column(self)
        for widget in (self.preview, hint, self.sensitivity, self.width_px, self.tone, self.share):
            column.addWidget(widget)
        column.addLayout(self._buttons())
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._later.timeout.connect(lambda: self.changed.emit(self.settings))
        for slider in (self.sensitivity, self.width_px):
            slider.value_changed.connect(lambda _value: self._later.start())
        self.tone.currentIndexChanged.connect(lambda _index: self._later.start())
        self._refresh()

    @property
    def settings(self) -> BlemishSettings:
        return BlemishSettings(self.sensitivity.value, self.width_px.value, BlemishTone(self.tone.currentData()))

    def show_picture(self, small: Pixels) -> None:
        self._small = to_depth(small, 8)
        self._refresh()

    def show_found(self, levels: Gray8) -> None:
        self._levels = levels
        self._refresh()

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.select, self.mend = QPushButton(tr("mend.select"), self), QPushButton(tr("mend.mend"), self)
        self.mend.setProperty("role", "primary")
        self.mend.setDefault(True)
        self.leave = QPushButton(tr("dialog.cancel"), self)
        self.select.clicked.connect(lambda: self.chosen.emit(self._levels, False))
        self.mend.clicked.connect(lambda: self.chosen.emit(self._levels, True))
        self.leave.clicked.connect(self.reject)
        row.addStretch(1)
        for button in (self.leave, self.select, self.mend):
            row.addWidget(button)
        return row

    def _refresh(self) -> None:
        is_found = self._levels is not None and bool(self._levels.any())
        for button in (self.select, self.mend):
            button.setEnabled(is_found)
        if self._levels is not None:
            part = np.count_nonzero(self._levels) / self._levels.size
            self.share.setText(tr("mend.share", share=f"{part:.2%}") if is_found else tr("mend.none"))
        if self._small is not None and self._levels is not None:
            self.preview.setPixmap(pixmap_of(_marked(self._small, self._levels), 1.0))


def _marked(small: Pixels, levels: Gray8) -> Pixels:
    """What was found in red; thin lines stay seen however small the picture is shown."""
    height, width = small.shape[:2]
    times = max(1, round(levels.shape[1] / max(width, 1)))
    wide = cv2.dilate(levels, np.ones((times, times), np.uint8)) if times > 1 else levels
    share = cv2.resize(wide, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    shown = small.copy()
    shown[..., :3] = np.rint(small[..., :3] * (1 - share) + FOUND * share).astype(np.uint8)
    return shown
