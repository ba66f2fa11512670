"""The parts of the context bar for the retouching tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from desktop.core.remove import RemoveMethod
from desktop.core.retouch import Focus, Tone, Tones
from desktop.tools.filling import Sample
from desktop.ui.commands.refine_commands import RefineCommands
from desktop.ui.commands.removal_commands import RemovalCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.fill_bars import ChoiceCombo, OptionBar, percent_slider
from desktop.ui.retouch_options import Healing
from desktop.ui.state import EditorState, Tool
from desktop.ui.widgets.basics import IconButton, Segments
from desktop.ui.widgets.value_slider import Range, ValueSlider

PROGRESS_STEPS = 1000
PROGRESS_PX = 96


class RetouchBar(OptionBar):
    """Segments, checks and one slider, each bound to a field of its options by name."""

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self.segments: dict[str, Segments] = {}
        self.sliders: dict[str, ValueSlider] = {}
        self._choices: dict[str, Sequence[Enum]] = {}

    @property
    def _options(self) -> Any:
        return getattr(self._state.options.retouch, self.option)

    def _change(self, **changes: object) -> None:
        changed = replace(self._options, **changes)
        self._state.change_options(retouch=replace(self._state.options.retouch, **{self.option: changed}))

    def retranslate(self) -> None:
        super().retranslate()
        for name, segments in self.segments.items():
            values = [str(choice.value) for choice in self._choices[name]]
            segments.set_texts(
                [tr(f"option.{name}.{value}") for value in values],
                [tr(f"option.{name}.{value}_tip") for value in values],
            )
        for name, slider in self.sliders.items():
            slider.set_label(tr(f"option.{name}"))
            slider.set_tip(tr(f"option.{name}_tip"))

    def refresh(self) -> None:
        super().refresh()
        for name, segments in self.segments.items():
            segments.set_value(getattr(self._options, name).value)
        for name, slider in self.sliders.items():
            slider.set_value(getattr(self._options, name))

    def _add_segments(self, name: str, choices: type[Enum]) -> None:
        segments = self.segments[name] = Segments([str(choice.value) for choice in choices], self)
        self._choices[name] = tuple(choices)
        segments.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        segments.chosen.connect(lambda value: self._change(**{name: choices(value)}))
        self._row.addWidget(segments)

    def _add_slider(self, name: str, default: float) -> None:
        slider = self.sliders[name] = percent_slider(Range(1, 100, default), self)
        slider.value_changed.connect(lambda value: self._change(**{name: value}))
        self._row.addWidget(slider, 2)


class CloneBar(RetouchBar):
    option = "clone"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._add_check("aligned")
        self._add_segments("sample", Sample)
        self._row.addStretch(1)


class HealBar(RetouchBar):
    option = "heal"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._add_segments("healing", Healing)
        self._add_check("aligned")
        self._add_segments("sample", Sample)
        self._row.addStretch(1)

    def refresh(self) -> None:
        super().refresh()
        has_source = self._options.healing is Healing.SOURCE
        self._checks["aligned"].setVisible(has_source)
        self.segments["sample"].setVisible(has_source)


class SmudgeBar(RetouchBar):
    option = "smudge"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._add_slider("strength", 70)
        self._row.addStretch(1)


class FocusBar(RetouchBar):
    option = "focus"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._add_segments("focus", Focus)
        self._add_slider("strength", 50)
        self._row.addStretch(1)


class ToneBar(RetouchBar):
    option = "tone"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self.tone = ChoiceCombo(tuple(Tone), "option.tone", self)
        self.tones = ChoiceCombo(tuple(Tones), "option.tones", self)
        for combo, name in ((self.tone, "tone"), (self.tones, "tones")):
            combo.activated.connect(lambda _index, c=combo, n=name: self._change(**{n: c.currentData()}))
            self._row.addWidget(combo)
        self._add_slider("exposure", 40)
        self._row.addStretch(1)

    def retranslate(self) -> None:
        super().retranslate()
        self.tone.retranslate()
        self.tones.retranslate()

    def refresh(self) -> None:
        super().refresh()
        self.tone.show_choice(self._options.tone)
        self.tones.show_choice(self._options.tones)
        self.tones.setVisible(self._options.tone in (Tone.DODGE, Tone.BURN))


class RemoveBar(RetouchBar):
    """With the progress of what runs, and its end."""

    option = "remove"

    def __init__(self, state: EditorState, removal: RemovalCommands, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._removal = removal
        self.method = ChoiceCombo(tuple(RemoveMethod), "option.remove_method", self)
        self.method.activated.connect(lambda _index: self._change(method=self.method.currentData()))
        self._row.addWidget(self.method)
        self._add_check("at_once")
        self._add_check("new_layer")
        self.run = IconButton("play", self)
        self.run.clicked.connect(removal.run_guarded)
        self.again = IconButton("dice", self)
        self.again.clicked.connect(removal.run_again)
        self.clear = IconButton("clear", self)
        self.clear.clicked.connect(state.region.clear)
        self.progress = QProgressBar(self)
        self.progress.setFixedWidth(PROGRESS_PX)
        self.progress.setTextVisible(False)
        self.progress.setRange(0, PROGRESS_STEPS)
        self.cancel = IconButton("close", self)
        self.cancel.clicked.connect(removal.cancel)
        for widget in (self.run, self.again, self.clear, self.progress, self.cancel):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        removal.changed.connect(self.refresh)
        state.region_changed.connect(self._refresh_buttons)

    def retranslate(self) -> None:
        super().retranslate()
        self.method.retranslate()
        self.run.set_tip(tr("remove.run_tip"))
        self.again.set_tip(tr("remove.again_tip"))
        self.clear.set_tip(tr("remove.clear_tip"))
        self.cancel.set_tip(tr("remove.cancel_tip"))
        self.progress.setAccessibleName(tr("remove.working"))

    def refresh(self) -> None:
        super().refresh()
        self.method.show_choice(self._options.method)
        share = self._removal.share
        for widget in (self.progress, self.cancel):
            widget.setVisible(share is not None)
        self.progress.setValue(round((share or 0.0) * PROGRESS_STEPS))
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        self.run.setEnabled(self._removal.can_run)
        self.again.setEnabled(self._removal.can_run_again)
        self.clear.setEnabled(not self._state.region.is_empty)


class RefineBar(RetouchBar):
    """With the progress of what runs, and its end."""

    option = "refine"

    def __init__(self, state: EditorState, refining: RefineCommands, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._refining = refining
        self._add_check("clean_colors")
        self.progress = QProgressBar(self)
        self.progress.setFixedWidth(PROGRESS_PX)
        self.progress.setTextVisible(False)
        self.progress.setRange(0, PROGRESS_STEPS)
        self.cancel = IconButton("close", self)
        self.cancel.clicked.connect(refining.cancel)
        for widget in (self.progress, self.cancel):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        refining.changed.connect(self.refresh)

    def retranslate(self) -> None:
        super().retranslate()
        self.cancel.set_tip(tr("refine.cancel_tip"))
        self.progress.setAccessibleName(tr("refine.working"))

    def refresh(self) -> None:
        super().refresh()
        share = self._refining.share
        for widget in (self.progress, self.cancel):
            widget.setVisible(share is not None)
        self.progress.setValue(round((share or 0.0) * PROGRESS_STEPS))


def retouch_bars(state: EditorState, removal: RemovalCommands, parent: QWidget) -> dict[Tool, RetouchBar]:
    """The bar of each retouching tool."""
    return {
        Tool.CLONE: CloneBar(state, parent),
        Tool.HEAL: HealBar(state, parent),
        Tool.SMUDGE: SmudgeBar(state, parent),
        Tool.FOCUS: FocusBar(state, parent),
        Tool.TONE: ToneBar(state, parent),
        Tool.REMOVE: RemoveBar(state, removal, parent),
    }
