"""The text tool in the real window, the renderer, and `scumble text`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.cli import run_command_line
from desktop.core.composite import flatten
from desktop.core.errors import UserError
from desktop.core.layers import Alignment, RasterLayer, TextContent
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image
from desktop.io.openraster import load_openraster, save_openraster
from desktop.tools.moving import translated
from desktop.tools.text_layers import new_text_layer, placed_text
from desktop.ui.dialogs.text_dialog import TextDialog
from desktop.ui.text_renderer import render_text
from tests.builders import document_with
from tests.gui.conftest import Studio

SAMPLE = TextContent("Scumble", x=10, y=20, size_px=40, color="#c83200")


def dialog_of(studio: Studio) -> TextDialog:
    studio.wait_for(lambda: studio.window.effects.dialog is not None)
    dialog = studio.window.effects.dialog
    assert isinstance(dialog, TextDialog)
    return dialog


def write(studio: Studio, text: str, at: tuple[float, float] = (20, 20)) -> RasterLayer:
    """With the tool, as a hand does it."""
    studio.window.perform("tool.text")
    studio.drag(at, at)
    dialog = dialog_of(studio)
    QTest.keyClicks(dialog.text, text)
    studio.wait_for(lambda: not dialog.is_at_work)
    dialog.accept()
    layer = studio.document.layers[-1]
    assert isinstance(layer, RasterLayer)
    return layer


def test_a_click_writes_and_becomes_one_step_of_the_history(studio: Studio) -> None:
    studio.show_plain()
    studio.window.state.set_color((1.0, 0.0, 0.0))
    layer = write(studio, "Hello")
    assert layer.text is not None
    assert (layer.name, layer.text.text, layer.text.color) == ("Hello", "Hello", "#ff0000")
    assert studio.names == ["New picture", "New text layer"]
    assert studio.window.state.layer_id == layer.id
    bounds = layer.tiles.content_bounds()
    assert bounds.width > 10
    assert 15 <= bounds.x <= 30
    picture = flatten(studio.document)
    assert (picture[..., 0] == 255).all(), "red letters on white"
    assert picture[..., 1].min() < 60


def test_what_is_written_shows_at_once_and_escape_takes_it_away(studio: Studio) -> None:
    studio.show_plain()
    before = studio.document
    studio.window.perform("tool.text")
    studio.drag((20, 20), (20, 20))
    dialog = dialog_of(studio)
    QTest.keyClicks(dialog.text, "MMMM")
    studio.wait_for(lambda: not dialog.is_at_work)
    opened = studio.window.state.open_document
    assert opened is not None
    assert flatten(opened.shown).min() == 0
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert studio.document is before
    assert not studio.window.state.is_editing


def test_a_text_of_nothing_is_no_layer(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.text")
    studio.drag((20, 20), (20, 20))
    dialog_of(studio).accept()
    assert studio.window.effects.dialog is not None
    studio.window.effects.give_up()
    assert studio.names == ["New picture"]


def test_a_click_on_letters_changes_them_where_the_layer_is_now(studio: Studio) -> None:
    studio.show_plain()
    layer = write(studio, "MMM")
    studio.window.perform("tool.move")
    bounds = layer.tiles.content_bounds()
    studio.drag((bounds.x + 4, bounds.y + 4), (bounds.x + 64, bounds.y + 44))
    moved = studio.document.raster_layer(layer.id)
    after = moved.tiles.content_bounds()
    assert (after.x, after.y) == (bounds.x + 60, bounds.y + 40)
    studio.window.perform("tool.text")
    studio.drag((after.x + 5, after.y + 5), (after.x + 5, after.y + 5))
    dialog = dialog_of(studio)
    assert dialog.text.toPlainText() == "MMM"
    dialog.size.move_to_share(dialog.size.value_range.to_share(40))
    dialog.alignment.chosen.emit("right")
    studio.wait_for(lambda: not dialog.is_at_work)
    dialog.accept()
    changed = studio.document.raster_layer(layer.id)
    assert changed.text is not None
    assert (changed.text.size_px, changed.text.alignment) == (40, Alignment.RIGHT)
    assert abs(changed.tiles.content_bounds().x - after.x) < 12
    assert studio.names[-1] == "Change text"
    studio.window.perform("edit.undo")
    assert studio.document.raster_layer(layer.id) == moved


def test_painting_on_a_text_is_refused_until_it_is_pixels(studio: Studio) -> None:
    studio.show_plain()
    layer = write(studio, "MMM")
    studio.window.perform("tool.brush")
    studio.drag((10, 10), (60, 10))
    assert "text layer" in studio.window.info.text
    studio.window.perform("layer.rasterise")
    assert studio.document.raster_layer(layer.id).text is None
    studio.drag((10, 10), (60, 10))
    assert studio.names[-2:] == ["Turn into pixels", "Brush stroke"]


def test_a_text_layer_comes_back_from_a_file_and_others_see_its_pixels(studio: Studio, tmp_path: Path) -> None:
    studio.show_plain()
    layer = write(studio, "MMM")
    save_openraster(studio.document, tmp_path / "a.ora")
    loaded = load_openraster(tmp_path / "a.ora")
    assert loaded.raster_layer(layer.id).text == layer.text
    assert np.array_equal(flatten(loaded), flatten(studio.document))


def test_a_drag_makes_a_box_that_breaks_lines(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.text")
    studio.drag((20, 20), (120, 90))
    dialog = dialog_of(studio)
    QTest.keyClicks(dialog.text, "one two three four five six seven")
    dialog.accept()
    layer = studio.document.layers[-1]
    assert isinstance(layer, RasterLayer)
    assert layer.text is not None
    assert abs(layer.text.width - 100) < 2
    bounds = layer.tiles.content_bounds()
    assert bounds.width < 110
    assert bounds.height > 2 * layer.text.size_px


def test_letters_have_one_colour_and_soft_rims(qapp: QApplication) -> None:
    rendered = render_text(SAMPLE)
    alpha = rendered.pixels[..., 3]
    assert (rendered.pixels[alpha > 0][:, :3] == (200, 50, 0)).all()
    assert alpha.max() == 255
    assert len(np.unique(alpha)) > 10


def changed_size(**changes: Any) -> tuple[int, int]:
    height, width = render_text(replace(SAMPLE, **changes)).pixels.shape[:2]
    return width, height


def test_every_property_of_a_text_shows(qapp: QApplication) -> None:
    width, height = changed_size()
    assert changed_size(size_px=80)[0] > 1.8 * width
    assert changed_size(tracking=200)[0] > width + 30
    lines = "Scumble\nScumble"
    assert changed_size(text=lines, leading=2.0)[1] > changed_size(text=lines)[1] + 20
    assert not np.array_equal(render_text(replace(SAMPLE, italic=True)).pixels, render_text(SAMPLE).pixels)
    assert render_text(replace(SAMPLE, weight=700)).pixels[..., 3].sum() > render_text(SAMPLE).pixels[..., 3].sum()
    ragged = "Scumble\ni"
    left, right = (
        render_text(replace(SAMPLE, text=ragged, alignment=one)) for one in (Alignment.LEFT, Alignment.RIGHT)
    )
    lower = np.s_[height + 4 :]
    assert np.flatnonzero(left.pixels[lower][..., 3].any(axis=0))[0] < 10
    assert np.flatnonzero(right.pixels[lower][..., 3].any(axis=0))[0] > width / 2
    with pytest.raises(UserError, match="large"):
        render_text(replace(SAMPLE, size_px=2000, text="Scumble" * 20))


def test_the_place_of_a_text_follows_its_layer(qapp: QApplication) -> None:
    layer = new_text_layer(document_with(), SAMPLE, render_text)
    moved = translated(layer, 7, -3)
    assert isinstance(moved, RasterLayer)
    text = placed_text(moved)
    assert (text.x, text.y) == (17, 17)


def test_the_command_line_writes_the_same_letters(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, layered = tmp_path / "in.png", tmp_path / "out.png", tmp_path / "out.ora"
    write_image(source, ImageFile(np.full((80, 240, 4), 255, np.uint8)))
    family = QFontDatabase.families()[0]
    arguments = ["--text", "Scumble", "--at", "10,20", "--size", "40", "--color", "#c83200", "--font", family, "--json"]
    assert run_command_line(["text", str(source), str(out), *arguments]) == 0
    place = json.loads(capsys.readouterr().out)["place"]
    rendered = render_text(replace(SAMPLE, family=family))
    assert (place["x"], place["y"], place["width"]) == (rendered.x, rendered.y, rendered.pixels.shape[1])
    assert run_command_line(["text", str(source), str(layered), *arguments]) == 0
    document = load_openraster(layered)
    top = document.layers[-1]
    assert isinstance(top, RasterLayer)
    assert top.text is not None
    assert top.text.text == "Scumble"
    assert np.array_equal(flatten(document), read_image(out).pixels)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--text", " "], "no text"),
        (["--text", "a", "--size", "0"], "size_px must be"),
        (["--text", "a", "--size", "99999"], "size_px must be"),
        (["--text", "a", "--at", "here"], "--at must be"),
        (["--text", "a", "--width", "-4"], "width must be"),
        (["--text", "a", "--align", "up"], "alignment must be"),
        (["--text", "a", "--color", "red"], "not a colour"),
        (["--text", "a", "--font", "No Such Family"], "no font family"),
    ],
)
def test_wrong_input_is_one_sentence(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    write_image(source, ImageFile(np.full((8, 8, 4), 255, np.uint8)))
    assert run_command_line(["text", str(source), str(out), *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not out.exists()
