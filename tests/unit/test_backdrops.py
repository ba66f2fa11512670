"""What filters and styles keep of the layers below is forgotten with every change, whoever still works on the old."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from desktop.core.backdrops import WHOLE, Backdrop
from desktop.core.composite import flatten
from desktop.core.compositor import Compositor
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Rect
from desktop.core.layer_styles import LayerStyles, StrokeStyle
from desktop.core.layers import GroupLayer
from desktop.core.tiles import TILE
from tests.builders import document_with, raster_layer

KEY = (1, 2)
RECT = Rect(KEY[0] * TILE, KEY[1] * TILE, TILE, TILE)


def level(value: int) -> np.ndarray:
    return np.full((TILE, TILE, 4), value, np.uint16)


def test_a_late_result_of_an_old_version_is_not_adopted() -> None:
    old, new = Backdrop(), Backdrop()
    old.forget(RECT)
    assert old.result(KEY, WHOLE, lambda _rect: level(1))[0, 0, 0] == 1
    new.adopt(old)
    assert new.result(KEY, WHOLE, lambda _rect: level(2))[0, 0, 0] == 2


def test_a_late_tile_below_of_an_old_version_is_not_adopted() -> None:
    old, new = Backdrop(), Backdrop()
    old.tile(KEY, lambda _area, tile: tile.fill(1))
    old.forget(RECT)
    old.tile(KEY, lambda _area, tile: tile.fill(1))
    new.adopt(old)
    assert new.tile(KEY, lambda _area, tile: tile.fill(2))[0, 0, 0] == 2


def test_what_was_not_forgotten_is_adopted() -> None:
    old, new = Backdrop(), Backdrop()
    old.result(KEY, WHOLE, lambda _rect: level(1))
    old.forget(Rect(0, 0, TILE, TILE))
    new.adopt(old)
    assert new.result(KEY, WHOLE, lambda _rect: pytest.fail("it was kept"))[0, 0, 0] == 1


def test_forgetting_from_another_thread_is_seen_by_a_result_in_the_making() -> None:
    backdrop, started, forgotten = Backdrop(), threading.Event(), threading.Event()

    def make(_rect: Rect) -> np.ndarray:
        started.set()
        assert forgotten.wait(30)
        return level(1)

    thread = threading.Thread(target=lambda: backdrop.result(KEY, WHOLE, make))
    thread.start()
    assert started.wait(30)
    backdrop.forget(RECT)
    forgotten.set()
    thread.join()
    later = Backdrop()
    later.adopt(backdrop)
    assert later.result(KEY, WHOLE, lambda _rect: level(2))[0, 0, 0] == 2


def test_a_hidden_layer_of_a_styled_group_leaves_no_line_that_came_from_beyond_the_canvas() -> None:
    """The stroke of what lies below the lower edge shows in the last rows."""
    below_edge = np.full((60, 100, 4), 200, np.uint8)
    below_edge[..., 3] = 255
    group = GroupLayer(
        id=2,
        name="Group",
        styles=LayerStyles(stroke=StrokeStyle(color="#ffff00", size_px=10.0)),
        children=(raster_layer(3, below_edge, x=20, y=205), raster_layer(4, below_edge[:20, :20], x=10, y=10)),
    )
    base = np.full((200, 300, 4), 255, np.uint8)
    document = OpenDocument(document_with(raster_layer(1, base), group, width=300, height=200))
    compositor = Compositor(document, threads=1)
    try:
        assert compositor.tile(0, 0, 0)[198, 60].tolist() == [0, 255, 255, 255]
        with document.edit("Hide layer") as edit:
            edit.replace_layer(document.document.layer(3).changed(visible=False))
        compositor.refresh()
        assert compositor.tile(0, 0, 0)[198, 60].tolist() == [255, 255, 255, 255]
        assert flatten(document.shown)[198, 60].tolist() == [255, 255, 255, 255]
    finally:
        compositor.close()
