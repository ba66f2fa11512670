"""The form of an effect, made of its row in the table: one control for each parameter, groups behind a list."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.core.effect_parameters import Parameter, ParameterKind, Value
from desktop.core.effect_table import Effect
from desktop.core.effect_values import curve_of_text, text_of_curve
from desktop.core.effects import checked_settings, default_values, values_of
from desktop.core.gradient_texts import gradient_of_values, text_of_stops
from desktop.core.layers import EffectSettings
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import IconButton, dim_label
from desktop.ui.widgets.color_button import ColorButton
from desktop.ui.widgets.curve_editor import CurveEditor
from desktop.ui.widgets.gradient_field import GradientField
from desktop.ui.widgets.value_slider import Range, ValueSlider

CURVE_PX = 240
LABEL_PX = 116


class Reference(NamedTuple):
    """What an effect may take its colours from: what it is called, and the .cube table made of it, if any."""

    name: str
    table: Callable[[], bytes | None]


class EffectForm(QWidget):
    """`changed` when a value changed; `settings` is None while a .cube file is still to be chosen."""

    changed = Signal()
    group_changed = Signal(str)

    def __init__(
        self,
        effect: Effect,
        settings: EffectSettings,
        choose_lut: Callable[[], bytes | None],
        parent: QWidget,
        references: Sequence[Reference] = (),
    ) -> None:
        super().__init__(parent)
        self._references = references
        self._effect, self._choose_lut, self._lut = effect, choose_lut, settings.lut
        self._values: dict[str, Any] = values_of(settings)
        self._setters: dict[str, Callable[[Any], None]] = {}
        self._rows: dict[str, QWidget] = {}
        self.controls: dict[str, QWidget] = {}
        self._groups = list(dict.fromkeys(one.group for one in effect.parameters if one.group))
        self.group = QComboBox(self)
        self.lut_button = QPushButton(tr("effect.file"), self)
        self.reference = QComboBox(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._add_groups()
        self._add_lut()
        for parameter in effect.parameters:
            if not parameter.is_hidden:
                self._add(parameter)
        self._show_group()

    @property
    def settings(self) -> EffectSettings | None:
        if self._effect.takes_lut and self._lut is None:
            return None
        return checked_settings(self._effect.id, self._values, self._lut)

    @property
    def channel(self) -> str:
        """The group that is shown."""
        return str(self.group.currentData() or "all")

    def set_values(self, values: dict[str, Value]) -> None:
        """Shows other values and announces them once."""
        self._values |= values
        for name, value in values.items():
            if name in self._setters:  # others stand in no form
                self._setters[name](value)
        self.changed.emit()

    def reset(self) -> None:
        self.set_values(default_values(self._effect))

    # putting together

    def _add_groups(self) -> None:
        self.group.setVisible(bool(self._groups))
        if not self._groups:
            return
        for name in self._groups:
            self.group.addItem(tr(f"effect.group.{name}"), name)
        self._labelled(tr("effect.channel" if "red" in self._groups else "effect.tones"), self.group)
        self.group.currentIndexChanged.connect(lambda _index: self._show_group())

    def _add_lut(self) -> None:
        self.lut_button.setVisible(self._effect.takes_lut and not self._effect.takes_reference)
        self.reference.setVisible(self._effect.takes_reference)
        if self._effect.takes_reference:
            self._add_references()
        elif self._effect.takes_lut:
            self._column.addWidget(self.lut_button)
            self.lut_button.clicked.connect(self._take_lut)

    def _add(self, parameter: Parameter) -> None:
        name = parameter.id.removeprefix(f"{parameter.group}_") if parameter.group else parameter.id
        if parameter.kind is ParameterKind.CURVE:
            self._add_curve(parameter)
            return
        if parameter.kind is ParameterKind.GRADIENT:
            self._add_gradient(parameter)
            return
        label = tr(f"effect.param.{name}")
        add = {
            ParameterKind.SWITCH: self._add_switch,
            ParameterKind.CHOICE: self._add_choice,
            ParameterKind.COLOR: self._add_color,
        }.get(parameter.kind, self._add_number)
        add(parameter, label)

    def _add_number(self, parameter: Parameter, label: str) -> None:
        step = parameter.step if parameter.kind is ParameterKind.NUMBER else 1
        decimals = 0 if step >= 1 else 1 if step >= 0.1 else 3 if step < 0.01 else 2
        limits = Range(
            parameter.least,
            parameter.most,
            float(parameter.default),
            step=step,
            decimals=decimals,
            curve=parameter.bend,
        )
        slider = ValueSlider(limits, label=label, unit=parameter.unit, parent=self)
        slider.label.setFixedWidth(LABEL_PX)
        slider.set_tip(label)
        is_whole = parameter.kind is not ParameterKind.NUMBER
        slider.value_changed.connect(lambda value: self._take(parameter, round(value) if is_whole else value))
        self._register(parameter, slider, slider, slider.set_value)
        if parameter.kind is ParameterKind.SEED:
            dice = IconButton("dice", self)
            dice.set_tip(tr("effect.new_seed"))
            dice.clicked.connect(lambda: self.set_values({parameter.id: secrets.randbelow(int(parameter.most) + 1)}))
            slider.layout().addWidget(dice)

    def _add_switch(self, parameter: Parameter, label: str) -> None:
        box = QCheckBox(label, self)
        box.toggled.connect(lambda wanted: self._take(parameter, wanted))
        self._register(parameter, box, box, box.setChecked)
        self._column.itemAt(self._column.count() - 1).setAlignment(Qt.AlignmentFlag.AlignLeft)

    def _add_choice(self, parameter: Parameter, label: str) -> None:
        combo = QComboBox(self)
        for choice in parameter.choices:
            combo.addItem(tr(f"effect.choice.{choice}"), choice)
        combo.currentIndexChanged.connect(lambda index: self._take(parameter, parameter.choices[index]))
        row = self._labelled(label, combo)
        self._register(
            parameter, combo, row, lambda value: combo.setCurrentIndex(parameter.choices.index(value)), is_placed=True
        )

    def _add_color(self, parameter: Parameter, label: str) -> None:
        button = ColorButton(self)
        button.set_name(label)
        button.color_changed.connect(lambda text: self._take(parameter, text))
        self._register(parameter, button, self._labelled(label, button), button.set_color, is_placed=True)

    def _add_curve(self, parameter: Parameter) -> None:
        editor = CurveEditor(self, CURVE_PX)
        editor.setToolTip(tr("effect.curve_tip"))
        editor.setAccessibleName(tr("effect.param.curve"))
        editor.curve_changed.connect(lambda curve: self._take(parameter, text_of_curve(curve)))
        self._register(parameter, editor, editor, lambda text: editor.set_curve(curve_of_text(text)))
        self._column.itemAt(self._column.count() - 1).setAlignment(Qt.AlignmentFlag.AlignHCenter)

    def _add_gradient(self, parameter: Parameter) -> None:
        field = GradientField(self)
        field.gradient_changed.connect(lambda gradient: self._take(parameter, text_of_stops(gradient)))
        self._register(parameter, field, field, lambda _text: field.set_gradient(gradient_of_values(self._values)))

    def _register(
        self,
        parameter: Parameter,
        control: QWidget,
        row: QWidget,
        setter: Callable[[Any], None],
        *,
        is_placed: bool = False,
    ) -> None:
        if not is_placed:
            self._column.addWidget(row)
        self.controls[parameter.id], self._rows[parameter.id] = control, row

        def quietly(value: Any) -> None:
            control.blockSignals(True)
            setter(value)
            control.blockSignals(False)

        self._setters[parameter.id] = quietly
        quietly(self._values[parameter.id])

    def _labelled(self, text: str, control: QWidget) -> QWidget:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        label: QLabel = dim_label(text, holder)
        label.setFixedWidth(LABEL_PX)
        row.addWidget(label)
        row.addWidget(control, 1 if isinstance(control, QComboBox) else 0)
        if not isinstance(control, QComboBox):
            row.addStretch(1)
        control.setAccessibleName(text)
        self._column.addWidget(holder)
        return holder

    # what is done with it

    def _show_group(self) -> None:
        for parameter in self._effect.parameters:
            if parameter.group:
                self._rows[parameter.id].setVisible(parameter.group == self.channel)
        self.group_changed.emit(self.channel)

    def _take(self, parameter: Parameter, value: Value) -> None:
        self._values[parameter.id] = value
        self.changed.emit()

    def _add_references(self) -> None:
        """The layers and the way to a file; an adjustment that has its table already keeps it until one is chosen."""
        self.reference.setPlaceholderText(
            tr("effect.reference.choose") if self._lut is None else tr("effect.reference.kept")
        )
        self.reference.addItems([one.name for one in self._references])
        self.reference.setCurrentIndex(-1)
        self.reference.setToolTip(tr("effect.reference_tip"))
        self.reference.setAccessibleName(tr("effect.reference"))
        self.reference.activated.connect(lambda index: self._take_content(self._references[index].table()))
        self._labelled(tr("effect.reference"), self.reference)

    def _take_lut(self) -> None:
        self._take_content(self._choose_lut())

    def _take_content(self, content: bytes | None) -> None:
        if content is not None:
            self._lut = content
            self.changed.emit()
