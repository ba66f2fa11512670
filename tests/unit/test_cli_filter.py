"""`scumble filter`: the window's filters on files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from desktop.cli import run_command_line
from desktop.core.composite import flatten
from desktop.core.layers import AdjustmentLayer
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image
from desktop.io.openraster import load_openraster
from tests.golden.effect_samples import applied, inverting_cube, sample_picture, settings_of


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "in.png"
    write_image(path, ImageFile(sample_picture(16), exif=None))
    return path


def run(*arguments: object) -> int:
    return run_command_line(["filter", *(str(one) for one in arguments)])


def test_a_picture_is_filtered_in_its_own_depth(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out.png"
    assert run("gaussian-blur", picture, out, "--param", "radius=2.5", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["filter"], facts["depth"], facts["parameters"]) == ("gaussian-blur", 16, {"radius": 2.5})
    assert np.array_equal(read_image(out).pixels, applied(settings_of("gaussian-blur"), sample_picture(16)))


def test_a_table_of_colours_comes_from_a_file(picture: Path, tmp_path: Path) -> None:
    cube, out = tmp_path / "look.cube", tmp_path / "out.png"
    cube.write_bytes(inverting_cube())
    assert run("lut", picture, out, "--lut", cube) == 0
    assert np.array_equal(read_image(out).pixels, applied(settings_of("lut"), sample_picture(16)))


def test_colours_come_from_a_reference(picture: Path, tmp_path: Path) -> None:
    reference, out = tmp_path / "reference.png", tmp_path / "out.png"
    levels = np.random.default_rng(0).integers(0, 256, (60, 60, 1))
    Image.fromarray((levels * np.array([1.0, 0.6, 0.3])).astype(np.uint8)).save(reference)
    assert run("match-colours", picture, out, "--reference", reference) == 0
    found, before = read_image(out).pixels.astype(float), read_image(picture).pixels
    seen = before[..., 3] > 0
    assert found[seen][:, 0].mean() > found[seen][:, 2].mean() * 1.5, "it is as orange as the reference"
    assert np.array_equal(found[..., 3], before[..., 3])
    assert run("match-colours", picture, out, "--reference", picture) == 0
    same = read_image(out).pixels.astype(int)
    assert np.abs(same - before)[seen].max() <= 65535 / 255 * 3, "its own colours change nothing"


def test_an_adjustment_layer_keeps_the_pixels_below_it(picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.ora"
    assert run("levels", picture, out, "--param", "all_gamma=2", "--layer") == 0
    document = load_openraster(out)
    assert isinstance(document.layers[-1], AdjustmentLayer)
    pixels = document.raster_layer(1).tiles.read(document.size.rect())
    assert np.array_equal(pixels, read_image(picture).pixels)
    assert not np.array_equal(flatten(document)[..., :3], pixels[..., :3])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no-such",), "no adjustment or filter"),
        (("gaussian-blur", "--param", "radius=0"), "radius must be a number"),
        (("gaussian-blur", "--param", "radius=1e9"), "radius must be a number"),
        (("gaussian-blur", "--param", "width=3"), "no parameter"),
        (("gaussian-blur", "--param", "radius"), "radius"),
        (("lut",), "Choose a .cube file"),
        (("match-colours",), "Choose a reference"),
        (("invert", "--reference", "{picture}"), "takes no reference"),
        (("match-colours", "--reference", "missing.png"), "missing.png"),
        (("lut", "--lut", "missing.cube"), "no file"),
        (("invert", "--lut", "{picture}"), "not a whole .cube file"),
        (("invert", "--layer"), "ends with .ora"),
    ],
)
def test_wrong_input_is_one_sentence_and_nothing_is_written(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture, arguments: tuple[str, ...], words: str
) -> None:
    out = tmp_path / "out.png"
    name, *rest = (argument.format(picture=picture) for argument in arguments)
    assert run(name, picture, out, *rest) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not out.exists()
