"""The colour panel: wheel, numbers in four models, hex and names, recent colours, swatches that are kept."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QMenu, QScrollArea, QVBoxLayout, QWidget

from desktop.core.color_models import Triple, rgb_to_hsv
from desktop.tools.names import EditName
from desktop.ui.commands.color_commands import ColorCommands, palette_color
from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap
from desktop.ui.panels.color_sliders import ColorModel, ColorSliders, Unit
from desktop.ui.state import EditorState
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import IconButton, Segments, Swatch, rule
from desktop.ui.widgets.color_pair import ColorPair
from desktop.ui.widgets.color_wheel import ColorWheel
from desktop.ui.widgets.swatch_grid import SwatchGrid

USING = (EditName.BRUSH, EditName.FILL)  # edits after which a colour counts as used
HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


class ColorPanel(QWidget):
    """Shows and changes the foreground colour of the window."""

    def __init__(self, state: EditorState, commands: ColorCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._commands = state, commands
        self._hsv: Triple = (0.0, 0.0, 0.0)
        self.pair = ColorPair(state, 36, self)
        self.old, self.new = Swatch(28, self), Swatch(28, self)
        self.gamut = QLabel(self)
        self.hex = QLineEdit(self)
        self.hex.setMaxLength(24)
        self.wheel = ColorWheel(self)
        self.models = Segments([model.value for model in ColorModel], self)
        self.unit = QComboBox(self)
        self.sliders = ColorSliders(self)
        self.recent, self.swatches = SwatchGrid(self), SwatchGrid(self)
        self.add, self.remove = IconButton("plus", self), IconButton("minus", self)
        self.load, self.save = IconButton("open", self), IconButton("export", self)
        self._lay_out()
        self._connect()
        self.models.set_value(self.sliders.model.value)
        self.unit.setEnabled(False)
        self._refresh_palettes()
        self._refresh()

    def retranslate(self) -> None:
        self.hex.setToolTip(tr("color.hex_tip"))
        self.hex.setAccessibleName(tr("color.hex"))
        self.old.setToolTip(tr("color.old_tip"))
        self.new.setToolTip(tr("color.new_tip"))
        self.gamut.setToolTip(tr("color.gamut_tip"))
        self.wheel.setAccessibleName(tr("color.wheel_tip"))
        self.wheel.setToolTip(tr("color.wheel_tip"))
        self.models.set_texts([tr(f"color.model.{model}") for model in ColorModel])
        chosen = max(self.unit.currentIndex(), 0)
        self.unit.blockSignals(True)
        self.unit.clear()
        for unit in Unit:
            self.unit.addItem(tr(f"color.unit.{unit}"), unit)
        self.unit.setCurrentIndex(chosen)
        self.unit.blockSignals(False)
        self.unit.setToolTip(tr("color.unit_tip"))
        self.recent.setAccessibleName(tr("color.recent"))
        self.swatches.setAccessibleName(tr("color.swatches"))
        for button, key in (("add", "add"), ("remove", "remove"), ("load", "load"), ("save", "save")):
            getattr(self, button).set_tip(tr(f"color.{key}_tip"))
        self.sliders.retranslate()
        self.pair.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self._refresh_gamut()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setProperty("role", "scrolled")
        body = QVBoxLayout(inner)
        body.setContentsMargins(12, 8, 12, 4)
        body.setSpacing(6)
        body.addLayout(self._top(), 1)
        for part in (self.models, self.sliders, self.recent, rule(self), self.swatches):
            body.addWidget(part)
        self.recent.setFixedHeight(20)
        scroll = QScrollArea(self)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 2, 8, 2)
        foot.setSpacing(2)
        for button in (self.add, self.remove):
            foot.addWidget(button)
        foot.addStretch(1)
        for button in (self.load, self.save):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addLayout(foot)

    def _top(self) -> QHBoxLayout:
        """The wheel, and beside it the colours of before and now."""
        patches = QHBoxLayout()
        patches.setSpacing(0)
        patches.addWidget(self.old)
        patches.addWidget(self.new)
        patches.addSpacing(6)
        patches.addWidget(self.gamut)
        patches.addStretch(1)
        side = QVBoxLayout()
        side.setSpacing(8)
        side.addWidget(self.pair)
        side.addLayout(patches)
        side.addWidget(self.hex)
        side.addWidget(self.unit)
        side.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.wheel, 3)
        top.addLayout(side, 2)
        return top

    def _connect(self) -> None:
        state, commands = self._state, self._commands
        self.wheel.changed.connect(self._take_wheel)
        self.hex.editingFinished.connect(self._take_hex)
        self.sliders.changed.connect(self._take_sliders)
        self.models.chosen.connect(self._choose_model)
        self.unit.currentIndexChanged.connect(self._choose_model)
        self.old.clicked.connect(self._take_old)
        self.recent.chosen.connect(lambda index: commands.take(self.recent.colors[index]))
        self.swatches.chosen.connect(lambda index: commands.take(self.swatches.colors[index]))
        self.swatches.rename_asked.connect(commands.rename)
        self.swatches.remove_asked.connect(commands.remove)
        self.swatches.menu_asked.connect(self._ask_swatch)
        self.add.clicked.connect(commands.add)
        self.remove.clicked.connect(lambda: commands.remove(self.swatches.current))
        self.load.clicked.connect(commands.load)
        self.save.clicked.connect(commands.save)
        commands.palette_changed.connect(self._refresh_palettes)
        state.colors_changed.connect(self._refresh)
        state.document_renamed.connect(self._note_use)

    def _refresh(self) -> None:
        rgb = self._state.color
        hue, saturation, value = rgb_to_hsv(rgb)
        shown = QColor.fromHsvF(self._hsv[0] % 1.0, self._hsv[1], self._hsv[2])
        if shown.rgb() != QColor.fromRgbF(*rgb).rgb():
            self._hsv = (hue / 360 if saturation > 0 else self._hsv[0], saturation, value)
        self.wheel.set_hsv(*self._hsv)
        self.sliders.set_rgb(rgb)
        self.new.set_color(QColor.fromRgbF(*rgb))
        self._refresh_gamut()
        if not self.hex.hasFocus():
            self.hex.setText(QColor.fromRgbF(*rgb).name())

    def _refresh_gamut(self) -> None:
        self.gamut.setPixmap(icon_pixmap("warning", tokens().warning, 20, self.devicePixelRatioF()))
        self.gamut.setVisible(self.sliders.is_out_of_gamut)

    def _refresh_palettes(self) -> None:
        self.recent.set_colors(self._commands.recent)
        self.swatches.set_colors(self._commands.swatches)
        self.recent.setVisible(bool(self._commands.recent))
        used = self._commands.recent
        self.old.set_color(QColor(used[0].hex) if used else QColor("black"))

    def _take_wheel(self, hue: float, saturation: float, brightness: float) -> None:
        self._hsv = (hue, saturation, brightness)
        color = QColor.fromHsvF(hue, saturation, brightness)
        self._state.set_color((color.redF(), color.greenF(), color.blueF()))
        self._refresh()

    def _take_sliders(self, rgb: Triple) -> None:
        if self.sliders.model is ColorModel.HSV:
            hue, saturation, brightness = self.sliders.values
            self._hsv = (hue / 360 % 1.0, saturation, brightness)
        self._state.set_color(rgb)
        self._refresh()

    def _take_old(self) -> None:
        shown = self.old.shown_color
        self._state.set_color((shown.redF(), shown.greenF(), shown.blueF()))

    def _take_hex(self) -> None:
        text = self.hex.text().strip()
        digits = HEX.fullmatch(text)
        name = f"#{digits[1]}" if digits else text.replace(" ", "").lower()
        if digits or (name != "transparent" and not name.startswith("#") and QColor.isValidColorName(name)):
            color = QColor(name)
            self._state.set_color((color.redF(), color.greenF(), color.blueF()))
        self.hex.clearFocus()
        self.hex.setText(QColor.fromRgbF(*self._state.color).name())

    def _choose_model(self, _: object = None) -> None:
        model = ColorModel(self.models.value)
        self.sliders.choose(model, Unit(self.unit.currentData() or Unit.EIGHT_BIT))
        self.unit.setEnabled(model in (ColorModel.RGB, ColorModel.GRAY))
        self._refresh_gamut()

    def _note_use(self) -> None:
        """A colour that was painted with is a recent one."""
        opened = self._state.open_document
        if opened is not None and opened.history.entry(opened.history.position).name in USING:
            self._commands.note_use(palette_color(self._state.color))

    def _ask_swatch(self, index: int, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("color.rename")).triggered.connect(lambda: self._commands.rename(index))
        menu.addAction(tr("color.remove_tip")).triggered.connect(lambda: self._commands.remove(index))
        menu.popup(place)
