"""Whole runs of small networks in this process: tiled equals untiled, depth, alpha and sizes are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from desktop.core.errors import UserError
from tests.runtime_models import (
    blur_model,
    brightness_model,
    doubling_model,
    edit_manifest,
    greedy_model,
    identity_model,
    make_model,
    photo,
)
from tests.runtime_runs import largest_difference, run_here, untiled


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (63, 65), (128, 128), (151, 173)])
@pytest.mark.parametrize("depth", [8, 16])
def test_tiled_equals_untiled_within_one_level(tmp_path: Path, size: tuple[int, int], depth: int) -> None:
    model = blur_model(tmp_path / "blur", tile=64, radius=6)
    pixels = photo(*size, depth=depth)
    result, done, _ = run_here(model, pixels)
    assert largest_difference(result, untiled(model, pixels)) <= 1
    assert (done.tiles > 1) == (max(size) > 64)


def test_a_halo_smaller_than_the_receptive_field_shows(tmp_path: Path) -> None:
    """The proof that the comparison above can fail."""
    model = blur_model(tmp_path / "blur", tile=64, radius=12)
    edit_manifest(model, "receptive_field = 12", "receptive_field = 0")
    pixels = photo(128, 128)
    result, _, _ = run_here(model, pixels)
    assert largest_difference(result, untiled(model, pixels)) > 1


def test_enlarging_places_every_pixel(tmp_path: Path) -> None:
    pixels = photo(90, 131, depth=16)
    result, done, _ = run_here(doubling_model(tmp_path / "double"), pixels)
    np.testing.assert_array_equal(result, pixels.repeat(2, axis=0).repeat(2, axis=1))
    assert done.tiles > 1


def test_enlarged_transparency_follows_the_picture(tmp_path: Path) -> None:
    pixels = photo(80, 90, 4)
    pixels[:, 45:, 3] = 0
    result, _, _ = run_here(doubling_model(tmp_path / "double"), pixels)
    assert (result[:, :86, 3] == 255).all()
    assert not result[:, 94:, 3].any()
    assert largest_difference(result[:, :86, :3], pixels[:, :43, :3].repeat(2, axis=0).repeat(2, axis=1)) == 0


@pytest.mark.parametrize("depth", [8, 16])
def test_alpha_and_hidden_colour_survive(tmp_path: Path, depth: int) -> None:
    pixels = photo(70, 100, 4, depth=depth)
    pixels[10:40, 20:50, 3] = 0
    pixels[50:60, :, 3] //= 2
    result, _, _ = run_here(blur_model(tmp_path / "blur"), pixels)
    np.testing.assert_array_equal(result[..., 3], pixels[..., 3])
    np.testing.assert_array_equal(result[10:40, 20:50, :3], pixels[10:40, 20:50, :3])
    assert largest_difference(result, pixels) > 0


def test_hidden_colour_does_not_bleed_into_the_visible(tmp_path: Path) -> None:
    model = blur_model(tmp_path / "blur")
    quiet = photo(60, 60, 4)
    quiet[:, 30:, 3] = 0
    loud = quiet.copy()
    loud[:, 30:, :3] = (0, 255, 0)
    (calm, _, _), (also_calm, _, _) = run_here(model, quiet), run_here(model, loud)
    assert largest_difference(calm[:, :30], also_calm[:, :30]) == 0


def test_a_grey_photo_comes_back_grey(tmp_path: Path) -> None:
    pixels = np.repeat(photo(50, 80)[..., :1], 3, axis=2)
    result, _, _ = run_here(blur_model(tmp_path / "blur"), pixels)
    assert (result[..., 0] == result[..., 1]).all()
    assert (result[..., 1] == result[..., 2]).all()
    assert largest_difference(result, pixels) > 0


def test_a_parameter_is_mapped_onto_the_range_of_the_graph(tmp_path: Path) -> None:
    pixels = np.full((10, 10, 3), 51, np.uint8)
    bright = brightness_model(tmp_path / "bright")
    assert (run_here(bright, pixels)[0] == 102).all(), "the default, 20 %, adds 0.2"
    assert (run_here(bright, pixels, {"amount": "40"})[0] == 153).all()


def test_sides_are_padded_to_the_multiple_and_cut_again(tmp_path: Path) -> None:
    model = identity_model(tmp_path / "same", size="8", shape=[1, 3, "h", "w"], tile="")
    pixels = photo(13, 21)
    np.testing.assert_array_equal(run_here(model, pixels)[0], pixels)


def test_a_tiled_model_of_fixed_size_runs_on_any_picture(tmp_path: Path) -> None:
    tile = "[tile]\ntile = 32\nstride = 4\nreceptive_field = 4\n"
    model = identity_model(
        tmp_path / "fixed", size="[32, 32]", shape=[1, 3, 32, 32], out_shape=[1, 3, 32, 32], tile=tile
    )
    for size in [(5, 9), (32, 32), (70, 41)]:
        np.testing.assert_array_equal(run_here(model, photo(*size))[0], photo(*size))


def test_a_whole_model_of_fixed_size_is_fitted_and_mapped_back(tmp_path: Path) -> None:
    model = identity_model(tmp_path / "fixed", size="[16, 24]", shape=[1, 3, 16, 24], out_shape=[1, 3, 16, 24])
    pixels = np.full((50, 40, 4), 90, np.uint8)
    pixels[25:, :, 0] = 200
    result, done, _ = run_here(model, pixels)
    assert done.tiles == 1
    assert result.shape == pixels.shape
    assert largest_difference(result[:20], pixels[:20]) <= 12, "cubic enlargement rings a little"
    assert largest_difference(result[30:], pixels[30:]) <= 12


def test_progress_counts_every_tile(tmp_path: Path) -> None:
    _, done, heard = run_here(blur_model(tmp_path / "blur"), photo(100, 100))
    running = [progress for progress in heard if progress.stage == "running"]
    assert [progress.done for progress in running] == list(range(done.tiles + 1))
    assert {progress.total for progress in running} == {done.tiles}


def test_short_memory_goes_on_with_smaller_tiles_and_says_so(tmp_path: Path) -> None:
    pixels = photo(300, 280)
    result, done, _ = run_here(greedy_model(tmp_path / "greedy", largest_tile=100, tile=256), pixels)
    np.testing.assert_array_equal(result, pixels)
    assert [str(note) for note in done.notes] == ["Not enough memory; used smaller tiles of 64 pixels."]


def test_no_memory_at_all_ends_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not enough memory to run “greedy”"):
        run_here(greedy_model(tmp_path / "greedy", largest_tile=10), photo(300, 280))


def test_an_output_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    model = doubling_model(tmp_path / "double")
    edit_manifest(model, 'task = "upscale"', 'task = "restore"')
    edit_manifest(model, "scale = 2", "scale = 1")
    with pytest.raises(UserError, match=r"shape \[1, 3, 40, 60\] where 30 × 20 pixels"):
        run_here(model, photo(20, 30))


def test_tensors_that_the_file_does_not_have_are_named(tmp_path: Path) -> None:
    model = identity_model(tmp_path / "same")
    edit_manifest(model, 'name = "result"', 'name = "picture"')
    with pytest.raises(UserError, match="“picture”, but the file has only: result"):
        run_here(model, photo(8, 8))


def test_inputs_that_the_manifest_does_not_feed_are_named(tmp_path: Path) -> None:
    model = brightness_model(tmp_path / "bright")
    edit_manifest(model, '[[inputs]]\nname = "amount"\nrole = "scalar"\nparam = "amount"\nrange = [0.0, 1.0]\n', "")
    with pytest.raises(UserError, match="wants the input “amount”"):
        run_here(model, photo(8, 8))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('task = "restore"', 'task = "generate"', "needs its size"),
        ('task = "restore"', 'task = "upscale"', "a scale above 1"),
        ("scale = 1", "scale = 2", "has scale = 1"),
        ('role = "image"\nsize', 'role = "mask"\nsize', "cannot have an input or output with the role “mask”"),
        ("scale = 1", 'scale = 1\nblend = "as_alpha"', "does not fit"),
    ],
)
def test_manifests_that_do_not_fit_the_task_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    model = identity_model(tmp_path / "same")
    edit_manifest(model, old, new)
    with pytest.raises(UserError, match=message):
        run_here(model, photo(8, 8))


def test_a_nan_of_the_network_becomes_black_and_no_warning(tmp_path: Path) -> None:
    nodes = [helper.make_node("Sub", ["image", "one"], ["below"]), helper.make_node("Sqrt", ["below"], ["result"])]
    model = make_model(tmp_path / "root", nodes, constants={"one": np.float32([1])})
    result, _, _ = run_here(model, np.zeros((4, 4, 3), np.uint8))
    assert not result.any()
