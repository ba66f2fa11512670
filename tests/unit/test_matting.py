"""What is made of a matte: clean colours, a shadow, another background, in layers and from the command line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import Mask, RasterLayer
from desktop.core.light_match import light_gains, lit
from desktop.core.matting import blurred_behind, drop_shadow, foreground_colors
from desktop.core.tiles import TileMap
from desktop.run_commands import backdrop_of
from desktop.tools.backgrounds import (
    Backdrop,
    BackgroundNames,
    BackgroundSettings,
    composed,
    cut_out_pixels,
    with_new_background,
)

SIDE = 160
RED, GREEN = (200, 30, 40), (40, 180, 60)
NAMES = BackgroundNames("Subject", "Shadow", "Background")


def soft_disc() -> np.ndarray:
    """(H, W) uint8: a disc in the middle with a rim ten pixels wide."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(rows - SIDE / 2, columns - SIDE / 2)
    return np.clip((50 - distance) * 25.5 + 127.5, 0, 255).astype(np.uint8)


def red_on_green(alpha: np.ndarray, dtype: type = np.uint8) -> np.ndarray:
    share = alpha[..., None] / 255
    colour = np.array(RED) * share + np.array(GREEN) * (1 - share)
    pixels = np.dstack([colour, np.full(alpha.shape, 255)])
    return np.rint(pixels * (np.iinfo(dtype).max / 255)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_rim_loses_the_old_background_and_all_else_keeps_its_bytes(dtype):
    alpha = soft_disc()
    pixels = red_on_green(alpha, dtype)
    clean = foreground_colors(pixels, alpha)
    rim = (alpha > 25) & (alpha < 230)
    levels = clean[..., :3].astype(float) * (255 / np.iinfo(dtype).max)
    before = pixels[..., :3].astype(float) * (255 / np.iinfo(dtype).max)
    assert np.abs(levels[rim] - RED).mean() < 0.25 * np.abs(before[rim] - RED).mean()
    untouched = (alpha == 0) | (alpha == 255)
    np.testing.assert_array_equal(clean[untouched], pixels[untouched])
    np.testing.assert_array_equal(clean[..., 3], pixels[..., 3])


def test_bands_leave_no_seam():
    alpha = np.tile(np.linspace(1, 254, 64).astype(np.uint8), (1200, 1))
    rng = np.random.default_rng(1)
    pixels = np.dstack([cv2.GaussianBlur(rng.integers(0, 256, (1200, 64, 3), np.uint8), (0, 0), 3), alpha * 0 + 255])
    whole = foreground_colors(pixels, alpha)
    moved = foreground_colors(pixels[100:], alpha[100:])
    np.testing.assert_allclose(whole[300:].astype(int), moved[200:], atol=1)


def test_a_hard_mask_changes_no_colour():
    alpha = np.where(soft_disc() > 127, 255, 0).astype(np.uint8)
    pixels = red_on_green(alpha)
    np.testing.assert_array_equal(foreground_colors(pixels, alpha), pixels)


def test_the_shadow_lies_where_it_is_thrown():
    alpha = np.zeros((40, 40), np.uint8)
    alpha[10:20, 10:20] = 255
    shadow = drop_shadow(alpha, offset=(5, 3), softness_px=0)
    assert shadow[13, 15] == 255
    assert shadow[22, 24] == 255
    assert shadow[12, 15] == 0
    assert shadow[13, 14] == 0
    assert 0 < drop_shadow(alpha, offset=(5, 3), softness_px=2)[11, 15] < 255


def test_the_blurred_background_has_nothing_of_the_subject():
    alpha = soft_disc()
    behind = blurred_behind(red_on_green(alpha), alpha, 12)
    assert np.abs(behind[..., :3].astype(int) - GREEN).max() <= 6
    assert (behind[..., 3] == 255).all()


def test_a_picture_that_is_all_subject_can_still_be_blurred():
    alpha = np.full((30, 50), 255, np.uint8)
    behind = blurred_behind(np.full((30, 50, 4), 90, np.uint8), alpha, 5)
    assert behind.shape == (30, 50, 4)
    assert np.abs(behind[..., :3].astype(int) - 90).max() <= 1


@pytest.mark.parametrize("depth", [8, 16])
def test_another_background_is_three_layers_over_the_hidden_old_one(depth):
    alpha = soft_disc()
    pixels = red_on_green(alpha, np.uint8 if depth == 8 else np.uint16)
    old = RasterLayer(id=1, name="Photo", tiles=TileMap.from_array(pixels))
    document = Document(Size(SIDE, SIDE), depth).with_layer_inserted(old)
    settings = BackgroundSettings(Backdrop.COLOR, (0.0, 0.0, 1.0), has_shadow=True)
    made, top = with_new_background(document, 1, alpha, settings, NAMES)
    assert [layer.name for layer in made.layers] == ["Photo", "Background", "Shadow", "Subject"]
    assert made.layer(top).name == "Subject"
    assert not made.layers[0].visible
    seen = flatten(made, made.size.rect()).astype(float) * (1 if depth == 8 else 255 / 65535)
    assert np.abs(seen[SIDE // 2, SIDE // 2, :3] - RED).max() <= 1
    assert np.abs(seen[2, 2, :3] - (0, 0, 255)).max() <= 1
    green = seen[..., 1][(alpha > 20) & (alpha < 235)]
    assert green.max() < 60, "no green fringe"


def test_an_old_mask_still_hides():
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    hidden = np.full((SIDE, SIDE), 255, np.uint8)
    hidden[:, :80] = 0
    old = RasterLayer(
        id=1, name="", tiles=TileMap.from_array(red_on_green(alpha)), mask=Mask(TileMap.from_array(hidden))
    )
    document = Document(Size(SIDE, SIDE)).with_layer_inserted(old)
    made, _ = with_new_background(document, 1, alpha, BackgroundSettings(), NAMES)
    seen = flatten(made, made.size.rect())
    assert tuple(seen[10, 10, :3]) == (255, 255, 255)
    assert tuple(seen[10, 120, :3]) == RED


def test_a_picture_behind_covers_the_canvas_whatever_its_shape():
    alpha = soft_disc()
    picture = np.zeros((10, 90, 4), np.uint8)
    picture[..., 3], picture[..., 2], picture[:, 40:50, 2] = 255, 90, 200
    seen = composed(red_on_green(alpha), alpha, BackgroundSettings(Backdrop.PICTURE, picture=picture))
    assert seen.shape == (SIDE, SIDE, 4)
    assert abs(int(seen[2, SIDE // 2, 2]) - 200) <= 2, "the middle of the picture is in the middle"


def test_an_empty_matte_is_one_sentence():
    document = Document(Size(8, 8)).with_layer_inserted(
        RasterLayer(id=1, name="", tiles=TileMap.from_array(np.zeros((8, 8, 4), np.uint8)))
    )
    with pytest.raises(UserError, match="No subject"):
        with_new_background(document, 1, np.zeros((8, 8), np.uint8), BackgroundSettings(), NAMES)


def test_cutting_out_multiplies_the_pictures_own_alpha():
    alpha = soft_disc()
    pixels = red_on_green(alpha)
    pixels[..., 3] = 128
    cut = cut_out_pixels(pixels, alpha)
    assert cut[SIDE // 2, SIDE // 2, 3] == 128
    assert cut[0, 0, 3] == 0


@pytest.mark.parametrize(
    ("text", "kind"),
    [("white", Backdrop.COLOR), ("#102030", Backdrop.COLOR), ("blur", Backdrop.BLUR), ("blur:7", Backdrop.BLUR)],
)
def test_the_command_line_names_a_background(text, kind):
    assert backdrop_of(text, has_shadow=False).backdrop is kind


@pytest.mark.parametrize("text", ["blur:0", "blur:101", "blur:x", "no-such-picture.png", "#12"])
def test_what_is_no_background_is_one_sentence(text, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="is no background"):
        backdrop_of(text, has_shadow=False)


def test_a_gradient_runs_from_one_colour_to_the_other_without_steps():
    alpha, pixels = soft_disc(), red_on_green(soft_disc())
    made = composed(
        pixels, alpha, BackgroundSettings(Backdrop.GRADIENT, (1.0, 1.0, 1.0), end_color=(0.0, 0.0, 1.0), angle=90)
    )
    assert made[0, 0, 0] >= 253
    assert made[-1, 0, 0] <= 2
    assert (made[:, 0, 2] == 255).all()
    assert np.abs(np.diff(made[:, 0, 0].astype(int))).max() <= 4
    sideways = composed(pixels, alpha, BackgroundSettings(Backdrop.GRADIENT, (1, 1, 1), end_color=(0, 0, 1), angle=180))
    assert sideways[0, 0, 0] <= 2
    assert sideways[0, -1, 0] >= 253


@pytest.mark.parametrize(
    ("behind", "brighter", "warmer"), [((40, 30, 20), False, True), ((200, 220, 255), True, False)]
)
def test_a_subject_takes_on_the_light_of_its_new_background(behind, brighter, warmer):
    alpha = soft_disc()
    pixels = red_on_green(alpha)
    pixels[..., :3][alpha < 255] = 110  # a grey room
    color = tuple(level / 255 for level in behind)
    plain = composed(pixels, alpha, BackgroundSettings(color=color))
    matched = composed(pixels, alpha, BackgroundSettings(color=color, matches_light=True))
    middle = SIDE // 2
    before, after = plain[middle, middle, :3].astype(float), matched[middle, middle, :3].astype(float)
    assert bool(after.mean() > before.mean()) is brighter
    assert bool(after[0] / after[2] > before[0] / before[2]) is warmer
    np.testing.assert_array_equal(matched[0, 0], plain[0, 0])


def test_the_light_of_the_same_scene_changes_nothing():
    alpha = soft_disc()
    pixels = red_on_green(np.zeros_like(alpha))
    np.testing.assert_allclose(light_gains(pixels, pixels, alpha), 1, atol=0.02)
    np.testing.assert_array_equal(lit(pixels, np.ones(3)), pixels)


@pytest.mark.parametrize("text", ["gradient:", "gradient:white", "gradient:white,#000,up", "gradient:white,#000,1,2"])
def test_a_gradient_that_is_none_is_told(text):
    with pytest.raises(UserError, match="is no background"):
        backdrop_of(text, has_shadow=False)


def test_the_command_line_names_a_gradient_by_its_colours_and_angle():
    found = backdrop_of("gradient:white,#000000,45", has_shadow=True, matches_light=True)
    assert found.backdrop is Backdrop.GRADIENT
    assert (found.color, found.end_color, found.angle) == ((1, 1, 1), (0, 0, 0), 45)
    assert found.matches_light
    assert backdrop_of("gradient:white,black", has_shadow=False).angle == 90
