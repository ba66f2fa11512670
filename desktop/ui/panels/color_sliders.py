"""Sliders of one way to describe a colour: RGB, HSV, OKLCH or grey, with numbers in the unit that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.core.color_models import (
    Triple,
    gray_of,
    hsv_to_rgb,
    is_in_gamut,
    nearest_in_gamut,
    oklch_to_rgb,
    rgb_to_hsv,
    rgb_to_oklch,
)
from desktop.ui.i18n import tr
from desktop.ui.widgets.value_slider import Range, ValueSlider


class ColorModel(StrEnum):
    RGB = "rgb"
    HSV = "hsv"
    OKLCH = "oklch"
    GRAY = "gray"


class Unit(StrEnum):
    """How the levels of RGB and grey are numbered."""

    EIGHT_BIT = "8"
    SIXTEEN_BIT = "16"
    PERCENT = "percent"


TOP_OF_UNIT = {Unit.EIGHT_BIT: 255.0, Unit.SIXTEEN_BIT: 65535.0, Unit.PERCENT: 100.0}
CHROMA_TOP = 0.4


@dataclass(frozen=True, slots=True)
class Channel:
    """`top` is the largest number shown, `scale` the value it stands for."""

    key: str
    top: float
    unit: str
    scale: float
    step: float = 1.0


def channels_of(model: ColorModel, unit: Unit) -> tuple[Channel, ...]:
    top = TOP_OF_UNIT[unit]
    sign = "%" if unit is Unit.PERCENT else ""
    if model is ColorModel.RGB:
        return tuple(Channel(key, top, sign, 1.0) for key in ("red", "green", "blue"))
    if model is ColorModel.GRAY:
        return (Channel("gray", top, sign, 1.0),)
    if model is ColorModel.HSV:
        return (
            Channel("hue", 360, "°", 360),
            Channel("saturation", 100, "%", 1.0),
            Channel("brightness", 100, "%", 1.0),
        )
    return (
        Channel("lightness", 100, "%", 1.0),
        Channel("chroma", CHROMA_TOP, "", CHROMA_TOP, step=0.001),
        Channel("hue", 360, "°", 360),
    )


class ColorSliders(QWidget):
    """`changed(rgb)` while a slider moves; hue and chroma of greys stay what they were set to."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model, self.unit = ColorModel.HSV, Unit.EIGHT_BIT
        self.rows: tuple[ValueSlider, ...] = ()
        self._values: Triple = (0.0, 0.0, 0.0)  # in the model's own terms
        self._rgb: Triple = (0.0, 0.0, 0.0)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._rebuild()

    def choose(self, model: ColorModel, unit: Unit) -> None:
        if (model, unit) != (self.model, self.unit):
            self.model, self.unit = model, unit
            self._rebuild()

    def set_rgb(self, rgb: Triple) -> None:
        """Shows a colour; one that these sliders made themselves leaves them as they are."""
        if rgb == self._rgb:
            return
        self._rgb = rgb
        self._values = self._kept_hue(_FROM_RGB[self.model](rgb))
        self._show()

    @property
    def values(self) -> Triple:
        """The colour in the model's own terms."""
        return self._values

    @property
    def is_out_of_gamut(self) -> bool:
        """True when the numbers name a colour that sRGB does not have; the nearest one is used."""
        return self.model is ColorModel.OKLCH and not is_in_gamut(oklch_to_rgb(self._values))

    def retranslate(self) -> None:
        for row, channel in zip(self.rows, channels_of(self.model, self.unit), strict=True):
            row.set_label(tr(f"color.{channel.key}"))
            row.set_tip(tr(f"color.{channel.key}_tip"))
        width = max(row.label.sizeHint().width() for row in self.rows)
        for row in self.rows:
            row.label.setMinimumWidth(width)

    def _rebuild(self) -> None:
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        channels = channels_of(self.model, self.unit)
        self.rows = tuple(
            ValueSlider(Range(0, c.top, 0, c.step, 3 if c.step < 1 else 0), unit=c.unit, parent=self) for c in channels
        )
        for row in self.rows:
            self._column.addWidget(row)
            row.value_changed.connect(self._take)
        self._values = self._kept_hue(_FROM_RGB[self.model](self._rgb))
        self.retranslate()
        self._show()

    def _show(self) -> None:
        for row, channel, value in zip(self.rows, channels_of(self.model, self.unit), self._values, strict=False):
            shown = value / channel.scale * channel.top
            row.set_value(round(shown / channel.step) * channel.step)

    def _take(self) -> None:
        channels = channels_of(self.model, self.unit)
        values = [row.value / c.top * c.scale for row, c in zip(self.rows, channels, strict=True)]
        self._values = (values[0], values[1], values[2]) if len(values) == 3 else (values[0], 0.0, 0.0)
        self._rgb = _TO_RGB[self.model](self._values)
        self.changed.emit(self._rgb)

    def _kept_hue(self, values: Triple) -> Triple:
        """A grey has no hue of its own; the slider keeps the one it had."""
        if self.model is ColorModel.HSV and values[1] == 0:
            return (self._values[0], values[1], values[2])
        if self.model is ColorModel.OKLCH and values[1] < 1e-4:
            return (values[0], 0.0, self._values[2])
        return values


def _gray(rgb: Triple) -> Triple:
    return gray_of(rgb), 0.0, 0.0


_FROM_RGB: dict[ColorModel, Callable[[Triple], Triple]] = {
    ColorModel.RGB: lambda rgb: rgb,
    ColorModel.HSV: rgb_to_hsv,
    ColorModel.OKLCH: rgb_to_oklch,
    ColorModel.GRAY: _gray,
}
_TO_RGB: dict[ColorModel, Callable[[Triple], Triple]] = {
    ColorModel.RGB: lambda rgb: rgb,
    ColorModel.HSV: hsv_to_rgb,
    ColorModel.OKLCH: nearest_in_gamut,
    ColorModel.GRAY: lambda gray: (gray[0], gray[0], gray[0]),
}
