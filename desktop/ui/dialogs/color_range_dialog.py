"""The colours to select, how far others may differ, and what that would select."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QWidget

from desktop.core.color import Pixels
from desktop.core.color_range import MOST_COLORS, TOLERANCES, Color, color_range
from desktop.io.palettes import PaletteColor
from desktop.tools.gestures import Modifier
from desktop.ui.action_set import key_text
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.panels.thumbnails import pixmap_of
from desktop.ui.widgets.basics import wrapped_label
from desktop.ui.widgets.swatch_grid import SwatchGrid
from desktop.ui.widgets.value_slider import Range, ValueSlider

PREVIEW_PX = 280
EDGE_PX = 24
SAME = 1 / 512  # a colour so near a chosen one is that one


class ColorRangeDialog(QDialog):
    def __init__(self, color: Color, tolerance: float, parent: QWidget) -> None:
        super().__init__(parent)
        self._small: Pixels | None = None
        self.colors: list[Color] = [color]
        self.setWindowTitle(tr("color_range.title"))
        self.preview = QLabel(self)
        self.preview.setFixedSize(PREVIEW_PX, PREVIEW_PX * 3 // 4)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setToolTip(tr("color_range.preview"))
        self.preview.setAccessibleName(tr("color_range.preview"))
        self.swatches = SwatchGrid(self)
        self.swatches.setAccessibleName(tr("color_range.colors"))
        self.slider = ValueSlider(Range(*TOLERANCES, 20), label=tr("color_range.tolerance"), parent=self)
        self.slider.set_value(tolerance)
        self.slider.set_tip(tr("color_range.tolerance_tip"))
        self.invert = QCheckBox(tr("color_range.invert"), self)
        hint = wrapped_label(parent=self)
        hint.setText(tr("color_range.hint", alt=key_text("Alt").strip("+")))
        column = dialog_column(self)
        for widget in (self.preview, hint, self.swatches, self.slider, self.invert):
            column.addWidget(widget)
        column.addWidget(dialog_buttons(self, tr("color_range.select")))
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh)
        self.slider.value_changed.connect(lambda _value: self._later.start())
        self.invert.toggled.connect(lambda _checked: self._later.start())
        self.swatches.remove_asked.connect(self._remove)
        self._show_colors()

    @property
    def tolerance(self) -> float:
        return self.slider.value

    @property
    def is_inverted(self) -> bool:
        return self.invert.isChecked()

    def show_picture(self, small: Pixels) -> None:
        """A small copy of the picture, as soon as there is one."""
        self._small = small
        self._later.start()

    def place_beside(self, widget: QWidget) -> None:
        self.adjustSize()
        self.move(widget.mapToGlobal(QPoint(widget.width() - self.width() - EDGE_PX, EDGE_PX)))

    def choose(self, color: Color, modifiers: Modifier) -> None:
        """Alone; with Shift as well as the others; with Alt the chosen one nearest to it is taken away."""
        if Modifier.ALT in modifiers and len(self.colors) > 1:
            self.colors.remove(min(self.colors, key=lambda one: _distance(one, color)))
        elif Modifier.SHIFT in modifiers:
            if len(self.colors) < MOST_COLORS and min(_distance(one, color) for one in self.colors) > SAME:
                self.colors.append(color)
        elif Modifier.ALT not in modifiers:
            self.colors = [color]
        self._show_colors()

    def _remove(self, place: int) -> None:
        if len(self.colors) > 1:
            del self.colors[place]
            self._show_colors()

    def _show_colors(self) -> None:
        self.swatches.set_colors([PaletteColor(_levels_of(color)) for color in self.colors])
        self._later.start()

    def _refresh(self) -> None:
        if self._small is None:
            return
        levels = color_range(self._small, self.colors, self.tolerance, inverted=self.is_inverted)
        pixmap = pixmap_of(np.ascontiguousarray(levels[..., None]), 1.0)
        box = self.preview.size()
        if pixmap.width() > box.width() or pixmap.height() > box.height():
            pixmap = pixmap.scaled(box, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        self.preview.setPixmap(pixmap)


def _distance(one: Color, other: Color) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _levels_of(color: Color) -> tuple[int, int, int]:
    red, green, blue = (round(part * 255) for part in color)
    return red, green, blue
