"""The shipped networks that select what is pointed at and draw lines, as the editor runs them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from desktop import paths
from tests.runtime_runs import run_request

CLICKS, LINES = (paths.shipped_models_dir() / name for name in ("click-segment", "line-art"))


def two_discs(height: int = 300, width: int = 420) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(picture, the red disc, the blue disc) on grey."""
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[..., :3] = 120
    rows, columns = np.mgrid[:height, :width]
    red, blue = (np.hypot(rows - height / 2, columns - width * x) < height * 0.22 for x in (0.27, 0.73))
    picture[red, :3], picture[blue, :3] = (200, 30, 30), (30, 50, 200)
    return picture, red, blue


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    hard = mask > 127
    return float((hard & truth).sum() / (hard | truth).sum())


@pytest.mark.parametrize("scale", [1, 4])
def test_what_is_clicked_is_selected_and_nothing_else(scale: int) -> None:
    picture, red, blue = (array.repeat(scale, 0).repeat(scale, 1) for array in two_discs())
    height, width = red.shape
    for truth, x in ((red, 0.27), (blue, 0.73)):
        points = np.float32([[width * x, height / 2, 1]])
        mask = run_request(CLICKS, {"image": picture, "points": points})[0]["mask"]
        assert mask.shape == red.shape
        assert overlap(mask, truth) > 0.8


def test_a_box_or_a_rough_mask_says_it_too() -> None:
    picture, red, _ = two_discs()
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    box = np.float32([[columns[0], rows[0], 2], [columns[-1] + 1, rows[-1] + 1, 3]])
    assert overlap(run_request(CLICKS, {"image": picture, "points": box})[0]["mask"], red) > 0.8
    rough = np.zeros(red.shape, np.uint8)
    rough[110:190, 90:140] = 255
    nothing = np.float32([[0, 0, -1]])
    mask = run_request(CLICKS, {"image": picture, "points": nothing, "mask": rough})[0]["mask"]
    assert overlap(mask, red) > overlap(rough, red)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (700, 500)])
def test_any_picture_can_be_pointed_at(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (*size, 4), np.uint8)
    mask = run_request(CLICKS, {"image": picture, "points": np.float32([[0, 0, 1]])})[0]["mask"]
    assert mask.shape == size


def test_it_is_better_than_grab_cut_that_is_told_the_same() -> None:
    rows = json.loads((CLICKS / "metrics.json").read_text(encoding="utf-8"))["rows"]
    for first in ("click", "box"):
        rival, own = (
            next(r for r in rows if r["first"] == first and r["method"] == m) for m in ("GrabCut", "this model")
        )
        assert own["iou_1"] > rival["iou_1"]


def test_lines_are_dark_on_white_where_colours_meet() -> None:
    picture, red, _ = two_discs()
    drawn = run_request(LINES, {"image": picture})[0]["image"][..., :3].min(axis=2)
    rows, columns = np.mgrid[:300, :420]
    rim = np.abs(np.hypot(rows - 150, columns - 420 * 0.27) - 66) < 2.5
    assert drawn[rim].min() < 90
    assert drawn[120:180, 80:140].mean() > 240, "nothing is drawn inside one colour"
    assert drawn[:20].mean() > 240
    assert red.any()


def test_lines_are_found_better_than_by_canny() -> None:
    rows = json.loads((LINES / "metrics.json").read_text(encoding="utf-8"))["rows"]
    assert rows[-1]["method"] == "this model"
    assert rows[-1]["f"] > max(row["f"] for row in rows[:-1])
