"""The channels panel in the real window, its pixels, and saved selections in files and in the history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop.core.document import Channel
from desktop.core.geometry import Rect, Size
from desktop.core.tiles import TileMap
from desktop.core.turning import Turn
from desktop.io.openraster import load_openraster, save_openraster
from desktop.tools.channels import Plate, plate_levels
from desktop.tools.resizing import turned_document
from desktop.ui.panels.channels_panel import ChannelsPanel
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio

SOFT = TileMap.from_array(np.linspace(1, 250, 40 * 30).astype(np.uint8).reshape(30, 40), 10, 20)


def picture() -> Any:
    pixels = np.zeros((120, 200, 4), np.uint8)
    pixels[...] = (200, 100, 50, 255)
    return document_with(raster_layer(1, pixels), width=200, height=120)


def panel(studio: Studio) -> ChannelsPanel:
    studio.window.panels.bring_to_front("channels")
    found = studio.window.panels["channels"]
    assert isinstance(found, ChannelsPanel)
    return found


def names(shown: ChannelsPanel) -> list[str]:
    return [shown.list.item(row).text() for row in range(shown.list.count())]


def select(studio: Studio, rect: Rect) -> None:
    opened = studio.window.state.open_document
    assert opened is not None
    with opened.edit("Selection") as edit:
        edit.set_selection(TileMap.filled(rect, (255,)))


def test_a_click_shows_a_channel_in_grey_and_the_first_row_the_picture(studio: Studio) -> None:
    studio.show(picture())
    shown = panel(studio)
    assert names(shown) == ["All channels", "Red", "Green", "Blue", "Alpha"]
    for row, level in ((1, 200), (2, 100), (3, 50), (4, 255)):
        shown.list.setCurrentRow(row)
        assert studio.on_screen(100, 60) == (level,) * 3
    shown.list.setCurrentRow(0)
    assert studio.on_screen(100, 60) == (200, 100, 50)


def test_a_selection_is_saved_shown_loaded_stored_and_deleted(studio: Studio) -> None:
    studio.show(picture())
    shown = panel(studio)
    select(studio, Rect(20, 20, 60, 40))
    studio.window.perform("select.save")
    assert names(shown)[-1] == "Selection 1"
    studio.window.perform("select.none")
    shown.list.setCurrentRow(5)
    assert studio.on_screen(50, 40) == (255, 255, 255)
    assert studio.on_screen(150, 100) == (0, 0, 0)
    shown.buttons["load"].click()
    studio.wait_for(lambda: studio.document.selection is not None)
    assert studio.document.selection is not None
    assert studio.document.selection.content_bounds() == Rect(20, 20, 60, 40)
    select(studio, Rect(100, 80, 50, 30))
    shown.buttons["store"].click()
    assert studio.on_screen(120, 90) == (255, 255, 255)
    assert studio.on_screen(50, 40) == (0, 0, 0)
    studio.window.perform("edit.undo")
    assert studio.on_screen(50, 40) == (255, 255, 255)
    shown.buttons["delete"].click()
    assert studio.document.channels == ()
    assert studio.window.state.shown_channel is None
    assert studio.names[-1] == "Delete saved selection"
    studio.window.perform("edit.undo")
    assert len(studio.document.channels) == 1
    studio.dialogs.name = "Sky"
    shown.list.setCurrentRow(5)
    shown.buttons["rename"].click()
    assert names(shown)[-1] == "Sky"


def test_a_colour_becomes_a_selection(studio: Studio) -> None:
    studio.show(picture())
    shown = panel(studio)
    shown.list.setCurrentRow(2)
    shown.buttons["load"].click()
    studio.wait_for(lambda: studio.document.selection is not None)
    assert studio.document.selection is not None
    assert (studio.document.selection.read(Rect(0, 0, 200, 120)) == 100).all()


@pytest.mark.parametrize("depth", [8, 16])
def test_colours_count_by_as_much_as_they_are_opaque(depth: Any) -> None:
    pixels = noise(20, 10, seed=3, depth=depth)
    document = document_with(raster_layer(1, pixels), width=20, height=10, depth=depth)
    shares = pixels.astype(float) / np.iinfo(pixels.dtype).max
    assert np.abs(plate_levels(document, Plate.ALPHA) - 255 * shares[..., 3]).max() <= 1
    assert np.abs(plate_levels(document, Plate.GREEN) - 255 * shares[..., 1] * shares[..., 3]).max() <= 2


def test_saved_selections_come_back_from_a_file_and_turn_with_the_picture(tmp_path: Path) -> None:
    document = picture().changed(channels=(Channel("Sky", SOFT), Channel("Nothing", TileMap(1))))
    save_openraster(document, tmp_path / "a.ora")
    loaded = load_openraster(tmp_path / "a.ora")
    assert [channel.name for channel in loaded.channels] == ["Sky", "Nothing"]
    assert loaded.channels[0].tiles.same_pixels(SOFT)
    assert loaded.channels[1].tiles.content_bounds().is_empty
    turned = turned_document(loaded, Turn.RIGHT)
    assert turned.channels[0].tiles.content_bounds().size == Size(30, 40)
