"""A network's levels as curves of an adjustment layer: close to what it did, few points, refused where it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from desktop.cli import run_command_line
from desktop.core.errors import UserError
from desktop.core.layers import AdjustmentLayer
from desktop.io.documents import open_document_file
from desktop.io.image_files import read_image
from desktop.tools.effect_run import apply_to_pixels
from desktop.tools.tone_curves import MOST_POINTS, curves_between, vivid_curves_between
from tests.runtime_models import identity_model, photo
from tests.runtime_parts import knotted_model


def bent(pixels: np.ndarray, powers: tuple[float, float, float]) -> np.ndarray:
    top = np.iinfo(pixels.dtype).max
    after = pixels.copy()
    for channel, power in enumerate(powers):
        after[..., channel] = np.rint((pixels[..., channel] / top) ** power * top)
    return after


@pytest.mark.parametrize("depth", [8, 16])
def test_the_curves_do_what_was_done(depth: int) -> None:
    before = photo(120, 90, 4, depth=depth)
    after = bent(before, (0.6, 1.5, 1.0))
    settings = curves_between(before, after, "Test")
    again = apply_to_pixels(before, settings)
    level = 1 if depth == 8 else 257
    assert np.abs(again.astype(float) - after)[..., :3].mean() <= 0.6 * level
    assert np.abs(again.astype(float) - after)[..., :3].max() <= 3 * level
    assert (again[..., 3] == before[..., 3]).all()
    values = dict(settings.values)
    assert all(len(str(values[name]).split()) <= MOST_POINTS for name in ("red", "green", "blue"))
    assert values["blue"] == "0,0 1,1"


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.35])
@pytest.mark.parametrize("depth", [8, 16])
def test_saturation_after_the_curves_becomes_vibrance_above_them(depth: int, factor: float) -> None:
    top = 2**depth - 1
    before = photo(120, 90, 4, depth=depth)
    before[..., :3] = before[..., :3] // 2 + top // 4
    curved = bent(before, (0.8, 1.2, 1.0))[..., :3] / top
    luma = (curved @ (0.2126, 0.7152, 0.0722))[..., None]
    after = before.copy()
    after[..., :3] = np.clip(np.rint((luma + (curved - luma) * factor) * top), 0, top)
    found = vivid_curves_between(before, after, "Test")
    assert [one.effect for one in found] == ["curves", "vibrance"][: 1 if factor == 1 else 2]
    again = before
    for settings in found:
        again = apply_to_pixels(again, settings)
    assert np.abs(again.astype(float) - after)[..., :3].mean() <= 1.0 * (top / 255)


def test_grey_pictures_get_curves_alone() -> None:
    before = np.repeat(photo(80, 60)[..., :1], 3, axis=2)
    found = vivid_curves_between(before, bent(before, (0.7, 0.7, 0.7)), "Test")
    assert [one.effect for one in found] == ["curves"]


def test_levels_that_do_not_occur_go_straight_on() -> None:
    before = np.full((40, 40, 4), 255, np.uint8)
    before[..., :3] = np.linspace(100, 150, 1600).reshape(40, 40, 1)
    after = before.copy()
    after[..., :3] += 20
    values = dict(curves_between(before, after, "Test").values)
    pairs = [tuple(map(float, pair.split(","))) for pair in str(values["red"]).split()]
    assert (pairs[0][0], pairs[-1][0]) == (0, 1)
    assert pairs[0][1] == pytest.approx(20 / 255, abs=2 / 255)
    assert pairs[-1][1] == 1


def test_what_differs_from_place_to_place_is_refused() -> None:
    before = photo(60, 60, 4)
    after = before.copy()
    after[:30, :, :3] = after[:30, :, :3] // 2
    with pytest.raises(UserError, match="differently from place to place"):
        curves_between(before, after, "Test")


def test_invisible_pixels_say_nothing() -> None:
    before = photo(20, 20, 4)
    before[..., 3] = 0
    with pytest.raises(UserError, match="Nothing can be seen"):
        curves_between(before, before, "Test")


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("desktop.paths.model_folders", lambda: (tmp_path / "onnx",))
    knotted_model(tmp_path / "onnx" / "lighter", np.linspace(0, 1, 9) ** 1.5, bend=3.0, side=1)
    identity_model(tmp_path / "onnx" / "same")
    path = tmp_path / "in.png"
    Image.fromarray(photo(80, 60)).save(path)
    return path


def test_the_command_puts_a_curves_layer_on_top(picture: Path, tmp_path: Path) -> None:
    target, flat = tmp_path / "out.ora", tmp_path / "out.png"
    assert run_command_line(["run", "lighter", str(picture), str(target), "--layer"]) == 0
    document = open_document_file(target)
    layer = document.layers[-1]
    assert isinstance(layer, AdjustmentLayer)
    assert layer.settings.effect == "curves"
    assert run_command_line(["run", "lighter", str(picture), str(flat)]) == 0
    found = apply_to_pixels(read_image(picture).pixels, layer.settings).astype(float)
    assert np.abs(found - read_image(flat).pixels).mean() <= 0.6


@pytest.mark.parametrize(
    ("model", "name", "sentence"),
    [("same", "out.ora", "does not answer with curves"), ("lighter", "out.png", "ends with .ora")],
)
def test_the_command_refuses_what_cannot_be(
    picture: Path, tmp_path: Path, capsys: Any, model: str, name: str, sentence: str
) -> None:
    assert run_command_line(["run", model, str(picture), str(tmp_path / name), "--layer"]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / name).exists()
