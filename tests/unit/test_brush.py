"""Brush strokes, in both implementations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from desktop.core import brush_arrays, raster
from desktop.core.brush import BrushMode, BrushSettings, Stroke
from desktop.core.color import Depth, dtype_of_depth
from desktop.core.geometry import Point, Rect
from desktop.core.tiles import TileEditor, TileMap
from tests.builders import noise

CANVAS = Rect(0, 0, 400, 300)
MIDDLE = Point(200.0, 150.0)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        for name in ("cover_dab", "cover_stamp", "erase", "paint_color", "paint_gray"):
            monkeypatch.setattr(raster, name, getattr(brush_arrays, name))
    return str(request.param)


def painted(base: TileMap, settings: BrushSettings, *points: Point, **options: Any) -> Any:
    editor = TileEditor(base)
    stroke = Stroke(editor, settings, **options)
    for point in points:
        stroke.to(point)
    return editor.finish().read(CANVAS)


def paper(depth: Depth = 8) -> TileMap:
    return TileMap.from_array(noise(400, 300, depth=depth))


@pytest.mark.parametrize("depth", [8, 16])
def test_hard_dab_covers_a_disc_of_its_diameter(depth: Depth) -> None:
    settings = BrushSettings(diameter_px=100, hardness=1, color=(1.0, 0.5, 0.0))
    pixels = painted(TileMap(4, dtype_of_depth(depth)), settings, MIDDLE)
    top = np.iinfo(pixels.dtype).max
    area = (pixels[..., 3] / top).sum()
    assert area == pytest.approx(np.pi * 50**2, rel=0.005)
    assert pixels[150, 200].tolist() == [top, round(top / 2 + 0.01), 0, top]
    assert not pixels[150, 252:].any()


def test_soft_dab_falls_off_from_the_middle() -> None:
    pixels = painted(TileMap(), BrushSettings(diameter_px=100, hardness=0), MIDDLE)
    line = pixels[150, 200:252, 3].astype(int)
    assert line[0] > 250
    assert line[-1] == 0
    assert (np.diff(line) <= 0).all()


def test_opacity_limits_the_whole_stroke() -> None:
    settings = BrushSettings(diameter_px=60, opacity=0.5, spacing=0.02)
    pixels = painted(TileMap(), settings, Point(100, 150), Point(300, 150), Point(100, 150))
    assert pixels[..., 3].max() == 128


def test_flow_builds_up_along_the_stroke() -> None:
    thin = BrushSettings(diameter_px=60, flow=0.1, hardness=1, spacing=0.1)
    once = painted(TileMap(), thin, MIDDLE)[150, 200, 3]
    line = painted(TileMap(), thin, Point(100, 150), Point(300, 150))[150, 200, 3]
    assert once == 26
    assert line > 140


def test_paint_over_opaque_paper_is_the_weighted_mean() -> None:
    pixels = noise(400, 300)
    pixels[..., 3] = 255
    result = painted(TileMap.from_array(pixels), BrushSettings(diameter_px=80, hardness=1, opacity=0.25), MIDDLE)
    expected = pixels[150, 200, :3] * 0.75
    assert np.abs(result[150, 200, :3] - expected).max() <= 0.51


def test_far_from_the_stroke_nothing_changes() -> None:
    before = paper().read(CANVAS)
    after = painted(paper(), BrushSettings(diameter_px=40), MIDDLE)
    outside = np.ones((300, 400), bool)
    outside[125:176, 175:226] = False
    assert np.array_equal(before[outside], after[outside])


def test_where_coverage_is_zero_color_under_alpha_zero_survives() -> None:
    hidden = noise(400, 300)
    hidden[..., 3] = 0
    after = painted(TileMap.from_array(hidden), BrushSettings(diameter_px=40), MIDDLE)
    corner = np.s_[130:133, 180:183]  # inside the dirty rectangle, outside the disc
    assert np.array_equal(after[corner], hidden[corner])


def test_eraser_takes_alpha_and_keeps_color() -> None:
    before = paper().read(CANVAS)
    after = painted(paper(), BrushSettings(diameter_px=80, hardness=1, mode=BrushMode.ERASE), MIDDLE)
    assert after[150, 200, 3] == 0
    assert np.array_equal(after[..., :3], before[..., :3])


def test_locked_alpha_stays() -> None:
    before = paper().read(CANVAS)
    settings = BrushSettings(diameter_px=80, hardness=1, color=(1, 1, 1))
    after = painted(paper(), settings, MIDDLE, keeps_alpha=True)
    assert np.array_equal(after[..., 3], before[..., 3])
    assert after[150, 200, :3].tolist() == [255, 255, 255]


def test_mask_is_painted_with_the_level_of_the_color() -> None:
    mask = TileMap(1, np.uint8, 255)
    levels = painted(mask, BrushSettings(diameter_px=80, hardness=0.5, color=(0, 0, 0)), MIDDLE)[..., 0]
    assert levels[150, 200] == 0
    assert levels[0, 0] == 255
    assert ((levels > 20) & (levels < 235)).sum() > 100, "the rim of a soft brush is soft"


def test_selection_limits_the_stroke_softly() -> None:
    selection = TileMap.from_array(np.full((300, 400), 128, np.uint8), default=0)
    pixels = painted(TileMap(), BrushSettings(diameter_px=80, hardness=1), MIDDLE, selection=selection)
    assert pixels[150, 200, 3] == 128
    nothing = painted(TileMap(), BrushSettings(diameter_px=80), MIDDLE, selection=TileMap(1, np.uint8, 0))
    assert not nothing.any()


def test_pressure_changes_the_size() -> None:
    editor = TileEditor(TileMap())
    Stroke(editor, BrushSettings(diameter_px=100, hardness=1)).to(MIDDLE, pressure=0.5)
    area = (editor.finish().read(CANVAS)[..., 3] / 255).sum()
    assert area == pytest.approx(np.pi * 25**2, rel=0.01)


def test_dabs_are_spaced_evenly_however_the_pointer_moves() -> None:
    settings = BrushSettings(diameter_px=20, hardness=1, flow=0.3, spacing=0.5)
    at_once = painted(TileMap(), settings, Point(50, 150), Point(350, 150))
    in_steps = painted(TileMap(), settings, *(Point(50 + 3 * i, 150) for i in range(101)))
    assert np.abs(at_once.astype(int) - in_steps).max() <= 1


def test_dirty_rectangle_holds_every_changed_pixel() -> None:
    editor = TileEditor(TileMap())
    stroke = Stroke(editor, BrushSettings(diameter_px=31))
    dirty = stroke.to(Point(250.3, 251.7)).union(stroke.to(Point(270.9, 262.1)))
    assert dirty.contains(editor.finish().content_bounds())


def test_second_stroke_of_one_edit_paints_over_the_first() -> None:
    editor = TileEditor(TileMap())
    Stroke(editor, BrushSettings(diameter_px=60, hardness=1, opacity=0.5)).to(MIDDLE)
    Stroke(editor, BrushSettings(diameter_px=60, hardness=1, opacity=0.5)).to(MIDDLE)
    assert editor.finish().read(CANVAS)[150, 200, 3] == 192
