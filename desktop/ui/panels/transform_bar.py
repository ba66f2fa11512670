"""The parts of the context bar for transforming and cropping: numbers, choices, keep and discard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from desktop.core.geometry import Point
from desktop.core.resample import FREE
from desktop.core.transform_box import LEAST_SCALE, MOST_SKEW
from desktop.tools.resizing import CropFrame
from desktop.ui.commands.crop_commands import CropCommands, CropRatio
from desktop.ui.commands.transform_commands import TransformCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.fill_bars import ChoiceCombo
from desktop.ui.widgets.basics import IconButton
from desktop.ui.widgets.number_field import NumberField, Range

FAR_PX = 300_000.0
MOST_PERCENT = 10_000.0
MOST_STRAIGHTENING = 45.0


class FrameBar(QWidget):
    """Labelled number fields in a row, then keep and discard."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self.fields: dict[str, NumberField] = {}
        self._labels: dict[str, QLabel] = {}
        self.keep, self.discard = IconButton("check", self), IconButton("close", self)

    def retranslate(self) -> None:
        for name, field in self.fields.items():
            self._labels[name].setText(tr(f"option.frame_{name}"))
            field.setToolTip(tr(f"option.frame_{name}_tip"))
            field.setAccessibleName(tr(f"option.frame_{name}_tip"))
        self.keep.set_tip(tr("transform.keep_tip"))
        self.discard.set_tip(tr("transform.discard_tip"))

    def refresh(self) -> None:
        """Takes the numbers of the frame."""

    def _add_field(self, name: str, limits: Range, unit: str, take: Callable[[float], None]) -> None:
        label, field = QLabel(self), NumberField(limits, unit, self)
        field.setFixedWidth(72)
        field.value_changed.connect(take)
        self.fields[name], self._labels[name] = field, label
        self._row.addWidget(label)
        self._row.addWidget(field)

    def _add_ends(self) -> None:
        self._row.addWidget(self.discard)
        self._row.addWidget(self.keep)


class TransformBar(FrameBar):
    def __init__(self, transform: TransformCommands, parent: QWidget) -> None:
        super().__init__(parent)
        self._transform = transform
        place = Range(-FAR_PX, FAR_PX, 0, decimals=1)
        scale = Range(-MOST_PERCENT, MOST_PERCENT, 100, decimals=1)
        self._add_field("x", place, "px", lambda value: self._move(value, None))
        self._add_field("y", place, "px", lambda value: self._move(None, value))
        self._add_field("w", scale, "%", lambda value: self._scale("scale_x", value))
        self._add_field("h", scale, "%", lambda value: self._scale("scale_y", value))
        self._add_field("angle", Range(-180, 180, 0, decimals=1), "°", lambda value: transform.set_numbers(angle=value))
        skew = Range(-MOST_SKEW, MOST_SKEW, 0, decimals=1)
        self._add_field("skew", skew, "°", lambda value: transform.set_numbers(skew=value))
        self.ratio = QCheckBox(self)
        self.how = ChoiceCombo(list(FREE), "resampling", self)
        self.how.activated.connect(lambda _index: transform.set_resampling(self.how.currentData()))
        self.across, self.down = IconButton("flip", self), IconButton("flip-down", self)
        self.across.clicked.connect(transform.flip_across)
        self.down.clicked.connect(transform.flip_down)
        self.warp = IconButton("warp", self)
        self.warp.setCheckable(True)
        self.warp.clicked.connect(transform.switch_mesh)
        for widget in (self.ratio, self.how, self.across, self.down, self.warp):
            self._row.addWidget(widget)
        self._add_ends()
        self.keep.clicked.connect(transform.keep)
        self.discard.clicked.connect(transform.discard)
        transform.changed.connect(self.refresh)

    def retranslate(self) -> None:
        super().retranslate()
        self.ratio.setText(tr("option.keeps_ratio"))
        self.ratio.setToolTip(tr("option.keeps_ratio_tip"))
        self.how.retranslate()
        self.across.set_tip(tr("transform.across_tip"))
        self.down.set_tip(tr("transform.down_tip"))
        self.warp.set_tip(tr("transform.warp_tip"))

    def refresh(self) -> None:
        box = self._transform.box
        self.setEnabled(box is not None)
        self.how.show_choice(self._transform.resampling)
        if box is None:
            return
        is_mesh = self._transform.mesh is not None
        self.warp.setChecked(is_mesh)
        for part in (*self.fields.values(), self.ratio, self.across, self.down):
            part.setEnabled(not is_mesh)
        for name, value in (
            ("x", box.center.x),
            ("y", box.center.y),
            ("w", box.scale_x * 100),
            ("h", box.scale_y * 100),
            ("angle", box.angle),
            ("skew", box.skew),
        ):
            self.fields[name].set_value(value)

    def _move(self, x: float | None, y: float | None) -> None:
        box = self._transform.box
        if box is not None:
            self._transform.set_numbers(
                center=Point(box.center.x if x is None else x, box.center.y if y is None else y)
            )

    def _scale(self, name: str, percent: float) -> None:
        box = self._transform.box
        if box is None:
            return
        value = percent / 100 if abs(percent / 100) >= LEAST_SCALE else LEAST_SCALE
        other = "scale_y" if name == "scale_x" else "scale_x"
        changes: dict[str, object] = {name: value}
        if self.ratio.isChecked():
            changes[other] = getattr(box, other) * abs(value / getattr(box, name))
        self._transform.set_numbers(**changes)


class CropBar(FrameBar):
    def __init__(self, crop: CropCommands, parent: QWidget) -> None:
        super().__init__(parent)
        self._crop = crop
        self.ratio = ChoiceCombo(tuple(CropRatio), "crop_ratio", self)
        self.ratio.activated.connect(lambda _index: crop.set_option(ratio=self.ratio.currentData()))
        self.upright, self.deletes, self.fills = QCheckBox(self), QCheckBox(self), QCheckBox(self)
        self.fills.toggled.connect(lambda checked: crop.set_option(fills=checked))
        self.upright.toggled.connect(lambda checked: crop.set_option(upright=checked))
        self.deletes.toggled.connect(lambda checked: crop.set_option(deletes=checked))
        self._row.addWidget(self.ratio)
        self._row.addWidget(self.upright)
        side = Range(1, FAR_PX, 100)
        self._add_field("width", side, "px", lambda value: crop.set_numbers(width=value))
        self._add_field("height", side, "px", lambda value: crop.set_numbers(height=value))
        turn = Range(-MOST_STRAIGHTENING, MOST_STRAIGHTENING, 0, step=0.1, decimals=2)
        self._add_field("straighten", turn, "°", crop.straighten)
        self._row.addWidget(self.deletes)
        self._row.addWidget(self.fills)
        self._add_ends()
        self.keep.clicked.connect(crop.apply_guarded)
        self.discard.clicked.connect(crop.reset)
        crop.changed.connect(self.refresh)

    def retranslate(self) -> None:
        super().retranslate()
        self.ratio.retranslate()
        self.upright.setText(tr("option.crop_upright"))
        self.upright.setToolTip(tr("option.crop_upright_tip"))
        self.deletes.setText(tr("option.crop_deletes"))
        self.deletes.setToolTip(tr("option.crop_deletes_tip"))
        self.fills.setText(tr("option.crop_fills"))
        self.fills.setToolTip(tr("option.crop_fills_tip"))

    def refresh(self) -> None:
        frame, options = self._crop.frame, self._crop.options
        self.ratio.show_choice(options.ratio)
        checks = ((self.upright, options.upright), (self.deletes, options.deletes), (self.fills, options.fills))
        for check, value in checks:
            check.blockSignals(True)
            check.setChecked(value)
            check.blockSignals(False)
        self.upright.setEnabled(options.ratio not in (CropRatio.FREE, CropRatio.SQUARE))
        for button in (self.keep, self.discard):
            button.setEnabled(self._crop.is_changed)
        shown = frame or CropFrame(0, 0, 1, 1)
        self.fields["width"].set_value(shown.size.width)
        self.fields["height"].set_value(shown.size.height)
        self.fields["straighten"].set_value(shown.angle)
