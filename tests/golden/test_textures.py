"""The shipped textures: no seam, no repeat, equal bytes for equal seeds, and the command that writes them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from desktop import paths
from desktop.core.errors import UserError
from desktop.generate_command import GenerateOrder, generate
from tests.runtime_runs import run_request

FOLDER = paths.shipped_models_dir() / "textures"
REACH = 64  # beyond halo and ramp only one tile has a share
NEAR_PX = 48  # nearer than that, neighbours of one stone are no repeat


def painted(height: int, width: int, *, seed: int = 3, **parameters: object) -> NDArray[np.uint8]:
    blank = np.zeros((height, width, 4), np.uint8)
    results, _, _ = run_request(FOLDER, {"image": blank}, parameters, seed=seed)
    return results["image"]


def highest_repeat(picture: NDArray[np.uint8]) -> float:
    """The highest autocorrelation of what is fine, anywhere but near 0."""
    grey = picture[..., :3].mean(axis=2).astype(np.float32)
    grey -= cv2.GaussianBlur(grey, (0, 0), 16)
    found = np.fft.ifft2(np.abs(np.fft.fft2(grey, (2 * len(grey), 2 * grey.shape[1]))) ** 2).real
    found = np.fft.fftshift(found / found[0, 0])
    middle = tuple(slice(side // 2 - NEAR_PX, side // 2 + NEAR_PX + 1) for side in found.shape)
    found[middle] = 0
    return float(found.max())


def test_a_large_texture_has_no_seam_where_its_tiles_meet_and_does_not_repeat() -> None:
    whole = painted(300, 1500, texture="Hedgehog")
    in_one_tile = painted(300, 1000, texture="Hedgehog")
    own = slice(0, 1000 - REACH)  # both tiles of the larger one have their share of these columns
    assert np.abs(whole[:, own].astype(int) - in_one_tile[:, own]).max() <= 1
    assert highest_repeat(whole) < 0.15
    assert highest_repeat(np.tile(whole[:, :300], (1, 3, 1))) > 0.4  # so that it can fail
    assert (whole[..., 3] == 255).all()


def test_equal_seeds_are_equal_bytes_and_others_another_piece() -> None:
    first = painted(120, 160)
    assert np.array_equal(first, painted(120, 160))
    assert (first != painted(120, 160, seed=4))[..., :3].mean() > 0.8


def test_the_texture_takes_on_the_colours_of_the_picture() -> None:
    red = np.zeros((200, 200, 4), np.uint8)
    red[..., 0], red[..., 3] = 220, 255
    results, _, _ = run_request(FOLDER, {"image": red}, {"texture": "Gravel", "own_colors": 100.0})
    mean = results["image"][..., :3].reshape(-1, 3).mean(axis=0)
    assert mean[0] > 180
    assert mean[1:].max() < 60


def test_the_command_line_paints_textures_of_any_size(tmp_path: Path) -> None:
    order = GenerateOrder("textures", tmp_path / "wall.png", seed=7, count=2, size="90x70", device="cpu")
    told: list[dict[str, object]] = []
    assert generate(order, lambda facts, _line: told.append(facts)) == 0
    pictures = [cv2.imread(str(tmp_path / f"wall-{number}.png")) for number in (1, 2)]
    assert [picture.shape[:2] for picture in pictures] == [(70, 90)] * 2
    assert told[0]["width"] == 90
    with pytest.raises(UserError, match="one size"):
        generate(GenerateOrder("digits", tmp_path / "digit.png", size="90x70"), lambda *_: None)
