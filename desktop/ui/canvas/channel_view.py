"""One channel of the picture in grey, in the place of the picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from desktop.tools.channels import Plate
from desktop.ui.canvas.picture import Picture
from desktop.ui.canvas.view import View

_PLACES = {Plate.BLUE: 0, Plate.GREEN: 1, Plate.RED: 2, Plate.ALPHA: 3}  # in the bytes of a QImage


def draw_plate(painter: QPainter, picture: Picture, view: View, part: QRect, plate: Plate) -> bool:
    """Draws a part (device pixels). False when some tiles of the picture are still to come."""
    width, height = part.width(), part.height()
    pixels = np.zeros((height, width, 4), np.uint8)
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    inner = QPainter(image)
    inner.translate(-part.left(), -part.top())
    is_whole = picture.draw(inner, view, part.left(), part.top(), part.left() + width, part.top() + height)
    inner.end()
    pixels[..., :3] = pixels[..., _PLACES[plate], None]
    if plate is Plate.ALPHA:
        pixels[..., 3] = 255
    painter.drawImage(part.topLeft(), image)
    return is_whole
