"""What a drag with a key or another button changes beside the picture: the brush's size, the view's turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent

from desktop.tools.gestures import Modifier
from desktop.ui.state import BrushOptions

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

HARDNESS_PER_PX = 0.5
TURN_STEP = 15.0  # degrees


@dataclass(frozen=True)
class BrushResize:
    """Alt and the right button: to the side changes the size, upwards and downwards the hardness."""

    start: QPointF
    brush: BrushOptions

    def dragged_to(self, position: QPointF, zoom: float, ratio: float) -> tuple[float, float]:
        """Size and hardness; the outline's rim follows the pointer."""
        dx, dy = position.x() - self.start.x(), position.y() - self.start.y()
        return self.brush.size_px + 2 * dx * ratio / zoom, self.brush.hardness - dy * HARDNESS_PER_PX


@dataclass(frozen=True)
class ViewTurn:
    """The view being turned about its middle."""

    middle: tuple[float, float]
    start: tuple[float, float]
    rotation: float

    @staticmethod
    def from_press(canvas: CanvasWidget, position: QPointF) -> ViewTurn:
        return ViewTurn(canvas.middle, canvas.to_device(position), canvas.view.rotation)

    def dragged_to(self, place: tuple[float, float], is_stepped: bool) -> float:
        """The rotation that follows the pointer; in steps of 15° when wanted."""
        turned = self.rotation + math.degrees(self._angle_of(place) - self._angle_of(self.start))
        return round(turned / TURN_STEP) * TURN_STEP if is_stepped else turned

    def _angle_of(self, place: tuple[float, float]) -> float:
        return math.atan2(place[1] - self.middle[1], place[0] - self.middle[0])


def is_eraser(event: QTabletEvent) -> bool:
    return event.pointerType() == QPointingDevice.PointerType.Eraser


def modifiers_of(modifiers: Qt.KeyboardModifier) -> Modifier:
    result = Modifier.NONE
    for qt, ours in (
        (Qt.KeyboardModifier.ShiftModifier, Modifier.SHIFT),
        (Qt.KeyboardModifier.ControlModifier, Modifier.CTRL),
        (Qt.KeyboardModifier.AltModifier, Modifier.ALT),
    ):
        if modifiers & qt:
            result |= ours
    return result
