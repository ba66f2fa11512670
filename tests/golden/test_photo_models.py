"""The shipped network that cuts out, as the editor runs it: a matte fits every picture, and is better than GrabCut."""

from __future__ import annotations

import json

import numpy as np
import pytest

from desktop import paths
from tests.runtime_runs import run_request

CUTOUT = paths.shipped_models_dir() / "cutout"


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (700, 500)])
@pytest.mark.parametrize("alpha", [0, 255])
def test_a_matte_has_the_size_of_any_picture(size: tuple[int, int], alpha: int) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (*size, 4), np.uint8)
    picture[..., 3] = alpha
    mask = run_request(CUTOUT, {"image": picture})[0]["mask"]
    assert mask.shape == size
    assert mask.dtype == np.uint8


def test_it_is_better_than_grab_cut_that_is_told_as_little() -> None:
    rows = json.loads((CUTOUT / "metrics.json").read_text(encoding="utf-8"))["rows"]
    own = next(row for row in rows if row["method"] == "this model")
    rival = next(row for row in rows if row["method"].startswith("GrabCut in a frame"))
    assert own["error"] < rival["error"]
    assert own["iou"] > rival["iou"]
    assert own["gradient"] < rival["gradient"]


def test_it_finds_a_bright_thing_on_an_even_ground() -> None:
    picture = np.full((240, 320, 4), 255, np.uint8)
    rows, columns = np.mgrid[:240, :320]
    inside = np.hypot(rows - 120, columns - 160) < 70
    picture[inside] = (200, 40, 30, 255)
    mask = run_request(CUTOUT, {"image": picture})[0]["mask"]
    assert mask[inside].mean() > mask[~inside].mean() + 100
