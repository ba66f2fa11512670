"""What is asked about guides and the grid."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QWidget

from desktop.core.document import Document, Guide
from desktop.core.geometry import Point
from desktop.io.palettes import PaletteColor
from desktop.tools.grid import LARGEST_SPACING_PX, MOST_SUBDIVISIONS, Grid
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.units import DECIMALS, SYMBOLS, Unit, pixels_per_unit
from desktop.ui.widgets.basics import Segments, dim_label
from desktop.ui.widgets.number_field import NumberField, Range
from desktop.ui.widgets.swatch_grid import SwatchGrid

FIELD_PX = 104
GRID_COLORS = (
    "#808080",
    "#000000",
    "#ffffff",
    "#e05a4f",
    "#e0a23c",
    "#57a05a",
    "#3a8fa8",
    "#4c8dff",
    "#8a5fd0",
    "#d05f9f",
)
_COLOR = re.compile(r"#?([0-9a-fA-F]{6})")

TryGrid = Callable[[Grid], None]


class GuideDialogs:
    """Asks the person in front of `window`. None means cancelled."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def ask_guide(self, document: Document, unit: Unit, guide: Guide | None = None) -> Guide | None:
        """A new guide, or another place for `guide`."""
        dialog = GuideDialog(document, unit, guide, self._window)
        return dialog.guide() if dialog.exec() else None

    def ask_grid(self, grid: Grid, try_grid: TryGrid) -> Grid | None:
        dialog = GridDialog(grid, try_grid, self._window)
        return dialog.grid if dialog.exec() else None


class GuideDialog(QDialog):
    """Direction, position and unit. A position outside the canvas becomes the nearest one inside."""

    def __init__(self, document: Document, unit: Unit, guide: Guide | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._document, self._unit = document, unit
        start = guide or Guide(document.size.width / 2, True)
        self._position_px = start.position_px
        self.setWindowTitle(tr("guide.title" if guide is None else "guide.place_title"))
        self.direction = Segments(["upright", "level"], self)
        self.direction.set_texts((tr("guide.upright"), tr("guide.level")))
        self.direction.set_value("upright" if start.is_vertical else "level")
        self.direction.setEnabled(guide is None)
        self.unit = QComboBox(self)
        for known in Unit:
            self.unit.addItem(tr(f"unit.{known.value}"), known)
        self.unit.setCurrentIndex(list(Unit).index(unit))
        self.position = self._field()
        self.note = dim_label("", self)
        self._form = QFormLayout()
        self._form.setSpacing(8)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        self._form.addRow(tr("guide.direction"), self.direction)
        self._form.addRow(tr("guide.position"), self.position)
        self._form.addRow(tr("guide.unit"), self.unit)
        self._form.addRow("", self.note)
        column = dialog_column(self)
        column.addLayout(self._form)
        column.addWidget(dialog_buttons(self, tr("guide.make" if guide is None else "guide.move")))
        self.setMinimumWidth(340)
        self.direction.chosen.connect(lambda _value: self._turn())
        self.unit.currentIndexChanged.connect(lambda _index: self._change_unit())
        self._refresh()

    def guide(self) -> Guide:
        self.position.clearFocus()  # takes what is still being typed
        return Guide(self._position_px, self._is_vertical)

    @property
    def _is_vertical(self) -> bool:
        return self.direction.value == "upright"

    @property
    def _length_px(self) -> int:
        size = self._document.size
        return size.width if self._is_vertical else size.height

    def _field(self) -> NumberField:
        """A new field: its limits and decimals are those of the unit."""
        decimals = DECIMALS[self._unit]
        step = {Unit.PIXEL: 1.0, Unit.PERCENT: 1.0, Unit.MILLIMETRE: 1.0}.get(self._unit, 0.1)
        limits = Range(0, round(self._length_px / self._unit_px(), decimals), 0, step=step, decimals=decimals)
        field = NumberField(limits, SYMBOLS[self._unit], self)
        field.setFixedWidth(FIELD_PX)
        field.set_value(self._position_px / self._unit_px())
        field.value_changed.connect(self._take)
        return field

    def _unit_px(self) -> float:
        return pixels_per_unit(self._document, self._unit, is_across=self._is_vertical)

    def _take(self, value: float) -> None:
        self._position_px = min(max(round(value * self._unit_px(), 3), 0.0), float(self._length_px))

    def _turn(self) -> None:
        self._position_px = self._length_px / 2
        self._renew_field()

    def _change_unit(self) -> None:
        self.position.clearFocus()
        self._unit = Unit(self.unit.currentData())
        self._renew_field()

    def _renew_field(self) -> None:
        old, self.position = self.position, self._field()
        self._form.replaceWidget(old, self.position)
        old.hide()
        old.deleteLater()
        self._refresh()

    def _refresh(self) -> None:
        decimals = DECIMALS[self._unit]
        end = f"{round(self._length_px / self._unit_px(), decimals):g} {SYMBOLS[self._unit]}"
        self.note.setText(tr("guide.from_left" if self._is_vertical else "guide.from_top", end=end))


class GridDialog(QDialog):
    """Spacing, subdivisions, offset and colour; every change is tried on the canvas at once."""

    def __init__(self, grid: Grid, try_grid: TryGrid, parent: QWidget) -> None:
        super().__init__(parent)
        self.grid, self._try = grid, try_grid
        self.setWindowTitle(tr("grid.title"))
        far = LARGEST_SPACING_PX
        self.across = self._field(Range(1, far, grid.spacing.x, decimals=1), grid.spacing.x)
        self.down = self._field(Range(1, far, grid.spacing.y, decimals=1), grid.spacing.y)
        self.parts = self._field(Range(1, MOST_SUBDIVISIONS, grid.subdivisions), grid.subdivisions, "")
        self.left = self._field(Range(-far, far, grid.offset.x, decimals=1), grid.offset.x)
        self.top = self._field(Range(-far, far, grid.offset.y, decimals=1), grid.offset.y)
        self.swatches = SwatchGrid(self)
        for field, name in (
            (self.across, "spacing_across"),
            (self.down, "spacing_down"),
            (self.left, "offset_across"),
            (self.top, "offset_down"),
        ):
            field.setAccessibleName(tr(f"grid.{name}"))
        self.swatches.setAccessibleName(tr("grid.color"))
        self.swatches.set_colors([PaletteColor(_levels(name)) for name in GRID_COLORS])
        self.hex = QLineEdit(grid.color, self)
        self.hex.setFixedWidth(FIELD_PX)
        self.hex.setMaxLength(7)
        form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow(tr("grid.spacing"), self._row(self.across, self.down))
        form.addRow(tr("grid.subdivisions"), self.parts)
        form.addRow(tr("grid.offset"), self._row(self.left, self.top))
        form.addRow(tr("grid.color"), self.hex)
        form.addRow("", self.swatches)
        column = dialog_column(self)
        column.addLayout(form)
        column.addWidget(dialog_buttons(self, tr("grid.use")))
        self.setMinimumWidth(380)
        self.swatches.chosen.connect(lambda index: self._choose_color(GRID_COLORS[index]))
        self.hex.textEdited.connect(self._type_color)
        self.hex.editingFinished.connect(lambda: self.hex.setText(self.grid.color))

    def _field(self, limits: Range, value: float, unit: str = "px") -> NumberField:
        field = NumberField(limits, unit, self)
        field.setFixedWidth(FIELD_PX)
        field.set_value(value)
        field.value_changed.connect(lambda _value: self._take_numbers())
        return field

    def _take_numbers(self) -> None:
        self._use(
            replace(
                self.grid,
                spacing=Point(self.across.value, self.down.value),
                subdivisions=int(self.parts.value),
                offset=Point(self.left.value, self.top.value),
            )
        )

    def _type_color(self, text: str) -> None:
        """Takes a colour as soon as it is whole; anything else is put back when the field is left."""
        found = _COLOR.fullmatch(text.strip())
        if found is not None:
            self._use(replace(self.grid, color=f"#{found.group(1).lower()}"))

    def _choose_color(self, name: str) -> None:
        self.hex.setText(name)
        self._use(replace(self.grid, color=name))

    def _use(self, grid: Grid) -> None:
        self.grid = grid
        self._try(grid)

    def _row(self, *fields: NumberField) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for field, between in zip(fields, ("×", ""), strict=True):
            row.addWidget(field)
            if between:
                row.addWidget(QLabel(between, self))
        row.addStretch(1)
        return row


def _levels(name: str) -> tuple[int, int, int]:
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)
