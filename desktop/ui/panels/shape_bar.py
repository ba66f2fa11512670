"""The part of the context bar for shapes: kind, fill, stroke, and what only some kinds have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.core.shapes import INNERS, RADII_PX, SIDES, WIDTHS_PX, Arrows, ShapeKind, ShapeStyle
from desktop.ui.commands.shape_commands import ShapeCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.fill_bars import ChoiceCombo, OptionBar
from desktop.ui.state import EditorState
from desktop.ui.widgets.color_button import ColorButton
from desktop.ui.widgets.value_slider import Range, ValueSlider

SWATCH_PX = 40
MOST_BAR_RADIUS_PX = 500.0
_SHARES = ("inner",)  # shown in percent


class ShapeBar(OptionBar):
    """Shows the shape in hand, or how the next one will look."""

    def __init__(self, state: EditorState, shapes: ShapeCommands, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._shapes = shapes
        self.kind = ChoiceCombo(list(ShapeKind), "shape.kind", self)
        self.kind.activated.connect(lambda _index: self._change(kind=self.kind.choice))
        self._row.addWidget(self.kind)
        self.colors: dict[str, ColorButton] = {}
        self._sliders: dict[str, ValueSlider] = {}
        self._add_color("fills", "fill")
        self._add_color("strokes", "stroke")
        self._add_slider("stroke_px", Range(WIDTHS_PX[0], WIDTHS_PX[1], 4, curve=3, decimals=1), "px")
        self._add_slider("radius_px", Range(RADII_PX[0], MOST_BAR_RADIUS_PX, 0, curve=3), "px")
        self._add_slider("sides", Range(*SIDES, 5, curve=2), "")
        self._add_slider("inner", Range(INNERS[0] * 100, INNERS[1] * 100, 50), "%")
        self.arrows = ChoiceCombo(list(Arrows), "shape.arrows", self)
        self.arrows.activated.connect(lambda _index: self._change(arrows=self.arrows.choice))
        self._row.addWidget(self.arrows)
        self._row.addStretch(1)
        shapes.changed.connect(self.refresh)

    def retranslate(self) -> None:
        for name, check in self._checks.items():
            check.setText(tr(f"shape.{name}"))
            check.setToolTip(tr(f"shape.{name}_tip"))
        for name, button in self.colors.items():
            button.set_name(tr(f"shape.{name}_color"))
        for name, slider in self._sliders.items():
            slider.set_label(tr(f"shape.{name}"))
            slider.set_tip(tr(f"shape.{name}_tip"))
        self.kind.retranslate()
        self.arrows.retranslate()

    def refresh(self) -> None:
        style: ShapeStyle = self._options
        super().refresh()
        self.kind.show_choice(style.kind)
        self.arrows.show_choice(style.arrows)
        for name, button in self.colors.items():
            if button.color != getattr(style, name):
                button.set_color(getattr(style, name))
        for name, slider in self._sliders.items():
            if not slider.is_dragging:
                slider.set_value(getattr(style, name) * (100 if name in _SHARES else 1))
        shown = {
            self._checks["fills"]: not style.is_line,
            self.colors["fill"]: style.has_fill,
            self._checks["strokes"]: not style.is_line,
            self.colors["stroke"]: style.has_stroke,
            self._sliders["stroke_px"]: style.has_stroke,
            self._sliders["radius_px"]: style.kind is ShapeKind.RECTANGLE,
            self._sliders["sides"]: style.kind in (ShapeKind.POLYGON, ShapeKind.STAR),
            self._sliders["inner"]: style.kind is ShapeKind.STAR,
            self.arrows: style.is_line,
        }
        for widget, is_shown in shown.items():
            if not is_shown:
                widget.hide()
        for widget, is_shown in shown.items():
            widget.setVisible(is_shown)

    @property
    def _options(self) -> Any:
        return self._shapes.style

    def _change(self, **changes: object) -> None:
        self._shapes.restyle(replace(self._options, **changes))
        self.refresh()

    def _add_color(self, switch: str, name: str) -> None:
        check = self._checks[switch] = QCheckBox(self)
        check.toggled.connect(lambda checked: self._change(**{switch: checked}))
        button = self.colors[name] = ColorButton(self)
        button.setFixedWidth(SWATCH_PX)
        button.color_changed.connect(lambda text: self._change(**{name: text}))
        self._row.addWidget(check)
        self._row.addWidget(button)

    def _add_slider(self, name: str, limits: Range, unit: str) -> None:
        slider = self._sliders[name] = ValueSlider(limits, unit=unit, parent=self)
        slider.track.setMinimumWidth(40)
        slider.setMaximumWidth(190)

        def style() -> ShapeStyle:
            value: Any = slider.value / 100 if name in _SHARES else slider.value
            kind = type(getattr(self._options, name))
            wanted: ShapeStyle = replace(self._options, **{name: kind(round(value) if kind is int else value)})
            return wanted

        slider.value_changed.connect(lambda _value: self._shapes.restyle(style(), is_dragging=slider.is_dragging))
        slider.drag_finished.connect(lambda: self._shapes.end_drag(style()))
        slider.drag_cancelled.connect(self._shapes.drop_drag)
        self._row.addWidget(slider, 2)
