"""Symmetry: which mirrors, how many spokes, and where their centre is."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop.core.geometry import Point
from desktop.core.symmetry import MOST_SPOKES, Symmetry, SymmetryKind
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import Segments, dim_label
from desktop.ui.widgets.number_field import NumberField, Range
from desktop.ui.widgets.popover import Popover
from desktop.ui.widgets.value_slider import ValueSlider

FARTHEST_PX = 100_000.0


class SymmetryPopover(Popover):
    def __init__(self, state: EditorState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self.title = dim_label(parent=self)
        self.kind = Segments([kind.value for kind in SymmetryKind], self)
        self.spokes = ValueSlider(Range(2, MOST_SPOKES, 6), parent=self)
        self.x_label, self.y_label = dim_label("X", self), dim_label("Y", self)
        self.x, self.y = (NumberField(Range(-FARTHEST_PX, FARTHEST_PX, 0, decimals=1), "px", self) for _ in range(2))
        self.center = QPushButton(self)
        row = QHBoxLayout()
        for part in (self.x_label, self.x, self.y_label, self.y):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self.center)
        for widget in (self.title, self.kind, self.spokes):
            self.body.addWidget(widget)
        self.body.addLayout(row)
        for field in (self.x, self.y):
            field.setFixedWidth(84)
        self.setMinimumWidth(380)
        self.kind.chosen.connect(lambda kind: self._change(kind=SymmetryKind(kind)))
        self.spokes.value_changed.connect(lambda value: self._change(spokes=round(value)))
        self.x.value_changed.connect(lambda value: self._change(center=Point(value, self._center().y)))
        self.y.value_changed.connect(lambda value: self._change(center=Point(self._center().x, value)))
        self.center.clicked.connect(lambda: self._change(center=None))
        state.options_changed.connect(self._refresh)
        state.document_replaced.connect(self._refresh)
        self.retranslate()

    def retranslate(self) -> None:
        self.title.setText(tr("brush.symmetry"))
        self.kind.set_texts([tr(f"option.symmetry.{kind.value}") for kind in SymmetryKind])
        self.spokes.set_label(tr("option.spokes"))
        self.spokes.set_tip(tr("option.spokes_tip"))
        self.center.setText(tr("brush.symmetry_center"))
        self.x.setAccessibleName(tr("brush.symmetry_x"))
        self.y.setAccessibleName(tr("brush.symmetry_y"))
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _center(self) -> Point:
        return self._state.symmetry_center()

    def _change(self, **changes: object) -> None:
        symmetry: Symmetry = replace(self._state.options.symmetry, **changes)  # type: ignore[arg-type]
        self._state.change_options(symmetry=symmetry)

    def _refresh(self) -> None:
        symmetry, center = self._state.options.symmetry, self._center()
        self.kind.set_value(symmetry.kind.value)
        self.spokes.set_value(symmetry.spokes)
        self.spokes.setEnabled(symmetry.kind is SymmetryKind.RADIAL)
        self.x.set_value(center.x)
        self.y.set_value(center.y)
        for part in (self.x, self.y, self.center):
            part.setEnabled(symmetry.kind is not SymmetryKind.OFF)
