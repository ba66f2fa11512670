"""Curves told by their levels, and colours that a person painted as hints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.runtime.adapters.hints import hints_tensor
from desktop.runtime.manifest import Input
from tests.runtime_models import photo
from tests.runtime_parts import FLOAT, IMAGE, SIZE, knotted_model, luma_of, node, one_part
from tests.runtime_runs import run_here, run_request

HINTS = '[[inputs]]\nname = "hints"\nrole = "hints"\norder = "RGBA"\nsize = [32, 32]\n'
AB = '[[outputs]]\nname = "result"\nrole = "ab"\nstd = [100.0]\n'


@pytest.mark.parametrize("side", [1, 4])
def test_levels_lie_where_the_knots_are_and_straight_between(tmp_path: Path, side: int) -> None:
    at = np.linspace(0, 1, 9) ** 3
    levels = np.sqrt(at)
    model = knotted_model(tmp_path / "curve", levels, bend=3.0, side=side)
    pixels = photo(70, 90, 3, depth=16)
    result = run_here(model, pixels)[0]
    wanted = np.interp(pixels / 65535, at, levels) * 65535
    assert np.abs(result - wanted).max() <= 1


def test_each_channel_may_have_a_curve_of_its_own(tmp_path: Path) -> None:
    at = np.linspace(0, 1, 5)
    model = knotted_model(tmp_path / "curves", np.concatenate([at, 1 - at, at * 0.5]), bend=1.0, side=1)
    pixels = photo(40, 50)
    result = run_here(model, pixels)[0].astype(int)
    wanted = [pixels[..., 0], 255 - pixels[..., 1], pixels[..., 2] / 2]
    for channel, levels in enumerate(wanted):
        assert np.abs(result[..., channel] - levels).max() <= 1


def test_a_number_after_the_curves_says_how_vivid_colours_are(tmp_path: Path) -> None:
    at = np.linspace(0, 1, 5)
    model = knotted_model(tmp_path / "vivid", np.concatenate([at, at, at, [0.5]]), bend=1.0, side=1)
    manifest = model / "manifest.toml"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace("bend =", "saturates = true\nbend ="), encoding="utf-8"
    )
    pixels = photo(40, 50, 3, depth=16)
    luma = (pixels @ (0.2126, 0.7152, 0.0722))[..., None]
    assert np.abs(run_here(model, pixels)[0] - (luma + (pixels - luma) / 2)).max() <= 2
    grey = np.repeat(pixels[..., :1], 3, axis=2)
    assert np.array_equal(run_here(model, grey)[0], grey)


def test_a_straight_curve_changes_nothing_and_grey_stays_grey(tmp_path: Path) -> None:
    at = np.linspace(0, 1, 13) ** 3
    ramp = np.repeat(np.arange(65536, dtype=np.uint16).reshape(256, 256, 1), 3, axis=2)
    same = run_here(knotted_model(tmp_path / "same", at, bend=3.0, side=1), ramp)[0]
    assert np.array_equal(same, ramp)
    lit = run_here(knotted_model(tmp_path / "lit", at**0.6, bend=3.0, side=4), ramp)[0].astype(int)
    assert np.ptp(lit, axis=2).max() == 0
    assert np.diff(lit[..., 0].ravel()).min() >= 0, "it rises, without steps back"


def hinted_model(folder: Path) -> Path:
    """a and b of Lab are the red and green of the hints times their alpha."""
    nodes = [
        node("Slice", "hints start stop axis", "colour"),
        node("Slice", "hints last end axis", "alpha"),
        node("Mul", "colour alpha", "answer"),
        node("ReduceMean", "image", "mean"),
        node("Mul", "mean none", "zero"),
        node("Add", "answer zero", "result"),
    ]
    numbers = {"start": [0], "stop": [2], "last": [3], "end": [4], "axis": [1]}
    return one_part(
        folder, "colourise", nodes, IMAGE + SIZE + HINTS + AB,
        inputs={"image": (FLOAT, [1, 3, 32, 32]), "hints": (FLOAT, [1, 4, 32, 32])},
        outputs={"result": (FLOAT, None)},
        constants={name: np.array(value, np.int64) for name, value in numbers.items()} | {"none": np.float32([0])},
    )  # fmt: skip


def test_hints_are_no_duty_and_are_seen_where_they_were_painted(tmp_path: Path) -> None:
    model = hinted_model(tmp_path / "hinted")
    grey = np.full((96, 96, 4), 128, np.uint8)
    grey[..., 3] = 255
    assert np.array_equal(run_here(model, grey)[0], grey), "no hints, no colour"
    hints = np.zeros((96, 96, 4), np.uint8)
    hints[:, :30] = (120, 0, 0, 255)
    result = run_request(model, {"image": grey, "hints": hints})[0]["image"].astype(int)
    assert (result[:, :20, 0] - result[:, :20, 1]).min() > 30, "red on the left"
    assert np.ptp(result[:, 60:, :3], axis=2).max() <= 1, "grey on the right"
    assert np.abs(luma_of(result) - luma_of(grey)).max() <= 1


def test_the_edge_of_a_hint_has_its_colour() -> None:
    """Averaged by alpha: half of a dab is half as sure, not half as bright."""
    spec = Input(name="hints", role="hints", order="RGBA", size=(4, 4))
    hints = np.zeros((40, 40, 4), np.uint8)
    hints[:5] = (200, 100, 50, 255)
    tensor = hints_tensor(hints, spec, "tensor(float)")
    np.testing.assert_allclose(tensor[0, :, 0, 0], [200 / 255, 100 / 255, 50 / 255, 0.5], atol=1e-3)
    assert not hints_tensor(None, spec, "tensor(float)").any()


def test_hints_of_another_form_are_refused(tmp_path: Path) -> None:
    folder = hinted_model(tmp_path / "odd")
    manifest = folder / "manifest.toml"
    text = manifest.read_text(encoding="utf-8").replace(
        'role = "hints"\norder = "RGBA"', 'role = "hints"\norder = "RGB"'
    )
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="hints come as RGBA"):
        run_here(folder, photo(40, 40))
