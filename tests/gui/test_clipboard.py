"""Cut, copy and paste between layers, documents and other programs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest

from desktop.core.layers import Mask
from desktop.core.tiles import TileMap
from desktop.tools.painting import Plane
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def two(studio: Studio) -> Studio:
    """White below noise."""
    white = np.full((150, 200, 4), 255, np.uint8)
    studio.show(document_with(raster_layer(1, white), raster_layer(2, noise(200, 150, seed=3)), width=200, height=150))
    QGuiApplication.clipboard().clear()
    return studio


def key(studio: Studio, code: Qt.Key, keys: Qt.KeyboardModifier = CONTROL) -> None:
    QTest.keyClick(studio.window.canvas, code, keys)


def select(studio: Studio, left: int, right: int) -> None:
    levels = np.zeros((150, 200), np.uint8)
    levels[:, left:right] = 255
    opened = studio.window.state.open_document
    assert opened is not None
    with opened.edit("Selection") as edit:
        edit.set_selection(TileMap.from_array(levels))


def copy(studio: Studio, code: Qt.Key, keys: Qt.KeyboardModifier = CONTROL) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    key(studio, code, keys)
    studio.wait_for(lambda: clipboard.mimeData() is not None and clipboard.mimeData().hasImage())


def picture_of_another_program(studio: Studio, width: int, height: int) -> None:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 120, 240))
    QGuiApplication.clipboard().setImage(image)


def test_cut_and_paste_bring_the_picture_back_unchanged(two: Studio) -> None:
    before = two.document.raster_layer(2).tiles.read(two.document.size.rect())
    select(two, 30, 90)
    copy(two, Qt.Key.Key_X)
    assert two.names[-1] == "Cut"
    assert two.on_screen(60, 40) == (255, 255, 255)
    key(two, Qt.Key.Key_V)
    two.wait_for(lambda: two.names[-1] == "Paste")
    pasted = two.document.layers[-1]
    assert two.window.state.layer_id == pasted.id
    after = two.document.raster_layer(pasted.id).tiles.read(two.document.size.rect())
    inside = before[:, 30:90, 3] > 0
    assert np.array_equal(after[:, 30:90][inside], before[:, 30:90][inside]), "place, colour and alpha"
    assert not after[:, :30].any()


def test_copy_visible_takes_what_is_seen(two: Studio) -> None:
    seen = two.seen(100, 75)
    copy(two, Qt.Key.Key_C, CONTROL | SHIFT)
    image = QGuiApplication.clipboard().image()
    assert image.pixelColor(100, 75).getRgb() == seen
    key(two, Qt.Key.Key_V, CONTROL | SHIFT)
    two.wait_for(lambda: len(two.window.state.documents) == 2)
    assert two.seen(100, 75) == seen
    opened = two.window.state.open_document
    assert opened is not None
    assert opened.is_modified


def test_a_picture_of_another_program_lands_in_the_middle(two: Studio) -> None:
    picture_of_another_program(two, 40, 20)
    key(two, Qt.Key.Key_V)
    two.wait_for(lambda: two.names[-1] == "Paste")
    bounds = two.document.raster_layer(two.document.layers[-1].id).tiles.content_bounds()
    assert (bounds.x, bounds.y, bounds.width, bounds.height) == (80, 65, 40, 20)
    assert two.on_screen(100, 75) == (10, 120, 240)


def test_an_empty_clipboard_is_said(two: Studio) -> None:
    key(two, Qt.Key.Key_V)
    assert "no picture in the clipboard" in two.window.info.text
    assert two.names == ["New picture"]


def test_pasting_over_a_mask_that_is_shown_alone(two: Studio) -> None:
    opened = two.window.state.open_document
    assert opened is not None
    with opened.edit("Mask") as edit:
        edit.replace_layer(opened.document.layer(2).changed(mask=Mask()))
    two.window.state.choose_layer(2, Plane.MASK)
    two.window.perform("layer.mask_alone")
    picture_of_another_program(two, 60, 60)
    key(two, Qt.Key.Key_V)
    two.wait_for(lambda: two.names[-1] == "Paste")
    grey = round(10 * 0.2126 + 120 * 0.7152 + 240 * 0.0722)
    assert two.on_screen(100, 75) == (grey, grey, grey)
    assert two.on_screen(20, 20) == (255, 255, 255)
    assert len(two.document.layers) == 2


def test_sixteen_bits_survive_a_paste_as_new_picture(studio: Studio) -> None:
    pixels = noise(60, 40, seed=5, depth=16)
    pixels[..., 3] = 65535
    studio.show(document_with(raster_layer(1, pixels), width=60, height=40, depth=16))
    copy(studio, Qt.Key.Key_C)
    key(studio, Qt.Key.Key_V, CONTROL | SHIFT)
    studio.wait_for(lambda: len(studio.window.state.documents) == 2)
    copied = studio.document.raster_layer(studio.document.layers[0].id)
    assert studio.document.depth == 16
    assert np.array_equal(copied.tiles.read(studio.document.size.rect()), pixels)
