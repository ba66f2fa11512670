"""Lets the line around the selection march, as long as somebody looks and nothing else is going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, QTimer
from PySide6.QtGui import QPainter

from desktop.core.geometry import Size
from desktop.core.tiles import TileMap
from desktop.ui.canvas.ants import STRIPE_PX, SelectionLine

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

STEP_MS = 120
MOST_OF_THE_TIME = 0.1  # marching never takes more of it: where painting is slow, the steps come later


class MarchingAnts(QObject):
    """Coordinates are device pixels of the canvas."""

    def __init__(self, canvas: CanvasWidget) -> None:
        super().__init__(canvas)
        self._canvas, self._line = canvas, SelectionLine()
        self._pause_ms = STEP_MS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._step)

    @property
    def line(self) -> SelectionLine:
        return self._line

    def draw(self, painter: QPainter, tiles: TileMap, size: Size, part: QRect) -> None:
        """Draws what lies in a part of the canvas, and marches on from there."""
        canvas = self._canvas
        ratio = canvas.devicePixelRatioF()
        within = (round(canvas.width() * ratio) + 1, round(canvas.height() * ratio) + 1)
        self._line.find(tiles, canvas.view, size, within, max(round(ratio), 1))
        self._line.draw(painter, part)
        if not self._timer.isActive():
            self._timer.start(self._pause_ms)

    def painted(self, took_ms: float) -> None:
        """What painting took last time: the step after the next waits for so much longer."""
        self._pause_ms = max(STEP_MS, round(took_ms / MOST_OF_THE_TIME))

    def _step(self) -> None:
        canvas = self._canvas
        if not canvas.isVisible() or not canvas.isActiveWindow() or not canvas.shows_selection:
            return  # the next paint begins again, and so does the window when it is active
        if canvas.is_complete and not canvas.pointer.is_busy:
            self._line.phase = (self._line.phase + 1) % STRIPE_PX
            for rect in self._line.region():
                canvas.update_device_rect(rect.left(), rect.top(), rect.right() + 1, rect.bottom() + 1)
        self._timer.start(self._pause_ms)
