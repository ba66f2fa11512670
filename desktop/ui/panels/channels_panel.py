"""The channels of the picture and the saved selections: a click shows one in grey, a button makes it the selection."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.core.color import Pixels, to_depth8
from desktop.core.document import Document
from desktop.tools.channels import PLATES, Plate
from desktop.tools.reduced import reduced_picture
from desktop.ui.background import Background
from desktop.ui.commands.channel_commands import ChannelCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.layer_choice import joined_by
from desktop.ui.panels.thumbnails import pixmap_of, thumbnail_of
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, rule, wrapped_label

THUMB_PX = 28
ROW_PX = 34
REFRESH_MS = 250


class ChannelsPanel(QWidget):
    def __init__(self, state: EditorState, commands: ChannelCommands, background: Background) -> None:
        super().__init__()
        self._state, self._commands, self._background = state, commands, background
        self._pictured: Document | None = None
        self.list = QListWidget(self)
        self.list.setIconSize(QSize(THUMB_PX, THUMB_PX))
        self.list.setUniformItemSizes(True)
        self.hint = wrapped_label(parent=self)
        names = ("load", "save", "store", "rename", "delete")
        icons = ("select", "plus", "save", "rename", "trash")
        self.buttons = {name: IconButton(icon, self) for name, icon in zip(names, icons, strict=True)}
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._later.timeout.connect(self._picture)
        self._connect()
        self._refresh()

    def retranslate(self) -> None:
        self.list.setAccessibleName(tr("panel.channels"))
        self.hint.setText(tr("channels.hint"))
        for name, button in self.buttons.items():
            button.set_tip(tr(f"channels.{name}"))
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._later.start()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 4, 8, 6)
        foot.setSpacing(0)
        for name, button in self.buttons.items():
            if name == "delete":
                foot.addStretch(1)
            foot.addWidget(button)
        self.hint.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self.hint)
        column.addWidget(rule(self))
        column.addLayout(foot)

    def _connect(self) -> None:
        state, commands = self._state, self._commands
        self.list.currentRowChanged.connect(self._show)
        self.list.itemDoubleClicked.connect(lambda _item: commands.rename(self._number))
        self.buttons["load"].clicked.connect(
            lambda: commands.load(self._number, joined_by(QGuiApplication.keyboardModifiers()))
        )
        self.buttons["save"].clicked.connect(commands.save_selection)
        self.buttons["store"].clicked.connect(lambda: commands.store(self._number))
        self.buttons["rename"].clicked.connect(lambda: commands.rename(self._number))
        self.buttons["delete"].clicked.connect(lambda: commands.delete(self._number))
        for signal in (state.document_replaced, state.document_renamed, state.active_layer_changed):
            signal.connect(self._refresh)

    @property
    def _number(self) -> int:
        """Of the chosen channel; below 0 for the picture itself."""
        return self.list.currentRow() - 1

    def _show(self, row: int) -> None:
        self._commands.show(row - 1 if row > 0 else None)
        self._refresh_buttons()

    def _refresh(self) -> None:
        document = self._state.document
        names = []
        if document is not None:
            names = [tr("channels.picture"), *(tr(f"channels.{plate.value}") for plate in PLATES)]
            names += [channel.name for channel in document.channels]
        if names != [self.list.item(row).text() for row in range(self.list.count())]:
            self._fill(names)
        shown = self._state.shown_channel
        row = -1 if document is None else 0 if shown is None else shown + 1
        if row != self.list.currentRow():
            blocked = self.list.blockSignals(True)
            self.list.setCurrentRow(row)
            self.list.blockSignals(blocked)
        self._refresh_buttons()
        if document is not self._pictured and self.isVisible():
            self._later.start()

    def _fill(self, names: list[str]) -> None:
        blocked = self.list.blockSignals(True)
        self.list.clear()
        for name in names:
            item = QListWidgetItem(_blank_icon(), name, self.list)
            item.setSizeHint(QSize(0, ROW_PX))
        self.list.blockSignals(blocked)
        self._pictured = None

    def _refresh_buttons(self) -> None:
        document, number = self._state.document, self._number
        has_selection = document is not None and document.selection is not None
        is_saved = self._commands.is_saved(number)
        for name, enabled in (
            ("load", document is not None and number >= 0),
            ("save", has_selection),
            ("store", has_selection and is_saved),
            ("rename", is_saved),
            ("delete", is_saved),
        ):
            self.buttons[name].setEnabled(enabled)

    def _picture(self) -> None:
        """Small pictures of all channels, made in a thread."""
        document = self._state.document
        if document is None or document is self._pictured or not self.isVisible():
            return
        self._pictured = document
        self._background.run(
            lambda: _thumbs_of(document),
            on_done=lambda thumbs: self._land(document, thumbs),
            on_error=lambda _error: None,
            name="channel-thumbnails",
        )

    def _land(self, document: Document, thumbs: list[Pixels]) -> None:
        if document is self._pictured and self.list.count() == len(thumbs):
            for row, pixels in enumerate(thumbs):
                self.list.item(row).setIcon(_icon_of(pixels))


def _thumbs_of(document: Document) -> list[Pixels]:
    """Of the picture, its channels and the saved selections: straight RGBA or grey, (h, w, channels)."""
    small = to_depth8(reduced_picture(document, THUMB_PX))
    shares = small[..., 3:].astype(np.float32) / 255
    planes = [small]
    for number, plate in enumerate(PLATES):
        levels = small[..., number : number + 1]
        planes.append(levels if plate is Plate.ALPHA else np.rint(levels * shares).astype(np.uint8))
    return planes + [thumbnail_of(channel.tiles, document.size, THUMB_PX).pixels for channel in document.channels]


def _icon_of(pixels: Pixels) -> QIcon:
    """The same whether its row is chosen or not: it is a picture."""
    pixmap = pixmap_of(np.ascontiguousarray(pixels), 1.0)
    shown = pixmap.scaled(
        THUMB_PX, THUMB_PX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    icon = QIcon(shown)
    icon.addPixmap(shown, QIcon.Mode.Selected)
    return icon


def _blank_icon() -> QIcon:
    pixmap = QPixmap(THUMB_PX, THUMB_PX)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)
