"""The part of the context bar for text: font, weight, slant, size, colour, alignment, and the dialog with the rest."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from desktop.core.effect_values import color_of_text
from desktop.core.layers import Alignment
from desktop.tools.text_layers import SIZES_PX
from desktop.ui.action_set import key_text
from desktop.ui.commands.text_commands import TextCommands
from desktop.ui.dialogs.text_dialog import WEIGHTS
from desktop.ui.i18n import tr
from desktop.ui.panels.fill_bars import OptionBar
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, Segments
from desktop.ui.widgets.color_button import ColorButton
from desktop.ui.widgets.value_slider import Range, ValueSlider

SWATCH_PX = 40
FAMILY_LETTERS = 14
USUAL_PX = 48


class TextBar(OptionBar):
    """Shows the text in hand, or how the next one will look."""

    def __init__(self, state: EditorState, texts: TextCommands, parent: QWidget) -> None:
        super().__init__(state, parent)
        self._texts = texts
        self.family, self.weight, self.italic = QComboBox(self), QComboBox(self), QCheckBox(self)
        self.family.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.family.setMinimumContentsLength(FAMILY_LETTERS)
        self.size = ValueSlider(Range(*SIZES_PX, USUAL_PX, curve=3), unit="px", parent=self)
        self.size.track.setMinimumWidth(48)
        self.size.setMaximumWidth(240)
        self.color = ColorButton(self)
        self.color.setFixedWidth(SWATCH_PX)
        self.alignment = Segments([one.value for one in Alignment], self)
        self.more = IconButton("text-settings", self)
        self.discard, self.keep = IconButton("close", self), IconButton("check", self)
        for combo in (self.family, self.weight):
            combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for widget in (self.family, self.weight, self.italic):
            self._row.addWidget(widget)
        self._row.addWidget(self.size, 2)
        for widget in (self.color, self.alignment, self.more, self.discard, self.keep):
            self._row.addWidget(widget)
        self._connect()

    def retranslate(self) -> None:
        self.italic.setText(tr("text.italic"))
        self.size.set_label(tr("text.size"))
        self.size.set_tip(tr("text.size"))
        self.alignment.set_texts(tuple(tr(f"text.align_{one.value}") for one in Alignment))
        self.alignment.setToolTip(tr("text.alignment"))
        self.color.set_name(tr("text.color"))
        self.more.set_tip(tr("text.more"))
        self.keep.set_tip(tr("text.keep_tip", key=key_text("Ctrl+Return")))
        self.discard.set_tip(tr("text.discard_tip"))
        for combo, key in ((self.family, "text.family"), (self.weight, "text.weight")):
            combo.setToolTip(tr(key))
            combo.setAccessibleName(tr(key))
        self.italic.setToolTip(tr("text.italic"))
        self.weight.clear()
        self.refresh()

    def refresh(self) -> None:
        if not self.isVisible():
            return  # fonts are listed when somebody writes
        style = self._texts.style
        self._show_family(style.family or QFont().family())
        self._show_weight(style.weight)
        self.italic.blockSignals(True)
        self.italic.setChecked(style.italic)
        self.italic.blockSignals(False)
        if not self.size.is_dragging:
            self.size.set_value(style.size_px)
        if self.color.color != style.color:
            self.color.set_color(style.color)
        self.alignment.set_value(style.alignment.value)
        is_writing = self._texts.is_writing
        self.more.setEnabled(is_writing or self._texts.active is not None)
        for button in (self.discard, self.keep):
            button.setEnabled(is_writing)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _connect(self) -> None:
        texts = self._texts
        self.family.activated.connect(lambda _index: self._choose(family=self.family.currentText()))
        self.weight.activated.connect(lambda _index: self._choose(weight=int(self.weight.currentData())))
        self.italic.toggled.connect(lambda checked: self._choose(italic=checked))
        self.alignment.chosen.connect(lambda value: self._choose(alignment=Alignment(value)))
        self.size.value_changed.connect(
            lambda value: texts.restyle(size_px=round(value), is_dragging=self.size.is_dragging)
        )
        self.size.drag_finished.connect(lambda: texts.end_drag(size_px=round(self.size.value)))
        self.size.drag_cancelled.connect(texts.drop_drag)
        self.color.color_changed.connect(self._color)
        self.more.clicked.connect(texts.open_dialog)
        self.keep.clicked.connect(texts.keep)
        self.discard.clicked.connect(texts.discard)
        texts.changed.connect(self.refresh)

    def _choose(self, **changes: object) -> None:
        self._texts.restyle(**changes)
        self._texts.to_canvas()

    def _color(self, text: str) -> None:
        """Of the text in hand; without one it is the colour in hand."""
        if self._texts.is_writing or self._texts.active is not None:
            self._texts.restyle(color=text)
        else:
            red, green, blue = color_of_text(text)
            self._state.set_color((red, green, blue))

    def _show_family(self, family: str) -> None:
        if self.family.count() == 0:
            self.family.addItems(QFontDatabase.families())
        if self.family.findText(family) < 0:  # not on this computer: it keeps its name
            self.family.addItem(family)
        self.family.setCurrentText(family)

    def _show_weight(self, weight: int) -> None:
        known = [self.weight.itemData(index) for index in range(self.weight.count())]
        if weight not in known:
            self.weight.clear()
            for one in sorted({*WEIGHTS, weight}):
                self.weight.addItem(tr(f"text.weight_{one}") if one in WEIGHTS else str(one), one)
        self.weight.setCurrentIndex(self.weight.findData(weight))
