"""Texts and shapes that are turned, scaled, slanted or resized stay texts and shapes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.cli import run_command_line
from desktop.core.affine import IDENTITY, Affine
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import EMPTY_RECT, Point, Rect, Size
from desktop.core.layers import RasterLayer, TextContent
from desktop.core.resample import Resampling
from desktop.core.shapes import ShapeContent, ShapeKind, ShapeStyle
from desktop.core.tiles import TileMap
from desktop.core.transform_box import TransformBox
from desktop.core.turning import Turn
from desktop.io.openraster import load_openraster, save_openraster
from desktop.tools.made_layers import drawn_anew, with_scale_in_size
from desktop.tools.resizing import turned_document, with_canvas, with_size
from desktop.tools.shape_layers import new_shape_layer, placed_shape, with_shape
from desktop.tools.text_layers import new_text_layer, placed_text, with_text
from desktop.tools.transforming import subject_of, turned_layers
from desktop.ui.makers import MAKERS
from desktop.ui.state import Tool
from tests.gui.conftest import Studio

CTRL = Qt.KeyboardModifier.ControlModifier
SIZE = Size(300, 200)
BOX = ShapeContent(ShapeStyle(strokes=True), 40.0, 30.0, 120.0, 70.0)


def with_made_layers() -> Document:
    """Layer 1 is a text, layer 2 a rectangle with a stroke."""
    document = Document(Size(300, 200))
    text = new_text_layer(document, TextContent("Mist", 60.0, 40.0, size_px=40), MAKERS.text)
    document = document.with_layer_inserted(text)
    shape = with_shape(new_shape_layer(document, BOX, "Box"), BOX, document, MAKERS.shape)
    return document.with_layer_inserted(shape)


def turned(document: Document, layer_id: int, **changes: float) -> RasterLayer:
    subject = subject_of(document, [layer_id])
    box = replace(TransformBox.around(subject.bounds), **changes)  # type: ignore[arg-type]
    return subject.settled(box, Resampling.BICUBIC, MAKERS).raster_layer(layer_id)


def alpha(layer: RasterLayer, size: Size = SIZE) -> np.ndarray:
    return layer.tiles.read(size.rect())[..., 3].astype(int)


@pytest.mark.parametrize("layer_id", [1, 2])
@pytest.mark.parametrize("changes", [{"angle": 30.0}, {"skew": 25.0}, {"scale_x": 1.5, "scale_y": 0.7}, {"angle": 180}])
def test_what_is_drawn_anew_lies_where_the_transform_showed_it(
    qapp: QApplication, layer_id: int, changes: dict[str, float]
) -> None:
    document = with_made_layers()
    subject = subject_of(document, [layer_id])
    box = replace(TransformBox.around(subject.bounds), **changes)  # type: ignore[arg-type]
    shown = alpha(subject.shown(box, Resampling.BICUBIC).raster_layer(layer_id))
    layer = subject.settled(box, Resampling.BICUBIC, MAKERS).raster_layer(layer_id)
    assert (layer.text or layer.shape) is not None
    assert np.abs(alpha(layer) - shown).mean() < 1.5, "the same letters in the same places"
    assert alpha(layer).sum() == pytest.approx(shown.sum(), rel=0.02)


def test_a_turned_text_is_made_of_the_same_values_again(qapp: QApplication) -> None:
    document = with_made_layers()
    layer = turned(document, 1, angle=33.0, skew=10.0)
    assert layer.text is not None
    again = with_text(layer, placed_text(layer), document, MAKERS.text)
    assert np.array_equal(alpha(again), alpha(layer))
    assert layer.text.text == "Mist"


def test_a_scale_goes_into_the_size_of_letters(qapp: QApplication) -> None:
    text = turned(with_made_layers(), 1, scale_x=2.0, scale_y=2.0).text
    assert text is not None
    assert text.size_px == 80
    assert text.affine == IDENTITY
    turned_text = turned(with_made_layers(), 1, scale_x=2.0, scale_y=2.0, angle=90.0).text
    assert turned_text is not None
    assert turned_text.size_px == 80
    assert turned_text.affine.scale == pytest.approx(1.0)
    boxed = TextContent("a b", width=100.0, affine=Affine(2.0, 0.0, 0.0, 2.0))
    assert with_scale_in_size(boxed) == boxed, "its lines would be broken elsewhere"


@pytest.mark.parametrize("layer_id", [1, 2])
def test_a_turned_layer_that_was_moved_is_made_where_it_lies(qapp: QApplication, layer_id: int) -> None:
    document = with_made_layers()
    layer = turned(document, layer_id, angle=30.0)
    moved = layer.changed(tiles=layer.tiles.translated(17, -9))
    if moved.text is not None:
        again = with_text(moved, placed_text(moved), document, MAKERS.text)
    else:
        again = with_shape(moved, placed_shape(moved), document, MAKERS.shape)
    assert np.array_equal(alpha(again), alpha(moved))


def test_flips_and_quarter_turns_keep_the_bytes_and_the_text(qapp: QApplication) -> None:
    document = with_made_layers()
    there = turned_layers(document, [1, 2], Turn.ACROSS)
    back = turned_layers(there, [1, 2], Turn.ACROSS)
    for layer_id in (1, 2):
        assert np.array_equal(alpha(back.raster_layer(layer_id)), alpha(document.raster_layer(layer_id)))
    text = there.raster_layer(1).text
    assert text is not None
    assert text.affine.determinant < 0
    whole = document
    for _ in range(4):
        whole = turned_document(whole, Turn.RIGHT)
    text = whole.raster_layer(1).text
    assert text is not None
    assert text == document.raster_layer(1).text


def test_another_size_of_the_picture_draws_letters_instead_of_filtering_them(qapp: QApplication) -> None:
    document = with_made_layers()
    filtered = with_size(document, Size(900, 600), Resampling.BICUBIC)
    drawn = drawn_anew(document, filtered, MAKERS)
    text = drawn.raster_layer(1).text
    assert text is not None
    assert text.size_px == 120
    soft, sharp = (((level := alpha(one.raster_layer(1), one.size)) > 8) & (level < 247) for one in (filtered, drawn))
    assert sharp.sum() < 0.6 * soft.sum()
    shape = drawn.raster_layer(2).shape
    assert shape is not None
    assert shape.affine.point(shape.start) == Point(120.0, 90.0)


def test_a_font_that_is_not_here_keeps_the_pixels_and_the_text(qapp: QApplication) -> None:
    document = with_made_layers()
    layer = document.raster_layer(1)
    assert layer.text is not None
    document = document.with_layer_replaced(layer.changed(text=replace(layer.text, family="No Such Font")))
    after = turned(document, 1, angle=30.0)
    assert after.text is not None
    assert after.text.family == "No Such Font"
    assert after.text.bounds == after.tiles.content_bounds()


def test_a_text_that_a_crop_cuts_off_is_moved_as_far_as_its_layer(qapp: QApplication) -> None:
    document = with_made_layers()
    for rect in (Rect(0, 0, 100, 100), Rect(20, 10, 80, 60)):
        layer = with_canvas(document, rect, keeps_outside=False).raster_layer(1)
        assert layer.text is not None
        assert layer.text.x == 60.0 - rect.x
        moved = layer.changed(tiles=layer.tiles.translated(5, 7))
        assert (placed_text(moved).x, placed_text(moved).y) == (layer.text.x + 5, layer.text.y + 7)


def test_openraster_keeps_the_transform_and_a_flat_one_is_no_text(qapp: QApplication, tmp_path: Path) -> None:
    document = with_made_layers()
    for layer_id in (1, 2):
        document = document.with_layer_replaced(turned(document, layer_id, angle=30.0))
    save_openraster(document, tmp_path / "a.ora")
    back = load_openraster(tmp_path / "a.ora")
    for layer_id in (1, 2):
        now, then = back.raster_layer(layer_id), document.raster_layer(layer_id)
        assert (now.text, now.shape) == (then.text, then.shape)
        assert np.array_equal(alpha(now), alpha(then))


def test_absurd_transforms_are_one_sentence(qapp: QApplication) -> None:
    document = with_made_layers()
    for affine in (Affine(0.0), Affine(x0=float("nan")), Affine(1e9)):
        with pytest.raises(UserError, match="flat, or absurdly large"):
            new_text_layer(document, TextContent("a", affine=affine), MAKERS.text)
        with pytest.raises(UserError, match="flat, or absurdly large"):
            with_shape(document.raster_layer(2), replace(BOX, affine=affine), document, MAKERS.shape)


def keep(studio: Studio) -> None:
    studio.window.canvas.setFocus()
    studio.key(Qt.Key.Key_Return)
    studio.wait_for(lambda: not studio.window.editing.transform.is_active)


def turn_by_numbers(studio: Studio, layer_id: int, angle: float) -> RasterLayer:
    studio.window.state.choose_layer(layer_id)
    studio.window.perform("tool.transform")
    studio.window.editing.transform.set_numbers(angle=angle)
    keep(studio)
    return studio.document.raster_layer(layer_id)


def test_letters_of_a_turned_text_are_changed_where_they_lie(studio: Studio) -> None:
    studio.show(with_made_layers())
    before = studio.document.raster_layer(1).text
    turn_by_numbers(studio, 1, 90.0)
    assert studio.names[-1] == "Transform"
    bounds = studio.document.raster_layer(1).tiles.content_bounds()
    assert bounds.height > bounds.width
    studio.window.perform("tool.text")
    middle = (bounds.x + bounds.width // 2, bounds.bottom - 3)  # the last letter is the lowest one
    studio.drag(middle, middle)
    studio.wait_for(lambda: studio.window.texts.is_writing)
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_End)
    QTest.keyClicks(studio.window.canvas, "MM")
    studio.wait_for(lambda: not studio.window.texts.writing.is_at_work)  # type: ignore[union-attr]
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Return, CTRL)
    studio.wait_for(lambda: not studio.window.texts.is_writing)
    longer = studio.document.raster_layer(1)
    assert longer.text is not None
    assert longer.text.text == "MistMM"
    after = longer.tiles.content_bounds()
    assert after.top == bounds.top, "it grows where its lines lead"
    assert after.bottom > bounds.bottom + 40
    studio.window.perform("edit.undo")
    studio.window.perform("edit.undo")
    assert studio.document.raster_layer(1).text == before


def test_a_handle_of_a_turned_shape_is_pulled_where_it_is_seen(studio: Studio) -> None:
    studio.show(with_made_layers())
    studio.window.perform("view.snap")
    layer = turn_by_numbers(studio, 2, 90.0)
    assert layer.shape is not None
    bounds = layer.tiles.content_bounds()
    studio.window.state.choose_tool(Tool.SHAPE)
    corner = layer.shape.affine.point(Point(BOX.x2, BOX.y2))  # the lower right one is now the lower left one
    assert corner.x < bounds.x + 8
    studio.drag((corner.x, corner.y), (corner.x - 20, corner.y + 10))
    after = studio.document.raster_layer(2).tiles.content_bounds()
    assert (after.right, after.top) == (bounds.right, bounds.top), "the opposite corner holds still"
    assert (after.x, after.bottom) == (bounds.x - 20, bounds.bottom + 10)
    studio.window.perform("view.snap")


def test_perspective_asks_before_letters_become_pixels(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.show(with_made_layers())
    asked: list[str] = []
    answers = [False, True]

    def confirm(title: str, text: str, button: str) -> bool:
        asked.append(title)
        return answers.pop(0)

    monkeypatch.setattr(studio.window.dialogs, "confirm", confirm)
    studio.window.state.choose_layer(1)
    studio.window.perform("tool.transform")
    transform = studio.window.editing.transform
    assert transform.box is not None
    transform._show(transform.box.pulled((1, 1), 20.0, 10.0))
    studio.window.canvas.setFocus()
    studio.key(Qt.Key.Key_Return)
    assert transform.is_active, "one may go on"
    keep(studio)
    assert len(asked) == 2
    assert studio.document.raster_layer(1).text is None


def test_a_part_of_a_text_is_refused(studio: Studio) -> None:
    document = with_made_layers()
    selection = TileMap.from_array(np.full((200, 90, 1), 255, np.uint8), default=0)
    studio.show(document.changed(selection=selection))
    studio.window.state.choose_layer(1)
    studio.window.perform("tool.transform")
    assert "text layer" in studio.window.info.text
    assert not studio.window.editing.transform.is_active


def test_the_command_line_turns_text_and_shapes(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, plain, slanted = tmp_path / "in.ora", tmp_path / "plain.ora", tmp_path / "turned.ora"
    save_openraster(Document(Size(300, 200)), source)
    order = ["text", str(source), "", "--text", "Mist", "--at", "150,100", "--size", "40", "--json"]
    places = []
    for target, more in ((plain, []), (slanted, ["--angle", "90", "--scale=2,2"])):
        assert run_command_line([*order[:2], str(target), *order[3:], *more]) == 0
        places.append(json.loads(capsys.readouterr().out)["place"])
    assert places[1]["height"] == pytest.approx(2 * places[0]["width"], abs=3)
    text = load_openraster(slanted).raster_layer(1).text
    assert text is not None
    corner = text.affine.point(Point(150.0, 100.0))
    assert (corner.x, corner.y) == pytest.approx((150.0, 100.0))
    resized = tmp_path / "half.ora"
    assert run_command_line(["resize", str(slanted), str(resized), "--percent", "50"]) == 0
    half = load_openraster(resized).raster_layer(1).text
    assert half is not None
    assert half.size_px == 40
    shape = [
        "shape",
        str(source),
        str(tmp_path / "s.ora"),
        "--kind",
        "rectangle",
        "--from",
        "100,80",
        "--to",
        "200,120",
    ]
    assert run_command_line([*shape, "--angle", "90"]) == 0
    drawn = load_openraster(tmp_path / "s.ora").raster_layer(1)
    assert drawn.tiles.content_bounds() == Rect(130, 50, 40, 100)
    assert drawn.shape is not None
    assert drawn.shape.style.kind is ShapeKind.RECTANGLE
    assert drawn.shape.bounds != EMPTY_RECT
    capsys.readouterr()
    for wrong in (["--skew", "90"], ["--scale", "0"], ["--scale", "a"], ["--angle", "nan"]):
        assert run_command_line([*shape, *wrong]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
