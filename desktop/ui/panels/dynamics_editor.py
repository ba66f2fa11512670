"""What the pen and the hand change: a list of "sensor → target", each with its own curve."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from desktop.core.dynamics import Curve, Dynamic, Sensor, Target
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import IconButton, dim_label
from desktop.ui.widgets.curve_editor import CurveEditor


class DynamicsEditor(QWidget):
    """`dynamics_changed(tuple of Dynamic)`; one sensor drives one target once."""

    dynamics_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dynamics: tuple[Dynamic, ...] = ()
        self.title = dim_label(parent=self)
        self.list = QListWidget(self)
        self.sensor, self.target = QComboBox(self), QComboBox(self)
        for sensor in Sensor:
            self.sensor.addItem("", sensor.value)
        for target in Target:
            self.target.addItem("", target.value)
        self.add = IconButton("plus", self)
        self.remove = IconButton("trash", self)
        self.straighten = IconButton("restore", self)
        self.curve = CurveEditor(self)
        self._lay_out()
        self.list.currentRowChanged.connect(lambda _row: self._refresh())
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.straighten.clicked.connect(self.curve.reset)
        self.curve.curve_changed.connect(self._take_curve)
        for combo in (self.sensor, self.target):
            combo.currentIndexChanged.connect(lambda _index: self._refresh())

    def retranslate(self) -> None:
        self.title.setText(tr("brush.dynamics"))
        for combo, part, name in (
            (self.sensor, "sensor", tr("brush.sensor")),
            (self.target, "target", tr("brush.target")),
        ):
            combo.setAccessibleName(name)
            for index in range(combo.count()):
                combo.setItemText(index, tr(f"option.{part}.{combo.itemData(index)}"))
        self.add.set_tip(tr("brush.add_dynamic"))
        self.remove.set_tip(tr("brush.remove_dynamic"))
        self.straighten.set_tip(tr("brush.straighten_curve"))
        self.curve.setToolTip(tr("brush.curve_tip"))
        self.curve.setAccessibleName(tr("brush.curve"))
        self.list.setAccessibleName(tr("brush.dynamics"))
        self._fill(self.list.currentRow())

    def set_dynamics(self, dynamics: tuple[Dynamic, ...]) -> None:
        """Shows dynamics without announcing them."""
        if dynamics == self._dynamics:
            return
        before = [(dynamic.sensor, dynamic.target) for dynamic in self._dynamics]
        self._dynamics = dynamics
        if [(dynamic.sensor, dynamic.target) for dynamic in dynamics] != before:
            self._fill(self.list.currentRow())
        self._refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.sensor, 1)
        row.addWidget(self.target, 1)
        row.addWidget(self.add)
        tools = QHBoxLayout()
        tools.setSpacing(4)
        tools.addWidget(self.title)
        tools.addStretch(1)
        tools.addWidget(self.straighten)
        tools.addWidget(self.remove)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addLayout(tools)
        left.addWidget(self.list, 1)
        left.addLayout(row)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(12)
        whole.addLayout(left, 1)
        whole.addWidget(self.curve)
        self.list.setMinimumHeight(80)

    def _fill(self, row: int) -> None:
        blocked = self.list.blockSignals(True)
        self.list.clear()
        for dynamic in self._dynamics:
            sensor, target = tr(f"option.sensor.{dynamic.sensor.value}"), tr(f"option.target.{dynamic.target.value}")
            self.list.addItem(f"{sensor} → {target}")
        self.list.setCurrentRow(min(max(row, 0), len(self._dynamics) - 1))
        self.list.blockSignals(blocked)
        self._refresh()

    def _refresh(self) -> None:
        row = self.list.currentRow()
        has_row = 0 <= row < len(self._dynamics)
        for part in (self.curve, self.remove, self.straighten):
            part.setEnabled(has_row)
        if has_row:
            self.curve.set_curve(self._dynamics[row].curve)
        new = self._new_pair()
        self.add.setEnabled(new not in [(dynamic.sensor, dynamic.target) for dynamic in self._dynamics])

    def _new_pair(self) -> tuple[Sensor, Target]:
        return Sensor(self.sensor.currentData()), Target(self.target.currentData())

    def _add(self) -> None:
        self._dynamics = (*self._dynamics, Dynamic(*self._new_pair()))
        self._fill(len(self._dynamics) - 1)
        self.dynamics_changed.emit(self._dynamics)

    def _remove(self) -> None:
        row = self.list.currentRow()
        self._dynamics = (*self._dynamics[:row], *self._dynamics[row + 1 :])
        self._fill(row)
        self.dynamics_changed.emit(self._dynamics)

    def _take_curve(self, curve: Curve) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._dynamics):
            changed = replace(self._dynamics[row], curve=curve)
            self._dynamics = (*self._dynamics[:row], changed, *self._dynamics[row + 1 :])
            self.dynamics_changed.emit(self._dynamics)
