"""The canvas between scroll bars that reach beyond the edges of the picture."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QGridLayout, QScrollBar, QWidget

from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.i18n import tr

STEP_SHARE = 10  # ten steps make a page


class ScrolledCanvas(QWidget):
    """`content` is the canvas, or what is built around it. The bars count device pixels."""

    def __init__(self, canvas: CanvasWidget, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self.across = QScrollBar(Qt.Orientation.Horizontal, self)
        self.down = QScrollBar(Qt.Orientation.Vertical, self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(content, 0, 0)
        grid.addWidget(self.down, 0, 1)
        grid.addWidget(self.across, 1, 0)
        self.across.valueChanged.connect(lambda value: canvas.pan_by(-value - canvas.shown_rect()[0], 0))
        self.down.valueChanged.connect(lambda value: canvas.pan_by(0, -value - canvas.shown_rect()[1]))
        canvas.view_changed.connect(self._refresh)
        self._refresh()

    def retranslate(self) -> None:
        self.across.setAccessibleName(tr("view.scroll_across"))
        self.down.setAccessibleName(tr("view.scroll_down"))

    def _refresh(self) -> None:
        canvas = self._canvas
        picture = canvas.picture
        for bar in (self.across, self.down):
            bar.setVisible(picture is not None)
        if picture is None:
            return
        room, (left, top, _, _) = canvas.view_size, canvas.shown_rect()
        ranges = canvas.view.places_in_sight(picture.size, room)
        for bar, place, (low, high), page in (
            (self.across, left, ranges[0], room.width),
            (self.down, top, ranges[1], room.height),
        ):
            with QSignalBlocker(bar):
                bar.setRange(round(-high), round(-low))
                bar.setPageStep(page)
                bar.setSingleStep(max(page // STEP_SHARE, 1))
                bar.setValue(round(-place))
