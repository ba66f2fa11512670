"""The brush editor: every setting of the brush in hand, with a stroke of it drawn as it changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, QTimer
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.core.brush import LEAST_ROUNDNESS
from desktop.core.stabilizer import StabilizerSettings, Steadying
from desktop.ui.action_set import ActionSet
from desktop.ui.brush_pictures import stroke_pixmap
from desktop.ui.commands.brush_commands import BrushCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.dynamics_editor import DynamicsEditor
from desktop.ui.state import EditorState, Tool
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import Segments, dim_label, rule
from desktop.ui.widgets.blend_combo import BlendCombo
from desktop.ui.widgets.popover import Popover
from desktop.ui.widgets.value_slider import Range, ValueSlider

PREVIEW = QSize(404, 92)
# option → attribute of the settings, range, unit; percentages stand for shares
SLIDERS = {
    "spacing": ("spacing", Range(1, 500, 10, curve=2), "%"),
    "angle": ("angle", Range(-180, 180, 0), "°"),
    "roundness": ("roundness", Range(LEAST_ROUNDNESS * 100, 100, 100), "%"),
    "scatter": ("scatter", Range(0, 500, 0, curve=2), "%"),
    "size_jitter": ("size_jitter", Range(0, 100, 0), "%"),
    "angle_jitter": ("angle_jitter", Range(0, 100, 0), "%"),
}


class BrushEditor(Popover):
    def __init__(self, state: EditorState, brushes: BrushCommands, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._brushes = state, brushes
        self.preview = QLabel(self)
        self.preview.setFixedSize(PREVIEW)
        self.preview.setProperty("role", "preview")
        self.tip_label, self.blend_label, self.steady_label = (dim_label(parent=self) for _ in range(3))
        self.tip = QComboBox(self)
        self.blend = BlendCombo(self)
        self.sliders = {
            name: ValueSlider(value_range, unit=unit, parent=self) for name, (_, value_range, unit) in SLIDERS.items()
        }
        self.steadying = Segments([kind.value for kind in Steadying], self)
        self.steady_length = ValueSlider(Range(1, 300, 30, curve=2), unit="px", parent=self)
        self.dynamics = DynamicsEditor(self)
        self.save = QPushButton(self)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._draw)
        self._lay_out()
        self._connect(actions)
        self.retranslate()

    def retranslate(self) -> None:
        for name, slider in self.sliders.items():
            slider.set_label(tr(f"option.{name}"))
            slider.set_tip(tr(f"option.{name}_tip"))
        self.tip_label.setText(tr("option.tip"))
        self.blend_label.setText(tr("option.brush_blend"))
        self.steady_label.setText(tr("option.stabilizer"))
        self.steadying.set_texts(
            [tr(f"option.stabilizer_{kind.value}") for kind in Steadying],
            [tr(f"option.stabilizer_{kind.value}_tip") for kind in Steadying],
        )
        self.steady_length.set_label(tr("option.stabilizer_length"))
        self.steady_length.set_tip(tr("option.stabilizer_length_tip"))
        self.preview.setAccessibleName(tr("brush.preview"))
        self.save.setText(tr("brush.save_button"))
        self.tip.setAccessibleName(tr("option.tip"))
        self.blend.setAccessibleName(tr("option.brush_blend"))
        self.blend.retranslate()
        self.dynamics.retranslate()
        self._fill_tips()
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self._later.start()
        super().changeEvent(event)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        self._refresh()

    def _lay_out(self) -> None:
        top = QGridLayout()
        top.setHorizontalSpacing(8)
        top.addWidget(self.tip_label, 0, 0)
        top.addWidget(self.tip, 0, 1)
        top.addWidget(self.blend_label, 0, 2)
        top.addWidget(self.blend, 0, 3)
        top.setColumnStretch(1, 1)
        sliders = QGridLayout()
        sliders.setHorizontalSpacing(16)
        sliders.setVerticalSpacing(2)
        for index, slider in enumerate(self.sliders.values()):
            sliders.addWidget(slider, index // 2, index % 2)
        steady = QHBoxLayout()
        steady.addWidget(self.steady_label)
        steady.addWidget(self.steadying)
        steady.addWidget(self.steady_length, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.save)
        for part in (self.preview, top, sliders, rule(self), steady, rule(self), self.dynamics, foot):
            if isinstance(part, QWidget):
                self.body.addWidget(part)
            else:
                self.body.addLayout(part)
        self.setFixedWidth(max(PREVIEW.width() + 24, self.sizeHint().width()))

    def _connect(self, actions: ActionSet) -> None:
        state = self._state
        for name, slider in self.sliders.items():
            attribute, _, unit = SLIDERS[name]
            scale = 100.0 if unit == "%" else 1.0
            slider.value_changed.connect(
                lambda value, a=attribute, s=scale: state.change_brush_further(**{a: value / s})
            )
        self.tip.activated.connect(self._take_tip)
        self.blend.activated.connect(lambda _index: state.change_brush_further(blend_mode=self.blend.mode))
        self.steadying.chosen.connect(self._steady)
        self.steady_length.value_changed.connect(lambda _value: self._steady(self.steadying.value))
        self.dynamics.dynamics_changed.connect(lambda dynamics: state.change_brush_further(dynamics=dynamics))
        self.save.clicked.connect(self.close)
        self.save.clicked.connect(actions["brush.save"].trigger)
        state.options_changed.connect(self._refresh)
        state.tool_changed.connect(self._refresh)

    def _steady(self, kind: str) -> None:
        self._state.change_brush_further(stabilizer=StabilizerSettings(Steadying(kind), self.steady_length.value))

    def _fill_tips(self) -> None:
        self.tip.clear()
        self.tip.addItem(tr("brush.round_tip"), "round")
        self.tip.addItem("", "own")
        self.tip.addItem(tr("brush.load_tip"), "load")

    def _take_tip(self, index: int) -> None:
        choice = self.tip.itemData(index)
        if choice == "round":
            self._state.change_brush_further(tip=None)
        elif choice == "load":
            self.close()
            self.on_load_tip()
        self._refresh()

    def on_load_tip(self) -> None:
        """Replaced by the window, which shows errors."""
        self._brushes.load_tip()

    def _refresh(self) -> None:
        more = self._state.brush.more
        for name, slider in self.sliders.items():
            attribute, _, unit = SLIDERS[name]
            slider.set_value(getattr(more, attribute) * (100.0 if unit == "%" else 1.0))
        has_tip = more.tip is not None
        self.tip.setItemText(1, more.tip.name if more.tip is not None else "")
        view = self.tip.view()
        view.setRowHidden(1, not has_tip)  # type: ignore[attr-defined]
        self.tip.setCurrentIndex(1 if has_tip else 0)
        is_color = self._state.tool not in (Tool.ERASER, Tool.MASK, Tool.REGION)
        self.blend.setVisible(is_color)
        self.blend_label.setVisible(is_color)
        self.blend.set_mode(more.blend_mode)
        self.steadying.set_value(more.stabilizer.kind.value)
        self.steady_length.set_value(more.stabilizer.length_px)
        self.steady_length.setEnabled(more.stabilizer.kind is not Steadying.OFF)
        self.dynamics.set_dynamics(more.dynamics)
        if self.isVisible():
            self._later.start()

    def _draw(self) -> None:
        ratio = self.devicePixelRatioF()
        settings = self._brushes.settings()
        self.preview.setPixmap(stroke_pixmap(settings, PREVIEW.width(), PREVIEW.height(), tokens().text, ratio))
