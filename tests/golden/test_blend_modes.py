"""Every blend mode against the float64 reference over noise with alpha, in both implementations and both depths.

Modes with a step are compared away from it: there one rounding of the last bit decides between black and white.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from desktop.core import blend_arrays, blend_light, blend_separable, blend_whole, composite, raster
from desktop.core.blend_modes import BLEND_FAMILIES, BlendMode
from desktop.core.color import Depth
from desktop.core.document import Document
from desktop.core.geometry import Rect
from desktop.core.layers import GroupLayer
from tests import reference
from tests.builders import document_with, mask_from, noise, raster_layer

TOLERANCE = {8: 0.51, 16: 1.0}  # levels; the design's gate
WIDTH, HEIGHT = 61, 43
STEP = 1e-5  # nearer than this to a step, float32 and float64 may fall on different sides
OPACITY = 0.7


@pytest.fixture(params=["compiled", "numpy"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "compiled":
        assert raster.IS_COMPILED, "numba is missing on this platform"
        return
    for name in ("blend_tile", "fade", "write_bgra", "write_straight"):
        monkeypatch.setattr(raster, name, getattr(blend_arrays, name))


class Sample:
    """Two layers of noise, the upper one blended with a mask, and what the reference makes of them."""

    def __init__(self, mode: BlendMode, depth: Depth) -> None:
        self.mode, self.depth = mode, depth
        lower, upper = noise(WIDTH, HEIGHT, seed=1, depth=depth), noise(WIDTH, HEIGHT, seed=2, depth=depth)
        levels = noise(WIDTH, HEIGHT, seed=3, channels=1)[..., 0]
        self.lower, self.upper = as_float(lower), as_float(upper)
        self.alpha = self.upper[..., 3] * OPACITY * as_float(levels)
        layers = (
            raster_layer(1, lower),
            raster_layer(2, upper, blend_mode=mode, opacity=OPACITY, mask=mask_from(levels)),
        )
        self.document = document_with(*layers, width=WIDTH, height=HEIGHT, depth=depth)

    def expected(self, mode: BlendMode | None = None) -> Any:
        """Premultiplied float64."""
        nothing = np.zeros((HEIGHT, WIDTH, 4))
        below = reference.composite(nothing, self.lower, BlendMode.NORMAL, self.lower[..., 3])
        return reference.composite(below, self.upper, mode or self.mode, self.alpha)

    def is_clear(self) -> Any:
        """(H, W): far enough from the steps of the mode."""
        below, source = self.lower[..., :3], self.upper[..., :3]
        if self.mode is BlendMode.HARD_MIX:
            return (np.abs(below + source - 1) > STEP).all(axis=-1)
        if self.mode in (BlendMode.DARKER_COLOR, BlendMode.LIGHTER_COLOR):
            return np.abs((below - source) @ (0.3, 0.59, 0.11)) > STEP
        if self.mode is BlendMode.DISSOLVE:
            return np.abs(self.alpha - reference.thresholds(HEIGHT, WIDTH)) > STEP
        return np.ones((HEIGHT, WIDTH), bool)


def as_float(pixels: Any) -> Any:
    return pixels.astype(np.float64) / np.iinfo(pixels.dtype).max


def largest_error(document: Document, expected: Any, where: Any) -> float:
    """In levels; colour is weighed by alpha."""
    ours = composite.flatten(document).astype(np.float64)
    levels = 255 if document.depth == 8 else 65535
    alpha = expected[..., 3:4]
    straight = np.divide(expected[..., :3], alpha, out=np.zeros_like(expected[..., :3]), where=alpha > 0)
    alpha_error = np.abs(ours[..., 3:] - alpha * levels)
    color_error = np.abs(ours[..., :3] - straight * levels) * alpha
    return float(np.maximum(alpha_error, color_error)[where].max())


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("mode", list(BlendMode), ids=lambda mode: mode.value)
@pytest.mark.usefixtures("implementation")
def test_every_blend_mode_agrees_with_the_reference(mode: BlendMode, depth: Depth) -> None:
    sample = Sample(mode, depth)
    clear = sample.is_clear()
    assert clear.mean() > 0.95
    assert largest_error(sample.document, sample.expected(), clear) <= TOLERANCE[depth]


@pytest.mark.parametrize("mode", list(BlendMode), ids=lambda mode: mode.value)
def test_no_other_mode_would_pass_for_this_one(mode: BlendMode) -> None:
    sample = Sample(mode, 8)
    others = [other for other in BlendMode if other is not mode]
    errors = {other: largest_error(sample.document, sample.expected(other), sample.is_clear()) for other in others}
    alike = [other.value for other, error in errors.items() if error <= 4 * TOLERANCE[8]]
    assert not alike


def test_a_fault_of_one_level_is_noticed() -> None:
    sample = Sample(BlendMode.NORMAL, 8)
    lighter = sample.expected() + np.array([1.02 / 255, 0, 0, 0])
    assert largest_error(sample.document, lighter, sample.is_clear()) > TOLERANCE[8]


def test_dissolve_hangs_on_the_place_in_the_image_alone() -> None:
    pixels = np.full((500, 600, 4), 255, np.uint8)
    pixels[..., 3] = 128
    layer = raster_layer(1, pixels, blend_mode=BlendMode.DISSOLVE)
    picture = composite.flatten(document_with(layer, width=600, height=500))
    assert set(np.unique(picture[..., 3])) == {0, 255}
    assert abs(picture[..., 3].mean() / 255 - 128 / 255) < 0.005
    part = Rect(200, 130, 311, 255)
    assert np.array_equal(
        composite.flatten(document_with(layer, width=600, height=500), part),
        picture[part.top : part.bottom, part.left : part.right],
    )
    repainted = raster_layer(1, np.where(pixels == 255, 90, pixels).astype(np.uint8), blend_mode=BlendMode.DISSOLVE)
    again = composite.flatten(document_with(repainted, width=600, height=500))
    assert np.array_equal(again[..., 3], picture[..., 3])


def test_an_erasing_layer_that_is_clipped_takes_only_from_the_one_below() -> None:
    ground, base = np.full((8, 8, 4), 200, np.uint8), np.full((8, 8, 4), 60, np.uint8)
    ground[..., 3] = base[..., 3] = 255
    eraser = raster_layer(3, base, blend_mode=BlendMode.ERASE, clip_to_below=True)
    picture = composite.flatten(document_with(raster_layer(1, ground), raster_layer(2, base), eraser))
    assert tuple(picture[4, 4]) == (200, 200, 200, 255)


def test_an_erasing_layer_in_an_isolated_group_stays_in_it() -> None:
    ground, inner = np.full((8, 8, 4), 200, np.uint8), np.full((8, 8, 4), 60, np.uint8)
    ground[..., 3] = inner[..., 3] = 255
    children = (raster_layer(2, inner), raster_layer(3, inner, blend_mode=BlendMode.ERASE))
    group = GroupLayer(id=4, name="Group", children=children)
    picture = composite.flatten(document_with(raster_layer(1, ground), group))
    assert tuple(picture[4, 4]) == (200, 200, 200, 255)


def test_every_mode_is_in_exactly_one_family() -> None:
    listed = [mode for family in BLEND_FAMILIES for mode in family]
    assert sorted(listed, key=lambda mode: mode.value) == sorted(BlendMode, key=lambda mode: mode.value)


@pytest.mark.parametrize("name", ["_lines", "_source", "_mix", "_straight"])
def test_the_helpers_that_stand_in_every_kernel_file_are_alike(name: str) -> None:
    texts = {inspect.getsource(getattr(module, name).py_func) for module in (blend_separable, blend_light, blend_whole)}
    assert len(texts) == 1
