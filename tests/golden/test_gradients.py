"""Gradients and fills pixel by pixel against formulas in float64, in both implementations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from desktop.core import blend_arrays, fill_arrays, raster
from desktop.core.blend_modes import BlendMode
from desktop.core.color import Depth, dtype_of_depth
from desktop.core.fill import GradientPaint, Laying, SolidPaint, flooded, lay_paint
from desktop.core.geometry import Point, Rect
from desktop.core.gradients import (
    Gradient,
    GradientLine,
    GradientPreset,
    GradientRepeat,
    GradientShape,
    Stop,
    preset_gradient,
)
from desktop.core.tile_pool import Workspace
from desktop.core.tiles import TileEditor, TileMap, tiles_touched

WIDTH, HEIGHT = 300, 270  # more than one tile
LINE = (Point(40, 60), Point(170, 130))
SEAM = 2e-4  # nearer than this to a step of the shape, either side will do


@pytest.fixture(params=["compiled", "numpy"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "compiled":
        assert raster.IS_COMPILED, "numba is missing on this platform"
        return
    for module, names in ((blend_arrays, ("blend_tile",)), (fill_arrays, ("gradient_words", "write_over"))):
        for name in names:
            monkeypatch.setattr(raster, name, getattr(module, name))


def laid(tiles: TileMap, paint: SolidPaint | GradientPaint, laying: Laying, region: Any = None) -> Any:
    """The canvas after laying; `region` is one tile's mask."""
    editor, workspace, canvas = TileEditor(tiles), Workspace(), Rect(0, 0, WIDTH, HEIGHT)
    for key, part in tiles_touched(canvas):
        lay_paint(editor, key, part, paint, region, laying, workspace)
    return editor.finish().read(canvas)


def places(shape: GradientShape, repeat: GradientRepeat) -> Any:
    """Where each pixel's centre lies on the line, by the definitions."""
    start, end = LINE
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    dx, dy = end.x - start.x, end.y - start.y
    length = math.hypot(dx, dy)
    along = ((x - start.x) * dx + (y - start.y) * dy) / length**2
    across = ((y - start.y) * dx - (x - start.x) * dy) / length**2
    place = {
        GradientShape.LINEAR: along,
        GradientShape.RADIAL: np.hypot(x - start.x, y - start.y) / length,
        GradientShape.ANGLE: np.arctan2(across, along) / (2 * np.pi) % 1,
        GradientShape.REFLECTED: np.abs(along),
        GradientShape.DIAMOND: np.abs(along) + np.abs(across),
    }[shape]
    if repeat is GradientRepeat.REPEAT:
        return place % 1
    if repeat is GradientRepeat.MIRROR:
        return 1 - np.abs(place % 2 - 1)
    return np.clip(place, 0, 1)


def wanted_colors(gradient: Gradient, place: Any) -> Any:
    positions = [stop.position for stop in gradient.stops]
    columns = np.array([(*stop.color, stop.opacity) for stop in gradient.stops]).T
    return np.stack([np.interp(place, positions, column) for column in columns], axis=-1)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("repeat", list(GradientRepeat), ids=lambda repeat: repeat.value)
@pytest.mark.parametrize("shape", list(GradientShape), ids=lambda shape: shape.value)
@pytest.mark.usefixtures("implementation")
def test_every_shape_and_repeat_is_what_its_definition_says(
    shape: GradientShape, repeat: GradientRepeat, depth: Depth
) -> None:
    gradient = Gradient((Stop(0, (1, 0.2, 0)), Stop(0.3, (0, 0.9, 0.4)), Stop(1, (0.1, 0, 1))))
    paint = GradientPaint(GradientLine(*LINE, shape, repeat), gradient.table())
    tiles = TileMap(4, dtype_of_depth(depth))
    levels = np.iinfo(tiles.dtype).max
    place = places(shape, repeat)
    has_seam = repeat is GradientRepeat.REPEAT or shape is GradientShape.ANGLE
    clear = (place > SEAM) & (place < 1 - SEAM) if has_seam else np.ones_like(place, bool)
    off = np.abs(laid(tiles, paint, Laying()) - wanted_colors(gradient, place) * levels)[clear]
    assert off.max() <= (0.51 if depth == 8 else 4.0), "a table of 65,536 colours is within half a place of its step"


@pytest.mark.usefixtures("implementation")
def test_dithering_keeps_the_mean_and_no_band_is_wider_than_without() -> None:
    gradient = Gradient((Stop(0, (0.40, 0.40, 0.40)), Stop(1, (0.44, 0.44, 0.44))))
    paint = GradientPaint(GradientLine(Point(0, 0), Point(WIDTH, 0)), gradient.table())
    exact = wanted_colors(gradient, (np.arange(WIDTH) + 0.5) / WIDTH)[:, 0] * 255
    plain = laid(TileMap(), paint, Laying())[..., 0]
    dithered = laid(TileMap(), paint, Laying(dithers=True))[..., 0].astype(np.float64)
    assert np.ptp(plain, axis=0).max() == 0, "without dithering a column has one level"
    assert np.abs(dithered - exact).max() < 1
    assert np.abs(dithered.mean(axis=0) - exact).max() < 0.12
    assert np.abs(plain.mean(axis=0) - exact).max() > 0.4


@pytest.mark.usefixtures("implementation")
def test_dithering_leaves_exact_levels_alone() -> None:
    flat = Gradient((Stop(0, (51 / 255, 0, 1)), Stop(1, (51 / 255, 0, 1))))
    picture = laid(TileMap(), GradientPaint(GradientLine(*LINE), flat.table()), Laying(dithers=True))
    assert (picture == (51, 0, 255, 255)).all()


@pytest.mark.usefixtures("implementation")
def test_alpha_lock_keeps_alpha_and_hidden_colours_stay() -> None:
    pixels = np.full((HEIGHT, WIDTH, 4), (10, 20, 30, 0), np.uint8)
    pixels[:, 150:, 3] = 128
    gradient = preset_gradient(GradientPreset.SPECTRUM, (0, 0, 0), (1, 1, 1))
    paint = GradientPaint(GradientLine(*LINE), gradient.table())
    picture = laid(TileMap.from_array(pixels), paint, Laying(keeps_alpha=True, dithers=True))
    assert np.array_equal(picture[..., 3], pixels[..., 3])
    assert np.array_equal(picture[:, :150], pixels[:, :150])
    assert (picture[:, 150:, :3] != pixels[:, 150:, :3]).any()


@pytest.mark.usefixtures("implementation")
def test_blend_mode_opacity_and_region_work_together() -> None:
    pixels = np.full((HEIGHT, WIDTH, 4), (200, 100, 50, 255), np.uint8)
    region = np.full((256, 256), 255, np.uint8)
    region[:, :100] = 0
    paint = SolidPaint((0.5, 0.5, 0.5), np.dtype(np.uint8))
    picture = laid(TileMap.from_array(pixels), paint, Laying(BlendMode.MULTIPLY, opacity=0.5), region)
    assert tuple(picture[10, 50]) == (200, 100, 50, 255)
    assert np.abs(picture[10, 150].astype(int) - (150, 75, 38, 255)).max() <= 1


def test_a_gradient_on_a_mask_is_grey() -> None:
    mask = TileMap(1, np.uint8, 255)
    gradient = preset_gradient(GradientPreset.BLACK_WHITE, (0, 0, 0), (1, 1, 1))
    picture = laid(mask, GradientPaint(GradientLine(Point(0, 0), Point(WIDTH, 0)), gradient.table()), Laying())
    assert np.abs(picture[100, :, 0] - (np.arange(WIDTH) + 0.5) / WIDTH * 255).max() <= 0.51


@pytest.mark.parametrize("depth", [8, 16])
def test_flooding_stops_at_a_line_unless_it_is_not_contiguous(depth: Depth) -> None:
    pixels = np.full((60, 90, 4), np.iinfo(dtype_of_depth(depth)).max, dtype_of_depth(depth))
    pixels[:, 40:43, :3] = 0
    near = flooded(pixels, 5, 5, antialias=False)
    everywhere = flooded(pixels, 5, 5, contiguous=False, antialias=False)
    assert (near[:, :40] == 255).all()
    assert not near[:, 40:].any()
    assert (everywhere[:, 43:] == 255).all()
    assert not everywhere[:, 40:43].any()


def test_tolerance_is_a_share_of_the_range() -> None:
    pixels = np.zeros((4, 101, 4), np.uint8)
    pixels[..., :3] = np.arange(101, dtype=np.uint8)[None, :, None]
    pixels[..., 3] = 255
    region = flooded(pixels, 0, 0, tolerance=20 / 255, antialias=False)
    assert (region[0] == 255).sum() == 21


def test_the_colour_of_what_is_transparent_does_not_matter() -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[:, 10:, :3] = 255
    assert (flooded(pixels, 0, 0) == 255).all()


def test_antialiasing_adds_a_soft_rim_and_takes_nothing() -> None:
    pixels = np.full((20, 20, 4), 255, np.uint8)
    pixels[:, 10:, :3] = 0
    hard, soft = flooded(pixels, 2, 2, antialias=False), flooded(pixels, 2, 2)
    assert (soft[:, :10] == 255).all()
    assert 0 < soft[5, 10] < 255
    assert not soft[:, 11:].any()
    assert not hard[:, 10:].any()
