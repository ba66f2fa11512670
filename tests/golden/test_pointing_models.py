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
def test_what_is_clicked_is_selected_and_what_is_clicked_away_is_not(scale: int) -> None:
    picture, red, blue = (array.repeat(scale, 0).repeat(scale, 1) for array in two_discs())
    height, width = red.shape
    points = np.float32([[width * 0.27, height / 2, 1], [width * 0.73, height / 2, 0]])
    mask = run_request(CLICKS, {"image": picture, "points": points})[0]["mask"]
    assert mask.shape == red.shape
    assert overlap(mask, red) > 0.9
    assert mask[blue].mean() < 5


def test_a_box_says_it_too() -> None:
    picture, red, _ = two_discs()
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    box = np.float32([[columns[0], rows[0], 2], [columns[-1] + 1, rows[-1] + 1, 3]])
    assert overlap(run_request(CLICKS, {"image": picture, "points": box})[0]["mask"], red) > 0.9


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (700, 500)])
def test_any_picture_can_be_pointed_at(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (*size, 4), np.uint8)
    mask = run_request(CLICKS, {"image": picture, "points": np.float32([[0, 0, 1]])})[0]["mask"]
    assert mask.shape == size


def test_clicks_make_it_better_and_it_ends_before_grab_cut_that_is_told_the_same() -> None:
    measured = json.loads((CLICKS / "metrics.json").read_text(encoding="utf-8"))
    for rows in (measured["rows"], measured["by_hand"]["rows"]):
        rival, own = (
            next(row for row in rows if row["first"] == "click" and row["method"] == method)
            for method in ("GrabCut", "this model")
        )
        assert own["iou_1"] + 0.05 < own["iou_3"] < own["iou_5"] + 0.01
        assert own["iou_1"] > rival["iou_1"] - 0.05, "eleven photographs: one of them alone is worth that much"
        assert own["iou_3"] > rival["iou_3"] + 0.05
        assert own["iou_5"] > rival["iou_5"] + 0.05


def test_lines_are_dark_on_white_where_colours_meet() -> None:
    picture, red, _ = two_discs()
    drawn = run_request(LINES, {"image": picture})[0]["image"][..., :3].min(axis=2)
    rows, columns = np.mgrid[:300, :420]
    rim = np.abs(np.hypot(rows - 150, columns - 420 * 0.27) - 66) < 2.5
    assert drawn[rim].min() < 90
    assert drawn[120:180, 80:140].mean() > 240, "nothing is drawn inside one colour"
    assert drawn[:20].mean() > 240
    assert red.any()


def test_lines_are_found_as_well_as_by_canny_at_its_best() -> None:
    rows = {row["method"]: row for row in json.loads((LINES / "metrics.json").read_text(encoding="utf-8"))["rows"]}
    own = rows["this model"]
    assert own["f"] > rows["difference of Gaussians"]["f"]
    assert own["f"] > rows["Canny"]["f"] - 0.02
    assert own["precision"] > rows["Canny"]["precision"]
