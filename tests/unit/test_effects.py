"""Adjustments and filters as functions of pixels and as layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from desktop.core.backdrops import spread
from desktop.core.brush import BrushSettings, Stroke
from desktop.core.color import Depth
from desktop.core.composite import Adjust, flatten
from desktop.core.compositor import Compositor
from desktop.core.cube_lut import parse_cube
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.effect_table import EFFECTS
from desktop.core.effect_values import Place
from desktop.core.effects import Prepared, checked_settings, prepared, values_of
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect, Size
from desktop.core.layer_styles import LayerStyles, ShadowStyle, StrokeStyle
from desktop.core.layers import AdjustmentLayer, EffectSettings, GroupLayer, Layer, Mask
from desktop.core.tiles import TileMap
from tests.builders import document_with, noise, raster_layer
from tests.golden.effect_samples import applied, inverting_cube, sample_picture, settings_of

LAYER_IDS = [effect.id for effect in EFFECTS]
NEUTRAL_IDS = [effect.id for effect in EFFECTS if effect.neutral]
INVERT = EffectSettings("invert")
WIDTH, HEIGHT = 300, 270  # across the line between tiles


def adjustment(layer_id: int, settings: EffectSettings, **fields: Any) -> AdjustmentLayer:
    return AdjustmentLayer(id=layer_id, name=settings.effect, settings=settings, **fields)


def picture_with(*above: Layer, depth: Depth = 8) -> Document:
    pixels = sample_picture(depth, Size(WIDTH, HEIGHT))
    return document_with(raster_layer(1, pixels), *above, width=WIDTH, height=HEIGHT, depth=depth)


def difference(one: Any, other: Any) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def visible(pixels: Any) -> Any:
    """Colour under alpha 0 does not count."""
    return np.where(pixels[..., 3:] > 0, pixels, 0)


@pytest.mark.parametrize("effect_id", LAYER_IDS)
def test_a_layer_shows_tile_by_tile_what_the_effect_makes_of_the_whole(effect_id: str) -> None:
    settings = settings_of(effect_id)
    opaque = sample_picture(16, Size(WIDTH, HEIGHT))
    opaque[..., 3] = 65535
    base = raster_layer(1, opaque)
    below = () if effect_id.endswith("-fill") else (base,)
    shown = flatten(document_with(*below, adjustment(2, settings), width=WIDTH, height=HEIGHT, depth=16))
    assert difference(shown, applied(settings, opaque)) <= 2


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("effect_id", NEUTRAL_IDS)
def test_neutral_settings_change_nothing(effect_id: str, depth: Depth) -> None:
    effect = next(one for one in EFFECTS if one.id == effect_id)
    lut = inverting_cube() if effect.takes_lut else None
    settings = checked_settings(effect_id, dict(effect.neutral), lut)
    assert Prepared(settings).is_neutral
    pixels = noise(40, 30, depth=depth)
    assert np.array_equal(applied(settings, pixels), pixels)
    plain = picture_with(depth=depth)
    assert np.array_equal(flatten(picture_with(adjustment(2, settings), depth=depth)), flatten(plain))


@pytest.mark.parametrize("effect_id", [effect.id for effect in EFFECTS])
def test_pixels_keep_depth_and_hidden_colour(effect_id: str) -> None:
    settings = settings_of(effect_id)
    for depth in (8, 16):
        pixels = sample_picture(depth)
        assert applied(settings, pixels).dtype == pixels.dtype
    hidden = noise(30, 20, seed=2)
    hidden[..., 3] = 0
    if not effect_id.endswith("-fill"):
        assert not applied(settings, hidden)[..., 3].any()


@pytest.mark.parametrize("effect_id", ["gaussian-blur", "box-blur", "motion-blur", "lens-blur", "pixelate"])
def test_blurs_take_no_colour_from_what_cannot_be_seen(effect_id: str) -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :20] = (255, 0, 0, 255)
    pixels[:, 20:] = (0, 255, 0, 0)
    made = applied(settings_of(effect_id), pixels)
    assert (made[made[..., 3] > 0][:, :2] == (255, 0)).all()


@pytest.mark.parametrize("effect_id", ["twirl", "bulge", "polar-coordinates"])
def test_a_change_below_a_distortion_is_redrawn_wherever_it_shows(effect_id: str) -> None:
    values = {"polar-coordinates": ({"direction": "to-polar"}, {"direction": "from-polar"})}
    canvas = Rect(0, 0, 700, 600)
    for changes in values.get(effect_id, ({}, {"size": 100.0})):
        settings = checked_settings(effect_id, changes)
        pixels = noise(canvas.width, canvas.height)
        pixels[..., 3] = 255
        before = flatten(document_with(raster_layer(1, pixels), adjustment(2, settings), width=700, height=600))
        for rect in (Rect(300, 250, 20, 20), Rect(5, 500, 30, 40), Rect(348, 0, 4, 10)):
            changed = pixels.copy()
            changed[rect.top : rect.bottom, rect.left : rect.right, :3] ^= 255
            document = document_with(raster_layer(1, changed), adjustment(2, settings), width=700, height=600)
            differs = (flatten(document) != before).any(axis=2)
            told = spread(document, 1, rect)
            differs[told.top : told.bottom, told.left : told.right] = False
            assert not differs.any(), (changes, rect, told)


def test_a_mask_and_an_opacity_fade_an_adjustment() -> None:
    levels = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
    mask = Mask(TileMap.from_array(levels, default=255))
    before = flatten(picture_with()).astype(float)
    inverted = 255 - before[..., :3]
    shown = flatten(picture_with(adjustment(2, INVERT, mask=mask, opacity=0.5)))
    share = levels[..., None] / 255 * 0.5
    expected = before[..., :3] * (1 - share) + inverted * share
    seen = before[..., 3] > 40
    assert np.abs(shown[..., :3] - expected)[seen].max() <= 3
    assert np.array_equal(shown[..., 3], before[..., 3])


def test_a_clipped_adjustment_changes_only_the_layer_it_is_clipped_to() -> None:
    small = raster_layer(2, np.full((50, 60, 4), (200, 100, 50, 255), np.uint8), x=100, y=100)
    shown = flatten(picture_with(small, adjustment(3, INVERT, clip_to_below=True)))
    plain = flatten(picture_with())
    assert tuple(shown[120, 120]) == (55, 155, 205, 255)
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[100:150, 100:160] = False
    assert np.array_equal(shown[outside], plain[outside])


@pytest.mark.parametrize("passes", [True, False])
def test_in_a_group_an_adjustment_reaches_below_only_where_the_group_lets_it_through(passes: bool) -> None:
    group = GroupLayer(id=2, name="Group", children=(adjustment(3, INVERT),), pass_through=passes)
    shown, plain = flatten(picture_with(group)), flatten(picture_with())
    assert np.array_equal(visible(shown), visible(plain)) != passes


def test_a_blur_in_a_passed_through_group_sees_what_lies_below_the_group() -> None:
    blur = settings_of("gaussian-blur")
    grouped = GroupLayer(id=2, name="Group", children=(adjustment(3, blur),), pass_through=True)
    assert difference(flatten(picture_with(grouped)), flatten(picture_with(adjustment(3, blur)))) <= 1


def test_a_fill_layer_covers_what_lies_below_and_fades_by_its_mask() -> None:
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[:, :150] = 255
    fill = adjustment(2, settings_of("solid-fill"), mask=Mask(TileMap.from_array(levels, default=255)))
    shown, plain = flatten(picture_with(fill)), flatten(picture_with())
    assert (shown[:, :150] == (0x33, 0x66, 0xAA, 255)).all()
    assert np.array_equal(shown[:, 150:], plain[:, 150:])
    alone = document_with(adjustment(1, settings_of("gradient-fill")), width=WIDTH, height=HEIGHT)
    assert (
        difference(flatten(alone), applied(settings_of("gradient-fill"), np.zeros((HEIGHT, WIDTH, 4), np.uint8))) <= 1
    )


def test_layers_are_clipped_to_a_fill_and_a_fill_to_a_layer() -> None:
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[:, :150] = 255
    mask = Mask(TileMap.from_array(levels, default=255))
    above = raster_layer(3, np.full((HEIGHT, WIDTH, 4), (9, 8, 7, 255), np.uint8), clip_to_below=True)
    shown = flatten(
        document_with(adjustment(1, settings_of("solid-fill"), mask=mask), above, width=WIDTH, height=HEIGHT)
    )
    assert (shown[:, :150] == (9, 8, 7, 255)).all()
    assert not shown[:, 150:, 3].any()
    small = raster_layer(1, np.full((20, 30, 4), 255, np.uint8))
    clipped = flatten(document_with(small, adjustment(2, settings_of("solid-fill"), clip_to_below=True)))
    assert tuple(clipped[5, 5]) == (0x33, 0x66, 0xAA, 255)
    assert not clipped[30, 40, 3]


def test_a_blur_does_not_make_the_rim_of_the_picture_transparent() -> None:
    full = document_with(raster_layer(1, np.full((40, 50, 4), 255, np.uint8)), width=50, height=40)
    blurred = full.changed(layers=(*full.layers, adjustment(2, EffectSettings("gaussian-blur", (("radius", 30.0),)))))
    assert (flatten(blurred) == 255).all()


def test_layers_of_unknown_effects_show_what_lies_below() -> None:
    later = adjustment(2, EffectSettings("of-a-later-version"))
    assert np.array_equal(flatten(picture_with(later)), flatten(picture_with()))


@pytest.mark.parametrize("effect_id", ["gaussian-blur", "find-edges"])
def test_painting_below_a_filter_shows_as_far_as_the_filter_reaches(effect_id: str) -> None:
    opened = OpenDocument(picture_with(adjustment(2, settings_of(effect_id)), adjustment(3, INVERT)))
    compositor = Compositor(opened, threads=2)
    compositor.set_active_layer(1)
    for column in (0, 1):
        for row in (0, 1):
            compositor.tile(0, column, row)
    with opened.edit("Stroke") as edit:
        stroke = Stroke(edit.pixels(1), BrushSettings(diameter_px=20, color=(1.0, 0.0, 0.0)))
        for x in (250.0, 256.0, 262.0):
            edit.touched(1, stroke.to(Point(x, 128.0)))
            compositor.refresh()
    compositor.refresh()
    shown = np.concatenate([compositor.tile(0, 0, 0), compositor.tile(0, 1, 0)], axis=1)[:HEIGHT, :WIDTH]
    straight = flatten(opened.document, Rect(0, 0, WIDTH, 256)).astype(float)
    expected = straight[..., 2::-1] * straight[..., 3:] / 255
    compositor.close()
    assert np.abs(shown[:256, :, :3] - expected).max() <= 1.51


def test_what_filters_and_styled_groups_keep_is_never_old() -> None:
    """Strokes over several tiles, changes of layers, undo and redo, below a blur and a twirl, and in such a group."""
    styles = LayerStyles(StrokeStyle("#00ff00", size_px=5.0), ShadowStyle(size_px=6.0))
    square = np.full((60, 60, 4), 200, np.uint8)
    group = GroupLayer(id=9, name="Group", children=(raster_layer(5, square, x=230, y=100),), styles=styles)
    filters = adjustment(2, settings_of("gaussian-blur")), adjustment(3, settings_of("twirl"))
    opened = OpenDocument(picture_with(*filters, group, adjustment(4, INVERT, opacity=0.5)))
    compositor = Compositor(opened, threads=2)

    def check() -> None:
        compositor.refresh()
        tiles = [np.concatenate([compositor.tile(0, column, row) for column in (0, 1)], axis=1) for row in (0, 1)]
        shown = np.concatenate(tiles)[:HEIGHT, :WIDTH]
        straight = flatten(opened.shown).astype(float)
        assert np.abs(shown[..., :3] - straight[..., 2::-1] * straight[..., 3:] / 255).max() <= 1.51

    for layer_id in (1, 5):
        compositor.set_active_layer(layer_id)
        check()
        with opened.edit("Stroke") as edit:
            stroke = Stroke(edit.pixels(layer_id), BrushSettings(diameter_px=24, color=(1.0, 0.0, 0.0)))
            for step in range(6):
                edit.touched(layer_id, stroke.to(Point(150.0 + 25 * step, 200.0 + 10 * step)))
                check()
        check()
    for layer_id, changes in (
        (5, {"opacity": 0.4}),
        (2, {"visible": False}),
        (9, {"opacity": 0.7}),
        (1, {"opacity": 0.8}),
    ):
        with opened.edit("Change") as edit:
            edit.replace_layer(opened.document.layer(layer_id).changed(**changes))
            check()
    for _ in range(6):
        opened.undo()
        check()
    for _ in range(4):
        opened.redo()
        check()
    compositor.close()


def test_the_same_noise_falls_on_the_same_place_however_a_picture_is_cut() -> None:
    effect, pixels = prepared(settings_of("add-noise")), sample_picture(16, Size(WIDTH, HEIGHT))
    part = effect.apply(pixels[100:200, 240:280], Place(240, 100))
    assert np.array_equal(part, effect.apply(pixels, Place())[100:200, 240:280])


@pytest.mark.parametrize("radius", [3, 13, 40, 120])
def test_coarse_blurs_look_like_exact_ones(radius: float) -> None:
    """Above 12 pixels a reduced picture is blurred."""
    step = np.zeros((64, 1200, 4), np.uint16)
    step[:, 600:] = 65535
    step[..., 3] = 65535
    made = applied(EffectSettings("gaussian-blur", (("radius", float(radius)),)), step)[32, :, 0] / 65535
    exact = [(1 + math.erf((x + 0.5 - 600) / (radius * math.sqrt(2)))) / 2 for x in range(1200)]
    assert np.abs(made - exact).max() < 0.006


def test_a_median_in_16_bits_is_as_good_as_exact() -> None:
    pixels = noise(40, 30, depth=16)
    pixels[..., 3] = 65535
    made = applied(EffectSettings("median", (("radius", 4),)), pixels)
    window = pixels[6:15, 11:20, 0]
    assert abs(int(made[10, 15, 0]) - int(np.median(window))) < 257


@pytest.mark.parametrize(
    ("effect_id", "given", "key"),
    [
        ("sharpen-everything", {}, "effect.unknown"),
        ("gaussian-blur", {"strength": 2}, "effect.unknown_param"),
        ("gaussian-blur", {"radius": 0}, "effect.bad_number"),
        ("gaussian-blur", {"radius": -3}, "effect.bad_number"),
        ("gaussian-blur", {"radius": 1e9}, "effect.bad_number"),
        ("gaussian-blur", {"radius": "nan"}, "effect.bad_number"),
        ("gaussian-blur", {"radius": "wide"}, "effect.bad_number"),
        ("median", {"radius": 2.5}, "effect.bad_whole"),
        ("add-noise", {"monochrome": "maybe"}, "effect.bad_switch"),
        ("add-noise", {"distribution": "poisson"}, "effect.bad_choice"),
        ("curves", {"all": "0,0"}, "effect.bad_curve"),
        ("curves", {"all": "0,0 0,1"}, "effect.bad_curve"),
        ("curves", {"all": "0,0 1,2"}, "effect.bad_curve"),
        ("gradient-map", {"dark": "red"}, "effect.bad_color"),
        ("lut", {}, "effect.no_lut"),
        ("match-colours", {}, "effect.no_reference"),
    ],
)
def test_values_that_cannot_be_are_refused_with_a_sentence(effect_id: str, given: dict[str, Any], key: str) -> None:
    with pytest.raises(UserError) as error:
        checked_settings(effect_id, given)
    assert error.value.key == key
    assert str(error.value)


def test_values_of_a_file_are_brought_into_their_limits() -> None:
    odd = EffectSettings("gaussian-blur", (("radius", 1e12), ("no-such", True)))
    assert values_of(odd) == {"radius": 250}
    assert values_of(EffectSettings("curves", (("all", "nonsense"),)))["all"] == "0,0 1,1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LUT_3D_SIZE 2\n0 0 0\n",
        "LUT_3D_SIZE 1000\n",
        "LUT_3D_SIZE two\n",
        "LUT_1D_SIZE 2\n0 0\n1 1 1\n",
        "LUT_1D_SIZE 2\n0 0 nan\n1 1 1\n",
        "LUT_1D_SIZE 2\n0 0 zero\n1 1 1\n",
        "LUT_1D_SIZE 2\nDOMAIN_MIN 1 1 1\n0 0 0\n1 1 1\n",
        "LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n0 0 0\n1 1 1\n",
        "<html>not found</html>",
    ],
)
def test_a_broken_table_of_colours_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="cube"):
        parse_cube(text.encode())


def test_tables_of_colours_are_looked_up_between_their_steps() -> None:
    cube = parse_cube(inverting_cube())
    color = np.array([[[0.2, 0.3, 0.9]]], np.float32)
    assert np.allclose(cube.looked_up(color), [[[0.9, 0.7, 0.2]]], atol=1e-6)
    halved = parse_cube(b"LUT_1D_SIZE 3\n0 0 0\n0.25 0.25 0.25\n0.5 0.5 0.5\n")
    assert np.allclose(halved.looked_up(color), color / 2, atol=1e-6)


def test_what_a_filter_made_is_kept_while_something_above_it_changes() -> None:
    """Until something below it changes: then it is made again."""
    opened = OpenDocument(picture_with(adjustment(2, settings_of("gaussian-blur")), adjustment(3, INVERT)))
    compositor = Compositor(opened, threads=1)
    compositor.tile(0, 0, 0)
    for opacity in (0.5, 0.2):
        with opened.edit("Opacity") as edit:
            edit.replace_layer(opened.document.layer(3).changed(opacity=opacity))
        compositor.refresh()
        kept = compositor._current_branches().all[1]
        assert isinstance(kept, Adjust)
        assert len(kept.backdrop._kept) > 0
    with opened.edit("Fill") as edit:
        edit.pixels(1).fill(Rect(0, 0, 50, 50), (1, 2, 3, 255))
        edit.touched(1, Rect(0, 0, 50, 50))
    compositor.refresh()
    shown = compositor.tile(0, 0, 0)[:200, :200, :3]
    straight = flatten(opened.document, Rect(0, 0, 200, 200)).astype(float)
    compositor.close()
    assert np.abs(shown - straight[..., 2::-1] * straight[..., 3:] / 255).max() <= 1.51
