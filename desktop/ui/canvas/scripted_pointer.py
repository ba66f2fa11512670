"""Strokes that the program paints itself, as pointer events on the real canvas: for tours, self-tests and pictures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from desktop.core.geometry import Point

if TYPE_CHECKING:
    from desktop.ui.canvas.view_widget import ViewWidget

STEPS = 8  # moves between two points


def scripted_stroke(canvas: ViewWidget, points: Sequence[Point]) -> None:
    """Press at the first image point, move through the others, release at the last."""
    _send(canvas, QEvent.Type.MouseButtonPress, points[0])
    for start, end in itertools.pairwise(points):
        for step in range(1, STEPS + 1):
            share = step / STEPS
            between = Point(start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)
            _send(canvas, QEvent.Type.MouseMove, between)
    _send(canvas, QEvent.Type.MouseButtonRelease, points[-1])


def _send(canvas: ViewWidget, kind: QEvent.Type, point: Point) -> None:
    place = QPointF(canvas.from_image(point))
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    where = QPointF(canvas.mapToGlobal(place))
    event = QMouseEvent(kind, place, where, button, held, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(canvas, event)
