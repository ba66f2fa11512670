"""What stands on the screen as arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPixmap

from desktop.ui.canvas.canvas_widget import CanvasWidget


def colors_of(pixmap: QPixmap) -> npt.NDArray[np.uint8]:
    """(height, width, 3), red first, in device pixels."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def painted(canvas: CanvasWidget) -> npt.NDArray[np.uint8]:
    """What stands on the screen, put together by all the partial paints so far."""
    corner = canvas.mapTo(canvas.window(), QPoint(0, 0))
    screen = canvas.screen().grabWindow(canvas.window().winId())
    return colors_of(screen.copy(corner.x(), corner.y(), canvas.width(), canvas.height()))
