"""Resize and crop on the command line: results, what is kept, and one sentence for every wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from desktop.cli import run_command_line
from desktop.io.documents import open_document_file
from desktop.io.image_files import ImageFile, read_image, write_image
from desktop.io.openraster import save_openraster
from tests.builders import noise, noise_document


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = noise(80, 60, depth=16)
    pixels[..., 3] = 65535
    write_image(tmp_path / "in.png", ImageFile(pixels, has_alpha=False))
    return tmp_path / "in.png"


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (["--width", "40"], (40, 30)),
        (["--height", "120"], (160, 120)),
        (["--width", "10", "--height", "10"], (10, 10)),
        (["--percent", "150", "--method", "lanczos"], (120, 90)),
    ],
)
def test_resize_keeps_the_ratio_and_the_depth(
    picture: Path, options: list[str], size: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    out = picture.with_name("out.png")
    assert run_command_line(["resize", str(picture), str(out), *options, "--json"]) == 0
    pixels = read_image(out).pixels
    assert pixels.shape[:2] == size[::-1]
    assert pixels.dtype == np.uint16
    facts = json.loads(capsys.readouterr().out)
    assert (facts["width"], facts["height"], facts["depth"]) == (*size, 16)


def test_layers_survive_a_resize_of_openraster(tmp_path: Path) -> None:
    save_openraster(noise_document(3), tmp_path / "in.ora")
    assert run_command_line(["resize", str(tmp_path / "in.ora"), str(tmp_path / "out.ora"), "--percent", "50"]) == 0
    document = open_document_file(tmp_path / "out.ora")
    assert (document.size.width, document.size.height, len(document.layers)) == (32, 24, 3)


def test_crop_cuts_the_very_pixels(picture: Path) -> None:
    out = picture.with_name("out.png")
    assert run_command_line(["crop", str(picture), str(out), "--rect", "10,20,30x25"]) == 0
    assert np.array_equal(read_image(out).pixels, read_image(picture).pixels[20:45, 10:40])
    assert run_command_line(["crop", str(picture), str(out), "--straighten", "3"]) == 0
    assert read_image(out).pixels.shape[1] < 80


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["resize"], "Nothing to do"),
        (["resize", "--width", "0"], "0"),
        (["resize", "--width", "9999999"], "9999999"),
        (["resize", "--width", "300000", "--height", "300000"], "300000"),
        (["resize", "--percent", "-5"], ""),
        (["crop"], "Nothing to do"),
        (["crop", "--rect", "1,2,3"], "no rectangle"),
        (["crop", "--rect", "900,900,5x5"], "outside the picture"),
        (["crop", "--straighten", "80"], "-45 to 45"),
        (["crop", "--trim"], "nothing to trim"),
    ],
)
def test_wrong_inputs_are_one_sentence(
    picture: Path, command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = picture.with_name("out.png")
    assert run_command_line([command[0], str(picture), str(out), *command[1:]]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not out.exists()
