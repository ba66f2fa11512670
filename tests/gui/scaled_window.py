"""A window on screens of several scales; prints for each as JSON what its canvas shows and where the pointer lands.

Run as ``python -m tests.gui.scaled_window HOME``: the screens of a process cannot change once Qt has started.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPixmap
from PySide6.QtWidgets import QApplication

from desktop.core.geometry import Rect
from desktop.runtime.catalog import Catalog
from desktop.runtime.fake import FakeRunner
from desktop.settings import Settings
from desktop.ui.main_window import MainWindow
from desktop.ui.state import Tool
from desktop.ui.theme import apply_theme
from tests.builders import document_with, noise, raster_layer
from tests.gui.pixels import colors_of

WIDTH, HEIGHT = 301, 203
SCALES = (1, 1.25, 1.5, 1.75, 2)


def main(home: Path) -> None:
    home.joinpath("screens.json").write_text(json.dumps({"screens": [screen(place) for place in range(len(SCALES))]}))
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={home / 'screens.json'}"
    os.environ["QT_SCREEN_SCALE_FACTORS"] = ";".join(str(scale) for scale in SCALES)
    application = QApplication([])
    apply_theme(application, "dark")
    window = MainWindow(Settings(home / "settings.json"), Catalog((home,)), FakeRunner)
    pixels = noise(WIDTH, HEIGHT, seed=3)
    pixels[..., 3] = 255
    window.files.show(document_with(raster_layer(1, pixels), width=WIDTH, height=HEIGHT), None, "Noise")
    window.show()
    for screen_shown in application.screens():
        window.windowHandle().setScreen(screen_shown)
        window.setGeometry(screen_shown.geometry().x() + 10, 10, 900, 640)
        print(json.dumps(report_of(window, pixels[..., :3])))
    window.close()


def screen(place: int) -> dict[str, object]:
    return {"name": str(place), "x": place * 4000, "y": 0, "width": 3000, "height": 2000, "dpr": 1} | {
        "logicalDpi": 96,
        "logicalBaseDpi": 96,
    }


def report_of(window: MainWindow, colors: npt.NDArray[np.uint8]) -> dict[str, object]:
    """What is wrong at the scale of the screen that the window is on; all zero when nothing is."""
    canvas = window.canvas
    canvas.set_upright()
    canvas.zoom_to(1.0)
    settle(window)
    report: dict[str, object] = {"ratio": canvas.devicePixelRatioF(), "shift": canvas.device_shift()}
    report["whole"] = differing(window, window.grab(), colors)
    report["partly"] = differing(window, painted_in_parts(window), colors)
    report["picked"] = picked_wrongly(window, colors)
    canvas.turn_to(90)
    report["turned"] = differing(window, window.grab(), np.rot90(colors, -1))
    report["picked_turned"] = picked_wrongly(window, colors)
    canvas.set_upright()
    canvas.zoom_to(3.0)
    report["enlarged"] = differing(window, window.grab(), colors.repeat(3, axis=0).repeat(3, axis=1))
    return report


def settle(window: MainWindow) -> None:
    """Until every tile of the picture is there."""
    for _ in range(1000):
        QApplication.processEvents()
        window.grab()
        if window.canvas.is_complete:
            return


def corner_in_window(window: MainWindow) -> tuple[int, int]:
    """The window's device pixel in which the canvas counts its first."""
    place, ratio = window.canvas.mapTo(window, QPointF(0, 0)), window.devicePixelRatioF()
    return int(place.x() * ratio), int(place.y() * ratio)


def differing(window: MainWindow, shot: QPixmap, expected: npt.NDArray[np.uint8]) -> float:
    """The share of the picture's pixels, as far as they are in sight, that are not exactly on their device pixel."""
    canvas, (x0, y0) = window.canvas, corner_in_window(window)
    left, top, width, height = (round(side) for side in canvas.view.rect_in_view(Rect(0, 0, WIDTH, HEIGHT)))
    assert (height, width) == expected.shape[:2]
    seen = colors_of(shot)
    room = canvas.view_size
    columns = range(max(left, 2), min(left + width, room.width - 2, seen.shape[1] - x0))
    rows = range(max(top, 2), min(top + height, room.height - 2, seen.shape[0] - y0))
    shown = seen[rows.start + y0 : rows.stop + y0, columns.start + x0 : columns.stop + x0]
    wanted = expected[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    assert wanted.size > 10_000
    return float(np.mean(np.any(shown != wanted, axis=2)))


def painted_in_parts(window: MainWindow) -> QPixmap:
    """The screen after many small repaints that begin and end at odd places."""
    canvas = window.canvas
    QApplication.processEvents()
    for place in range(7, 500, 31):
        canvas.update(place, place // 2, 53, 127)
        QApplication.processEvents()
    return canvas.screen().grabWindow(window.winId())


def picked_wrongly(window: MainWindow, colors: npt.NDArray[np.uint8]) -> int:
    """How many of the pixels under the pointer were taken for another one: by place and by the colour on the screen."""
    canvas, wrong = window.canvas, 0
    seen, (x0, y0) = colors_of(window.grab()), corner_in_window(window)
    window.state.choose_tool(Tool.PICKER)
    shift, ratio = canvas.device_shift(), canvas.devicePixelRatioF()
    left, top, width, height = (round(side) for side in canvas.view.rect_in_view(Rect(0, 0, WIDTH, HEIGHT)))
    for step in range(40):
        x, y = left + (step * 7) % width, top + (step * 11) % height
        place = QPointF((x + 0.5 - shift[0]) / ratio, (y + 0.5 - shift[1]) / ratio)
        click(window, place)
        point = canvas.to_image(place)
        taken = QColor.fromRgbF(*window.state.color).getRgb()[:3]
        is_right = taken == tuple(seen[y + y0, x + x0].tolist()) == tuple(colors[int(point.y), int(point.x)].tolist())
        wrong += not is_right
    return wrong


def click(window: MainWindow, place: QPointF) -> None:
    canvas, left, none = window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind, held in ((QEvent.Type.MouseButtonPress, left), (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton)):
        event = QMouseEvent(kind, place, QPointF(canvas.mapToGlobal(place)), left, held, none)
        QApplication.sendEvent(canvas, event)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
