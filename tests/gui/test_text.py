"""The text dialog in the real window, the renderer, and `scumble text`. `test_writing` writes on the canvas."""

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
from desktop.ui.state import Tool
from desktop.ui.text_renderer import render_text
from tests.builders import document_with
from tests.gui.conftest import Studio

SAMPLE = TextContent("Scumble", x=10, y=20, size_px=40, color="#c83200")


def dialog_of(studio: Studio) -> TextDialog:
    studio.wait_for(lambda: studio.window.effects.dialog is not None)
    dialog = studio.window.effects.dialog
    assert isinstance(dialog, TextDialog)
    return dialog


def write(studio: Studio, text: str, at: tuple[float, float] = (20, 40)) -> RasterLayer:
    """With the tool, as a hand does it."""
    studio.window.perform("tool.text")
    studio.drag(at, at)
    studio.wait_for(lambda: studio.window.texts.is_writing)
    QTest.keyClicks(studio.window.canvas, text)
    assert studio.window.texts.keep()
    layer = studio.document.layers[-1]
    assert isinstance(layer, RasterLayer)
    return layer


def test_the_dialog_takes_over_what_is_written_and_makes_one_entry(studio: Studio) -> None:
    studio.show_plain()
    studio.window.perform("tool.text")
    studio.drag((20, 40), (20, 40))
    studio.wait_for(lambda: studio.window.texts.is_writing)
    QTest.keyClicks(studio.window.canvas, "MM")
    studio.window.context.bars[Tool.TEXT].more.click()
    dialog = dialog_of(studio)
    assert not studio.window.texts.is_writing
    assert dialog.text.toPlainText() == "MM"
    dialog.text.setPlainText("MMM")
    dialog.leading.number.value_changed.emit(150.0)
    studio.wait_for(lambda: not dialog.is_at_work)
    dialog.accept()
    assert studio.names == ["New picture", "New text layer"]
    layer = studio.document.layers[-1]
    assert isinstance(layer, RasterLayer)
    assert layer.text is not None
    assert (layer.text.text, layer.text.leading) == ("MMM", 1.5)


def test_the_dialog_shows_at_once_and_escape_takes_it_away(studio: Studio) -> None:
    studio.show_plain()
    layer = write(studio, "MMMM")
    before = studio.document
    studio.window.perform("layer.adjustment")
    dialog = dialog_of(studio)
    dialog.color.color_changed.emit("#000000")
    dialog.text.setPlainText("i")
    studio.wait_for(lambda: not dialog.is_at_work)
    opened = studio.window.state.open_document
    assert opened is not None
    assert opened.shown.raster_layer(layer.id).tiles.content_bounds().width < 20
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert studio.document is before
    assert not studio.window.state.is_editing


def test_the_dialog_keeps_no_text_of_nothing(studio: Studio) -> None:
    studio.show_plain()
    write(studio, "M")
    studio.window.perform("layer.adjustment")
    dialog = dialog_of(studio)
    dialog.text.setPlainText("  ")
    dialog.accept()
    assert studio.window.effects.dialog is not None
    studio.window.effects.give_up()
    assert studio.names == ["New picture", "New text layer"]


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
