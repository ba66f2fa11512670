"""The upscalers in onnx/, as they lie there: their promises and the numbers on their cards."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from models.common.data import generated_blocks
from models.common.enlarge import bicubic
from models.common.enlarge_measure import DRAWN, PATTERNS, PHOTOGRAPHS, THIS_MODEL, WORN, measure_enlarging
from models.common.export import check_golden, check_tiling, cpu_session, measure_sample, run_graph
from models.evaluate import held_out_crops

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(ROOT.glob("onnx/upscale-*"))
LIMIT_BYTES = 3_000_000


class Shipped:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
        self.measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        self.session = cpu_session(folder / "model.onnx")
        self.scale: int = self.manifest["scale"]

    def enlarge(self, small: np.ndarray) -> np.ndarray:
        return run_graph(self.session, self.manifest, small, {})

    def score(self, kind: str, method: str = THIS_MODEL) -> float:
        return next(r["psnr"] for r in self.measured["rows"] if (r["kind"], r["method"]) == (kind, method))


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def shipped(request: Any) -> Shipped:
    return Shipped(request.param)


def test_there_are_upscalers():
    assert FOLDERS


def test_file_is_small(shipped):
    assert (shipped.folder / "model.onnx").stat().st_size <= LIMIT_BYTES


def test_golden_sample_computed_by_torch_is_met(shipped):
    assert check_golden(shipped.folder, shipped.manifest) <= 1


def test_card_number_of_the_sample_can_be_measured_again(shipped):
    again = measure_sample(shipped.folder, shipped.manifest)

    assert again["before"] == pytest.approx(shipped.measured["sample"]["before"], abs=0.005)
    assert again["after"] == pytest.approx(shipped.measured["sample"]["after"], abs=0.02)
    assert again["after"] > again["before"] + 0.5


def test_card_and_manifest_say_what_was_measured(shipped):
    card = (shipped.folder / "card.md").read_text(encoding="utf-8")
    own = [row for row in shipped.measured["rows"] if row["method"] == THIS_MODEL]

    assert [metric["value"] for metric in shipped.manifest["metrics"]] == [round(row["psnr"], 2) for row in own]
    for row in shipped.measured["rows"]:
        assert f"{row['psnr']:.2f} / {row['luma_psnr']:.2f} / {row['ssim']:.3f}" in card


def test_photographs_and_drawings_come_out_better_than_by_any_filter(shipped):
    is_photo = shipped.folder.name.endswith("-photo")  # sharp edges cost decibels where nobody can know them exactly
    for kind, gain in ((WORN, 0.0) if is_photo else (PHOTOGRAPHS, 0.5), (DRAWN, 0.5)):
        best_filter = max(shipped.score(kind, "bicubic"), shipped.score(kind, "Lanczos"))
        assert shipped.score(kind) > best_filter + gain


def test_worn_photographs_look_more_like_the_original_than_by_any_rival(shipped):
    if not shipped.folder.name.endswith("-photo"):
        pytest.skip("what the photographic models are for")
    rows = [row for row in shipped.measured["rows"] if row["kind"] == WORN]
    looks = {row["method"]: row["look"] for row in rows if "look" in row}
    assert looks.pop(THIS_MODEL) < min(looks.values())


def test_patterns_come_out_better_than_by_the_untouched_weights(shipped):
    assert shipped.score(PATTERNS) > shipped.score(PATTERNS, "SPAN, untouched") + 5


def test_tiles_equal_the_whole_picture_within_one_level(shipped):
    small_tiles = shipped.manifest | {"tile": shipped.manifest["tile"] | {"tile": 128}}
    picture = np.tile(generated_blocks(1)[0], (2, 2, 1))[:230, :230].copy()
    picture[50:150, 120:] = np.random.default_rng(0).integers(0, 256, picture[50:150, 120:].shape)

    assert check_tiling(shipped.folder / "model.onnx", small_tiles, picture) <= 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (1, 130)])
def test_tiny_pictures_are_enlarged_too(shipped, height, width):
    picture = generated_blocks(1)[0][:height, :width]

    assert shipped.enlarge(picture).shape == (height * shipped.scale, width * shipped.scale, 3)


@pytest.mark.parametrize("grey", [0, 20, 128, 235, 255])
def test_flat_colour_stays_as_it_is(shipped, grey):
    flat = np.full((40, 40, 3), grey, np.uint8)

    assert np.abs(shipped.enlarge(flat).astype(int) - grey).max() <= 1


def test_grey_ramp_keeps_its_brightness_and_stays_grey(shipped):
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (32, 256, 3))
    result = shipped.enlarge(ramp).astype(float)

    assert np.abs(result.mean((0, 1)) - ramp.mean((0, 1))).max() <= 0.5
    assert np.abs(result - result.mean(axis=2, keepdims=True)).mean() <= 0.5


@pytest.mark.parametrize("amplitude", [64, 255])
@pytest.mark.parametrize("colours", [1, 3])
def test_white_noise_stays_the_noise_it_was(shipped, amplitude, colours):
    rng = np.random.default_rng(5)
    noise = 128 + (rng.random((64, 64, colours)) - 0.5) * amplitude
    noise = np.broadcast_to(noise, (64, 64, 3)).astype(np.uint8)
    result, plain = shipped.enlarge(noise).astype(float), bicubic(noise, shipped.scale).astype(float)

    assert np.abs(result - plain).mean() < 0.7 * noise.std()  # sharpened where it is faint, never more than it was
    assert result.std() < 2 * plain.std()
    assert np.abs(result.mean((0, 1)) - plain.mean((0, 1))).max() < 4


def test_chequers_of_single_pixels_stay_within_their_colours(shipped):
    chequers = np.where(np.indices((48, 48)).sum(0)[..., None] % 2, 170, 90).repeat(3, axis=2).astype(np.uint8)
    result = shipped.enlarge(chequers).astype(float)

    room = 30 if shipped.scale == 2 else 80  # four times: as far as the guard lets it, which the card says
    assert 90 - room <= result.min() < result.max() <= 170 + room
    assert np.abs(result.mean((0, 1)) - 130).max() < (3 if shipped.scale == 2 else 10)


@pytest.mark.nightly
def test_whole_table_of_the_card_is_measured_again(shipped):
    photos = ROOT / "data/photos/held_out"
    if not photos.exists():
        pytest.skip("needs `python -m models.fetch_data`")
    clean = held_out_crops(photos)
    rows = {(row["kind"], row["method"]): row for row in measure_enlarging(shipped.enlarge, clean, shipped.scale)}

    assert list(clean) == shipped.measured["pictures"]
    for row in shipped.measured["rows"]:
        assert rows[row["kind"], row["method"]]["psnr"] == pytest.approx(row["psnr"], abs=0.02)
