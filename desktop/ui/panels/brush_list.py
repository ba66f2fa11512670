"""All brushes as pictures of a stroke, painted by the real engine one after the other between events."""

from __future__ import annotations

import time
from collections.abc import Generator

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from desktop.core.brush_preview import stroke_picture_steps
from desktop.core.color import Gray8
from desktop.io.brush_presets import Preset
from desktop.ui.brush_pictures import tinted
from desktop.ui.commands.brush_commands import BrushCommands, name_of
from desktop.ui.state import EditorState
from desktop.ui.theme import tokens

PICTURE = QSize(116, 40)
CELL = QSize(130, 74)
SLICE_S = 0.004
WHILE_DRAWING_MS = 200
ID_ROLE = Qt.ItemDataRole.UserRole


class BrushList(QListWidget):
    """The chosen item is the brush in hand. `picked` is emitted when a person takes one."""

    picked = Signal(str)

    def __init__(self, state: EditorState, brushes: BrushCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._brushes = state, brushes
        self._pictures: dict[str, tuple[Preset, Gray8]] = {}
        self._work: tuple[Preset, Generator[None, None, Gray8]] | None = None
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(PICTURE)
        self.setGridSize(CELL)
        self.setSpacing(0)
        self.setUniformItemSizes(True)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._painter = QTimer(self, singleShot=True, interval=0)
        self._painter.timeout.connect(self._paint_next)
        self.itemClicked.connect(self._take)
        self.itemActivated.connect(self._take)
        brushes.library.changed.connect(self.fill)
        state.options_changed.connect(self._show_chosen)
        state.tool_changed.connect(self._show_chosen)

    def fill(self) -> None:
        """All presets again, with the pictures that are known."""
        self.clear()
        for preset in self._brushes.library.presets():
            item = QListWidgetItem(name_of(preset))
            item.setData(ID_ROLE, preset.id)
            item.setToolTip(name_of(preset))
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            item.setSizeHint(CELL)
            self.addItem(item)
        self._show_pictures()
        self._show_chosen()
        self._brushes.tell_problems()

    @property
    def is_complete(self) -> bool:
        """True when every brush has its picture."""
        return all(not self.item(row).icon().isNull() for row in range(self.count()))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.count():
            self.fill()
        self._painter.start()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._show_pictures()
        elif event.type() == QEvent.Type.LanguageChange and self.count():
            self.fill()
        super().changeEvent(event)

    def _take(self, item: QListWidgetItem) -> None:
        preset = self._brushes.library.find(item.data(ID_ROLE))
        if preset is not None:
            self._brushes.choose(preset)
            self.picked.emit(preset.id)

    def _show_chosen(self) -> None:
        chosen = self._state.brush.preset
        for row in range(self.count()):
            if self.item(row).data(ID_ROLE) == chosen:
                self.setCurrentRow(row)
                return
        self.setCurrentItem(None)

    def _show_pictures(self) -> None:
        for row in range(self.count()):
            preset = self._brushes.library.find(self.item(row).data(ID_ROLE))
            known = None if preset is None else self._pictures.get(preset.id)
            if known is not None and known[0] is preset:
                self._show_picture(self.item(row), known[1])
        if self.isVisible():
            self._painter.start()

    def _paint_next(self) -> None:
        """Some milliseconds of a picture, then a look at the events; none while somebody draws."""
        if self._state.is_editing:
            self._painter.start(WHILE_DRAWING_MS)
            return
        self._painter.setInterval(0)
        if self._work is None:
            self._work = self._next_work()
        stop = time.perf_counter() + SLICE_S
        while self._work is not None:
            preset, steps = self._work
            try:
                next(steps)
            except StopIteration as end:
                self._take_picture(preset, end.value)
                self._work = self._next_work()
            if time.perf_counter() > stop:
                self._painter.start()
                return

    def _next_work(self) -> tuple[Preset, Generator[None, None, Gray8]] | None:
        """The first brush that has no picture."""
        for row in range(self.count()):
            preset = self._brushes.library.find(self.item(row).data(ID_ROLE))
            if self.item(row).icon().isNull() and preset is not None:
                ratio = self.devicePixelRatioF()
                size = round(PICTURE.width() * ratio), round(PICTURE.height() * ratio)
                return preset, stroke_picture_steps(preset.settings, *size)
        return None

    def _take_picture(self, preset: Preset, picture: Gray8) -> None:
        """The list may have been filled anew meanwhile."""
        self._pictures[preset.id] = (preset, picture)
        for row in range(self.count()):
            if self._brushes.library.find(self.item(row).data(ID_ROLE)) is preset:
                self._show_picture(self.item(row), picture)

    def _show_picture(self, item: QListWidgetItem, picture: Gray8) -> None:
        pixmap = tinted(picture, tokens().text, self.devicePixelRatioF())
        shown = QIcon(pixmap)
        shown.addPixmap(pixmap, QIcon.Mode.Selected)
        item.setIcon(shown)
