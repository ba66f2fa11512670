"""A gradient in a form: its strip with the stops, and colour, place and opacity of the stop in hand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.core.effect_values import color_of_text, text_of_color
from desktop.core.gradients import Gradient
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import IconButton
from desktop.ui.widgets.color_button import ColorButton
from desktop.ui.widgets.gradient_files import GradientFiles
from desktop.ui.widgets.gradient_strip import GradientStrip
from desktop.ui.widgets.number_field import NumberField, Range


class GradientField(QWidget):
    """`gradient_changed` (Gradient) while it is dragged or typed."""

    gradient_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip, self.color = GradientStrip(self), ColorButton(self)
        self.place = NumberField(Range(0, 100, 0, decimals=1), "%", self)
        self.opacity = NumberField(Range(0, 100, 100), "%", self)
        self.remove = IconButton("minus", self)
        self.files = GradientFiles(lambda: self.gradient, self)
        self.setFocusProxy(self.strip)
        self._lay_out()
        self._name()
        self.strip.changed.connect(self._changed)
        self.strip.chosen.connect(self._refresh)
        self.color.color_changed.connect(lambda text: self.strip.change_stop(color=color_of_text(text)))
        self.place.value_changed.connect(lambda value: self.strip.change_stop(position=value / 100))
        self.opacity.value_changed.connect(lambda value: self.strip.change_stop(opacity=value / 100))
        self.remove.clicked.connect(self.strip.remove_stop)
        self.files.loaded.connect(self._load)

    @property
    def gradient(self) -> Gradient:
        return self.strip.gradient

    def set_gradient(self, gradient: Gradient) -> None:
        """Shows a gradient without announcing it."""
        self.strip.show_gradient(gradient)
        self._refresh()

    def _lay_out(self) -> None:
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row.setSpacing(8)
        for widget in (self.color, self.place, self.opacity, self.remove):
            row.addWidget(widget)
        row.addStretch(1)
        column.addWidget(self.strip)
        column.addLayout(row)
        column.addWidget(self.files)

    def _name(self) -> None:
        self.strip.setAccessibleName(tr("gradient_editor.strip"))
        self.strip.setToolTip(tr("gradient_editor.strip_tip"))
        self.color.set_name(tr("gradient_editor.color"))
        for field, key in ((self.place, "place"), (self.opacity, "opacity")):
            field.setAccessibleName(tr(f"gradient_editor.{key}_tip"))
            field.setToolTip(tr(f"gradient_editor.{key}_tip"))
        self.remove.set_tip(tr("gradient_editor.remove_tip"))

    def _load(self, gradient: Gradient) -> None:
        self.strip.show_gradient(gradient)
        self._changed(gradient)

    def _changed(self, gradient: Gradient) -> None:
        self._refresh()
        self.gradient_changed.emit(gradient)

    def _refresh(self) -> None:
        stop = self.strip.stop
        self.color.set_color(text_of_color(stop.color))
        self.place.set_value(stop.position * 100)
        self.opacity.set_value(stop.opacity * 100)
        self.remove.setEnabled(len(self.strip.gradient.stops) > 2)
