"""The gradient in hand: its stops, their colours and opacities, the middles between them, and the own ones by name."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from desktop.core.gradients import Gradient, Stop
from desktop.settings import GRADIENTS, Settings
from desktop.tools.gradient_text import gradient_of, text_of
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, dim_label
from desktop.ui.widgets.gradient_files import GradientFiles
from desktop.ui.widgets.gradient_strip import GradientStrip
from desktop.ui.widgets.number_field import NumberField, Range
from desktop.ui.widgets.popover import Popover

WIDTH_PX = 440
_COLOR = re.compile(r"#?([0-9a-fA-F]{6})")


class GradientStore:
    """Own gradients by name, kept in the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> dict[str, Gradient]:
        return dict(found for line in self._settings.get(GRADIENTS) if (found := gradient_of(line)) is not None)

    def save(self, name: str, gradient: Gradient) -> None:
        self._write({**self.all(), name: gradient})

    def delete(self, name: str) -> None:
        self._write({other: gradient for other, gradient in self.all().items() if other != name})

    def _write(self, gradients: dict[str, Gradient]) -> None:
        self._settings.set(GRADIENTS, tuple(text_of(name, gradient) for name, gradient in gradients.items()))


class GradientEditor(Popover):
    """What is changed counts at once for the tool."""

    def __init__(self, state: EditorState, store: GradientStore, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._store = state, store
        self.strip = GradientStrip(self)
        self.place = NumberField(Range(0, 100, 0, decimals=1), "%", self)
        self.opacity = NumberField(Range(0, 100, 100), "%", self)
        self.middle = NumberField(Range(2, 98, 50), "%", self)
        self.hex = QLineEdit(self)
        self.hex.setFixedWidth(84)
        self.hex.setMaxLength(7)
        self.foreground, self.remove = IconButton("picker", self), IconButton("minus", self)
        self.names = QComboBox(self)
        self.names.setEditable(True)
        self.save, self.delete = IconButton("save", self), IconButton("trash", self)
        self._labels = {key: QLabel(self) for key in ("place", "color", "opacity", "middle")}
        self.files = GradientFiles(lambda: self.strip.gradient, self)
        self.note = dim_label("", self)
        self._lay_out()
        self._connect()
        self.retranslate()

    def retranslate(self) -> None:
        for key, label in self._labels.items():
            label.setText(tr(f"gradient_editor.{key}"))
        named = ((self.place, "place"), (self.opacity, "opacity"), (self.middle, "middle"), (self.hex, "color"))
        for widget, key in named:
            widget.setToolTip(tr(f"gradient_editor.{key}_tip"))
            widget.setAccessibleName(tr(f"gradient_editor.{key}_tip"))
        self.foreground.set_tip(tr("gradient_editor.foreground_tip"))
        self.remove.set_tip(tr("gradient_editor.remove_tip"))
        self.save.set_tip(tr("gradient_editor.save_tip"))
        self.delete.set_tip(tr("gradient_editor.delete_tip"))
        self.strip.setAccessibleName(tr("gradient_editor.strip"))
        self.strip.setToolTip(tr("gradient_editor.strip_tip"))
        self.names.setAccessibleName(tr("gradient_editor.name"))
        self.names.setToolTip(tr("gradient_editor.name"))
        self.names.lineEdit().setPlaceholderText(tr("gradient_editor.name"))
        self.note.setText(tr("gradient_editor.strip_tip"))
        self.files.retranslate()

    def open_with(self, gradient: Gradient, anchor: QWidget) -> None:
        self.retranslate()
        self.strip.show_gradient(gradient)
        self._fill_names("")
        self._refresh()
        self.open_below(anchor)

    def _lay_out(self) -> None:
        self.setMinimumWidth(WIDTH_PX)
        stop_row, name_row = QHBoxLayout(), QHBoxLayout()
        for key, widget in (("place", self.place), ("color", self.hex)):
            stop_row.addWidget(self._labels[key])
            stop_row.addWidget(widget)
        stop_row.addWidget(self.foreground)
        stop_row.addWidget(self.remove)
        stop_row.addStretch(1)
        more_row = QHBoxLayout()
        for key, widget in (("opacity", self.opacity), ("middle", self.middle)):
            more_row.addWidget(self._labels[key])
            more_row.addWidget(widget)
        more_row.addStretch(1)
        name_row.addWidget(self.names, 1)
        name_row.addWidget(self.save)
        name_row.addWidget(self.delete)
        self.body.addWidget(self.strip)
        self.body.addWidget(self.note)
        for row in (stop_row, more_row, name_row):
            row.setSpacing(8)
            self.body.addLayout(row)
        self.body.addWidget(self.files)

    def _connect(self) -> None:
        self.strip.changed.connect(self._use)
        self.strip.chosen.connect(self._refresh)
        self.place.value_changed.connect(lambda value: self.strip.change_stop(position=value / 100))
        self.opacity.value_changed.connect(lambda value: self.strip.change_stop(opacity=value / 100))
        self.middle.value_changed.connect(lambda value: self.strip.change_stop(middle=value / 100))
        self.hex.editingFinished.connect(self._type_color)
        self.foreground.clicked.connect(lambda: self.strip.change_stop(color=self._state.color))
        self.remove.clicked.connect(self.strip.remove_stop)
        self.names.activated.connect(lambda _index: self._load())
        self.names.editTextChanged.connect(lambda _text: self._refresh_names())
        self.save.clicked.connect(self._save)
        self.files.loaded.connect(self._take)
        self.delete.clicked.connect(self._delete)

    def _use(self, gradient: Gradient) -> None:
        self._state.change_options(gradient=replace(self._state.options.gradient, own=gradient))

    def _refresh(self) -> None:
        stop: Stop = self.strip.stop
        self.place.set_value(stop.position * 100)
        self.opacity.set_value(stop.opacity * 100)
        self.middle.set_value(stop.middle * 100)
        self.middle.setEnabled(self.strip.index + 1 < len(self.strip.gradient.stops))
        self.remove.setEnabled(len(self.strip.gradient.stops) > 2)
        self.hex.setText("#" + bytes(round(channel * 255) for channel in stop.color).hex())
        self._refresh_names()

    def _type_color(self) -> None:
        found = _COLOR.fullmatch(self.hex.text().strip())
        if found is None:
            self._refresh()
            return
        red, green, blue = (level / 255 for level in bytes.fromhex(found.group(1)))
        if self.hex.isModified():
            self.hex.setModified(False)
            self.strip.change_stop(color=(red, green, blue))

    def _fill_names(self, shown: str) -> None:
        self.names.blockSignals(True)
        self.names.clear()
        self.names.addItems(list(self._store.all()))
        self.names.setEditText(shown)
        self.names.blockSignals(False)
        self._refresh_names()

    def _refresh_names(self) -> None:
        name = self._name
        self.save.setEnabled(bool(name))
        self.delete.setEnabled(name in self._store.all())

    @property
    def _name(self) -> str:
        return self.names.currentText().replace("|", " ").strip()

    def _load(self) -> None:
        gradient = self._store.all().get(self._name)
        if gradient is not None:
            self._take(gradient)

    def _take(self, gradient: Gradient) -> None:
        self.strip.show_gradient(gradient)
        self._use(gradient)
        self._refresh()

    def _save(self) -> None:
        name = self._name
        self._store.save(name, self.strip.gradient)
        self._fill_names(name)

    def _delete(self) -> None:
        self._store.delete(self._name)
        self._fill_names("")
