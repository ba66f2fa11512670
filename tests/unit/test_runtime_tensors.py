"""Pixels to tensors and back: layouts, orders, ranges, depths; transparency and grey pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.runtime.manifest import Input, Output
from desktop.runtime.pictures import Picture, copy_alpha
from desktop.runtime.tensors import pixels_to_tensor, scalar_tensor, tensor_to_planes
from desktop.runtime.tiling import PlacedTile, TileRules, plan_tiles
from tests.runtime_models import photo

NORMALISATIONS: list[dict[str, Any]] = [
    {"mean": [0.0], "std": [255.0]},
    {"mean": [0.0], "std": [1.0]},
    {"mean": [127.5], "std": [127.5]},
    {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
]


def whole(height: int, width: int) -> PlacedTile:
    (placed,) = plan_tiles(height, width, TileRules(tile=max(height, width))).tiles()
    return placed


@pytest.mark.parametrize("layout", ["NCHW", "NHWC", "CHW", "HWC"])
@pytest.mark.parametrize("order", ["RGB", "BGR"])
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("depth", [8, 16])
def test_what_goes_in_comes_back(layout: Any, order: Any, normalisation: dict[str, Any], depth: int) -> None:
    pixels = photo(5, 7, depth=depth)
    spec = {"name": "x", "role": "image", "layout": layout, "order": order, **normalisation}
    tensor = pixels_to_tensor(pixels, Input(**spec), "tensor(float)")
    planes = tensor_to_planes(tensor, Output(**spec), "test")
    white = 255 if depth == 8 else 65535
    np.testing.assert_array_equal(np.rint(planes.transpose(1, 2, 0) * white), pixels)


def test_layout_and_order_are_as_the_manifest_says() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[..., 0] = 255
    nchw = pixels_to_tensor(pixels, Input(name="x", role="image", order="BGR"), "tensor(float)")
    assert nchw.shape == (1, 3, 4, 6)
    assert nchw[0, :, 0, 0].tolist() == [0, 0, 1]
    hwc = pixels_to_tensor(pixels, Input(name="x", role="image", layout="HWC"), "tensor(float)")
    assert hwc.shape == (4, 6, 3)
    assert hwc[0, 0].tolist() == [1, 0, 0]


def test_ranges_follow_mean_and_std_on_255() -> None:
    pixels = np.full((2, 2, 3), 65535, np.uint16)
    spec = Input(name="x", role="image", mean=[127.5], std=[127.5])
    np.testing.assert_allclose(pixels_to_tensor(pixels, spec, "tensor(float)"), 1, rtol=1e-6)


def test_grey_networks_see_luma_and_their_answer_fills_all_channels() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[..., 1] = 200
    tensor = pixels_to_tensor(pixels, Input(name="x", role="image", order="L", std=[1.0]), "tensor(float)")
    assert tensor.shape == (1, 1, 2, 3)
    np.testing.assert_allclose(tensor, 200 * 0.587, rtol=1e-5)
    planes = tensor_to_planes(tensor, Output(name="y", role="image", order="L", std=[1.0]), "test")
    np.testing.assert_allclose(planes, 200 * 0.587 / 255, rtol=1e-5)
    assert planes.shape == (3, 2, 3)


def test_a_slice_of_the_output_is_the_picture() -> None:
    answer = np.arange(10, dtype=np.float32).reshape(1, 10, 1, 1) / 10
    planes = tensor_to_planes(answer, Output(name="y", role="image", channels=(4, 7)), "test")
    np.testing.assert_allclose(planes[:, 0, 0], [0.4, 0.5, 0.6])


def test_sigmoid_and_inversion_are_applied() -> None:
    spec = Output(name="y", role="image", activation="sigmoid", invert=True)
    planes = tensor_to_planes(np.full((1, 3, 1, 1), np.log(3), np.float32), spec, "test")
    np.testing.assert_allclose(planes, 0.25 * np.ones((3, 1, 1)), rtol=1e-5)


@pytest.mark.parametrize(("tensor_type", "dtype"), [("tensor(float16)", np.float16), ("tensor(uint8)", np.uint8)])
def test_other_types_are_made_as_the_graph_wants_them(tensor_type: str, dtype: type) -> None:
    tensor = pixels_to_tensor(photo(3, 3), Input(name="x", role="image", std=[1.0]), tensor_type)
    assert tensor.dtype == dtype
    np.testing.assert_array_equal(tensor[0].transpose(1, 2, 0), photo(3, 3))


def test_an_answer_without_enough_channels_is_refused() -> None:
    with pytest.raises(UserError, match=r"test.*shape"):
        tensor_to_planes(np.zeros((1, 2, 4, 4), np.float32), Output(name="y", role="image"), "test")


@pytest.mark.parametrize(("shape", "expected"), [([], ()), ([1], (1,)), (["n", 1], (1, 1)), ([None, 3], (1, 3))])
def test_scalars_take_the_rank_of_the_graph(shape: list[Any], expected: tuple[int, ...]) -> None:
    tensor = scalar_tensor(0.5, shape, "tensor(float)")
    assert tensor.shape == expected
    assert (tensor == 0.5).all()


def test_a_constant_alpha_is_passed_by() -> None:
    pixels = photo(20, 30, 4)
    pixels[..., 3] = 77
    picture = Picture.of(pixels)
    assert picture.fill is None
    np.testing.assert_array_equal(picture.read(whole(20, 30)), pixels[..., :3])


def test_the_network_never_sees_colour_hidden_under_transparency() -> None:
    pixels = np.zeros((64, 96, 4), np.uint8)
    pixels[:, :48] = (200, 100, 50, 255)
    pixels[:, 48:] = (0, 255, 0, 0)  # screaming green, invisible
    shown = Picture.of(pixels).read(whole(64, 96)).astype(int)
    assert np.abs(shown - [200, 100, 50]).max() <= 2


def test_hidden_colour_comes_back_and_visible_colour_is_the_networks() -> None:
    pixels = photo(40, 40, 4)
    pixels[:, 20:, 3] = 0
    picture = Picture.of(pixels)
    answer = np.full((3, 40, 40), 0.5, np.float32)
    finished = picture.finish(answer, whole(40, 40), 1).transpose(1, 2, 0)
    np.testing.assert_allclose(finished[:, 20:] * 255, pixels[:, 20:, :3], atol=1e-3)
    assert (finished[:, :20] == 0.5).all()


@pytest.mark.parametrize("depth", [8, 16])
def test_a_network_that_changes_nothing_changes_nothing_at_any_alpha(depth: int) -> None:
    pixels = photo(40, 64, 4, depth=depth)
    pixels[..., 3] = np.linspace(0, pixels[0, 0, 3], 64)
    picture, placed = Picture.of(pixels), whole(40, 64)
    white = 255 if depth == 8 else 65535
    unchanged = (picture.read(placed).transpose(2, 0, 1) / white).astype(np.float32)
    finished = picture.finish(unchanged, placed, 1).transpose(1, 2, 0)
    np.testing.assert_array_equal(np.rint(finished * white), pixels[..., :3])


def test_enlarging_shows_no_hidden_colour_where_the_result_is_visible() -> None:
    quiet = photo(32, 32, 4)
    quiet[:, 16:, 3] = 0
    loud = quiet.copy()
    loud[:, 16:, :3] = (0, 255, 0)
    enlarged_alpha = np.zeros((64, 64, 4), np.uint8)
    copy_alpha(quiet, enlarged_alpha, 2)
    visible = enlarged_alpha[..., 3] >= 16
    answer = np.full((3, 64, 64), 0.5, np.float32)
    calm, loud_too = (Picture.of(pixels).finish(answer, whole(32, 32), 2) for pixels in (quiet, loud))
    np.testing.assert_array_equal(calm[:, visible], loud_too[:, visible])
    assert (calm[:, :, 40:] != loud_too[:, :, 40:]).any(), "the hidden colour itself is kept"


def test_the_fill_is_the_same_from_whichever_tile_it_is_asked() -> None:
    pixels = photo(90, 70, 4)
    pixels[20:70, 10:60, 3] = 0
    picture = Picture.of(pixels)
    at_once = picture.read(whole(90, 70))
    for placed in plan_tiles(90, 70, TileRules(tile=40, halo=4)).tiles():
        rows, columns = placed.rows, placed.columns
        expected = at_once[rows.start : rows.stop, columns.start : columns.stop].astype(int)
        assert np.abs(picture.read(placed).astype(int) - expected).max() <= 1


def test_a_fully_transparent_picture_with_one_visible_pixel_is_no_problem() -> None:
    pixels = np.zeros((1, 40, 4), np.uint16)
    pixels[0, 7] = (1000, 2000, 3000, 65535)
    shown = Picture.of(pixels).read(whole(1, 40))
    assert shown[0, 7].tolist() == [1000, 2000, 3000]
    assert np.abs(shown[0, 30].astype(int) - [1000, 2000, 3000]).max() <= 2


def test_a_grey_picture_stays_grey() -> None:
    pixels = np.repeat(photo(8, 8)[..., :1], 3, axis=2)
    picture = Picture.of(pixels)
    tinted = np.stack([np.full((8, 8), value, np.float32) for value in (0.2, 0.4, 0.9)])
    np.testing.assert_allclose(picture.finish(tinted, whole(8, 8), 1), 0.5, rtol=1e-6)
    assert not Picture.of(photo(8, 8)).is_gray


def test_enlarged_alpha_is_the_same_in_bands_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = photo(100, 30, 4)
    source[..., 3] = np.random.default_rng(5).integers(0, 256, (100, 30))
    at_once, in_bands = np.zeros((200, 60, 4), np.uint8), np.zeros((200, 60, 4), np.uint8)
    copy_alpha(source, at_once, 2)
    monkeypatch.setattr("desktop.runtime.pictures.BAND_ROWS", 16)
    copy_alpha(source, in_bands, 2)
    assert at_once[..., 3].any()
    np.testing.assert_array_equal(in_bands, at_once)
