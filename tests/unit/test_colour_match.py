"""Colours of one picture for another: the map is the optimal one, and it never does harm."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.core.colour_match import (
    LARGEST_STRETCH,
    ColourShape,
    from_oklab,
    matched_cube,
    to_oklab,
    transport,
)
from desktop.core.cube_lut import parse_cube
from desktop.core.errors import UserError


def picture(seed: int, mean: tuple[float, float, float], spread: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(mean, spread, (80, 70, 3)) * 255, 0, 255).astype(np.uint8)


def test_oklab_is_as_published() -> None:
    """White, and red by the numbers of its author."""
    rgb = np.array([[1, 1, 1], [1, 0, 0], [0.2, 0.5, 0.7]], np.float32)
    lab = to_oklab(rgb)
    np.testing.assert_allclose(lab[0], [1, 0, 0], atol=1e-4)
    np.testing.assert_allclose(lab[1], [0.6279554, 0.2248631, 0.1258463], atol=1e-4)
    np.testing.assert_allclose(from_oklab(lab), rgb, atol=1e-4)


def test_the_map_carries_one_covariance_to_the_other_and_is_symmetric() -> None:
    rng = np.random.default_rng(0)
    one, other = (np.cov(rng.normal(0, 1, (3, 40)) * np.array([[0.2], [0.08], [0.1]])) for _ in range(2))
    found = transport(one, other)
    np.testing.assert_allclose(found, found.T, atol=1e-9)
    np.testing.assert_allclose(found @ one @ found.T, other, rtol=0.2, atol=2e-3)
    np.testing.assert_allclose(transport(one, one), np.eye(3), atol=1e-6)


def test_a_flat_picture_is_not_blown_up() -> None:
    values = np.linalg.eigvalsh(transport(np.zeros((3, 3)), np.eye(3)))
    assert values.max() <= LARGEST_STRETCH + 1e-9
    assert np.linalg.eigvalsh(transport(np.eye(3), np.zeros((3, 3)))).min() >= 1 / LARGEST_STRETCH - 1e-9


def test_the_result_has_the_references_colours() -> None:
    source, reference = picture(1, (0.45, 0.5, 0.55), 0.1), picture(2, (0.6, 0.45, 0.35), 0.06)
    cube = parse_cube(matched_cube(ColourShape.of(source), ColourShape.of(reference)))
    result = cube.looked_up(source.astype(np.float32) / 255)
    wanted = reference.astype(np.float32) / 255
    np.testing.assert_allclose(result.mean(axis=(0, 1)), wanted.mean(axis=(0, 1)), atol=0.01)
    np.testing.assert_allclose(result.std(axis=(0, 1)), wanted.std(axis=(0, 1)), atol=0.01)


def test_sixteen_bits_get_no_steps() -> None:
    """A ramp of all levels stays a ramp: no step is larger than the curve's slope makes it."""
    source, reference = picture(1, (0.4, 0.4, 0.4), 0.2), picture(2, (0.5, 0.45, 0.4), 0.1)
    cube = parse_cube(matched_cube(ColourShape.of(source), ColourShape.of(reference)))
    ramp = np.repeat(np.linspace(0.2, 0.8, 40_000, dtype=np.float32)[None, :, None], 3, axis=2)
    steps = np.diff(cube.looked_up(ramp)[0], axis=0)
    assert steps.min() >= 0
    assert steps.max() < 4 * 0.6 / 40_000


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_clipped_pictures_stay_finite(level: int) -> None:
    flat = np.full((20, 20, 4), level, np.uint8)
    flat[..., 3] = 255
    cube = parse_cube(matched_cube(ColourShape.of(flat), ColourShape.of(picture(3, (0.5, 0.4, 0.3), 0.1))))
    assert np.isfinite(cube.table).all()


def test_what_cannot_be_seen_does_not_count() -> None:
    pixels = np.zeros((20, 20, 4), np.uint16)
    with pytest.raises(UserError, match="Nothing can be seen"):
        ColourShape.of(pixels)
    pixels[:10] = (40_000, 20_000, 10_000, 65_535)
    seen = ColourShape.of(pixels)
    np.testing.assert_allclose(seen.mean, ColourShape.of(pixels[:10, :, :3]).mean, atol=1e-9)


def test_what_no_linear_map_can_do_is_done_smoothly() -> None:
    """Dark and light become cool, what lies between warm."""
    source = np.concatenate([picture(6 + i, (level,) * 3, 0.02) for i, level in enumerate((0.2, 0.5, 0.8))])
    looks = ((0.15, 0.2, 0.35), (0.6, 0.5, 0.35), (0.75, 0.8, 0.95))
    reference = np.concatenate([picture(9 + i, look, 0.02) for i, look in enumerate(looks)])
    cube = parse_cube(matched_cube(ColourShape.of(source), ColourShape.of(reference)))
    dark, middle, light = cube.looked_up(source.astype(np.float32) / 255).reshape(3, -1, 3).mean(axis=1)
    assert dark[2] > dark[0] + 0.1
    assert middle[0] > middle[2] + 0.1
    assert light[2] > light[0] + 0.1
    ramp = np.repeat(np.linspace(0.1, 0.9, 20_000, dtype=np.float32)[None, :, None], 3, axis=2)
    assert np.abs(np.diff(cube.looked_up(ramp)[0], axis=0)).max() < 5 * 0.8 / 20_000, "no step"


def test_a_grey_reference_makes_grey_and_a_picture_of_itself_changes_nothing() -> None:
    colourful = picture(1, (0.4, 0.5, 0.6), 0.1)
    grey = np.repeat(picture(2, (0.5, 0.5, 0.5), 0.15)[..., :1], 3, axis=2)
    cube = parse_cube(matched_cube(ColourShape.of(colourful), ColourShape.of(grey)))
    found = cube.looked_up(colourful.astype(np.float32) / 255)
    assert np.ptp(found, axis=2).max() * 255 < 0.5
    same = parse_cube(matched_cube(ColourShape.of(colourful), ColourShape.of(colourful)))
    found = same.looked_up(colourful.astype(np.float32) / 255)
    assert np.abs(found - colourful / 255).max() * 255 < 1


def test_one_pixel_is_reference_enough() -> None:
    cube = parse_cube(
        matched_cube(ColourShape.of(picture(1, (0.4, 0.5, 0.6), 0.1)), ColourShape.of(np.uint8([[[200, 120, 40]]])))
    )
    found = cube.looked_up(picture(1, (0.4, 0.5, 0.6), 0.1).astype(np.float32) / 255).mean(axis=(0, 1)) * 255
    np.testing.assert_allclose(found, [200, 120, 40], atol=8)
