"""The info panel: the colour under the pointer, its place, and the sizes of what is at hand, in numbers."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from desktop.core.document import Document
from desktop.core.geometry import Point, Rect
from desktop.core.history import tile_maps
from desktop.tools.picking import color_at
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.i18n import tr
from desktop.ui.panels.history_model import size_text
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import Swatch, dim_label, tabular

POINTER_MS = 50
SIZES_MS = 250
POINTER_ROWS = ("rgb8", "rgb16", "hsv", "hex", "place")
SIZE_ROWS = ("selection", "region", "document", "tiles", "history")
NOTHING = "–"


class InfoPanel(QWidget):
    def __init__(self, state: EditorState, canvas: CanvasWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._point: Point | None = None
        self.swatch = Swatch(16, self)
        self.names = {row: dim_label(parent=self) for row in (*POINTER_ROWS, *SIZE_ROWS)}
        self.values = {row: QLabel(self) for row in self.names}
        self._lay_out()
        self._pointer_timer = QTimer(self, singleShot=True, interval=POINTER_MS)
        self._pointer_timer.timeout.connect(self._refresh_pointer)
        self._sizes_timer = QTimer(self, singleShot=True, interval=SIZES_MS)
        self._sizes_timer.timeout.connect(self._refresh_sizes)
        canvas.pointer_moved.connect(self._pointer_moved)
        state.document_replaced.connect(self._document_replaced)
        state.document_renamed.connect(self._sizes_later)
        state.region_changed.connect(self._sizes_later)
        self._document_replaced()

    def retranslate(self) -> None:
        for row, label in self.names.items():
            label.setText(tr(f"info.{row}"))
        self._refresh_pointer()
        self._refresh_sizes()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._sizes_later()

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setProperty("role", "scrolled")
        grid = QGridLayout(inner)
        grid.setContentsMargins(12, 6, 12, 4)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        for line, row in enumerate(self.names):
            place = line + (1 if row in SIZE_ROWS else 0)
            grid.addWidget(self.names[row], place, 0)
            grid.addWidget(self.values[row], place, 1)
            self.values[row].setFont(tabular(self.font()))
            self.values[row].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.setRowMinimumHeight(len(POINTER_ROWS), 6)
        grid.addWidget(self.swatch, 0, 2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(len(self.names) + 1, 1)
        scroll = QScrollArea(self)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        if opened is not None:
            opened.selection_changed.connect(self._sizes_later)
        self._refresh_pointer()
        self._sizes_later()

    def _pointer_moved(self, point: Point | None) -> None:
        self._point = point
        if not self._pointer_timer.isActive():
            self._pointer_timer.start()

    def _sizes_later(self) -> None:
        if not self._sizes_timer.isActive():
            self._sizes_timer.start()

    def _refresh_pointer(self) -> None:
        document, point = self._state.document, self._point
        levels = None if document is None or point is None else color_at(document, point)
        self.swatch.setVisible(levels is not None)
        if levels is None or document is None or point is None:
            for row in POINTER_ROWS:
                self.values[row].setText(NOTHING)
            return
        if self.visibleRegion().isEmpty():
            return
        top = 255 if document.depth == 8 else 65535
        texts = color_texts([level / top for level in levels])
        for row, text in (*texts.items(), ("place", f"{int(point.x)}, {int(point.y)}")):
            self.values[row].setText(text)
        self.swatch.set_color(QColor.fromRgbF(*(level / top for level in levels[:3])))

    def _refresh_sizes(self) -> None:
        session = self._state.current
        if session is None:
            for row in SIZE_ROWS:
                self.values[row].setText(NOTHING)
            return
        if self.visibleRegion().isEmpty():
            return
        document = session.open_document.document
        canvas = document.size.rect()
        selection = None if document.selection is None else document.selection.content_bounds().intersect(canvas)
        region = None if self._state.region.is_empty else self._state.region.bounds(canvas)
        self.values["selection"].setText(_rect_text(selection))
        self.values["region"].setText(_rect_text(region))
        size = document.size
        self.values["document"].setText(tr("info.size", width=size.width, height=size.height, depth=document.depth))
        self.values["tiles"].setText(size_text(tile_bytes(document)))
        self.values["history"].setText(size_text(session.kept_bytes()))


def color_texts(color: Sequence[float]) -> dict[str, str]:
    """A straight RGBA colour, 0..1, in every notation of the panel."""
    red, green, blue, alpha = color
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    eight = [round(level * 255) for level in (red, green, blue)]
    return {
        "rgb8": "  ".join(str(level) for level in eight),
        "rgb16": "  ".join(str(round(level * 65535)) for level in (red, green, blue)),
        "hsv": f"{hue * 360:.0f}°  {saturation * 100:.0f} %  {value * 100:.0f} %",
        "hex": "#" + "".join(f"{level:02x}" for level in eight) + f"  {alpha * 100:.0f} %",
    }


def tile_bytes(document: Document) -> int:
    """What the document's tiles take in memory; shared ones count once."""
    tiles = (tile for tiles in tile_maps(document) for tile in tiles.stored().values())
    return sum({id(tile): tile.nbytes for tile in tiles if isinstance(tile, np.ndarray)}.values())


def _rect_text(rect: Rect | None) -> str:
    if rect is None or rect.is_empty:
        return NOTHING
    return tr("info.rect", width=rect.width, height=rect.height, x=rect.x, y=rect.y)
