"""What takes long happens beside the window's thread, and comes out the same. No times here: tests/bench has those."""

from __future__ import annotations

import os
import sys
import threading

import numpy as np
import pytest

from desktop.core.composite import flatten
from desktop.core.document import Document, new_layer_from_pixels
from desktop.core.geometry import Rect, Size
from desktop.settings import RECENT_FILES, Settings
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it by thread")
def test_threads_in_the_background_give_way_to_the_window(studio: Studio) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    found: list[int] = []

    def look() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    studio.window.background.run(look, on_done=found.append, on_error=lambda _error: None)
    studio.wait_for(lambda: bool(found))
    assert found == [min(ours + 5, 19)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == ours


def test_undo_of_a_large_change_shows_at_last_what_the_document_is(studio: Studio) -> None:
    """More tiles than a frame has time for, near and far."""
    ground, above = noise(1500, 1200, seed=1), noise(1500, 1200, seed=2)
    ground[..., 3] = 255
    layers = raster_layer(1, ground), raster_layer(2, above, opacity=0.8)
    studio.show(document_with(*layers, width=1500, height=1200))
    studio.window.perform("view.fit")
    studio.settle()
    opened = studio.window.state.open_document
    assert opened is not None
    with opened.edit("Fade") as edit:
        edit.replace_layer(opened.document.layer(2).changed(opacity=0.1))
    studio.window.perform("edit.undo")
    for point in ((3, 3), (700, 600), (1490, 1190)):
        area = Rect(point[0] - point[0] % 2, point[1] - point[1] % 2, 2, 2)
        expected = flatten(opened.document, area).astype(float).mean(axis=(0, 1))[:3]
        studio.settle()
        studio.wait_for(lambda: not studio.window.canvas.picture.is_stale)  # type: ignore[union-attr]
        picture = studio.window.canvas.picture
        assert picture is not None
        tile = picture._compositor.tile(1, area.x // 512, area.y // 512)
        found = tile[area.y // 2 % 256, area.x // 2 % 256, [2, 1, 0]]
        assert np.abs(found - expected).max() <= 3


def test_a_layer_of_many_tiles_follows_the_move_tool(studio: Studio) -> None:
    document = Document(Size(3000, 2000))
    pixels = np.zeros((2000, 3000, 4), np.uint8)
    pixels[:, :1500] = (200, 40, 10, 255)
    studio.show(document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Half")))
    studio.window.perform("tool.move")
    canvas = studio.window.canvas
    middle = canvas.rect().center()
    start = canvas.view.view_to_image(middle.x(), middle.y())
    studio.drag((start.x, start.y), (start.x + 40, start.y + 25))
    studio.wait_for(lambda: not studio.window.state.is_editing)
    assert studio.names[-1] == "Move layer"
    tiles = studio.document.raster_layer(studio.document.layers[0].id).tiles
    assert tiles.content_bounds() == Rect(40, 25, 1500, 2000)
    assert all(isinstance(tile, np.ndarray) for tile in tiles.stored().values())
    studio.window.perform("edit.undo")
    assert studio.seen(20, 20) == (200, 40, 10, 255)


def test_the_list_of_recent_files_is_on_the_disk_when_the_window_is_closed(studio: Studio) -> None:
    studio.show_plain()
    path = studio.window.settings._path.parent / "picture.ora"
    studio.dialogs.save_path = path
    studio.window.files.save_as()
    studio.wait_for(lambda: not studio.window.background.is_busy and studio.window.state.path == path)
    studio.window.close()
    assert Settings(studio.window.settings._path).get(RECENT_FILES) == (str(path.resolve()),)
