"""The shipped networks for light and colour, as the editor runs them: grey stays grey, no steps, no harm."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop import paths
from tests.runtime_parts import luma_of
from tests.runtime_runs import run_request

ENHANCE, LIGHT, COLOURISE = (paths.shipped_models_dir() / name for name in ("auto-enhance", "low-light", "colourise"))


def enhanced(picture: np.ndarray, amount: float = 100.0) -> np.ndarray:
    return run_request(ENHANCE, {"image": picture}, {"amount": amount})[0]["image"]


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (3, 700)])
def test_flat_pictures_of_any_size_come_back_flat_and_with_their_alpha(level: int, size: tuple[int, int]) -> None:
    picture = np.full((*size, 4), level, np.uint8)
    picture[..., 3] = 77
    result = enhanced(picture)
    assert result.shape == picture.shape
    assert np.ptp(result[..., :3]) == 0
    assert (result[..., 3] == 77).all()


def test_grey_stays_grey_and_sixteen_bits_have_no_steps() -> None:
    ramp = np.repeat((np.arange(65536) * 0.5 + 9000).astype(np.uint16).reshape(256, 256, 1), 3, axis=2)
    result = enhanced(ramp).astype(int)
    assert np.ptp(result, axis=2).max() == 0
    levels = result[..., 0].ravel()
    assert levels.max() - levels.min() > 1.3 * (int(ramp.max()) - int(ramp.min())), "the contrast is stretched"
    steps = np.diff(levels[np.argsort(ramp[..., 0].ravel(), kind="stable")])
    assert steps.min() >= -1, "a rounding of float32"
    assert steps.max() < 40, "of 65,535"


def test_nothing_changes_at_nothing() -> None:
    picture = np.random.default_rng(0).integers(0, 65536, (60, 90, 3), np.uint16)
    assert np.array_equal(enhanced(picture, 0.0), picture)


@pytest.mark.parametrize("folder", [ENHANCE, LIGHT], ids=lambda folder: folder.name)
def test_the_card_says_that_it_beats_the_plain_ways(folder: Path) -> None:
    rows = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["rows"]
    own = next(row for row in rows if row["method"] == "this model")
    rivals = [row for row in rows if not row["method"].startswith("this model")]
    assert own["psnr"] > max(row["psnr"] for row in rivals)
    assert own["colour_difference"] < min(row["colour_difference"] for row in rivals)


def lit(picture: np.ndarray, exposure: float = 50.0) -> np.ndarray:
    return run_request(LIGHT, {"image": picture}, {"exposure": exposure})[0]["image"]


def test_light_comes_into_a_dark_grey_ramp_without_colour_and_without_steps() -> None:
    ramp = np.repeat((np.arange(65536) * 0.2 + 500).astype(np.uint16).reshape(256, 256, 1), 3, axis=2)
    result = lit(ramp).astype(int)
    assert np.ptp(result, axis=2).max() == 0
    assert result.mean() > 2 * ramp.mean()
    steps = np.abs(np.diff(result[..., 0], axis=1))
    assert steps.max() < 80, "of 65,535"


def test_exposure_goes_from_nothing_to_brighter() -> None:
    dark = np.random.default_rng(0).integers(0, 16384, (60, 90, 3), np.uint16)
    assert np.array_equal(lit(dark, 0.0), dark)
    assert lit(dark, 100.0).mean() > lit(dark, 50.0).mean() > dark.mean()


def coloured(picture: np.ndarray, *, seed: int = 0, hints: np.ndarray | None = None, **params: float) -> np.ndarray:
    inputs = {"image": picture} if hints is None else {"image": picture, "hints": hints}
    return run_request(COLOURISE, inputs, params, seed=seed)[0]["image"]


def grey_picture(depth: int = 16) -> np.ndarray:
    """Soft shapes; (90, 120, 4)."""
    rng = np.random.default_rng(1)
    soft = cv2.resize(rng.random((6, 8)), (120, 90), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    levels = np.rint(soft * (2**depth - 1)).astype(np.uint8 if depth == 8 else np.uint16)
    return np.dstack([levels, levels, levels, np.full_like(levels, 2**depth - 1)])


def test_the_luma_of_a_coloured_picture_is_its_own_in_sixteen_bits() -> None:
    picture = grey_picture()
    result = coloured(picture)
    assert np.abs(luma_of(result) - luma_of(picture)).max() <= 2, "of 65,535"
    assert np.ptp(result[..., :3].astype(int), axis=2).max() > 2000, "it has colours"
    assert np.array_equal(coloured(picture, saturation=0.0)[..., :3], picture[..., :3])


def test_hints_are_taken_as_painted() -> None:
    picture = grey_picture(8)
    picture[..., :3] = 128
    hints = np.zeros_like(picture)
    hints[20:70, 20:60] = (190, 60, 70, 255)
    red = coloured(picture, hints=hints)[45, 40].astype(int)
    assert red[0] > red[1] + 60
    assert red[0] > red[2] + 50


def test_proposals_differ_by_their_seed_and_are_repeated_by_it() -> None:
    picture = grey_picture(8)
    one, other, again = (coloured(picture, seed=seed, variety=60.0) for seed in (1, 2, 1))
    assert np.array_equal(one, again)
    assert np.abs(one.astype(int) - other).max() > 8


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_stay_what_they_are(level: int) -> None:
    picture = np.full((3, 50, 4), level, np.uint8)
    assert np.array_equal(coloured(picture), picture)


def test_colours_are_nearer_than_grey_and_than_any_tint() -> None:
    rows = {row["method"]: row for row in json.loads((COLOURISE / "metrics.json").read_text(encoding="utf-8"))["rows"]}
    own, hinted = rows["this model"], rows["12 hints, this model"]
    for rival in ("left grey", "one tint for all, the best"):
        assert own["psnr"] > rows[rival]["psnr"]
        assert own["colour_difference"] < rows[rival]["colour_difference"]
    assert hinted["psnr"] > own["psnr"] + 2
