"""A real window that paints until it is killed: ``python -m tests.gui.killed_window``; prints what it finished."""

from __future__ import annotations

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.app import make_application, make_window
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Point, Size
from desktop.io.journal_values import document_digest
from desktop.options import OpenOptions
from tests.builders import noise

STROKES = 4


def main() -> None:
    application = make_application(OpenOptions())
    window = make_window(OpenOptions())
    window.show()
    document = Document(Size(300, 200))
    layer = new_layer_from_pixels(document, noise(300, 200, seed=4), "Noise")
    window.files.show(document.with_layer_inserted(layer), Path("/somewhere/else/painting.ora"), "painting.ora")
    window.canvas.zoom_to(1.0)
    application.processEvents()

    def at(x: float, y: float) -> QPoint:
        return window.canvas.from_image(Point(x, y))

    def paint(row: int) -> None:
        QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(20, 30 * row))
        for x in range(30, 280, 25):
            QTest.mouseMove(window.canvas, at(x, 30 * row + 10))
            application.processEvents()

    def let_go(row: int) -> None:
        QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(280, 30 * row))

    for row in range(1, STROKES + 1):
        paint(row)
        let_go(row)
    assert window.state.document is not None
    digest = document_digest(window.state.document)
    window.recovery.flush()
    paint(STROKES + 1)  # the stroke in progress
    print(f"painted {digest}", flush=True)
    while True:
        application.processEvents()


if __name__ == "__main__":
    main()
