"""What the tests of guides, rulers and snapping do again and again."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from desktop.core.document import Guide
from tests.builders import document_with, raster_layer
from tests.gui.conftest import Studio

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def with_rulers(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("view.rulers")
    QApplication.processEvents()


def on_ruler(studio: Studio, ruler: QWidget, point: tuple[float, float]) -> QPoint:
    """An image point as the ruler counts."""
    return ruler.mapFromGlobal(studio.window.canvas.mapToGlobal(studio.at(point)))


def pull(studio: Studio, ruler: QWidget, *points: tuple[float, float]) -> None:
    """Press in the middle of a ruler, move through image points, release."""
    QTest.mousePress(ruler, LEFT, Qt.KeyboardModifier.NoModifier, ruler.rect().center())
    for point in points:
        QTest.mouseMove(ruler, on_ruler(studio, ruler, point))
    QTest.mouseRelease(ruler, LEFT, Qt.KeyboardModifier.NoModifier, on_ruler(studio, ruler, points[-1]))


def guides(studio: Studio, *places: Guide) -> None:
    opened = studio.window.state.open_document
    assert opened is not None
    with opened.edit("Guides") as edit:
        edit.replace_document(opened.document.changed(guides=places))


def shown(studio: Studio, x: int, y: int) -> tuple[int, int, int]:
    """The colour of the canvas at an image pixel, at 100 %."""
    studio.settle()
    color = studio.window.canvas.grab().toImage().pixelColor(studio.at((x, y)))
    return color.red(), color.green(), color.blue()


def type_into(field: QLineEdit, text: str) -> None:
    """As a person does, and then leaves the field."""
    field.selectAll()
    QTest.keyClicks(field, text)
    field.editingFinished.emit()


def shade(color: object) -> tuple[int, ...]:
    return color.getRgb()[:3]  # type: ignore[attr-defined,no-any-return]


def show_square(studio: Studio) -> None:
    """A grey square of 40 pixels at (50, 50) above white, to be moved."""
    ground, square = np.full((200, 300, 4), 255, np.uint8), np.full((40, 40, 4), 255, np.uint8)
    square[..., :3] = 90
    studio.show(document_with(raster_layer(1, ground), raster_layer(2, square, x=50, y=50), width=300, height=200))
    studio.window.perform("tool.move")


def square_at(studio: Studio) -> tuple[int, int]:
    bounds = studio.document.raster_layer(2).tiles.content_bounds()
    return bounds.left, bounds.top
