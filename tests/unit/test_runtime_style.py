"""Style networks: a choice of styles, and brush size by the size of what the network is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from tests.runtime_models import photo
from tests.runtime_runs import run_here, run_request
from tests.style_models import mean_color_style, shifting_style


def test_a_style_is_chosen_by_its_name(tmp_path: Path) -> None:
    model = shifting_style(tmp_path / "styles")
    picture = np.full((40, 50, 3), 100, np.uint8)
    first, _, _ = run_here(model, picture, {"style": "Red"})
    second, _, _ = run_here(model, picture, {"style": "Blue"})
    assert first[5, 5].tolist() == [151, 100, 100]
    assert second[5, 5].tolist() == [100, 100, 151]


def test_an_unknown_style_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Red, Blue"):
        run_here(shifting_style(tmp_path / "styles"), photo(20, 20), {"style": "Green"})


def test_a_larger_brush_shows_the_network_a_smaller_picture(tmp_path: Path) -> None:
    model = shifting_style(tmp_path / "styles", tile=64)
    picture = photo(256, 320)
    _, fine, _ = run_here(model, picture, {"brush": 100.0})
    coarse_result, coarse, _ = run_here(model, picture, {"brush": 400.0})
    assert coarse.tiles < fine.tiles
    assert coarse_result.shape == picture.shape
    detail = np.abs(np.diff(coarse_result[..., 1].astype(int), axis=1)).mean()
    assert detail < np.abs(np.diff(picture[..., 1].astype(int), axis=1)).mean()


@pytest.mark.parametrize("depth", [8, 16])
def test_at_strength_0_a_large_brush_changes_nothing(tmp_path: Path, depth: int) -> None:
    model = shifting_style(tmp_path / "styles")
    picture = photo(90, 70, 4, depth=depth)
    result, _, _ = run_here(model, picture, {"brush": 300.0, "strength": 0.0})
    levels = 1 if depth == 8 else 257
    assert np.abs(result[..., :3].astype(int) - picture[..., :3]).max() <= levels
    assert np.array_equal(result[..., 3], picture[..., 3])


def test_a_picture_of_one_pixel_is_painted_with_the_largest_brush(tmp_path: Path) -> None:
    result, _, _ = run_here(shifting_style(tmp_path / "styles"), photo(1, 1), {"brush": 400.0})
    assert result.shape == (1, 1, 3)


def test_a_style_is_taken_from_a_picture(tmp_path: Path) -> None:
    style = np.full((40, 60, 3), (200, 40, 90), np.uint8)
    style[:, ::2] += 20
    inputs = {"image": photo(90, 70), "style": style}
    results, done, _ = run_request(mean_color_style(tmp_path / "any"), inputs)
    assert done.tiles > 1
    assert np.unique(results["image"].reshape(-1, 3), axis=0).tolist() == [[210, 50, 100]]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        (np.zeros((1, 1, 3), np.uint8), "1 × 1 pixels"),
        (np.zeros((15, 300, 3), np.uint8), "300 × 15 pixels"),
        (np.full((80, 80, 4), 90, np.uint8), "one colour"),
        (np.dstack([photo(40, 40), np.zeros((40, 40), np.uint8)]), "one colour"),
        (np.full((80, 80, 3), 9000, np.uint16), "one colour"),
    ],
)
def test_a_picture_without_a_style_is_refused(tmp_path: Path, style: np.ndarray, said: str) -> None:
    with pytest.raises(UserError, match=said):
        run_request(mean_color_style(tmp_path / "any"), {"image": photo(30, 30), "style": style})
