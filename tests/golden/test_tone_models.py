"""The shipped networks for light and colour, as the editor runs them: grey stays grey, no steps, no harm."""

from __future__ import annotations

import json

import numpy as np
import pytest

from desktop import paths
from tests.runtime_runs import run_request

ENHANCE = paths.shipped_models_dir() / "auto-enhance"


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


def test_the_card_says_that_it_beats_the_plain_ways() -> None:
    rows = json.loads((ENHANCE / "metrics.json").read_text(encoding="utf-8"))["rows"]
    own = next(row for row in rows if row["method"] == "this model")
    rivals = [row for row in rows if not row["method"].startswith("this model")]
    assert own["psnr"] > max(row["psnr"] for row in rivals)
    assert own["colour_difference"] < min(row["colour_difference"] for row in rivals)
