"""What comes behind a subject that is cut out: a colour, a picture, or its own background out of focus."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from desktop.core.effect_values import color_of_text
from desktop.io.formats import SUFFIXES
from desktop.io.palettes import PaletteColor
from desktop.tools.backgrounds import Backdrop, BackgroundSettings
from desktop.ui.dialogs.file_dialogs import ask_file
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import Segments, dim_label
from desktop.ui.widgets.color_button import ColorButton
from desktop.ui.widgets.swatch_grid import SwatchGrid
from desktop.ui.widgets.value_slider import Range, ValueSlider

WIDTH_PX, FIELD_PX = 420, 92
COLORS = ("#ffffff", "#f2f2f2", "#808080", "#202020", "#000000", "#d8e6f5", "#f5e3d0", "#dcefd8", "#00b140")
BACKDROP_TEXTS = {
    Backdrop.COLOR: "quick.backdrop.color",
    Backdrop.GRADIENT: "quick.backdrop.gradient",
    Backdrop.PICTURE: "quick.backdrop.picture",
    Backdrop.BLUR: "quick.backdrop.blur",
}


@dataclass(frozen=True, slots=True)
class BackgroundChoice:
    """`settings`, and the file of its picture, which is read where nobody waits for it."""

    settings: BackgroundSettings
    picture: Path | None = None


def ask_background() -> BackgroundChoice | None:
    """None when the person cancels."""
    dialog = BackgroundDialog(QApplication.activeWindow())
    return dialog.choice() if dialog.exec() else None


class BackgroundDialog(QDialog):
    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("quick.replace_title"))
        self.setMinimumWidth(WIDTH_PX)
        self._path: Path | None = None
        self.kind = Segments([backdrop.value for backdrop in Backdrop], self)
        self.kind.set_texts(tuple(tr(BACKDROP_TEXTS[backdrop]) for backdrop in Backdrop))
        self.kind.set_value(Backdrop.COLOR.value)
        self.swatches = SwatchGrid(self)
        self.swatches.set_colors([PaletteColor(_levels(name)) for name in COLORS])
        self.swatches.setAccessibleName(tr("quick.backdrop.color"))
        self.hex = QLineEdit(COLORS[0], self)
        self.hex.setFixedWidth(FIELD_PX)
        self.hex.setMaxLength(7)
        self.hex.setAccessibleName(tr("quick.color_code"))
        self.first, self.last = ColorButton(self), ColorButton(self)
        for button, shown, name in (
            (self.first, "#ffffff", "quick.gradient_first"),
            (self.last, "#99a6b3", "quick.gradient_last"),
        ):
            button.set_color(shown)
            button.set_name(tr(name))
        self.angle = ValueSlider(Range(-180, 180, 90), label=tr("quick.angle"), unit="°", parent=self)
        self.angle.set_value(90)
        self.choose = QPushButton(tr("quick.choose_picture"), self)
        self.file = dim_label(tr("quick.no_picture"), self)
        self.strength = ValueSlider(Range(1, 100, 50), label=tr("quick.strength"), unit="%", parent=self)
        self.strength.set_value(50)
        self.shadow = QCheckBox(tr("quick.add_shadow"), self)
        self.light = QCheckBox(tr("quick.match_light"), self)
        self.light.setToolTip(tr("quick.match_light_tip"))
        self.pages = QStackedWidget(self)
        for page in (
            self._row(self.swatches, self.hex),
            self._gradient_row(),
            self._row(self.choose, self.file),
            self.strength,
        ):
            self.pages.addWidget(page)
        self.buttons = dialog_buttons(self, tr("quick.replace"))
        column = dialog_column(self)
        for widget in (self.kind, self.pages, self.shadow, self.light, self.buttons):
            column.addWidget(widget)
        self.kind.chosen.connect(lambda _value: self._refresh())
        self.swatches.chosen.connect(lambda index: self.hex.setText(COLORS[index]))
        self.hex.textChanged.connect(lambda _text: self._refresh())
        self.choose.clicked.connect(self._ask_picture)
        self._refresh()

    def choice(self) -> BackgroundChoice:
        is_gradient = self._backdrop is Backdrop.GRADIENT
        settings = BackgroundSettings(
            self._backdrop,
            color_of_text(self.first.color) if is_gradient else _shares(self._named),
            strength=self.strength.value,
            has_shadow=self.shadow.isChecked(),
            end_color=color_of_text(self.last.color),
            angle=self.angle.value,
            matches_light=self.light.isChecked(),
        )
        return BackgroundChoice(settings, self._path if self._backdrop is Backdrop.PICTURE else None)

    def choose_picture(self, path: Path) -> None:
        self._path = path
        self._refresh()

    @property
    def _backdrop(self) -> Backdrop:
        return Backdrop(self.kind.value)

    @property
    def _named(self) -> str:
        text = self.hex.text().strip()
        return text if text.startswith("#") else f"#{text}"

    def _refresh(self) -> None:
        self.pages.setCurrentIndex(list(Backdrop).index(self._backdrop))
        self.file.setText(tr("quick.no_picture") if self._path is None else self._path.name)
        is_ready = {
            Backdrop.COLOR: len(self._named) == 7 and QColor.isValidColorName(self._named),
            Backdrop.PICTURE: self._path is not None,
            Backdrop.BLUR: True,
            Backdrop.GRADIENT: True,
        }
        for button in self.buttons.buttons():
            if self.buttons.buttonRole(button) is QDialogButtonBox.ButtonRole.AcceptRole:
                button.setEnabled(is_ready[self._backdrop])

    def _gradient_row(self) -> QWidget:
        """From one colour to the other, and which way."""
        page = QWidget(self)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.first, self.last):
            row.addWidget(widget)
        row.addWidget(self.angle, 1)
        return page

    def _row(self, first: QWidget, second: QWidget) -> QWidget:
        page = QWidget(self)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(first, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(second, 0 if isinstance(second, QLineEdit) else 1)
        return page

    def _ask_picture(self) -> None:
        pattern = f"{tr('quick.pictures')} ({' '.join(f'*{suffix}' for suffix in SUFFIXES)})"
        path = ask_file(self, tr("quick.choose_picture"), "", pattern)
        if path is not None:
            self.choose_picture(path)


def _shares(name: str) -> tuple[float, float, float]:
    color = QColor(name)
    return color.redF(), color.greenF(), color.blueF()


def _levels(name: str) -> tuple[int, int, int]:
    color = QColor(name)
    return color.red(), color.green(), color.blue()
