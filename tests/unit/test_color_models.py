"""Colour models go there and back; OKLCH against published values; what sRGB lacks comes to its rim."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.color_models import (
    gray_of,
    hsv_to_rgb,
    is_in_gamut,
    nearest_in_gamut,
    oklch_to_rgb,
    rgb_to_hsv,
    rgb_to_oklch,
)
from desktop.core.errors import UserError
from desktop.io.palettes import PaletteColor, read_palette, write_palette

LEVELS = st.tuples(*[st.floats(0, 1)] * 3)


@given(LEVELS)
def test_hsv_and_oklch_go_there_and_back(rgb: tuple[float, float, float]) -> None:
    assert hsv_to_rgb(rgb_to_hsv(rgb)) == pytest.approx(rgb, abs=1e-6)
    assert oklch_to_rgb(rgb_to_oklch(rgb)) == pytest.approx(rgb, abs=1e-4)
    assert is_in_gamut(oklch_to_rgb(rgb_to_oklch(rgb)))


@pytest.mark.parametrize(
    ("rgb", "lch"),
    [((1, 0, 0), (0.628, 0.2577, 29.23)), ((0, 1, 0), (0.8664, 0.2948, 142.5)), ((0, 0, 1), (0.452, 0.3132, 264.05))],
)
def test_oklch_of_the_primaries(rgb: tuple[float, float, float], lch: tuple[float, float, float]) -> None:
    """The values CSS Color 4 gives for red, lime and blue."""
    assert rgb_to_oklch(rgb) == pytest.approx(lch, rel=2e-3)


def test_a_colour_outside_keeps_lightness_and_hue() -> None:
    near = nearest_in_gamut((0.7, 0.4, 150.0))
    assert is_in_gamut(near)
    assert rgb_to_oklch(near)[::2] == pytest.approx((0.7, 150.0), abs=0.2)


def test_grey_is_as_bright() -> None:
    assert gray_of((0.3, 0.3, 0.3)) == pytest.approx(0.3)
    assert gray_of((0, 1, 0)) > gray_of((1, 0, 0)) > gray_of((0, 0, 1))


def test_a_palette_goes_there_and_back(tmp_path: Path) -> None:
    colors = [PaletteColor((1, 2, 3), "Deep sea"), PaletteColor((255, 0, 128), "粉色")]
    write_palette(tmp_path / "a.gpl", colors)
    assert read_palette(tmp_path / "a.gpl") == colors


@pytest.mark.parametrize("content", ["", "GIMP Palette\n", "GIMP Palette\n300 0 0 x\n", "JASC-PAL\n1 2 3\n"])
def test_what_is_no_palette_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.gpl"
    path.write_text(content)
    with pytest.raises(UserError, match="is not a palette"):
        read_palette(path)
