"""The parts of the context bar for the selection tools."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.core.select import Joined
from desktop.tools.filling import Sample
from desktop.ui.i18n import tr
from desktop.ui.panels.fill_bars import OptionBar, percent_slider
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import Segments
from desktop.ui.widgets.value_slider import Range, ValueSlider


class HowSegments(Segments):
    """How the next shape meets the selection; every selection tool shows the same choice."""

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__([how.value for how in Joined], parent)
        self._state = state
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.chosen.connect(self._choose)

    def retranslate(self) -> None:
        self.set_texts(
            [tr(f"select.how.{how.value}") for how in Joined], [tr(f"select.how.{how.value}_tip") for how in Joined]
        )

    def refresh(self) -> None:
        self.set_value(self._state.options.select.how.value)

    def _choose(self, value: str) -> None:
        self._state.change_options(select=replace(self._state.options.select, how=Joined(value)))


class SelectBar(OptionBar):
    """Of rectangle, ellipse, lasso and polygon."""

    option = "select"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self.how = HowSegments(state, self)
        self.feather = ValueSlider(Range(0, 250, 0, curve=3), unit="px", parent=self)
        self.feather.track.setMinimumWidth(48)
        self.feather.setMaximumWidth(220)
        self.feather.value_changed.connect(lambda value: self._change(feather=value))
        self._row.addWidget(self.how)
        self._add_own()
        self._row.addWidget(self.feather, 2)
        self._add_check("antialias")
        self._row.addStretch(1)

    def _add_own(self) -> None:
        """What only one tool has."""

    def retranslate(self) -> None:
        super().retranslate()
        self.how.retranslate()
        self.feather.set_label(tr("option.feather"))
        self.feather.set_tip(tr("option.feather_tip"))

    def refresh(self) -> None:
        super().refresh()
        self.how.refresh()
        self.feather.set_value(self._options.feather)


class WandBar(SelectBar):
    def _add_own(self) -> None:
        self.tolerance = percent_slider(Range(0, 100, 12), self)
        self.tolerance.value_changed.connect(lambda value: self._change(tolerance=value))
        self.sample = Segments([sample.value for sample in Sample], self)
        self.sample.chosen.connect(lambda value: self._change(sample=Sample(value)))
        self._row.addWidget(self.tolerance, 2)
        self._add_check("contiguous")
        self._row.addWidget(self.sample)

    def retranslate(self) -> None:
        super().retranslate()
        self.tolerance.set_label(tr("option.tolerance"))
        self.tolerance.set_tip(tr("option.tolerance_tip"))
        self.sample.set_texts(
            (tr("option.sample_layer"), tr("option.sample_visible")),
            (tr("option.sample_layer_tip"), tr("option.sample_visible_tip")),
        )

    def refresh(self) -> None:
        super().refresh()
        self.tolerance.set_value(self._options.tolerance)
        self.sample.set_value(self._options.sample.value)
