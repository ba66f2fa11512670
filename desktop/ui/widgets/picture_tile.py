"""A small picture as a button: generated candidates, ends of a blend, the picture in hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from desktop.ui.canvas.picture import draw_checkerboard
from desktop.ui.theme import color, tokens

RADIUS_PX = 4


class PictureTile(QAbstractButton):
    """Square; without a picture it shows its text. `is_chosen` frames it."""

    def __init__(self, side_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side_px = side_px
        self._image: QImage | None = None
        self._is_chosen = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def image(self) -> QImage | None:
        return self._image

    def set_side(self, side_px: int) -> None:
        """The largest side."""
        if side_px != self._side_px:
            self._side_px = side_px
            self.updateGeometry()

    def set_picture(self, picture: NDArray[np.uint8] | None) -> None:
        self._image = None if picture is None else image_of(picture)
        self.update()

    def set_chosen(self, is_chosen: bool) -> None:
        self._is_chosen = is_chosen
        self.update()

    def set_tip(self, text: str) -> None:
        self.setToolTip(text)
        self.setAccessibleName(text)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, self._side_px)

    def sizeHint(self) -> QSize:
        return QSize(self._side_px, self._side_px)

    def minimumSizeHint(self) -> QSize:
        return QSize(32, 32)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = min(self.width(), self.height())
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        shape = QPainterPath()
        shape.addRoundedRect(box, RADIUS_PX, RADIUS_PX)
        painter.fillPath(shape, color(t.sunken))
        if self._image is not None:
            painter.setClipPath(shape)
            place = fitted_in(box, self._image)
            if self._image.hasAlphaChannel():
                draw_checkerboard(painter, place, t.checker_light, t.checker_dark)
            painter.drawImage(place, self._image)
            painter.setClipping(False)
        elif self.text():
            painter.setPen(color(t.dim))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.text())
        is_marked = self._is_chosen or self.hasFocus()
        rim = t.accent if is_marked else t.dim if self.underMouse() and self.isEnabled() else t.line
        width = 2.0 if is_marked else 1.0
        painter.setPen(QPen(color(rim), width))
        painter.drawRoundedRect(box.adjusted(width / 2, width / 2, -width / 2, -width / 2), RADIUS_PX, RADIUS_PX)
        painter.end()


def image_of(picture: NDArray[np.uint8]) -> QImage:
    """(H, W, 3 | 4) as a picture that keeps its own bytes."""
    pixels: NDArray[Any] = np.ascontiguousarray(picture)
    height, width, channels = pixels.shape
    form = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, width * channels, form).copy()


def fitted_in(box: QRectF, image: QImage) -> QRectF:
    """The largest place for the whole picture in the middle of the box."""
    scale = min(box.width() / image.width(), box.height() / image.height())
    width, height = image.width() * scale, image.height() * scale
    return QRectF(box.center().x() - width / 2, box.center().y() - height / 2, width, height)
