"""The part of the context bar for the stamp brush."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.ui.commands.tool_commands import LARGEST_BRUSH_PX
from desktop.ui.i18n import tr
from desktop.ui.panels.fill_bars import OptionBar
from desktop.ui.state import EditorState
from desktop.ui.widgets.value_slider import Range, ValueSlider


class StampBar(OptionBar):
    option = "stamp"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self.sliders = {
            "size_px": ValueSlider(Range(4, LARGEST_BRUSH_PX, 96, curve=3), unit="px", parent=self),
            "spacing": ValueSlider(Range(10, 400, 110), unit="%", parent=self),
            "scatter": ValueSlider(Range(0, 300, 20), unit="%", parent=self),
            "size_jitter": ValueSlider(Range(0, 90, 25), unit="%", parent=self),
            "turn_degrees": ValueSlider(Range(0, 180, 15), unit="°", parent=self),
        }
        for name, slider in self.sliders.items():
            slider.track.setMinimumWidth(32)
            slider.setMaximumWidth(220)
            slider.value_changed.connect(lambda value, n=name: self._change(**{n: value}))
            self._row.addWidget(slider, 1)

    def retranslate(self) -> None:
        super().retranslate()
        for name, slider in self.sliders.items():
            slider.set_label(tr(f"option.stamp_{name}"))
            slider.set_tip(tr(f"option.stamp_{name}_tip"))

    def refresh(self) -> None:
        super().refresh()
        for name, slider in self.sliders.items():
            slider.set_value(getattr(self._options, name))
