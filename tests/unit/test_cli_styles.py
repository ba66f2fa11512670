"""`scumble run` with styles: from a picture, and a second one inside a mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from desktop.cli import run_command_line
from tests.runtime_models import identity_model, photo
from tests.runtime_runs import RunnerHere
from tests.style_models import mean_color_style, shifting_style


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("desktop.paths.shipped_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr("desktop.run_commands.WorkerRunner", RunnerHere)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "home" / "data" / "models"
    shifting_style(folder / "two")
    mean_color_style(folder / "any")
    Image.fromarray(np.full((40, 60, 3), 100, np.uint8)).save("in.png")
    for name, color in (("one.png", (210, 50, 100)), ("other.png", (20, 80, 220))):
        pixels = np.full((30, 40, 3), color, np.uint8)
        pixels[:, ::2] += 10
        pixels[:, 1::2] -= 10
        Image.fromarray(pixels).save(name)
    mask = np.zeros((40, 60), np.uint8)
    mask[:, :20], mask[:, 20:40] = 255, 128
    Image.fromarray(mask).save("mask.png")
    return folder


def colors_of(path: str) -> list[list[int]]:
    """At the left, where the mask is white, in the middle, and at the right, where it is black."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    return [pixels[20, column].tolist() for column in (5, 30, 55)]


def test_the_style_of_a_picture(tmp_path: Path) -> None:
    assert run_command_line(["run", "any", "in.png", "out.png", "--style", "one.png"]) == 0
    assert colors_of("out.png") == [[210, 50, 100]] * 3


def test_a_second_style_inside_a_mask_crosses_over_softly() -> None:
    order = ["run", "two", "in.png", "out.png", "--param", "style=Red", "--mask", "mask.png", "--inside", "style=Blue"]
    assert run_command_line(order) == 0
    blue, between, red = colors_of("out.png")
    assert (blue, red) == ([100, 100, 151], [151, 100, 100])
    assert all(124 <= between[channel] <= 127 for channel in (0, 2))


def test_two_pictures_styles_and_their_strengths() -> None:
    order = ["run", "any", "in.png", "out.png", "--style", "one.png", "--mask", "mask.png"]
    assert run_command_line([*order, "--inside-style", "other.png", "--inside", "strength=50"]) == 0
    inside, _, outside = colors_of("out.png")
    assert outside == [210, 50, 100]
    assert np.abs(np.array(inside) - [60, 90, 160]).max() <= 1


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (["any", "--style", "missing.png"], "missing.png"),
        (["any", "--style", "broken.png"], "broken.png"),
        (["any", "--style", "dot.png"], "1 × 1 pixels"),
        (["any", "--style", "flat.png"], "one colour"),
        (["any"], "style"),
        (["two", "--inside", "style=Blue"], "--mask"),
        (["two", "--inside", "style=Green", "--mask", "mask.png"], "Red, Blue"),
        (["two", "--inside", "Blue", "--mask", "mask.png"], "name=value"),
    ],
)
def test_wrong_orders_are_one_sentence(order: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.png").write_bytes(b"no picture")
    Image.new("RGB", (1, 1)).save("dot.png")
    Image.new("RGB", (64, 64), (9, 90, 200)).save("flat.png")
    name, *rest = order
    assert run_command_line(["run", name, "in.png", "out.png", *rest]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert said in told[0]
    assert not Path("out.png").exists()


def test_a_model_that_enlarges_has_nothing_inside_a_mask(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    identity_model(models / "same", task="upscale")
    Image.fromarray(photo(20, 30)).save("small.png")
    order = ["run", "same", "small.png", "out.png", "--mask", "mask.png", "--inside", "x=1"]
    assert run_command_line(order) == 2
    assert "no second result" in capsys.readouterr().err
