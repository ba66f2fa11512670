"""Filling holes: polarity, four channels, windows around far holes, and not a byte changed outside the mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.runtime_models import edit_manifest, photo
from tests.runtime_parts import (
    APART,
    FILL,
    FLOAT,
    IMAGE,
    INPUTS,
    RESULT,
    node,
    one_part,
)
from tests.runtime_runs import run_request


class TestInpaint:
    """The network paints what it sees of the mask: so a test sees window, polarity and hole."""

    def hole(self, pixels: NDArray[Any], rows: slice, columns: slice) -> NDArray[np.uint8]:
        mask = np.zeros(pixels.shape[:2], np.uint8)
        mask[rows, columns] = 255
        return mask

    @pytest.mark.parametrize("depth", [8, 16])
    def test_outside_the_mask_not_a_byte_changes(self, tmp_path: Path, depth: int) -> None:
        model = one_part(
            tmp_path / "fill", "inpaint", FILL, IMAGE + APART + RESULT, inputs=INPUTS,
            constants={"one": np.float32([1])},
        )  # fmt: skip
        pixels = photo(500, 700, 4, depth=depth)
        pixels[::7, ::5, 3] = 0
        mask = cv2.GaussianBlur(self.hole(pixels, slice(200, 240), slice(300, 380)), (0, 0), 4)
        result = run_request(model, {"image": pixels, "mask": mask})[0]["image"]
        np.testing.assert_array_equal(result[mask == 0], pixels[mask == 0])
        np.testing.assert_array_equal(result[..., 3], pixels[..., 3])
        assert (result[216:224, 330:350, :3][pixels[216:224, 330:350, 3] > 0] == np.iinfo(pixels.dtype).max).all()
        soft = (mask > 100) & (mask < 150) & (pixels[..., 3] > 0)
        assert soft.any()
        change = result[soft][:, :3].astype(int) - pixels[soft][:, :3]
        assert (change > 0).any()
        assert (result[soft][:, :3] < np.iinfo(pixels.dtype).max).all(), "the rim is a mixture"

    def test_polarity_may_be_turned(self, tmp_path: Path) -> None:
        tables = IMAGE + APART + 'polarity = "white_is_kept"\n' + RESULT
        model = one_part(
            tmp_path / "turned", "inpaint", FILL, tables, inputs=INPUTS, constants={"one": np.float32([1])}
        )
        pixels = np.full((100, 100, 3), 90, np.uint8)
        mask = self.hole(pixels, slice(40, 60), slice(40, 60))
        result = run_request(model, {"image": pixels, "mask": mask})[0]["image"]
        assert (result[40:60, 40:60] == 0).all()

    @pytest.mark.parametrize("order", ["MRGB", "RGBM"])
    def test_four_channels_of_a_fixed_size(self, tmp_path: Path, order: str) -> None:
        """[0.5 - mask, picture · (1 - mask)] with values -1..1: the channels come back as a picture."""
        m, rgb = (0, slice(1, 4)) if order == "MRGB" else (3, slice(0, 3))
        mean, std = [127.5] * 4, [127.5] * 4
        std[m] = -255.0
        nodes = [node("Gather", f"image place{m}", "mask", axis=1), node("Concat", "mask mask mask", "r", axis=1)]
        nodes += [node("Gather", "image colour", "seen", axis=1), node("Add", "r seen", "result")]
        colour = np.arange(4)[rgb]
        tables = IMAGE + f'order = "{order}"\nhole = "zero"\nsize = [64, 64]\nmean = {mean}\nstd = {std}\n'
        model = one_part(
            tmp_path / "four", "inpaint", nodes, tables + RESULT,
            inputs={"image": (FLOAT, [1, 4, 64, 64])}, outputs={"result": (FLOAT, [1, 3, 64, 64])},
            constants={f"place{m}": np.array([m]), "colour": colour},
        )  # fmt: skip
        edit_manifest(
            model,
            'name = "result"\nrole = "image"\n',
            'name = "result"\nrole = "image"\nmean = [127.5]\nstd = [127.5]\n',
        )
        pixels = np.full((400, 300, 3), 255, np.uint8)
        mask = self.hole(pixels, slice(100, 120), slice(50, 70))
        result = run_request(model, {"image": pixels, "mask": mask})[0]["image"]
        inside = result[108:112, 58:62].astype(int)
        assert np.abs(inside - 64).max() <= 10, "0.5 - 1 + 0 = -0.5, which is 64 of 255 (and cubic enlargement rings)"
        np.testing.assert_array_equal(result[mask == 0], pixels[mask == 0])

    def test_far_holes_are_filled_each_in_its_own_window(self, tmp_path: Path) -> None:
        nodes = [
            node("ReduceMax", "image", "most", axes=[2, 3]),
            node("Mul", "image none", "z"),
            node("Add", "z most", "result"),
        ]
        model = one_part(
            tmp_path / "far", "inpaint", [*nodes, node("Identity", "mask", "unused")],
            IMAGE + APART + RESULT, opset=17, inputs=INPUTS, constants={"none": np.float32([0])},
        )  # fmt: skip
        pixels = np.full((300, 2000, 3), 50, np.uint8)
        pixels[:, 1000:] = 200
        mask = self.hole(pixels, slice(100, 110), slice(100, 110)) | self.hole(pixels, slice(90, 99), slice(1800, 1810))
        results, done, _ = run_request(model, {"image": pixels, "mask": mask})
        assert done.tiles == 2
        np.testing.assert_array_equal(results["image"], pixels)

    def test_without_a_hole_nothing_runs(self, tmp_path: Path) -> None:
        model = one_part(
            tmp_path / "fill", "inpaint", FILL, IMAGE + APART + RESULT, inputs=INPUTS,
            constants={"one": np.float32([1])},
        )  # fmt: skip
        pixels = photo(50, 60)
        results, done, _ = run_request(model, {"image": pixels, "mask": np.zeros((50, 60), np.uint8)})
        assert done.tiles == 0
        np.testing.assert_array_equal(results["image"], pixels)
