"""Shipped styles paint the rim of a picture like its inside, and even areas without the cells in which they work."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from desktop import paths
from desktop.runtime.catalog import Catalog
from tests.runtime_runs import run_request

FRAME_PX = 5  # rows in which zeros around a picture would be seen as lines
CELL_PX = 8
STYLES = tuple(Catalog((paths.shipped_models_dir(),)).verified("styles").manifest.param("style").choices)
UNTILED = tuple(style for style in STYLES if style != "Mosaic")  # stones of it lie one in each square


def hills(height: int, width: int) -> NDArray[np.uint8]:
    """(height, width, 3): soft shapes that are alike everywhere, at the rim as inside."""
    rng = np.random.default_rng(0)
    rough = rng.standard_normal((height + 80, width + 80, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), 6)[40:-40, 40:-40]
    return np.clip(128 + soft * (45 / soft.std()), 0, 255).astype(np.uint8)


def painted(picture: NDArray[np.uint8], style: str) -> NDArray[np.float32]:
    """(H, W): luma; `style` "" is that of the sample of the network for any style."""
    folder = paths.shipped_models_dir() / ("styles" if style else "any-style")
    inputs = {"image": picture}
    if not style:
        inputs["style"] = cv2.imread(str(folder / "golden/style.png"))[..., ::-1].copy()
    results, _, _ = run_request(folder, inputs, {"style": style} if style else {})
    return results["image"].astype(np.float32).mean(axis=2)


@pytest.mark.parametrize("style", [*STYLES, ""])
def test_the_rim_is_painted_like_the_inside(style: str) -> None:
    luma = painted(hills(160, 320), style)
    for turned in (luma, luma[::-1], luma.T, luma.T[::-1]):
        light, contrast = turned.mean(axis=1), turned.std(axis=1)
        inside = slice(4 * FRAME_PX, -4 * FRAME_PX)
        for values in (light, contrast):
            usual, spread = values[inside].mean(), values[inside].std()
            assert np.abs(values[:FRAME_PX].mean() - usual) < 3 * spread + 2


@pytest.mark.parametrize("style", [*STYLES, ""])
def test_no_line_runs_along_the_rim(style: str) -> None:
    """A frame of one or two rows, which a mean over several hides, is a step from row to row that none inside is."""
    luma = painted(hills(160, 320), style)
    for turned in (luma, luma[::-1], luma.T, luma.T[::-1]):
        steps = np.abs(np.diff(turned.mean(axis=1)))
        assert steps[:FRAME_PX].max() < 1.6 * steps[4 * FRAME_PX : -4 * FRAME_PX].max() + 1


@pytest.mark.parametrize("style", [*UNTILED, ""])
def test_even_areas_show_no_cells(style: str) -> None:
    picture = hills(192, 384)
    picture[:, 128:] = 150
    even = painted(picture, style)[16:176, 176:368]
    rows, columns = even.shape[0] // CELL_PX, even.shape[1] // CELL_PX
    places = even.reshape(rows, CELL_PX, columns, CELL_PX).mean(axis=(0, 2))
    by_chance = even.std() / np.sqrt(rows * columns)  # lines of ink on paper differ much, wherever they lie
    assert np.abs(places - places.mean()).max() < 2.0 + 3 * by_chance
