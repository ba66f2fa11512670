"""Masks of click models: brought to large pictures along their edges, and told roughly by a person's mask."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop.core.geometry import Point, Rect, Size
from desktop.runtime.adapters.edges import mask_along_edges
from desktop.tools.clicking import CLICKS_OF_STROKE, INSIDE, NO_POINT, OUTSIDE, Clicks, Stroke
from tests.runtime_models import edit_manifest
from tests.runtime_runs import run_request
from tests.unit.test_runtime_clicks import click, click_model


def disc(side: int, radius: float, center: float) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] + 0.5
    return np.hypot(rows - center, columns - center) < radius


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_rough_mask_follows_the_edges_of_a_large_picture(dtype: type) -> None:
    """A disc of 1,200 pixels, its mask known at 80: enlarged alone it is off, along the edges it is not."""
    side, white = 1200, np.iinfo(dtype).max
    inside = disc(side, 400.3, 617.7)
    pixels = np.full((side, side, 4), white, dtype)
    pixels[..., :3] = np.where(inside[..., None], (0.8 * white, 0.3 * white, 0.1 * white), (0.1 * white,) * 3)
    small = cv2.resize(inside.astype(np.float32), (80, 80), interpolation=cv2.INTER_AREA)
    found = mask_along_edges(small, pixels)
    plain = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    assert found.shape == (side, side)
    assert found.dtype == np.float32
    assert np.abs(found - inside).mean() < 0.4 * np.abs(plain - inside).mean()
    assert found[0, 0] == 0
    assert found[617, 617] == 1


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (333, 257)])
def test_any_size_of_picture_and_mask_goes(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (*size, 3), np.uint8)
    found = mask_along_edges(rng.random((5, 7), np.float32), pixels)
    assert found.shape == size
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_a_flat_picture_keeps_the_mask_as_it_is() -> None:
    small = cv2.resize(disc(64, 20, 32).astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
    found = mask_along_edges(small, np.full((640, 640, 3), 90, np.uint8))
    plain = np.clip(cv2.resize(small, (640, 640), interpolation=cv2.INTER_CUBIC), 0, 1)
    assert np.abs(found - plain).mean() < 0.04


def test_a_manifest_asks_for_edges(tmp_path: Path) -> None:
    """The network sees 32 pixels; the picture has 640, and its border lies between two of the 32."""
    pixels = np.zeros((640, 640, 3), np.uint8)
    pixels[:, 330:, 0] = 255
    model = click_model(tmp_path / "click")
    request = {"image": pixels, "points": click(600, 300)}
    plain = run_request(model, request)[0]["mask"]
    edit_manifest(model, 'name = "masks"', 'name = "masks"\nrefine = true')
    refined = run_request(model, request)[0]["mask"]
    truth = np.where(pixels[..., 0] > 0, 255, 0)
    assert np.abs(refined.astype(int) - truth).mean() < 0.9 * np.abs(plain.astype(int) - truth).mean()


def test_a_rough_mask_goes_to_the_decoder_as_logits(tmp_path: Path) -> None:
    """The decoder of the test adds the sum of the earlier mask, 8 × 8 logits: all outside makes everything empty."""
    model = click_model(tmp_path / "click")
    pixels = np.zeros((32, 32, 3), np.uint8)
    plain = run_request(model, {"image": pixels, "points": click(4, 4)})[0]["mask"]
    nothing = np.zeros((50, 50), np.uint8)
    told = run_request(model, {"image": pixels, "points": click(4, 4), "mask": nothing})[0]["mask"]
    assert (plain == 255).all()
    assert (told == 0).all()


def test_strokes_are_a_mask_or_clicks() -> None:
    line = Stroke((Point(100, 100), Point(900, 100)), 20, inside=True)
    clicks = Clicks().with_stroke(line)
    assert clicks.as_array().tolist() == [[0, 0, NO_POINT]], "a request needs a row"
    assert clicks.as_array(takes_mask=False).tolist() == [[100, 100, INSIDE], [900, 100, INSIDE]]
    mask = clicks.rough_mask(Size(2048, 1024))
    assert mask is not None
    assert mask.shape == (512, 1024)
    assert mask[50, 250] == 255
    assert mask[50, 500] == 0
    assert mask[80, 250] == 0
    away = clicks.with_stroke(Stroke((Point(500, 0), Point(500, 300)), 40, inside=False))
    gone = away.rough_mask(Size(2048, 1024))
    assert gone is not None
    assert gone[50, 250] == 0
    assert (away.as_array()[:, 2] == OUTSIDE).all(), "what is painted away is also clicked away"


def test_the_last_one_is_taken_back_first() -> None:
    stroke = Stroke(tuple(Point(x, 0) for x in range(50)), 3, inside=True)
    clicks = Clicks(box=Rect(0, 0, 9, 9)).with_stroke(stroke).with_point(Point(1, 2), inside=False)
    assert len(stroke.clicks()) == CLICKS_OF_STROKE
    assert clicks.one_less() == Clicks(box=Rect(0, 0, 9, 9), strokes=(stroke,))
    assert clicks.one_less().one_less() == Clicks(box=Rect(0, 0, 9, 9))
    assert clicks.one_less().one_less().one_less().is_empty
    assert Clicks(strokes=(stroke,)).rough_mask(Size(50, 10)) is not None
    assert Clicks().rough_mask(Size(50, 10)) is None
