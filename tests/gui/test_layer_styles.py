"""Layer styles: their pixels, the dialog in the real window, files, and `scumble layer-style`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.cli import run_command_line
from desktop.core.composite import flatten
from desktop.core.geometry import Rect
from desktop.core.layer_styles import GlowStyle, LayerStyles, ShadowStyle, StrokeSide, StrokeStyle
from desktop.core.layers import GroupLayer, RasterLayer
from desktop.io.image_files import read_image
from desktop.io.openraster import load_openraster, save_openraster
from desktop.io.ora_records import styles_of_record
from desktop.tools.layer_sets import merged_group
from desktop.ui.dialogs.layer_style_dialog import LayerStyleDialog
from tests.builders import document_with, mask_from, raster_layer
from tests.gui.conftest import Studio

ALL = LayerStyles(
    StrokeStyle("#00ff00", size_px=3.0), ShadowStyle(size_px=9.0), GlowStyle(size_px=7.0), GlowStyle("#0000ff")
)


def square(depth: Any = 8, **fields: Any) -> RasterLayer:
    """A red square from (40, 40) to (80, 80), opaque."""
    top = 255 if depth == 8 else 65535
    pixels = np.zeros((40, 40, 4), np.uint8 if depth == 8 else np.uint16)
    pixels[...] = (top, 0, 0, top)
    return raster_layer(1, pixels, x=40, y=40, **fields)


def picture(styles: LayerStyles | None, **fields: Any) -> Any:
    return flatten(document_with(square(styles=styles, **fields), width=120, height=120))


def test_a_stroke_is_as_wide_as_it_says_on_its_side() -> None:
    for side, outer, inner in ((StrokeSide.OUTSIDE, 4, 0), (StrokeSide.CENTER, 2, 2), (StrokeSide.INSIDE, 0, 4)):
        row = picture(LayerStyles(stroke=StrokeStyle("#00ff00", size_px=4.0, side=side)))[60]
        green = np.flatnonzero((row == (0, 255, 0, 255)).all(axis=1))
        assert green.min() == 40 - outer
        assert green.max() == 79 + outer
        assert (row == (255, 0, 0, 255)).all(axis=1).sum() == 40 - 2 * inner


def test_outer_corners_of_a_stroke_are_round_and_soft() -> None:
    shown = picture(LayerStyles(stroke=StrokeStyle("#00ff00", size_px=10.0)))
    alpha = shown[28:42, 28:42, 3]
    assert alpha[2, 2] == 0
    assert len(np.unique(alpha)) > 4


def test_a_shadow_falls_away_from_the_light() -> None:
    styles = LayerStyles(shadow=ShadowStyle(opacity=1.0, angle=135.0, distance_px=14.0, size_px=0.0))
    shown = picture(styles)
    assert tuple(shown[85, 85]) == (0, 0, 0, 255)
    assert tuple(shown[35, 35]) == (0, 0, 0, 0)
    assert tuple(shown[60, 60]) == (255, 0, 0, 255)
    soft = picture(LayerStyles(shadow=ShadowStyle(distance_px=0.0, size_px=16.0)))[60, 80:, 3]
    assert (np.diff(soft.astype(int)) <= 0).all()
    assert len(np.unique(soft)) > 8


def test_glows_fade_from_the_rim() -> None:
    outer = picture(LayerStyles(outer_glow=GlowStyle("#00ff00", 1.0, size_px=12.0)))[60, 80:, 3].astype(int)
    assert outer[0] > 220
    assert outer[14:].max() == 0
    inner = picture(LayerStyles(inner_glow=GlowStyle("#0000ff", 1.0, size_px=12.0)))[60, 40:60]
    assert inner[0, 2] > 220
    assert tuple(inner[19]) == (255, 0, 0, 255)
    assert (inner[:, 3] == 255).all()


def test_soft_alpha_gives_soft_styles_and_masks_count() -> None:
    faint = square()
    tiles = faint.tiles.read(Rect(40, 40, 40, 40))
    tiles[..., 3] = 100
    shown = flatten(
        document_with(
            raster_layer(1, tiles, x=40, y=40, styles=LayerStyles(stroke=StrokeStyle("#00ff00", size_px=4.0))),
            width=120,
            height=120,
        )
    )
    assert 80 <= shown[60, 37, 3] <= 120, "a translucent layer has a translucent stroke"
    levels = np.full((120, 120), 255, np.uint8)
    levels[:, 60:] = 0
    half = picture(LayerStyles(stroke=StrokeStyle("#00ff00", size_px=4.0)), mask=mask_from(levels))
    assert tuple(half[50, 61]) == (0, 255, 0, 255), "the stroke goes along the mask's edge"
    assert half[50, 66, 3] == 0


@pytest.mark.parametrize("depth", [8, 16])
def test_no_tile_and_no_cut_shows_in_a_look(depth: Any) -> None:
    alpha = np.zeros((400, 400), np.uint8)
    cv2.circle(alpha, (250, 250), 60, 255, -1, cv2.LINE_AA)
    pixels = np.zeros((400, 400, 4), np.uint8 if depth == 8 else np.uint16)
    pixels[..., 0], pixels[..., 3] = 200, alpha.astype(pixels.dtype) * (1 if depth == 8 else 257)
    document = document_with(raster_layer(1, pixels, styles=ALL), width=400, height=400, depth=depth)
    whole, part = flatten(document), flatten(document, Rect(101, 90, 201, 211))
    assert np.array_equal(part, whole[90:301, 101:302])
    steps = np.abs(np.diff(whole[..., 3].astype(int), axis=1)).max(axis=0)
    assert steps[255] <= 2 * steps[240:272].max()
    assert document.layers[0].changed(styles=None) == document_with(raster_layer(1, pixels)).layers[0].changed(
        tiles=getattr(document.layers[0], "tiles", None)
    )


@pytest.mark.parametrize("depth", [8, 16])
def test_styles_come_back_from_a_file_and_others_see_a_picture_of_them(tmp_path: Path, depth: Any) -> None:
    layer = square(depth, styles=ALL, opacity=0.5)
    document = document_with(layer, width=120, height=120, depth=depth)
    save_openraster(document, tmp_path / "a.ora")
    loaded = load_openraster(tmp_path / "a.ora")
    found = loaded.raster_layer(1)
    assert found.styles == ALL
    assert found.tiles.same_pixels(layer.tiles)
    assert np.array_equal(flatten(loaded), flatten(document))


def group_of(*children: RasterLayer, **fields: Any) -> GroupLayer:
    return GroupLayer(id=9, name="Group", children=children, **fields)


def two_squares(depth: Any = 8) -> tuple[RasterLayer, RasterLayer]:
    """Side by side: together they are one block from (40, 40) to (100, 80)."""
    top = 255 if depth == 8 else 65535
    pixels = np.zeros((40, 20, 4), np.uint8 if depth == 8 else np.uint16)
    pixels[...] = (0, 0, top, top)
    return square(depth), raster_layer(2, pixels, x=80, y=40)


@pytest.mark.parametrize("passes", [False, True])
def test_styles_of_a_group_go_around_what_its_layers_look_like_together(passes: bool) -> None:
    styles = LayerStyles(StrokeStyle("#00ff00", size_px=4.0), ShadowStyle())
    group = group_of(*two_squares(), styles=styles, pass_through=passes)
    shown = flatten(document_with(group, width=140, height=120))
    block = np.zeros((40, 60, 4), np.uint8)
    block[:, :40], block[:, 40:] = (255, 0, 0, 255), (0, 0, 255, 255)
    alone = flatten(document_with(raster_layer(1, block, x=40, y=40, styles=styles), width=140, height=120))
    assert np.array_equal(shown, alone), "no rim between its layers"
    levels = np.full((120, 140), 255, np.uint8)
    levels[:, 60:] = 0
    masked = flatten(document_with(group.changed(mask=mask_from(levels)), width=140, height=120))
    assert tuple(masked[50, 61]) == (0, 255, 0, 255), "the stroke goes along the mask's edge"


@pytest.mark.parametrize("depth", [8, 16])
def test_styles_of_a_group_come_back_from_a_file(tmp_path: Path, depth: Any) -> None:
    group = group_of(*two_squares(depth), styles=ALL, opacity=0.5, pass_through=True)
    document = document_with(group, width=140, height=120, depth=depth)
    save_openraster(document, tmp_path / "a.ora")
    loaded = load_openraster(tmp_path / "a.ora")
    [found] = loaded.layers
    assert isinstance(found, GroupLayer)
    assert (found.styles, found.pass_through, len(found.children)) == (ALL, True, 2)
    assert np.array_equal(flatten(loaded), flatten(document))
    paper = raster_layer(5, np.full((120, 140, 4), 255 if depth == 8 else 65535, document.empty_tiles().dtype))
    on_paper = document.changed(layers=(paper, group))
    flat = flatten(document.changed(layers=(paper, merged_group(on_paper, 9))))
    assert np.abs(flat.astype(int) - flatten(on_paper)).max() <= 2


def test_a_stroke_in_a_group_wears_its_styles_at_once(studio: Studio) -> None:
    paper = np.full((200, 300, 4), 255, np.uint8)
    studio.show(document_with(raster_layer(5, paper), group_of(square()), width=300, height=200))
    studio.window.state.choose_layer(9)
    dialog = dialog_of(studio)
    dialog.pages["stroke"].color.color_changed.emit("#00ff00")
    studio.wait_for(lambda: not dialog.is_at_work)
    width = int(dialog.pages["stroke"].style_value.size_px)
    assert studio.on_screen(40 - width + 1, 60) == (0, 255, 0)
    dialog.accept()
    assert studio.names[-1] == "Layer style"
    studio.window.state.choose_layer(1)
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=20.0, hardness=100.0)
    studio.drag((150, 60), (250, 60))
    assert studio.on_screen(200, 60) == (0, 0, 0)
    assert studio.on_screen(200, 48) == (0, 255, 0), "above the stroke"
    assert studio.seen(200, 48) == (0, 255, 0, 255)
    studio.window.perform("edit.undo")
    assert studio.on_screen(200, 48) == (255, 255, 255)
    studio.window.perform("edit.undo")
    assert studio.on_screen(40 - width + 1, 60) == (255, 255, 255)


def test_styles_that_no_version_has_are_left_out() -> None:
    assert styles_of_record({"stroke": {"size_px": 1e6}}) is None
    assert styles_of_record({"shadow": {"color": "red"}}) is None
    assert styles_of_record({"stroke": {"side": "above"}}) is None
    assert styles_of_record({"stroke": {}}) == LayerStyles(stroke=StrokeStyle())


def dialog_of(studio: Studio) -> LayerStyleDialog:
    studio.window.perform("layer.style")
    dialog = studio.window.effects.dialog
    assert isinstance(dialog, LayerStyleDialog)
    return dialog


def show_square(studio: Studio) -> None:
    studio.show(document_with(square(), width=300, height=200))


def test_the_dialog_shows_styles_at_once_and_keeps_them_as_one_step(studio: Studio) -> None:
    show_square(studio)
    dialog = dialog_of(studio)
    dialog.pages["stroke"].color.color_changed.emit("#00ff00")
    dialog.pages["stroke"].sliders["size_px"].move_to_share(0.3)
    studio.wait_for(lambda: not dialog.is_at_work)
    width = dialog.pages["stroke"].style_value.size_px
    assert studio.on_screen(40 - int(width) + 1, 60) == (0, 255, 0)
    assert studio.names == ["Open"] or len(studio.names) == 1
    dialog.accept()
    assert studio.names[-1] == "Layer style"
    assert studio.document.raster_layer(1).styles == LayerStyles(stroke=dialog.pages["stroke"].style_value)  # type: ignore[arg-type]
    studio.window.perform("edit.undo")
    assert studio.document.raster_layer(1).styles is None


def test_escape_leaves_the_layer_as_it_was(studio: Studio) -> None:
    show_square(studio)
    before = studio.document
    dialog = dialog_of(studio)
    dialog.list.item(1).setCheckState(Qt.CheckState.Checked)
    studio.wait_for(lambda: not dialog.is_at_work)
    dialog.reject()
    assert studio.document is before
    assert not studio.window.state.is_editing


def test_a_stroke_of_the_brush_wears_the_styles_at_once(studio: Studio) -> None:
    show_square(studio)
    dialog = dialog_of(studio)
    dialog.pages["stroke"].color.color_changed.emit("#00ff00")
    dialog.accept()
    studio.settle()
    studio.window.perform("tool.brush")
    studio.window.state.change_brush(size_px=20.0, hardness=100.0)
    studio.drag((150, 60), (250, 60))
    assert studio.on_screen(200, 60) == (0, 0, 0)
    assert studio.on_screen(200, 48) == (0, 255, 0), "above the stroke"
    assert studio.seen(200, 48) == (0, 255, 0, 255)
    studio.window.perform("edit.undo")
    assert studio.on_screen(200, 48) != (0, 255, 0)


def test_styles_are_copied_pasted_and_cleared(studio: Studio) -> None:
    second = square(styles=ALL).changed(id=2)
    studio.show(document_with(square(), second, width=300, height=200))
    studio.window.perform("layer.copy_style")
    studio.window.state.choose_layer(1)
    studio.window.perform("layer.paste_style")
    assert studio.document.raster_layer(1).styles == ALL
    studio.window.perform("layer.clear_style")
    assert studio.document.raster_layer(1).styles is None
    assert studio.names[-2:] == ["Layer style", "Clear layer style"]


def test_merging_makes_pixels_of_styles(studio: Studio) -> None:
    paper = np.full((200, 300, 4), 255, np.uint8)
    studio.show(document_with(raster_layer(5, paper), square(styles=ALL), width=300, height=200))
    before = flatten(studio.document)
    studio.window.perform("layer.merge_down")
    studio.wait_for(lambda: len(studio.document.layers) == 1)
    assert np.abs(flatten(studio.document).astype(int) - before).max() <= 1
    assert getattr(studio.document.layers[0], "styles", None) is None


def test_the_command_line_gives_the_same_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out, layered = tmp_path / "in.ora", tmp_path / "out.png", tmp_path / "out.ora"
    save_openraster(document_with(square(), width=120, height=120), source)
    wanted = ["--stroke", "size_px=4,color=#00ff00,side=outside", "--shadow"]
    assert run_command_line(["layer-style", str(source), str(out), *wanted]) == 0
    assert run_command_line(["layer-style", str(source), str(layered), "--layer", "Layer 1", *wanted]) == 0
    styles = LayerStyles(StrokeStyle("#00ff00", size_px=4.0), ShadowStyle())
    assert load_openraster(layered).raster_layer(1).styles == styles
    assert np.array_equal(read_image(out).pixels, picture(styles))
    for bad, words in (
        (["--stroke", "size_px=9000"], "stroke size_px must be"),
        (["--stroke", "glitter=1"], "--stroke must be"),
        (["--stroke", "side=up"], "stroke side must be"),
        (["--layer", "Sky"], "--layer must be"),
    ):
        capsys.readouterr()
        assert run_command_line(["layer-style", str(source), str(out), *bad]) == 2
        assert words in capsys.readouterr().err
