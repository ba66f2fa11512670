"""The text of a text layer with its font, while the picture shows it; one may zoom and pan meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QFont, QFontDatabase, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QPlainTextEdit, QWidget

from desktop.core.errors import UserError
from desktop.core.layers import Alignment, TextContent
from desktop.tools.text_layers import LEADINGS, LONGEST_TEXT, SIZES_PX, TRACKINGS
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr
from desktop.ui.widgets.basics import Segments, dim_label
from desktop.ui.widgets.color_button import ColorButton
from desktop.ui.widgets.value_slider import Range, ValueSlider

WIDTH_PX = 372
TEXT_PX = 96
LABEL_PX = 88
EDGE_PX = 24
WEIGHTS = (300, 400, 500, 600, 700, 900)


class TextDialog(QDialog):
    """`show_text(content)` puts a text into the picture; None takes it away. `failed` (UserError)."""

    failed = Signal(object)

    def __init__(
        self,
        content: TextContent,
        show_text: Callable[[TextContent | None], None],
        finish: Callable[[bool], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._content, self._show_text, self._finish = content, show_text, finish
        self._is_over = False
        self.setWindowTitle(tr("text.title"))
        self.setMinimumWidth(WIDTH_PX)
        self.text = QPlainTextEdit(content.text, self)
        self.text.setFixedHeight(TEXT_PX)
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText(tr("text.placeholder"))
        self.family, self.weight = QComboBox(self), QComboBox(self)
        self.italic = QCheckBox(tr("text.italic"), self)
        self.size = self._slider("text.size", (*SIZES_PX, content.size_px), "px", curve=3.0)
        self.leading = self._slider("text.leading", (LEADINGS[0] * 100, LEADINGS[1] * 100, content.leading * 100), "%")
        self.tracking = self._slider("text.tracking", (*TRACKINGS, content.tracking), "")
        self.alignment = Segments([one.value for one in Alignment], self)
        self.color = ColorButton(self)
        self._fill(content)
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._try)
        self._connect()
        self.text.setFocus()
        self.text.selectAll()

    @property
    def content(self) -> TextContent:
        """The text as the form says."""
        return replace(
            self._content,
            text=self.text.toPlainText(),
            family=str(self.family.currentText()),
            size_px=round(self.size.value),
            weight=int(self.weight.currentData()),
            italic=self.italic.isChecked(),
            leading=self.leading.value / 100,
            tracking=self.tracking.value,
            alignment=Alignment(self.alignment.value),
            color=self.color.color,
        )

    @property
    def is_at_work(self) -> bool:
        return self._later.isActive()

    def place_beside(self, widget: QWidget) -> None:
        self.adjustSize()
        self.move(widget.mapToGlobal(QPoint(widget.width() - self.width() - EDGE_PX, EDGE_PX)))

    def accept(self) -> None:
        """Keeps it; a text of nothing is no layer."""
        self._later.stop()
        if self.content.text.strip() and self._try() and not self._is_over:
            self._is_over = True
            self._finish(True)
            super().accept()

    def reject(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._later.stop()
            self._finish(False)
            super().reject()

    def _slider(self, key: str, limits: tuple[float, float, float], unit: str, curve: float = 1.0) -> ValueSlider:
        slider = ValueSlider(Range(*limits, curve=curve), label=tr(key), unit=unit, parent=self)
        slider.set_value(limits[2])
        slider.set_tip(tr(key))
        slider.label.setFixedWidth(LABEL_PX)
        return slider

    def _fill(self, content: TextContent) -> None:
        self.family.addItems(QFontDatabase.families())
        wanted = content.family or QFont().family()
        if self.family.findText(wanted) < 0:  # not on this computer: it keeps its name
            self.family.addItem(wanted)
        self.family.setCurrentText(wanted)
        for weight in sorted({*WEIGHTS, content.weight}):
            self.weight.addItem(tr(f"text.weight_{weight}") if weight in WEIGHTS else str(weight), weight)
        self.weight.setCurrentIndex(self.weight.findData(content.weight))
        self.italic.setChecked(content.italic)
        self.alignment.set_texts(tuple(tr(f"text.align_{one.value}") for one in Alignment))
        self.alignment.set_value(content.alignment.value)
        self.color.set_color(content.color)
        self.color.set_name(tr("text.color"))
        self.text.setAccessibleName(tr("text.title"))
        self.family.setAccessibleName(tr("text.family"))
        self.weight.setAccessibleName(tr("text.weight"))

    def _lay_out(self) -> None:
        column = dialog_column(self)
        column.setSpacing(6)
        column.addWidget(self.text)
        column.addLayout(self._row(tr("text.family"), self.family, stretches=True))
        column.addLayout(self._row(tr("text.weight"), self.weight, self.italic, stretches=True))
        for slider in (self.size, self.leading, self.tracking):
            column.addWidget(slider)
        column.addLayout(self._row(tr("text.alignment"), self.alignment, stretches=True))
        column.addLayout(self._row(tr("text.color"), self.color, stretches=False))
        column.addStretch(1)
        column.addWidget(dialog_buttons(self, tr("effect.keep")))

    def _row(self, label: str, *widgets: QWidget, stretches: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        name = dim_label(label, self)
        name.setFixedWidth(LABEL_PX)
        row.addWidget(name)
        for number, widget in enumerate(widgets):
            row.addWidget(widget, 1 if stretches and number == 0 else 0)
        if not stretches:
            row.addStretch(1)
        return row

    def _connect(self) -> None:
        for signal in (
            self.text.textChanged,
            self.family.currentIndexChanged,
            self.weight.currentIndexChanged,
            self.italic.toggled,
            self.size.value_changed,
            self.leading.value_changed,
            self.tracking.value_changed,
            self.color.color_changed,
        ):
            signal.connect(self._later.start)
        self.alignment.chosen.connect(self._align)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.accept)

    def _align(self, value: str) -> None:
        self.alignment.set_value(value)
        self._later.start()

    def _try(self) -> bool:
        """Shows the text as it is now; False when it cannot be shown."""
        if self.text.document().characterCount() > LONGEST_TEXT + 1:
            self.failed.emit(UserError("text.too_long", length=len(self.content.text), limit=LONGEST_TEXT))
            return False
        content = self.content
        try:
            self._show_text(content if content.text.strip() else None)
        except UserError as error:
            self.failed.emit(error)
            return False
        return True
