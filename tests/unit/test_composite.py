"""Compositing against the float64 reference, in both implementations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from desktop.core import blend_arrays, composite, raster
from desktop.core.blend_modes import BlendMode
from desktop.core.color import Depth
from desktop.core.document import Document
from desktop.core.geometry import Rect
from desktop.core.layers import GroupLayer, Mask
from desktop.core.tiles import TileMap
from tests import reference
from tests.builders import document_with, mask_from, noise, raster_layer

TOLERANCE = {8: 0.51, 16: 1.0}  # levels; the design's gate
WIDTH, HEIGHT = 61, 43


@pytest.fixture(params=["compiled", "numpy"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "compiled":
        assert raster.IS_COMPILED, "numba is missing on this platform"
    else:
        for name in ("blend_tile", "fade", "write_bgra", "write_straight"):
            monkeypatch.setattr(raster, name, getattr(blend_arrays, name))
    return str(request.param)


def levels_of(depth: Depth) -> int:
    return 255 if depth == 8 else 65535


def largest_error(document: Document, expected: Any) -> float:
    """Largest difference in levels to a premultiplied float64 picture; colour is weighed by alpha."""
    ours = composite.flatten(document).astype(np.float64)
    levels = levels_of(document.depth)
    alpha = expected[..., 3:4]
    straight = np.divide(expected[..., :3], alpha, out=np.zeros_like(expected[..., :3]), where=alpha > 0)
    alpha_error = np.abs(ours[..., 3] - expected[..., 3] * levels).max()
    color_error = (np.abs(ours[..., :3] - straight * levels) * alpha).max()
    return float(max(alpha_error, color_error))


def as_float(pixels: Any) -> Any:
    return pixels.astype(np.float64) / np.iinfo(pixels.dtype).max


def transparent() -> Any:
    return np.zeros((HEIGHT, WIDTH, 4))


@pytest.mark.parametrize("depth", [8, 16])
def test_ten_layers_of_noise_agree_with_the_reference(depth: Depth, implementation: str) -> None:
    modes = list(BlendMode)[:10]
    pictures = [noise(WIDTH, HEIGHT, seed=i, depth=depth) for i in range(10)]
    layers = [
        raster_layer(i + 1, p, blend_mode=m, opacity=0.9) for i, (p, m) in enumerate(zip(pictures, modes, strict=True))
    ]
    expected = transparent()
    for picture, mode in zip(pictures, modes, strict=True):
        expected = reference.composite(expected, as_float(picture), mode, as_float(picture)[..., 3] * 0.9)
    document = document_with(*layers, width=WIDTH, height=HEIGHT, depth=depth)
    assert largest_error(document, expected) <= TOLERANCE[depth]


def test_isolated_group_blends_among_itself_first(implementation: str) -> None:
    base, one, two = (noise(WIDTH, HEIGHT, seed=i) for i in range(3))
    inner = (raster_layer(2, one), raster_layer(3, two, blend_mode=BlendMode.SCREEN))
    group = GroupLayer(id=4, name="Group", children=inner, opacity=0.6, blend_mode=BlendMode.MULTIPLY)
    document = document_with(raster_layer(1, base), group, width=WIDTH, height=HEIGHT)
    inside = reference.composite(transparent(), as_float(one), BlendMode.NORMAL, as_float(one)[..., 3])
    inside = reference.composite(inside, as_float(two), BlendMode.SCREEN, as_float(two)[..., 3])
    alpha = inside[..., 3]
    straight = np.divide(inside, alpha[..., None], out=np.zeros_like(inside), where=alpha[..., None] > 0)
    expected = reference.composite(transparent(), as_float(base), BlendMode.NORMAL, as_float(base)[..., 3])
    expected = reference.composite(expected, straight, BlendMode.MULTIPLY, alpha * 0.6)
    assert largest_error(document, expected) <= 0.51


def test_pass_through_group_blends_onto_what_lies_below(implementation: str) -> None:
    base, one = noise(WIDTH, HEIGHT, seed=1), noise(WIDTH, HEIGHT, seed=2)
    levels = noise(WIDTH, HEIGHT, seed=3, channels=1)[..., 0]
    layer = raster_layer(2, one, blend_mode=BlendMode.MULTIPLY)
    group = GroupLayer(id=4, name="Group", children=(layer,), opacity=0.5, pass_through=True, mask=mask_from(levels))
    document = document_with(raster_layer(1, base), group, width=WIDTH, height=HEIGHT)
    before = reference.composite(transparent(), as_float(base), BlendMode.NORMAL, as_float(base)[..., 3])
    after = reference.composite(before, as_float(one), BlendMode.MULTIPLY, as_float(one)[..., 3])
    expected = before + (after - before) * (0.5 * as_float(levels)[..., None])
    assert largest_error(document, expected) <= 0.51


def test_clipped_layer_keeps_the_alpha_of_the_one_below(implementation: str) -> None:
    background, base, clipped = (noise(WIDTH, HEIGHT, seed=i) for i in range(3))
    document = document_with(
        raster_layer(1, background),
        raster_layer(2, base, opacity=0.8),
        raster_layer(3, clipped, clip_to_below=True, blend_mode=BlendMode.OVERLAY),
        width=WIDTH,
        height=HEIGHT,
    )
    inside = reference.composite(transparent(), as_float(base), BlendMode.NORMAL, as_float(base)[..., 3])
    inside = reference.composite(inside, as_float(clipped), BlendMode.OVERLAY, as_float(clipped)[..., 3], atop=True)
    alpha = inside[..., 3]
    straight = np.divide(inside, alpha[..., None], out=np.zeros_like(inside), where=alpha[..., None] > 0)
    expected = reference.composite(transparent(), as_float(background), BlendMode.NORMAL, as_float(background)[..., 3])
    expected = reference.composite(expected, straight, BlendMode.NORMAL, alpha * 0.8)
    assert largest_error(document, expected) <= 0.51


def test_hidden_layer_leaves_no_trace_and_hides_what_is_clipped_to_it() -> None:
    base = raster_layer(1, noise(WIDTH, HEIGHT))
    hidden = raster_layer(2, noise(WIDTH, HEIGHT, seed=5), visible=False)
    clipped = raster_layer(3, noise(WIDTH, HEIGHT, seed=6), clip_to_below=True)
    alone = composite.flatten(document_with(base, width=WIDTH, height=HEIGHT))
    assert np.array_equal(composite.flatten(document_with(base, hidden, clipped, width=WIDTH, height=HEIGHT)), alone)


def test_disabled_mask_does_not_hide() -> None:
    black = Mask(TileMap.from_array(np.zeros((HEIGHT, WIDTH), np.uint8), default=255), enabled=False)
    plain = document_with(raster_layer(1, noise(WIDTH, HEIGHT)), width=WIDTH, height=HEIGHT)
    masked = document_with(raster_layer(1, noise(WIDTH, HEIGHT), mask=black), width=WIDTH, height=HEIGHT)
    assert np.array_equal(composite.flatten(plain), composite.flatten(masked))


def test_part_of_the_picture_is_the_same_as_the_part_cut_from_the_whole() -> None:
    layers = [raster_layer(i + 1, noise(600, 500, seed=i), blend_mode=m) for i, m in enumerate(list(BlendMode)[:4])]
    document = document_with(*layers, width=600, height=500)
    whole = composite.flatten(document, threads=2)
    rect = Rect(200, 130, 311, 255)
    assert np.array_equal(composite.flatten(document, rect), whole[rect.top : rect.bottom, rect.left : rect.right])


def test_layer_beyond_the_canvas_shows_only_its_part_inside() -> None:
    pixels = np.full((100, 100, 4), 200, np.uint8)
    document = document_with(raster_layer(1, pixels, x=-60, y=-70), width=WIDTH, height=HEIGHT)
    picture = composite.flatten(document)
    assert (picture[:30, :40] == 200).all()
    assert not picture[30:].any()
    assert not picture[:, 40:].any()


def test_single_opaque_layer_comes_out_unchanged() -> None:
    pixels = noise(WIDTH, HEIGHT)
    pixels[..., 3] = 255
    assert np.array_equal(composite.flatten(document_with(raster_layer(1, pixels), width=WIDTH, height=HEIGHT)), pixels)
