"""A histogram: filled as the picture is, a line for how it will be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.tools.histogram import BINS, Counts
from desktop.ui.theme import color, tokens

HEIGHT_PX = 88
HIGH_SHARE = 0.995  # bins higher than nearly all others are cut off: one flat colour must not flatten the rest


class HistogramView(QWidget):
    """`channel` is "all", "red", "green" or "blue"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before: Mapping[str, Counts] = {}
        self.after: Mapping[str, Counts] = {}
        self._channel = "all"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_before(self, counts: Mapping[str, Counts]) -> None:
        self.before = counts
        self.update()

    def set_after(self, counts: Mapping[str, Counts]) -> None:
        self.after = counts
        self.update()

    def set_channel(self, channel: str) -> None:
        self._channel = channel
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(256, HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        t, box = tokens(), QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(t.line), 1))
        painter.setBrush(color(t.sunken))
        painter.drawRoundedRect(box, 4, 4)
        inside = box.adjusted(4, 4, -4, -1)
        before, after = self.before.get(self._channel), self.after.get(self._channel)
        if before is not None:
            outline = [QPointF(inside.left(), inside.bottom()), *_points(before, inside)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(t.disabled))
            painter.drawPolygon(QPolygonF([*outline, QPointF(inside.right(), inside.bottom())]))
        if after is not None:
            painter.setPen(QPen(color(t.accent), 1.4))
            painter.drawPolyline(QPolygonF(_points(after, inside)))
        painter.end()


def _points(counts: Counts, box: QRectF) -> list[QPointF]:
    used = counts[counts > 0]
    top = max(float(np.quantile(used, HIGH_SHARE)), 1.0) if used.size else 1.0
    heights = np.minimum(counts / top, 1) * box.height()
    step = box.width() / (BINS - 1)
    return [QPointF(box.left() + number * step, box.bottom() - height) for number, height in enumerate(heights)]
