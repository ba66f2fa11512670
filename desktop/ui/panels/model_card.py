"""A model as a card: icon, title, one line of what it does, its speed and quality; the form of its parameters."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.runtime.catalog import Model
from desktop.runtime.manifest import Manifest, Metric, Param
from desktop.runtime.runner import ParameterValue
from desktop.ui.i18n import tr, tr_card, tr_or
from desktop.ui.icons import FALLBACK_ICON, has_icon, icon_pixmap
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import Card, wrapped_label
from desktop.ui.widgets.phrase_field import PhraseField
from desktop.ui.widgets.value_slider import Range, ValueSlider

SetParameter = Callable[[str, ParameterValue], None]


class ModelCard(Card):
    """`opens_list` puts the mark of a list at its right."""

    def __init__(self, model: Model, parent: QWidget | None = None, *, opens_list: bool = False) -> None:
        super().__init__(parent)
        self.model = model
        self._mark = QLabel(self) if opens_list else None
        self._icon = QLabel(self)
        self._title = QLabel(self)
        self._title.setProperty("role", "header")
        self._line = wrapped_label(parent=self)
        self._facts = wrapped_label(parent=self)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        if self._mark is not None:
            head.addWidget(self._mark)
        self.body.addLayout(head)
        self.body.addWidget(self._line)
        self.body.addWidget(self._facts)
        self.retranslate()

    def retranslate(self) -> None:
        manifest = self.model.manifest
        title = title_of(manifest)
        self._title.setText(title)
        line = description_of(manifest)
        self._line.setText(line)
        self._line.setVisible(bool(line))
        facts = facts_of(manifest)
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts) and self.is_chosen)
        self.setAccessibleName(title)
        self.setToolTip(tr("ai.card_tip", version=manifest.version, licence=manifest.licence))
        self._paint_icon()

    def set_chosen(self, chosen: bool) -> None:
        """Speed and quality stand on the chosen card only, so that many models fit."""
        super().set_chosen(chosen)
        self._facts.setVisible(chosen and bool(self._facts.text()))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icon()
        super().changeEvent(event)

    def _paint_icon(self) -> None:
        name = self.model.manifest.icon
        self._icon.setPixmap(
            icon_pixmap(name if has_icon(name) else FALLBACK_ICON, tokens().text, 20, self.devicePixelRatioF())
        )
        if self._mark is not None:
            self._mark.setPixmap(icon_pixmap("chevron-down", tokens().dim, 16, self.devicePixelRatioF()))


class ParameterForm(QWidget):
    """One control for each parameter of a manifest."""

    def __init__(self, manifest: Manifest, values: dict[str, ParameterValue], set_parameter: SetParameter) -> None:
        super().__init__()
        self.controls: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for param in manifest.params:
            control = _control_for(manifest, param, values[param.id], set_parameter)
            self.controls[param.id] = control
            column.addWidget(control)


def choice_name(manifest: Manifest, choice: str) -> str:
    return tr_or(f"model.{manifest.id}.choice.{choice}", tr_or(f"style.{choice}", choice))


def title_of(manifest: Manifest) -> str:
    return tr_or(f"model.{manifest.id}.title", manifest.title)


def description_of(manifest: Manifest) -> str:
    """The one line of what it does."""
    return tr_or(f"model.{manifest.id}.description", manifest.description)


def facts_of(manifest: Manifest) -> str:
    """Speed and the best measured number, in one line."""
    facts = []
    if manifest.speed.cpu_seconds_per_megapixel is not None:
        facts.append(tr("ai.speed", seconds=f"{manifest.speed.cpu_seconds_per_megapixel:.2g}"))
    for metric in manifest.metrics:
        if metric.baseline_value is not None and metric.unit:  # a distance without a unit says nothing in a line
            facts.append(_beside(metric, metric.baseline_value))
            break
    return " · ".join(facts)


def _beside(metric: Metric, baseline_value: float) -> str:
    """A gain in decibels; of shares and errors both numbers, since less may be better."""
    baseline = tr_card(metric.baseline.split(",")[0])  # how it was tuned stands on the card
    if metric.unit == "dB":
        return tr("ai.gain", gain=f"{metric.value - baseline_value:+.1f} dB", baseline=baseline)
    value, other = (f"{number:.1f} {metric.unit}" for number in (metric.value, baseline_value))
    return tr("ai.beside", metric=tr_card(metric.metric), value=value, baseline=baseline, other=other)


def _control_for(manifest: Manifest, param: Param, value: ParameterValue, set_parameter: SetParameter) -> QWidget:
    label = tr_or(f"model.{manifest.id}.param.{param.id}", param.label)
    if param.type == "bool":
        box = QCheckBox(label)
        box.setChecked(bool(value))
        box.toggled.connect(lambda checked: set_parameter(param.id, checked))
        return box
    if param.type == "choice":
        return _choice(manifest, param, label, str(value), set_parameter)
    if param.type == "text":
        return PhraseField(param, label, str(value), lambda text: set_parameter(param.id, text))
    return _slider(param, label, float(value), set_parameter)


def _slider(param: Param, label: str, value: float, set_parameter: SetParameter) -> ValueSlider:
    assert param.min is not None
    assert param.max is not None
    step = param.step or (1.0 if param.type == "int" else (param.max - param.min) / 100)
    decimals = 0 if param.type == "int" or step >= 1 else 2 if step >= 0.01 else 3
    limits = Range(param.min, param.max, float(param.default), step, decimals)
    slider = ValueSlider(limits, label=label, unit=param.unit)
    slider.set_value(value)
    slider.set_tip(tr("slider.tip", name=label))
    is_whole = param.type == "int"
    slider.value_changed.connect(lambda number: set_parameter(param.id, int(number) if is_whole else number))
    return slider


def _choice(manifest: Manifest, param: Param, label: str, value: str, set_parameter: SetParameter) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    name = QLabel(label)
    name.setProperty("role", "dim")
    box = QComboBox()
    for choice in param.choices:
        box.addItem(choice_name(manifest, choice), choice)
    box.setCurrentIndex(param.choices.index(value))
    box.currentIndexChanged.connect(lambda index: set_parameter(param.id, param.choices[index]))
    row.addWidget(name)
    row.addWidget(box, 1)
    return holder
