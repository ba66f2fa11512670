"""Brushes as pictures: a stroke of the real engine in the colour of the theme's text."""

from __future__ import annotations

from PySide6.QtGui import QColor, QImage, QPixmap

from desktop.core.brush import BrushSettings
from desktop.core.brush_preview import stroke_picture
from desktop.core.color import Gray8


def stroke_pixmap(settings: BrushSettings, width: int, height: int, tint: str, pixel_ratio: float = 1.0) -> QPixmap:
    """The stroke at a size in widget pixels, sharp at the device pixel ratio."""
    strength = stroke_picture(settings, round(width * pixel_ratio), round(height * pixel_ratio))
    return tinted(strength, tint, pixel_ratio)


def tinted(strength: Gray8, tint: str, pixel_ratio: float = 1.0) -> QPixmap:
    """A colour, as opaque as `strength` says."""
    height, width = strength.shape
    alpha = QImage(strength.tobytes(), width, height, width, QImage.Format.Format_Alpha8)
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(tint))
    image.setAlphaChannel(alpha)
    image.setDevicePixelRatio(pixel_ratio)
    return QPixmap.fromImage(image)
