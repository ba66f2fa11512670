"""A canvas that is painted before its tiles are there is painted again where they were missing, and nowhere less."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from desktop.core.edits import OpenDocument
from desktop.core.geometry import EMPTY_RECT, Rect
from desktop.ui.canvas import picture as picture_module
from desktop.ui.canvas.picture import Picture, wrapped_image
from desktop.ui.canvas.view import View
from tests.builders import document_with, noise, raster_layer

WIDTH, HEIGHT = 1600, 900
PATIENCE_S = 20.0


@pytest.fixture
def picture(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Picture:
    """Of noise; what is painted at first has no time for any tile."""
    del qtbot
    pixels = noise(WIDTH, HEIGHT, seed=3)
    pixels[..., 3] = 255
    made = Picture(OpenDocument(document_with(raster_layer(1, pixels), width=WIDTH, height=HEIGHT)))
    monkeypatch.setattr(made._compositor, "prepare_quick", lambda _keys: None)
    monkeypatch.setattr(picture_module, "PAINT_MS", 0.0)
    return made


class Screen:
    """Keeps what was painted, as a window does: only rectangles that are asked for are painted again."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.pixels: npt.NDArray[np.uint8] = np.zeros((HEIGHT, WIDTH, 4), np.uint8)

    def paint(self, picture: Picture, part: Rect) -> bool:
        image: QImage = wrapped_image(self.pixels)
        painter = QPainter(image)
        is_whole = picture.draw(painter, self.view, part.left, part.top, part.right, part.bottom)
        painter.end()
        return is_whole

    def paint_image_rect(self, picture: Picture, rect: Rect) -> None:
        left, top, width, height = (round(side) for side in self.view.rect_in_view(rect))
        self.paint(picture, Rect(left, top, width, height).expanded(4).intersect(Rect(0, 0, WIDTH, HEIGHT)))

    def finish(self, picture: Picture) -> None:
        visible = self.view.rect_in_image(0, 0, WIDTH, HEIGHT)
        stop, is_done = time.monotonic() + PATIENCE_S, False
        while not is_done:
            assert time.monotonic() < stop
            picture._compositor._jobs.wait()
            ready, is_done = picture.work_slice(self.view, visible)
            if ready != EMPTY_RECT:
                self.paint_image_rect(picture, ready)


@pytest.mark.parametrize("zoom", [1.0, 0.52, 0.3])
@pytest.mark.parametrize("way", ["threads are quick", "somebody else looks", "a part is painted"])
def test_no_hole_stays_where_a_tile_came_between_two_looks(picture: Picture, zoom: float, way: str) -> None:
    screen = Screen(View(zoom))
    assert not screen.paint(picture, Rect(0, 0, WIDTH, HEIGHT))
    if way == "somebody else looks":
        while picture.overview(300, 1.0) is None:
            picture._compositor._jobs.wait()
    elif way == "a part is painted":
        picture._compositor.prepare((column, row) for column in range(7) for row in range(4))
        screen.paint(picture, Rect(300, 100, 40, 40))
    screen.finish(picture)
    shown, screen.pixels = screen.pixels, np.zeros_like(screen.pixels)
    assert screen.paint(picture, Rect(0, 0, WIDTH, HEIGHT))
    holes = (shown[..., 3] == 0) & (screen.pixels[..., 3] > 0)
    picture.close()
    assert not holes.any()
