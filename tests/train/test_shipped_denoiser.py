"""The denoiser in onnx/denoise-photo, as it lies there: its promises and the numbers on its card."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from PIL import Image

from models.common.data import generated_blocks
from models.common.degrade import white_noise
from models.common.export import (
    GOLDEN_CLEAN,
    MODEL_LIMIT_BYTES,
    check_golden,
    check_tiling,
    cpu_session,
    embedded_manifest,
    measure_sample,
    run_graph,
    sha256_of,
)
from models.evaluate import held_out_crops, measure, open_model

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "onnx/denoise-photo"


@pytest.fixture(scope="module")
def session():
    return cpu_session(FOLDER / "model.onnx")


@pytest.fixture(scope="module")
def manifest():
    return tomllib.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def measured():
    return json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))


def golden(name: str) -> np.ndarray:
    return np.asarray(Image.open(FOLDER / name).convert("RGB"))


def roughness(pixels: np.ndarray) -> float:
    return float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())


def test_file_is_the_one_the_manifest_means(session, manifest):
    assert sha256_of(FOLDER / "model.onnx") == manifest["sha256"]["main"]
    assert (FOLDER / "model.onnx").stat().st_size <= MODEL_LIMIT_BYTES
    assert embedded_manifest(session) == {key: value for key, value in manifest.items() if key != "sha256"}


def test_golden_sample_computed_by_torch_is_met(manifest):
    assert check_golden(FOLDER, manifest) <= 1


def test_strength_0_leaves_every_pixel_as_it_was(session, manifest):
    picture = golden("golden/input.png")

    assert np.array_equal(run_graph(session, manifest, picture, {"strength": 0.0}), picture)


def test_more_strength_is_smoother_and_keeps_the_colours(session, manifest):
    picture = golden("golden/input.png")
    results = [run_graph(session, manifest, picture, {"strength": s}) for s in (0.0, 25.0, 50.0, 100.0)]

    assert [roughness(r) for r in results] == sorted((roughness(r) for r in results), reverse=True)
    assert np.abs(results[3].mean((0, 1)) - results[2].mean((0, 1))).max() < 4


def test_luminance_colour_and_grain_are_controls_of_their_own(session, manifest):
    picture = golden("golden/input.png").astype(int)
    luma = np.array([0.299, 0.587, 0.114])

    def change(**params: float) -> tuple[float, float]:
        """(of the luminance, of the colours beside it)"""
        difference = run_graph(session, manifest, picture.astype(np.uint8), params) - picture
        bright = difference @ luma
        return float(np.abs(bright).mean()), float(np.abs(difference - bright[..., None]).mean())

    whole, colour_only, luminance_only = change(), change(luminance=0.0), change(colour=0.0)
    assert colour_only[0] < 0.15 * whole[0]
    assert colour_only[1] > 0.7 * whole[1]
    assert luminance_only[1] < 0.15 * whole[1]
    assert luminance_only[0] > 0.7 * whole[0]
    with_grain = run_graph(session, manifest, picture.astype(np.uint8), {"grain": 100.0})
    without = run_graph(session, manifest, picture.astype(np.uint8), {})
    assert roughness(without) < roughness(with_grain) < roughness(picture)
    assert change(grain=100.0)[1] == pytest.approx(whole[1], rel=0.1), "grain has no colour"


def test_photographs_as_they_are_stay_nearly_untouched(measured):
    assert measured["clean"]["mean"] <= 0.5


def test_card_number_of_the_sample_can_be_measured_again(manifest, measured):
    again = measure_sample(FOLDER, manifest)

    assert again["before"] == pytest.approx(measured["sample"]["before"], abs=0.005)
    assert again["after"] == pytest.approx(measured["sample"]["after"], abs=0.02)
    assert again["after"] > again["before"] + 4
    assert golden(GOLDEN_CLEAN).shape == golden("golden/input.png").shape


def test_card_and_manifest_say_what_was_measured(manifest, measured):
    card = (FOLDER / "card.md").read_text(encoding="utf-8")

    for metric, row in zip(manifest["metrics"], measured["rows"], strict=True):
        assert metric["metric"].endswith(row["noise"])
        assert metric["value"] == round(row["psnr"], 2)
        assert metric["baseline_value"] == round(row["baseline_psnr"], 2)
        assert f"{row['psnr']:.2f} / {row['ssim']:.3f}" in card


@pytest.mark.parametrize(
    ("noise", "least_gain"),
    [("white noise 15", 3.0), ("white noise 25", 3.0), ("white noise 50", 3.0), ("camera noise", 1.5)],
)
def test_gain_over_tuned_non_local_means_is_what_was_promised(measured, noise, least_gain):
    row = next(row for row in measured["rows"] if row["noise"] == noise)

    assert row["psnr"] - row["baseline_psnr"] >= least_gain


def test_tiles_equal_the_whole_picture_within_one_level(manifest):
    clean = np.concatenate([np.concatenate(list(generated_blocks(4, seed=row)), axis=1) for row in range(4)])
    noisy = white_noise(clean, 40, np.random.default_rng(0))

    assert noisy.shape[0] > manifest["tile"]["tile"]
    assert check_tiling(FOLDER / "model.onnx", manifest, noisy) <= 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 3), (5, 130)])
def test_tiny_pictures_keep_their_size(session, manifest, height, width):
    picture = golden("golden/input.png")[:height, :width]

    assert run_graph(session, manifest, picture, {}).shape == picture.shape


def test_clean_flat_colour_stays_as_it_is(session, manifest):
    flat = np.full((64, 64, 3), (90, 130, 170), np.uint8)

    assert np.abs(run_graph(session, manifest, flat, {}).astype(int) - flat).max() <= 2


@pytest.mark.nightly
def test_whole_table_of_the_card_is_measured_again(measured):
    photos = ROOT / "data/photos/held_out"
    if not photos.exists():
        pytest.skip("needs `python -m models.fetch_data`")
    clean = held_out_crops(photos)
    rows = measure(open_model(FOLDER, strength=50), clean, baselines=ROOT / "data/baselines.json")

    assert list(clean) == measured["pictures"]
    for row, kept in zip(rows, measured["rows"], strict=True):
        assert row.model.psnr == pytest.approx(kept["psnr"], abs=0.01)
        assert row.baseline.psnr == pytest.approx(kept["baseline_psnr"], abs=0.01)
