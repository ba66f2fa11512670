"""The parts of the context bar for gradient, bucket and picker. Each shows the options of its tool and changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from desktop.core.gradients import Gradient, GradientPreset, GradientRepeat, GradientShape, preset_gradient
from desktop.tools.filling import Sample
from desktop.tools.picking import SAMPLE_SIDES
from desktop.ui.commands.pattern_commands import PatternCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.gradient_editor import GradientEditor, GradientStore
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, Segments
from desktop.ui.widgets.blend_combo import BlendCombo
from desktop.ui.widgets.value_slider import Range, ValueSlider

STRIPE = QSize(48, 14)  # a gradient's picture in the list
CHECK_PX = 4


class ChoiceCombo(QComboBox):
    """The members of an enum; their texts stand under `<prefix>.<value>`."""

    def __init__(self, choices: Sequence[Enum], prefix: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._prefix, self._choices = prefix, list(choices)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for choice in choices:
            self.addItem("", choice)

    def retranslate(self) -> None:
        for index, choice in enumerate(self._choices):
            self.setItemText(index, tr(f"{self._prefix}.{choice.value}"))
        self.setToolTip(tr(f"{self._prefix}.tip"))
        self.setAccessibleName(tr(f"{self._prefix}.tip"))

    @property
    def choice(self) -> Any:
        """The chosen member; Qt hands out mere strings for those of a StrEnum."""
        return self._choices[self.currentIndex()]

    def show_choice(self, choice: Enum) -> None:
        self.setCurrentIndex(self._choices.index(choice))


class OptionBar(QWidget):
    """A row of widgets bound to one value of the tool options."""

    option = ""

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        self._checks: dict[str, QCheckBox] = {}

    def retranslate(self) -> None:
        for name, check in self._checks.items():
            check.setText(tr(f"option.{name}"))
            check.setToolTip(tr(f"option.{name}_tip"))

    def refresh(self) -> None:
        for name, check in self._checks.items():
            check.blockSignals(True)
            check.setChecked(getattr(self._options, name))
            check.blockSignals(False)

    @property
    def _options(self) -> Any:
        return getattr(self._state.options, self.option)

    def _change(self, **changes: object) -> None:
        self._state.change_options(**{self.option: replace(self._options, **changes)})

    def _add_check(self, name: str) -> None:
        check = self._checks[name] = QCheckBox(self)
        check.toggled.connect(lambda checked: self._change(**{name: checked}))
        self._row.addWidget(check)

    def _add_laying(self) -> None:
        """The blend mode and opacity of the tool."""
        self.mode = BlendCombo(self)
        self.mode.activated.connect(lambda _index: self._change(mode=self.mode.mode))
        self.opacity = percent_slider(Range(1, 100, 100), self)
        self.opacity.value_changed.connect(lambda value: self._change(opacity=value))
        self._row.addWidget(self.mode)
        self._row.addWidget(self.opacity, 2)

    def _retranslate_laying(self) -> None:
        self.mode.retranslate()
        self.mode.setToolTip(tr("option.tool_mode_tip"))
        self.mode.setAccessibleName(tr("option.tool_mode_tip"))
        self.opacity.set_label(tr("option.opacity"))
        self.opacity.set_tip(tr("option.fill_opacity_tip"))

    def _refresh_laying(self) -> None:
        self.mode.set_mode(self._options.mode)
        self.opacity.set_value(self._options.opacity)


class GradientBar(OptionBar):
    option = "gradient"

    def __init__(self, state: EditorState, store: GradientStore, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._store = store
        self.editor: GradientEditor | None = None
        self.preset = ChoiceCombo(tuple(GradientPreset), "gradient_preset", self)
        self.preset.setIconSize(STRIPE)
        self.shape = ChoiceCombo(tuple(GradientShape), "gradient_shape", self)
        self.repeat = ChoiceCombo(tuple(GradientRepeat), "gradient_repeat", self)
        self.edit = IconButton("gradient-edit", self)
        self.edit.clicked.connect(self.open_editor)
        self.preset.activated.connect(lambda _index: self._change(preset=self.preset.currentData(), own=None))
        self._row.addWidget(self.preset)
        self._row.addWidget(self.edit)
        for combo, name in ((self.shape, "shape"), (self.repeat, "repeat")):
            combo.activated.connect(lambda _index, c=combo, n=name: self._change(**{n: c.currentData()}))
            self._row.addWidget(combo)
        self._add_check("reverse")
        self._add_check("dithers")
        self._add_laying()
        state.colors_changed.connect(self._refresh_pictures)

    def retranslate(self) -> None:
        super().retranslate()
        for combo in (self.preset, self.shape, self.repeat):
            combo.retranslate()
        self.edit.set_tip(tr("gradient_editor.open_tip"))
        self.preset.setPlaceholderText(tr("gradient_editor.own"))  # shown while none of the presets is in hand
        self._retranslate_laying()

    def refresh(self) -> None:
        super().refresh()
        options = self._options
        for combo, choice in (
            (self.preset, options.preset),
            (self.shape, options.shape),
            (self.repeat, options.repeat),
        ):
            combo.show_choice(choice)
        if options.own is not None:
            self.preset.setCurrentIndex(-1)  # an own one
        self._refresh_laying()
        self._refresh_pictures()

    def open_editor(self) -> None:
        if self.editor is None:
            self.editor = GradientEditor(self._state, self._store, self)
        gradient = self._options.gradient(self._state.color, self._state.background)
        self.editor.open_with(gradient, self.edit if self.edit.isVisible() else self.window())

    def _refresh_pictures(self) -> None:
        for index, preset in enumerate(GradientPreset):
            gradient = preset_gradient(preset, self._state.color, self._state.background)
            self.preset.setItemIcon(index, QIcon(_stripe(gradient, self.devicePixelRatioF())))


class BucketBar(OptionBar):
    option = "bucket"

    def __init__(self, state: EditorState, patterns: PatternCommands, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._patterns = patterns
        self.pattern = QComboBox(self)
        self.pattern.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.pattern.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.pattern.setMinimumContentsLength(8)
        self.pattern.activated.connect(lambda _index: self._change(pattern=self.pattern.currentData()))
        self._row.addWidget(self.pattern)
        patterns.changed.connect(self._fill_patterns)
        self.tolerance = percent_slider(Range(0, 100, 15), self)
        self.tolerance.value_changed.connect(lambda value: self._change(tolerance=value))
        self._row.addWidget(self.tolerance, 2)
        self._add_check("contiguous")
        self._add_check("antialias")
        self.sample = Segments([sample.value for sample in Sample], self)
        self.sample.chosen.connect(lambda value: self._change(sample=Sample(value)))
        self._row.addWidget(self.sample)
        self._add_laying()

    def retranslate(self) -> None:
        super().retranslate()
        self.tolerance.set_label(tr("option.tolerance"))
        self.tolerance.set_tip(tr("option.tolerance_tip"))
        self.sample.set_texts(
            (tr("option.sample_layer"), tr("option.sample_visible")),
            (tr("option.sample_layer_tip"), tr("option.sample_visible_tip")),
        )
        self.pattern.setToolTip(tr("pattern.tip"))
        self.pattern.setAccessibleName(tr("pattern.tip"))
        self._fill_patterns()
        self._retranslate_laying()

    def _fill_patterns(self) -> None:
        self.pattern.blockSignals(True)
        self.pattern.clear()
        self.pattern.addItem(tr("pattern.color"), "")
        for name in self._patterns.names():
            self.pattern.addItem(self._patterns.title(name), name)
        self.pattern.setCurrentIndex(max(self.pattern.findData(self._options.pattern), 0))
        self.pattern.blockSignals(False)

    def refresh(self) -> None:
        super().refresh()
        self.pattern.setCurrentIndex(max(self.pattern.findData(self._options.pattern), 0))
        self.tolerance.set_value(self._options.tolerance)
        self.sample.set_value(self._options.sample.value)
        self._refresh_laying()


class PickerBar(OptionBar):
    option = "pick"

    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(state, parent)
        self.side = QComboBox(self)
        self.side.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for side in SAMPLE_SIDES:
            self.side.addItem("", side)
        self.side.activated.connect(lambda _index: self._change(side_px=self.side.currentData()))
        self.source = Segments([sample.value for sample in Sample], self)
        self.source.chosen.connect(lambda value: self._change(layer_only=value == Sample.LAYER.value))
        self._row.addWidget(self.side)
        self._row.addWidget(self.source)

    def retranslate(self) -> None:
        super().retranslate()
        for index, side in enumerate(SAMPLE_SIDES):
            self.side.setItemText(index, tr("pick.one") if side == 1 else tr("pick.square", side=side))
        self.side.setToolTip(tr("pick.side_tip"))
        self.side.setAccessibleName(tr("pick.side_tip"))
        self.source.set_texts(
            (tr("option.sample_layer"), tr("option.sample_visible")),
            (tr("pick.layer_tip"), tr("pick.visible_tip")),
        )

    def refresh(self) -> None:
        super().refresh()
        self.side.setCurrentIndex(SAMPLE_SIDES.index(self._options.side_px))
        self.source.set_value((Sample.LAYER if self._options.layer_only else Sample.VISIBLE).value)


def percent_slider(value_range: Range, parent: QWidget) -> ValueSlider:
    slider = ValueSlider(value_range, unit="%", parent=parent)
    slider.track.setMinimumWidth(48)
    slider.setMaximumWidth(240)
    return slider


def _stripe(gradient: Gradient, ratio: float) -> QPixmap:
    """The gradient from left to right over a checkerboard."""
    width, height = round(STRIPE.width() * ratio), round(STRIPE.height() * ratio)
    pixmap = QPixmap(width, height)
    row = np.rint(gradient.colors(width) * 255).astype(np.uint8)
    image = QImage(row.tobytes(), width, 1, width * 4, QImage.Format.Format_RGBA8888)
    y, x = np.mgrid[0:height, 0:width]
    check = round(CHECK_PX * ratio)
    ground = np.where((x // check + y // check) % 2, 255, 204).astype(np.uint8)
    painter = QPainter(pixmap)
    painter.drawImage(0, 0, QImage(ground.tobytes(), width, height, width, QImage.Format.Format_Grayscale8))
    painter.drawImage(pixmap.rect(), image)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
