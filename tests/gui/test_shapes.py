"""The shape tool in the real window, its pixels, files, and `scumble shape`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from desktop.cli import run_command_line
from desktop.core.composite import flatten
from desktop.core.geometry import Point
from desktop.core.layers import RasterLayer
from desktop.core.shapes import Arrows, ShapeContent, ShapeKind, ShapeStyle
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image
from desktop.io.openraster import load_openraster, save_openraster
from desktop.tools.gestures import Modifier
from desktop.tools.shape_layers import constrained, new_shape_layer, placed_shape, with_shape
from desktop.ui.panels.shape_bar import ShapeBar
from desktop.ui.shape_renderer import render_shape
from desktop.ui.state import Tool
from tests.builders import document_with
from tests.gui.conftest import Studio


def drawn(studio: Studio, *points: tuple[float, float]) -> RasterLayer:
    """With the tool, as a hand does it."""
    studio.window.perform("tool.shape")
    studio.drag(*points)
    studio.wait_for(lambda: not studio.window.state.is_editing)
    layer = studio.document.layers[-1]
    assert isinstance(layer, RasterLayer)
    return layer


def styled(studio: Studio, **changes: object) -> None:
    studio.window.state.change_options(shape=ShapeStyle(**changes))  # type: ignore[arg-type]


def bar(studio: Studio) -> ShapeBar:
    found = studio.window.context.bars[Tool.SHAPE]
    assert isinstance(found, ShapeBar)
    return found


def test_a_drag_draws_a_rectangle_that_is_sharp_and_one_step(studio: Studio) -> None:
    studio.show_plain()
    styled(studio, fill="#ff0000", strokes=True, stroke="#0000ff", stroke_px=4.0)
    before = studio.document
    layer = drawn(studio, (40, 30), (120, 90))
    assert studio.names == ["New picture", "New shape layer"]
    assert (layer.name, studio.window.state.layer_id) == ("Rectangle", layer.id)
    assert studio.seen(80, 60) == (255, 0, 0, 255)
    assert studio.seen(38, 60) == studio.seen(41, 60) == (0, 0, 255, 255)
    assert studio.seen(37, 60) == (255, 255, 255, 255)
    assert studio.seen(42, 60) == (255, 0, 0, 255)
    assert studio.on_screen(70, 50) == (255, 0, 0)
    studio.window.perform("edit.undo")
    assert studio.document is before


def test_shift_makes_it_regular_and_alt_draws_from_the_middle() -> None:
    box, line = ShapeStyle(), ShapeStyle(kind=ShapeKind.LINE)
    start, end = constrained(box, Point(40, 30), Point(100, 50), Modifier.SHIFT)
    assert (start, end) == (Point(40, 30), Point(100, 90))
    start, end = constrained(box, Point(40, 30), Point(100, 50), Modifier.ALT)
    assert (start, end) == (Point(-20, 10), Point(100, 50))
    start, end = constrained(line, Point(0, 0), Point(50, 4), Modifier.SHIFT)
    assert abs(end.y) < 1e-9


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        (ShapeKind.ELLIPSE, (80, 60), (43, 33)),
        (ShapeKind.POLYGON, (80, 60), (43, 33)),
        (ShapeKind.STAR, (80, 60), (60, 35)),
        (ShapeKind.LINE, (80, 60), (80, 35)),
    ],
)
def test_every_kind_covers_what_it_should(
    studio: Studio, kind: ShapeKind, inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    studio.show_plain()
    styled(studio, kind=kind, fill="#008000", stroke="#008000", stroke_px=6.0)
    drawn(studio, (40, 30), (120, 90))
    assert studio.seen(*inside) == (0, 128, 0, 255)
    assert studio.seen(*outside) == (255, 255, 255, 255)
    levels = np.unique(flatten(studio.document)[..., 0])
    assert len(levels) > 10, "slanted rims are soft"


def test_the_bar_changes_the_shape_in_hand_as_one_step(studio: Studio) -> None:
    studio.show_plain()
    layer = drawn(studio, (40, 30), (120, 90))
    slider = bar(studio)._sliders["radius_px"]
    slider.begin_drag()
    for value in (5.0, 20.0, 30.0):
        slider.move_to_share(slider.value_range.to_share(value))
        assert studio.window.state.is_editing
    slider.end_drag()
    assert studio.names[1:] == ["New shape layer", "Change shape"]
    assert studio.seen(42, 32) == (255, 255, 255, 255)
    bar(studio).colors["fill"].color_changed.emit("#00ff00")
    assert studio.seen(80, 60) == (0, 255, 0, 255)
    studio.window.perform("edit.undo")
    studio.window.perform("edit.undo")
    assert studio.document.raster_layer(layer.id) == layer
    assert slider.value == 0, "the bar follows the history"


def test_without_fill_and_stroke_nothing_changes(studio: Studio) -> None:
    studio.show_plain()
    layer = drawn(studio, (40, 30), (120, 90))
    bar(studio)._checks["fills"].click()
    assert "fill or a stroke" in studio.window.info.text
    assert studio.document.raster_layer(layer.id) == layer
    assert bar(studio)._checks["fills"].isChecked()


def test_handles_change_a_shape_where_the_layer_is_now(studio: Studio) -> None:
    studio.show_plain()
    styled(studio, fill="#ff0000")
    layer = drawn(studio, (40, 30), (100, 80))
    studio.window.perform("tool.move")
    studio.drag((60, 50), (80, 60))
    studio.window.perform("tool.shape")
    moved = studio.document.raster_layer(layer.id)
    assert placed_shape(moved).box == (60, 40, 120, 90)
    studio.drag((120, 90), (160, 130))
    studio.wait_for(lambda: not studio.window.state.is_editing)
    assert len(studio.document.layers) == 2
    assert studio.document.raster_layer(layer.id).tiles.content_bounds().size.width == 100
    assert studio.names[-1] == "Change shape"
    assert studio.seen(150, 120) == (255, 0, 0, 255)


def test_a_click_takes_a_shape_in_hand_and_a_double_click_in_the_list_too(studio: Studio) -> None:
    studio.show_plain()
    first = drawn(studio, (20, 20), (60, 60))
    drawn(studio, (100, 20), (140, 60))
    studio.drag((30, 30), (30, 30))
    assert studio.window.state.layer_id == first.id
    studio.window.perform("tool.brush")
    studio.drag((30, 30), (50, 30))
    assert "shape layer" in studio.window.info.text
    studio.window.effects.edit_layer_by_id(first.id)
    assert studio.window.state.tool is Tool.SHAPE
    studio.window.perform("layer.rasterise")
    assert studio.document.raster_layer(first.id).shape is None


def test_escape_takes_the_drawing_away(studio: Studio) -> None:
    studio.show_plain()
    before, chosen = studio.document, studio.window.state.layer_id
    studio.window.perform("tool.shape")
    studio.press((40, 30))
    studio.move((100, 90))
    studio.window.canvas.pointer.flush()
    studio.window.canvas.pointer.cancel()
    assert studio.document is before
    assert studio.window.state.layer_id == chosen


@pytest.mark.parametrize("depth", [8, 16])
def test_a_shape_comes_back_from_a_file_and_others_see_its_pixels(
    qapp: QApplication, tmp_path: Path, depth: int
) -> None:
    style = ShapeStyle(kind=ShapeKind.STAR, sides=7, inner=0.4, strokes=True, stroke_px=3.0)
    document = document_with(width=90, height=70, depth=depth)  # type: ignore[arg-type]
    content = ShapeContent(style, 5, 5, 80, 60)
    layer = with_shape(new_shape_layer(document, content, "Star"), content, document, render_shape)
    document = document.with_layer_inserted(layer)
    save_openraster(document, tmp_path / "a.ora")
    loaded = load_openraster(tmp_path / "a.ora")
    assert loaded.raster_layer(layer.id).shape == layer.shape
    assert np.array_equal(flatten(loaded), flatten(document))


def test_arrow_heads_are_wider_than_the_line(qapp: QApplication) -> None:
    style = ShapeStyle(kind=ShapeKind.LINE, stroke_px=4.0, arrows=Arrows.END)
    document = document_with(width=120, height=60)
    content = ShapeContent(style, 10, 30, 110, 30)
    layer = with_shape(new_shape_layer(document, content, "Line"), content, document, render_shape)
    heights = (layer.tiles.read(document.size.rect())[..., 3] > 128).sum(axis=0)
    assert heights[40] == 4
    assert heights[95:109].max() >= 12
    assert heights[12] == 4


def test_the_command_line_draws_the_same_shape(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, layered = tmp_path / "in.png", tmp_path / "out.png", tmp_path / "out.ora"
    write_image(source, ImageFile(np.full((80, 100, 4), 255, np.uint8)))
    arguments = ["--kind", "ellipse", "--from", "10,10", "--to", "90,70", "--fill", "#c83200", "--json"]
    assert run_command_line(["shape", str(source), str(out), *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["place"] == {"x": 10, "y": 10, "width": 80, "height": 60}
    assert run_command_line(["shape", str(source), str(layered), *arguments]) == 0
    document = load_openraster(layered)
    assert getattr(document.layers[-1], "shape", None) is not None
    assert np.array_equal(flatten(document), read_image(out).pixels)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--kind", "blob"], "kind must be one of"),
        (["--kind", "star", "--sides", "2"], "sides must be"),
        (["--kind", "line", "--width", "0"], "width must be"),
        (["--kind", "ellipse", "--fill", "none"], "fill or a stroke"),
        (["--kind", "ellipse", "--fill", "red"], "not a colour"),
        (["--kind", "line", "--arrows", "up"], "--arrows must be"),
    ],
)
def test_wrong_input_is_one_sentence(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    write_image(source, ImageFile(np.full((8, 8, 4), 255, np.uint8)))
    assert run_command_line(["shape", str(source), str(out), "--from", "1,1", "--to", "6,6", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not out.exists()
