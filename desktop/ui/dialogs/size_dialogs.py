"""What is asked about the size of the picture and of its canvas. What would not fit into memory is said at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QPushButton,
    QWidget,
)

from desktop.core.document import MAX_SIDE_PX, Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.resample import Resampling
from desktop.tools.resizing import Anchor
from desktop.ui.dialogs.extend_dialog import ExtendDialog
from desktop.ui.dialogs.parts import dialog_buttons, dialog_column
from desktop.ui.i18n import tr, tr_error
from desktop.ui.widgets.basics import Segments, wrapped_label
from desktop.ui.widgets.number_field import NumberField, Range
from desktop.ui.widgets.value_slider import ValueSlider

FIELD_PX = 104
WIDTH_PX = 400
PERCENT, PIXELS = "percent", "pixels"

CheckSize = Callable[[Size], None]


@dataclass(frozen=True, slots=True)
class ImageSize:
    """What is wanted; `model_id` names a network that enlarges first.

    `detail` 0 … 1 is how much of a photographic network is mixed in; `is_best` takes the mean of eight runs.
    """

    size: Size
    dpi: float
    resampling: Resampling
    model_id: str = ""
    detail: float = 0.0
    is_best: bool = False


@dataclass(frozen=True, slots=True)
class Enlargers:
    """Networks that enlarge: ids and titles, those that a photographic one can be mixed into, and what a run takes."""

    titles: Mapping[str, str] = field(default_factory=dict)
    mixable: frozenset[str] = frozenset()
    need: Callable[[ImageSize], str] = lambda _wanted: ""  # UserError where it doesn't fit into memory


@dataclass(frozen=True, slots=True)
class CanvasSize:
    """`fills`: what is new is filled from around it."""

    size: Size
    anchor: Anchor
    fills: bool = False


class SizeDialogs:
    """Asks the person in front of `window`. None means cancelled."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def ask_image_size(self, document: Document, networks: Enlargers, check: CheckSize) -> ImageSize | None:
        dialog = ImageSizeDialog(document, networks, check, self._window)
        return dialog.wanted() if dialog.exec() else None

    def ask_canvas_size(self, document: Document, check: CheckSize) -> CanvasSize | None:
        dialog = CanvasSizeDialog(document, check, self._window)
        return dialog.wanted() if dialog.exec() else None

    def ask_sides(self, document: Document, check: CheckSize) -> Rect | None:
        """The canvas that the picture is to be extended to, in the coordinates of the one it has."""
        dialog = ExtendDialog(document, check, self._window)
        return dialog.sides().canvas(document.size) if dialog.exec() else None


class _SizeDialog(QDialog):
    """Two sides and a sentence when they are too large."""

    def __init__(self, document: Document, check: CheckSize, parent: QWidget) -> None:
        super().__init__(parent)
        self._size, self._check = document.size, check
        self.setMinimumWidth(WIDTH_PX)
        side = Range(1, MAX_SIDE_PX, 1)
        self.width_box, self.height_box = self._field(side, "px"), self._field(side, "px")
        self.width_box.set_value(document.size.width)
        self.height_box.set_value(document.size.height)
        self.problem = wrapped_label("error", self)
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        self._add("size.width", self.width_box)
        self._add("size.height", self.height_box)

    def _field(self, limits: Range, unit: str) -> NumberField:
        field = NumberField(limits, unit, self)
        field.setFixedWidth(FIELD_PX)
        return field

    def _add(self, key: str, widget: QWidget) -> None:
        self.form.addRow(tr(key), widget)
        widget.setAccessibleName(tr(key))

    def _close_with(self, button: str) -> None:
        column = dialog_column(self)
        column.addLayout(self.form)
        column.addWidget(self.problem)
        self.buttons = dialog_buttons(self, button)
        column.addWidget(self.buttons)
        self._refresh()

    @property
    def size_px(self) -> Size:
        return Size(round(self.width_box.value), round(self.height_box.value))

    def _checked(self) -> None:
        """UserError when what is wanted doesn't fit into memory."""
        self._check(self.size_px)

    def _refresh(self) -> None:
        text = ""
        try:
            self._checked()
        except UserError as error:
            text = tr_error(error)
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        for button in self.buttons.buttons():
            if self.buttons.buttonRole(button) is QDialogButtonBox.ButtonRole.AcceptRole:
                button.setEnabled(not text)


class ImageSizeDialog(_SizeDialog):
    def __init__(self, document: Document, networks: Enlargers, check: CheckSize, parent: QWidget) -> None:
        super().__init__(document, check, parent)
        self._networks = networks
        self.setWindowTitle(tr("size.image_title"))
        self.percent = self._field(Range(0.1, 10_000, 100, decimals=2), "%")
        self.percent.set_value(100)
        self.linked = QCheckBox(tr("size.linked"), self)
        self.linked.setChecked(True)
        self.dpi = self._field(Range(1, 10_000, 72, decimals=1), "ppi")
        self.dpi.set_value(document.resolution_dpi[0])
        self.how = QComboBox(self)
        for how in Resampling:
            self.how.addItem(tr(f"resampling.{how.value}"), how)
        for model_id, title in networks.titles.items():
            self.how.addItem(tr("size.by_network", title=title), model_id)
        self.how.setCurrentIndex(list(Resampling).index(Resampling.BICUBIC))
        self._add("size.percent", self.percent)
        self.form.addRow("", self.linked)
        self._add("size.resolution", self.dpi)
        self._add("size.resampling", self.how)
        self.detail = ValueSlider(Range(0, 100, 0), unit="%", parent=self)
        self.detail.set_tip(tr("size.detail_tip"))
        self._add("size.detail", self.detail)
        self.best = QCheckBox(tr("size.best"), self)
        self.best.setToolTip(tr("size.best_tip"))
        self.form.addRow("", self.best)
        self.need = wrapped_label(parent=self)
        self.form.addRow("", self.need)
        self.how.currentIndexChanged.connect(self._show_network)
        self.detail.value_changed.connect(lambda _value: self._refresh())
        self.best.toggled.connect(lambda _checked: self._refresh())
        self.width_box.value_changed.connect(lambda value: self._follow(value / self._size.width, across=True))
        self.height_box.value_changed.connect(lambda value: self._follow(value / self._size.height, across=False))
        self.percent.value_changed.connect(self._scale)
        self._close_with(tr("size.resize"))
        self._show_network()

    def wanted(self) -> ImageSize:
        self.setFocus()  # takes what is still being typed
        return self._chosen()

    def _chosen(self) -> ImageSize:
        chosen = self.how.currentData()
        if isinstance(chosen, Resampling):
            return ImageSize(self.size_px, self.dpi.value, chosen)
        detail = self.detail.value / 100 if chosen in self._networks.mixable else 0.0
        best = self.best.isChecked()
        return ImageSize(self.size_px, self.dpi.value, Resampling.LANCZOS, str(chosen), detail, best)

    def _checked(self) -> None:
        super()._checked()
        chosen = self._chosen()
        self.need.setText("")
        if chosen.model_id:
            self.need.setText(self._networks.need(chosen))

    def _show_network(self) -> None:
        """Only what the chosen method knows can be set."""
        chosen = self.how.currentData()
        is_network = not isinstance(chosen, Resampling)
        self.form.setRowVisible(self.detail, is_network and chosen in self._networks.mixable)
        for widget in (self.best, self.need):
            self.form.setRowVisible(widget, is_network)
        self._refresh()
        self.adjustSize()

    def _follow(self, share: float, *, across: bool) -> None:
        if self.linked.isChecked():
            other, length = (self.height_box, self._size.height) if across else (self.width_box, self._size.width)
            other.set_value(max(round(length * share), 1))
        self.percent.set_value(share * 100)
        self._refresh()

    def _scale(self, percent: float) -> None:
        self.width_box.set_value(max(round(self._size.width * percent / 100), 1))
        self.height_box.set_value(max(round(self._size.height * percent / 100), 1))
        self._refresh()


class CanvasSizeDialog(_SizeDialog):
    def __init__(self, document: Document, check: CheckSize, parent: QWidget) -> None:
        super().__init__(document, check, parent)
        self.setWindowTitle(tr("size.canvas_title"))
        self.relative = Segments(["whole", "added"], self)
        self.relative.set_texts((tr("size.whole"), tr("size.added")), (tr("size.whole_tip"), tr("size.added_tip")))
        self.relative.set_value("whole")
        self.anchor = AnchorGrid(self)
        self.form.insertRow(0, tr("size.meaning"), self.relative)
        self._add("size.anchor", self.anchor)
        self.fills = QCheckBox(tr("size.fills"), self)
        self.fills.setToolTip(tr("size.fills_tip"))
        self.form.addRow("", self.fills)
        self.added = {"across": self._field(Range(-MAX_SIDE_PX, MAX_SIDE_PX, 0), "px")}
        self.added["down"] = self._field(Range(-MAX_SIDE_PX, MAX_SIDE_PX, 0), "px")
        self._add("size.added_across", self.added["across"])
        self._add("size.added_down", self.added["down"])
        self.added["across"].value_changed.connect(lambda value: self._grow(self.width_box, self._size.width + value))
        self.added["down"].value_changed.connect(lambda value: self._grow(self.height_box, self._size.height + value))
        for box in (self.width_box, self.height_box):
            box.value_changed.connect(lambda _value: self._sides_changed())
        self.relative.chosen.connect(lambda _value: self._show_fields())
        self._close_with(tr("size.resize"))
        self._show_fields()

    def wanted(self) -> CanvasSize:
        self.setFocus()
        return CanvasSize(self.size_px, self.anchor.anchor, self.fills.isChecked())

    def _grow(self, box: NumberField, value: float) -> None:
        box.set_value(max(value, 1))
        self._refresh()

    def _sides_changed(self) -> None:
        self.added["across"].set_value(self.size_px.width - self._size.width)
        self.added["down"].set_value(self.size_px.height - self._size.height)
        self._refresh()

    def _show_fields(self) -> None:
        is_whole = self.relative.value == "whole"
        for box in (self.width_box, self.height_box):
            self.form.setRowVisible(box, is_whole)
        for box in self.added.values():
            self.form.setRowVisible(box, not is_whole)


class AnchorGrid(QWidget):
    """Nine places: where the old picture lies on the new canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.buttons: dict[Anchor, QPushButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for index, anchor in enumerate(Anchor):
            button = self.buttons[anchor] = QPushButton("•", self)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFixedSize(26, 26)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("role", "key")
            text = tr(f"size.anchor.{anchor.name.lower()}")
            button.setToolTip(text)
            button.setAccessibleName(text)
            grid.addWidget(button, index // 3, index % 3)
            grid.setColumnMinimumWidth(index % 3, 26)
        grid.setColumnStretch(3, 1)
        self.buttons[Anchor.MIDDLE].setChecked(True)

    @property
    def anchor(self) -> Anchor:
        return next(anchor for anchor, button in self.buttons.items() if button.isChecked())
