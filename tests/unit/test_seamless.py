"""A picture as a seamless tile: edges meet, the middle stays, in both depths, with alpha, from the command line too."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop.cli import run_command_line
from desktop.core.color import Pixels
from desktop.core.errors import UserError
from desktop.core.seamless import SeamlessSettings, edge_step, seamless
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image


def bark(height: int = 160, width: int = 240) -> Pixels:
    """Rough all over, and lighter to the right: a seam at every edge."""
    rough = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, (height, width, 3)), (0, 0), 2.5)
    light = np.linspace(90, 170, width)[None, :, None]
    levels = np.clip(light + 130 * rough, 0, 255).astype(np.uint8)
    return np.dstack([levels, np.full((height, width), 255, np.uint8)])


@pytest.mark.parametrize("evenness", [0.0, 50.0, 100.0])
def test_edges_meet_and_the_middle_stays(evenness: float) -> None:
    picture = bark()
    tile = seamless(picture, SeamlessSettings(40, evenness))
    assert edge_step(picture) > 3
    assert edge_step(tile) < 1.4
    if evenness == 0:
        assert np.abs(tile[60:100, 90:150].astype(int) - picture[60:100, 90:150]).max() <= 1
    assert (tile[..., 3] == 255).all()


def test_no_new_seam_lies_within() -> None:
    """Nowhere do neighbours differ by much more, along a whole row or column, than they do on average."""
    tile = seamless(bark(), SeamlessSettings())[..., :3].astype(float)
    for axis in (0, 1):
        steps = np.abs(np.diff(np.concatenate([tile, np.take(tile, [0], axis)], axis), axis=axis)).mean(
            axis=(1 - axis, 2)
        )
        assert steps.max() < 1.6 * steps.mean()


def test_sixteen_bits_give_the_same_and_alpha_goes_on_as_well() -> None:
    picture = bark()
    deep = seamless(picture.astype(np.uint16) * 257, SeamlessSettings())
    assert np.abs(deep / 257.0 - seamless(picture, SeamlessSettings())).max() <= 0.51
    picture[:, :, 3] = np.linspace(40, 255, picture.shape[1]).astype(np.uint8)
    alpha = seamless(picture, SeamlessSettings())[..., 3].astype(int)
    assert np.abs(alpha[:, 0] - alpha[:, -1]).max() <= 4


def test_an_even_colour_and_nothing_at_all_stay() -> None:
    for level in (0, 130, 255):
        plain = np.full((64, 48, 4), level, np.uint8)
        assert np.array_equal(seamless(plain, SeamlessSettings())[..., 3], plain[..., 3])
        if level:
            assert np.abs(seamless(plain, SeamlessSettings()).astype(int) - plain).max() <= 1


def test_what_cannot_be_done_is_refused() -> None:
    for picture, settings in (
        (bark(15, 200), SeamlessSettings()),
        (bark(), SeamlessSettings(overlap=60)),
        (bark(), SeamlessSettings(evenness=-1)),
    ):
        with pytest.raises(UserError):
            seamless(picture, settings)


def test_a_file_becomes_a_tile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target, small = (tmp_path / name for name in ("bark.png", "tile.png", "small.png"))
    write_image(source, ImageFile(bark(), has_alpha=False))
    assert run_command_line(["seamless", str(source), str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edge_after"] < 1.4
    assert read_image(target).pixels.shape == bark().shape
    write_image(small, ImageFile(bark(8, 8), has_alpha=False))
    assert run_command_line(["seamless", str(small), str(tmp_path / "no.png")]) == 2
    assert "8 × 8" in capsys.readouterr().err
    assert not (tmp_path / "no.png").exists()
