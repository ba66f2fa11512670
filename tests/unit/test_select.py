"""Selections: shapes against a fine sampling, joining against plain array operations, growing against a brute force."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.geometry import Point, Rect
from desktop.core.select import Joined, Shape, ellipse, joined, polygon, rectangle
from desktop.core.select_modify import bordered, feathered, grown, shrunk, smoothed
from desktop.core.tiles import TileMap
from tests.builders import noise

CANVAS = Rect(0, 0, 60, 40)
FINE = 16
corner = st.builds(Point, st.floats(-5, 65), st.floats(-5, 45))


def on_canvas(shape: Shape) -> np.ndarray:
    levels = np.zeros((CANVAS.height, CANVAS.width), np.uint8)
    rect = shape.rect
    levels[rect.top : rect.bottom, rect.left : rect.right] = shape.levels
    return levels


def sampled(inside: object) -> np.ndarray:
    """Levels of a test `inside(x, y)`, by many samples in each pixel."""
    y, x = (np.mgrid[0 : CANVAS.height * FINE, 0 : CANVAS.width * FINE] + 0.5) / FINE
    hits = inside(x, y).reshape(CANVAS.height, FINE, CANVAS.width, FINE)  # type: ignore[operator]
    return 255 * hits.mean(axis=(1, 3))


@settings(max_examples=30, deadline=None)
@given(corner, corner)
def test_a_rectangle_covers_pixels_by_their_area(first: Point, last: Point) -> None:
    (left, right), (top, bottom) = sorted((first.x, last.x)), sorted((first.y, last.y))
    expected = sampled(lambda x, y: (left <= x) & (x < right) & (top <= y) & (y < bottom))
    assert np.abs(on_canvas(rectangle(first, last, CANVAS)) - expected).max() <= 255 * 2.2 / FINE


def test_a_rectangle_without_antialiasing_is_hard() -> None:
    levels = on_canvas(rectangle(Point(3.4, 2.6), Point(20.6, 9.4), CANVAS, antialias=False))
    assert set(np.unique(levels)) == {0, 255}
    assert levels[3:9, 3:21].all()
    assert (levels > 0).sum() == 6 * 18


@pytest.mark.parametrize(("first", "last"), [((4, 4), (50, 36)), ((10.3, 5.7), (30.1, 12.2)), ((-20, -10), (30, 30))])
def test_an_ellipse_has_a_rim_of_one_pixel(first: tuple[float, float], last: tuple[float, float]) -> None:
    center = ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
    a, b = abs(last[0] - first[0]) / 2, abs(last[1] - first[1]) / 2
    expected = sampled(lambda x, y: ((x - center[0]) / a) ** 2 + ((y - center[1]) / b) ** 2 <= 1)
    difference = np.abs(on_canvas(ellipse(Point(*first), Point(*last), CANVAS)) - expected)
    assert difference.max() <= 40
    assert difference.mean() < 1.0


def test_a_polygon_is_filled_by_the_even_odd_rule() -> None:
    star = [Point(30 + 18 * math.sin(4 * math.pi * k / 5), 20 - 18 * math.cos(4 * math.pi * k / 5)) for k in range(5)]
    levels = on_canvas(polygon(star, CANVAS))
    assert levels[20, 30] == 0, "the middle of a star is outside"
    assert levels[7, 30] == 255
    assert ((levels > 0) & (levels < 255)).any(), "the rim is soft"


def test_a_polygon_over_strips_is_one_shape() -> None:
    canvas = Rect(0, 0, 50, 600)
    shape = polygon([Point(5, 5), Point(45, 5), Point(45, 595), Point(5, 595)], canvas)
    inner = shape.levels[1:-1, 1:-1]
    assert (inner == 255).all()


def test_two_points_are_no_shape() -> None:
    assert polygon([Point(1, 1), Point(9, 9)], CANVAS).rect.is_empty


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5), st.sampled_from(Joined), st.integers(-3, 50), st.integers(-3, 30), st.booleans())
def test_joining_is_what_arrays_say(seed: int, how: Joined, x: int, y: int, is_far: bool) -> None:
    before = noise(60, 40, seed=seed)[..., 0]
    levels = noise(9, 7, seed=seed + 50)[..., 0]
    rect = Rect(max(x, 0), max(y, 0), 9, 7)
    after = joined(TileMap.from_array(before), Shape(rect, levels), how)
    shape = np.zeros((80, 80), np.uint8)
    shape[rect.top : rect.bottom, rect.left : rect.right] = levels
    old = np.zeros((80, 80), np.uint8)
    old[:40, :60] = before
    expected = {
        Joined.REPLACE: shape,
        Joined.ADD: np.maximum(old, shape),
        Joined.SUBTRACT: np.minimum(old, 255 - shape),
        Joined.INTERSECT: np.minimum(old, shape),
    }[how]
    shown = np.zeros((80, 80), np.uint8) if after is None else after.read(Rect(0, 0, 80, 80))[..., 0]
    np.testing.assert_array_equal(shown, expected)
    assert (after is None) == (not expected.any())


def brute_grown(levels: np.ndarray, radius: float) -> np.ndarray:
    reach = math.floor(radius)
    result = np.zeros_like(levels)
    padded = np.pad(levels, reach)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dx * dx + dy * dy <= radius * radius:
                part = padded[reach + dy : reach + dy + levels.shape[0], reach + dx : reach + dx + levels.shape[1]]
                result = np.maximum(result, part)
    return result


@pytest.mark.parametrize("radius", [0.4, 1, 2.5, 7, 30])
def test_growing_is_the_largest_level_in_a_disc(radius: float) -> None:
    levels = noise(50, 30, seed=3)[..., 0]
    levels[levels < 250] = 0
    np.testing.assert_array_equal(grown(levels, radius), brute_grown(levels, radius))


def test_tall_selections_are_done_in_bands_without_seams() -> None:
    levels = noise(9, 700, seed=4)[..., 0]
    np.testing.assert_array_equal(smoothed(levels, 3), cv2.medianBlur(levels, 7))
    levels[levels < 250] = 0
    np.testing.assert_array_equal(grown(levels, 6.5), brute_grown(levels, 6.5))


@pytest.mark.parametrize("change", [grown, shrunk, feathered, bordered, smoothed])
def test_a_change_says_how_far_it_is_and_can_be_ended(change: Callable[..., np.ndarray]) -> None:
    levels, told = noise(40, 300, seed=5)[..., 0], []
    change(levels, 60, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)

    def end(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change(levels, 60, end)


def test_growing_and_shrinking_keep_a_soft_rim_soft() -> None:
    ramp = np.tile(np.clip(np.arange(60) * 8 - 100, 0, 255).astype(np.uint8), (20, 1))
    wider, narrower = grown(ramp, 5), shrunk(ramp, 5)
    np.testing.assert_array_equal(wider[:, :50], ramp[:, 5:55])
    np.testing.assert_array_equal(narrower[:, 10:55], ramp[:, 5:50])


def test_shrinking_leaves_the_border_of_the_canvas_alone() -> None:
    levels = np.full((20, 30), 255, np.uint8)
    np.testing.assert_array_equal(shrunk(levels, 4), levels)


def test_a_border_lies_on_both_sides_of_the_rim() -> None:
    levels = np.zeros((40, 40), np.uint8)
    levels[:, 20:] = 255
    band = bordered(levels, 6)
    assert (band[20] > 0).nonzero()[0].tolist() == list(range(17, 23))


def test_feathering_is_soft_and_keeps_the_half_line() -> None:
    levels = np.zeros((40, 41), np.uint8)
    levels[:, 20:] = 255
    soft = feathered(levels, 8)
    assert abs(int(soft[20, 19]) - 128) < 20
    assert abs(int(soft[20, 20]) - 128) < 20
    assert soft[20, 5] == 0
    assert soft[20, 36] == 255


def test_smoothing_takes_specks_and_pinholes_away() -> None:
    levels = np.zeros((40, 40), np.uint8)
    levels[10:30, 10:30] = 255
    levels[2, 2], levels[20, 20] = 255, 0
    smooth = smoothed(levels, 3)
    assert smooth[2, 2] == 0
    assert smooth[20, 20] == 255
    assert smooth[10, 10] == 0, "the corner is rounded"


@pytest.mark.parametrize("radius", [20.0, 61.0, 250.0])
def test_wide_feathers_are_as_soft_as_a_gaussian(radius: float) -> None:
    levels = np.zeros((40, 1400), np.uint8)
    levels[:, 600:] = 255
    exact = cv2.GaussianBlur(levels, (0, 0), radius / 2, borderType=cv2.BORDER_REPLICATE).astype(int)
    assert np.abs(feathered(levels, radius).astype(int) - exact).max() <= 4
