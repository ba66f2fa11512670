"""The lines between pixels: where they are, how wide, how well they show, and that they can be switched off."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from desktop.core.geometry import Point, Rect
from desktop.settings import PIXEL_GRID
from desktop.ui.canvas.pixel_grid import LINE_ALPHA
from tests.builders import document_with, raster_layer
from tests.gui.conftest import Studio
from tests.gui.pixels import colors_of, painted

SIDE = 20
DARKENED, LIGHTENED = 200 * (255 - LINE_ALPHA) / 255, 20 + (255 - 20) * LINE_ALPHA / 255


def show_halves(studio: Studio, zoom: float) -> None:
    """Light on the left, dark on the right."""
    pixels = np.full((SIDE, SIDE, 4), 200, np.uint8)
    pixels[:, SIDE // 2 :] = 20
    pixels[..., 3] = 255
    studio.show(document_with(raster_layer(1, pixels), width=SIDE, height=SIDE))
    studio.window.perform("tool.hand")
    studio.window.canvas.zoom_to(zoom)


def shown(studio: Studio) -> npt.NDArray[np.int_]:
    """The picture's part of the canvas, green only."""
    studio.settle()
    left, top, width, height = (round(side) for side in studio.window.canvas.shown_rect())
    return painted(studio.window.canvas)[top : top + height, left : left + width, 1].astype(int)


def test_the_grid_is_one_device_pixel_wide_and_stands_out(studio: Studio) -> None:
    show_halves(studio, 8.0)
    for zoom, rotation in ((8.0, 0.0), (10.0, 90.0), (9.5, 0.0), (12.0, -90.0)):
        studio.window.canvas.turn_to(rotation)
        studio.window.canvas.zoom_to(zoom)
        levels = np.rot90(shown(studio), round(rotation / 90))
        row = levels[round(zoom * 3.5)]
        marked = np.flatnonzero((row != 200) & (row != 20))
        assert len(marked) in (SIDE, SIDE - 1)
        assert set(np.diff(marked).tolist()) <= {int(zoom), round(zoom + 0.01)}
        light, dark = row[marked[marked < len(row) / 2 - 1]], row[marked[marked > len(row) / 2 + 1]]
        assert np.abs(light - DARKENED).max() <= 1
        assert np.abs(dark - LIGHTENED).max() <= 1


def test_no_grid_below_800_percent_nor_when_switched_off(studio: Studio) -> None:
    show_halves(studio, 7.0)
    assert set(np.unique(shown(studio)).tolist()) == {20, 200}
    studio.window.canvas.zoom_to(8.0)
    assert len(np.unique(shown(studio))) > 2
    studio.window.perform("view.pixel_grid")
    assert set(np.unique(shown(studio)).tolist()) == {20, 200}
    assert not studio.window.settings.get(PIXEL_GRID)
    studio.window.perform("view.pixel_grid")
    assert studio.window.actions_by_id["view.pixel_grid"].isChecked()


def test_the_grid_lies_between_the_pixels_of_a_view_aslant(studio: Studio) -> None:
    show_halves(studio, 24.0)
    canvas = studio.window.canvas
    canvas.turn_to(30.0)
    studio.settle()
    seen = painted(canvas)[..., 1].astype(int)
    for x, y in ((3, 4), (6, 9), (14, 11), (16, 7)):
        inside, on_line = (canvas.view.image_to_view(Point(x + 0.5, y + offset)) for offset in (0.5, 0.0))
        ground = 200 if x < SIDE // 2 else 20
        assert seen[int(inside[1]), int(inside[0])] == ground
        around = seen[int(on_line[1]) - 1 : int(on_line[1]) + 2, int(on_line[0]) - 1 : int(on_line[0]) + 2]
        assert np.abs(around - ground).max() > 30


def test_a_repainted_pixel_keeps_its_lines(studio: Studio) -> None:
    show_halves(studio, 11.0)
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=3.0, hardness=100.0)
    studio.drag((4, 4), (7, 4))
    studio.window.perform("tool.hand")
    studio.settle()
    canvas = studio.window.canvas
    assert studio.seen(5, 4)[:3] == (0, 0, 0)
    partly = painted(canvas)
    canvas.update()
    studio.settle()
    assert np.array_equal(painted(canvas), partly)
    assert np.array_equal(colors_of(canvas.grab()), partly)
    left, top, _, _ = (round(side) for side in canvas.view.rect_in_view(Rect(5, 4, 1, 1)))
    assert partly[top + 5, left + 5].tolist() == [0, 0, 0]
    assert partly[top + 5, left, 0] == LINE_ALPHA
