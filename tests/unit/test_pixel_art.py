"""Enlarging pixel art: corners become slants, colours stay those that went in."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.core.geometry import Size
from desktop.core.pixel_art import doubled, enlarged_pixel_art, tripled, whole_steps
from desktop.core.resample import Resampling, resampled
from tests.builders import noise

INK, PAPER = (10, 20, 30, 255), (240, 230, 220, 255)


def drawn(rows: list[str]) -> np.ndarray:
    return np.array([[INK if mark == "#" else PAPER for mark in row] for row in rows], np.uint8)


def inked(pixels: np.ndarray) -> list[str]:
    return ["".join("#" if tuple(pixel) == INK else "." for pixel in row) for row in pixels]


def test_a_stair_becomes_a_slant() -> None:
    assert inked(doubled(drawn(["#..", "##.", "###"]))) == ["##....", "###...", "###...", "#####.", "######", "######"]


def test_each_pixel_follows_the_rules_as_they_were_published() -> None:
    """Scale2x and Scale3x by the letters of their page: A B C above, D E F, G H I below."""
    pixels = (noise(11, 8) // 90 * 90).astype(np.uint8)
    pixels[..., 3] = 255
    two, three = doubled(pixels), tripled(pixels)
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    for row, column in np.ndindex(8, 11):
        a, b, c, d, e, f, g, h, i = (tuple(pixel) for pixel in padded[row : row + 3, column : column + 3].reshape(9, 4))
        lively = b != h and d != f
        corners = [d if d == b and lively else e, f if b == f and lively else e]
        corners += [d if d == h and lively else e, f if h == f and lively else e]
        sides = [
            b if lively and ((d == b and e != c) or (b == f and e != a)) else e,
            d if lively and ((d == b and e != g) or (d == h and e != a)) else e,
            f if lively and ((b == f and e != i) or (h == f and e != c)) else e,
            h if lively and ((d == h and e != i) or (h == f and e != g)) else e,
        ]
        cell = two[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].reshape(4, 4)
        assert [tuple(pixel) for pixel in cell] == corners
        cell = three[3 * row : 3 * row + 3, 3 * column : 3 * column + 3].reshape(9, 4)
        wanted = [corners[0], sides[0], corners[1], sides[1], e, sides[2], corners[2], sides[3], corners[3]]
        assert [tuple(pixel) for pixel in cell] == wanted


@pytest.mark.parametrize("steps", [(2,), (3,), (2, 2), (3, 2), (3, 3)])
def test_no_colour_comes_out_that_did_not_go_in(steps: tuple[int, ...]) -> None:
    pixels = (noise(13, 9) // 100 * 100).astype(np.uint8)
    times = int(np.prod(steps))
    larger, reached = enlarged_pixel_art(pixels, times)
    assert reached == times
    assert larger.shape == (9 * times, 13 * times, 4)
    assert {tuple(pixel) for pixel in larger.reshape(-1, 4)} <= {tuple(pixel) for pixel in pixels.reshape(-1, 4)}


@pytest.mark.parametrize(
    ("times", "steps"), [(0.3, ()), (1, ()), (2, (2,)), (3, (3,)), (2.4, (3,)), (4, (2, 2)), (5, (3, 2)), (9, (3, 3))]
)
def test_whole_steps_reach_the_size_or_a_little_more(times: float, steps: tuple[int, ...]) -> None:
    assert whole_steps(times) == steps


def test_mirrored_pictures_come_out_mirrored() -> None:
    pixels = (noise(17, 12) // 128 * 128).astype(np.uint8)
    pixels[..., 3] = 255
    for grow in (doubled, tripled):
        assert np.array_equal(grow(pixels[:, ::-1]), grow(pixels)[:, ::-1])
        assert np.array_equal(grow(pixels[::-1]), grow(pixels)[::-1])
        assert np.array_equal(grow(pixels.transpose(1, 0, 2)), grow(pixels).transpose(1, 0, 2))


def test_all_that_is_transparent_counts_as_one_colour() -> None:
    pixels = drawn(["#..", "##.", "###"])
    clear = (pixels == np.array(PAPER)).all(axis=2)
    pixels[clear, 3] = 0
    pixels[0, 1, :3] = 77
    shown = doubled(pixels)[..., 3] > 0
    assert ["".join("#" if cell else "." for cell in row) for row in shown][2] == "###..."


def test_at_any_size_between_whole_ones_it_is_the_mean_of_what_lies_there() -> None:
    pixels = drawn(["#.", ".#"])
    larger, times = enlarged_pixel_art(pixels, 2.5)
    expected = resampled(larger, Size(5, 5), Resampling.AREA)
    assert times == 3
    assert np.array_equal(resampled(pixels, Size(5, 5), Resampling.PIXEL_ART), expected)


def test_sixteen_bits_and_masks_are_enlarged_too() -> None:
    for pixels in (noise(8, 6, depth=16), noise(8, 6)[..., :1]):
        larger = resampled(pixels, Size(24, 18), Resampling.PIXEL_ART)
        assert larger.dtype == pixels.dtype
        assert np.array_equal(larger[1::3, 1::3], pixels)
