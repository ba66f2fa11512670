"""The styles of a layer, while the picture shows them; one may zoom and pan meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.core.layer_styles import STYLE_KINDS, LayerStyle, LayerStyles, StrokeSide, limits_of
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import Segments, dim_label
from desktop.ui.widgets.color_button import ColorButton
from desktop.ui.widgets.value_slider import Range, ValueSlider

LIST_PX, PAGE_PX, LABEL_PX, HEIGHT_PX = 148, 320, 84, 232
EDGE_PX = 24
_PERCENT = ("opacity", "spread")
_UNITS = {"opacity": "%", "spread": "%", "angle": "°", "size_px": "px", "distance_px": "px"}


class LayerStyleDialog(QDialog):
    """`show_styles(styles)` puts them on the layer; `finish(is_kept)` once at the end."""

    def __init__(
        self,
        styles: LayerStyles,
        show_styles: Callable[[LayerStyles], None],
        finish: Callable[[bool], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._show_styles, self._finish = show_styles, finish
        self._is_over = False
        self.setWindowTitle(tr("layer_style.title"))
        self.list = QListWidget(self)
        self.list.setAccessibleName(tr("layer_style.title"))
        self.list.setFixedWidth(LIST_PX)
        self.stack = QStackedWidget(self)
        self.pages: dict[str, StylePage] = {}
        for name, kind in STYLE_KINDS.items():
            worn = getattr(styles, name)
            item = QListWidgetItem(tr(f"layer_style.{name}"), self.list)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if worn is None else Qt.CheckState.Checked)
            page = self.pages[name] = StylePage(name, kind() if worn is None else worn, self._touched, self.stack)
            self.stack.addWidget(page)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(lambda: self._show_styles(self.styles))
        self._lay_out()
        self.list.currentRowChanged.connect(self.stack.setCurrentIndex)
        names = list(STYLE_KINDS)
        self.list.setCurrentRow(names.index(styles.worn[0]) if styles.worn else 0)
        self.list.itemChanged.connect(lambda _item: self._later.start())

    @property
    def styles(self) -> LayerStyles:
        """As the form says."""
        worn = {
            name: page.style_value
            for number, (name, page) in enumerate(self.pages.items())
            if self.list.item(number).checkState() == Qt.CheckState.Checked
        }
        return LayerStyles(**worn)  # type: ignore[arg-type]

    @property
    def is_at_work(self) -> bool:
        return self._later.isActive()

    def place_beside(self, widget: QWidget) -> None:
        self.adjustSize()
        self.move(widget.mapToGlobal(QPoint(widget.width() - self.width() - EDGE_PX, EDGE_PX)))

    def accept(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._later.stop()
            self._show_styles(self.styles)
            self._finish(True)
            super().accept()

    def reject(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._later.stop()
            self._finish(False)
            super().reject()

    def _touched(self, name: str) -> None:
        """Whoever changes a style wants to wear it."""
        self.list.item(list(self.pages).index(name)).setCheckState(Qt.CheckState.Checked)
        self._later.start()

    def _lay_out(self) -> None:
        column = dialog_column(self)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.list)
        row.addWidget(self.stack, 1)
        self.stack.setMinimumSize(PAGE_PX, HEIGHT_PX)
        column.addLayout(row, 1)
        column.addWidget(dialog_buttons(self, tr("effect.keep")))


class StylePage(QWidget):
    """One style's colour, numbers and choices."""

    def __init__(self, name: str, style: LayerStyle, touched: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._style, self._touched = name, style, touched
        self.color = ColorButton(self)
        self.color.set_color(style.color)
        self.color.set_name(tr("layer_style.color"))
        self.color.color_changed.connect(lambda text: self._change(color=text))
        self.sliders: dict[str, ValueSlider] = {}
        self.side: Segments | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._row(tr("layer_style.color"), self.color, stretches=False))
        for field in fields(style):
            if field.name in _UNITS:
                column.addWidget(self._slider(field.name))
            elif isinstance(getattr(style, field.name), StrEnum):
                column.addLayout(self._row(tr("layer_style.side"), self._sides(), stretches=True))
        column.addStretch(1)

    @property
    def style_value(self) -> LayerStyle:
        return self._style

    def _slider(self, name: str) -> ValueSlider:
        least, most = limits_of(self._style, name)
        times = 100 if name in _PERCENT else 1
        default = getattr(type(self._style)(), name) * times
        curve = 3.0 if name in ("size_px", "distance_px") else 1.0
        limits = Range(least * times, most * times, default, curve=curve, decimals=1 if name == "size_px" else 0)
        label = tr(f"layer_style.{name}")
        slider = self.sliders[name] = ValueSlider(limits, label=label, unit=_UNITS[name], parent=self)
        slider.set_value(getattr(self._style, name) * times)
        slider.set_tip(label)
        slider.label.setFixedWidth(LABEL_PX)
        slider.value_changed.connect(lambda value: self._change(**{name: value / times}))
        return slider

    def _sides(self) -> Segments:
        self.side = Segments([side.value for side in StrokeSide], self)
        self.side.set_texts([tr(f"layer_style.side_{side.value}") for side in StrokeSide])
        self.side.set_value(str(getattr(self._style, "side", StrokeSide.OUTSIDE)))
        self.side.chosen.connect(lambda value: self._change(side=StrokeSide(value)))
        return self.side

    def _row(self, label: str, widget: QWidget, *, stretches: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        name = dim_label(label, self)
        name.setFixedWidth(LABEL_PX)
        row.addWidget(name)
        row.addWidget(widget, 1 if stretches else 0)
        if not stretches:
            row.addStretch(1)
        return row

    def _change(self, **changes: Any) -> None:
        self._style = replace(self._style, **changes)
        self._touched(self._name)
