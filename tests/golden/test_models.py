"""Every shipped model gives what the training framework computed; and these comparisons can fail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from desktop import paths
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.jobs import WorkerRunner
from desktop.selftest import Check, check_models, largest_difference
from tests.runtime_models import add_golden, doubling_model, edit_manifest, identity_model, photo
from tests.runtime_runs import run_request, untiled

SHIPPED = Catalog((paths.shipped_models_dir(),))


@pytest.fixture(scope="module")
def shipped_checks() -> Iterator[dict[str, Check]]:
    runner = WorkerRunner(SHIPPED)
    yield {check.model_id: check for check in check_models(SHIPPED, runner, "cpu")}
    runner.close()


def checks_of(folder: Path) -> dict[str, Check]:
    catalog = Catalog((folder,))
    runner = WorkerRunner(catalog)
    try:
        return {check.model_id: check for check in check_models(catalog, runner, "cpu")}
    finally:
        runner.close()


@pytest.mark.parametrize("model", SHIPPED.models(), ids=lambda model: model.id)
def test_a_shipped_model_gives_its_golden_sample(model: Model, shipped_checks: dict[str, Check]) -> None:
    assert shipped_checks[model.id].passed, shipped_checks[model.id].text()


def on_white(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) levels: ink with alpha differs by nothing else."""
    if picture.shape[-1] == 3:
        return picture.astype(float)
    full = np.iinfo(picture.dtype).max
    return full - (full - picture[..., :3].astype(float)) * picture[..., 3:] / full


@pytest.mark.parametrize("model", SHIPPED.models(), ids=lambda model: model.id)
def test_the_golden_sample_shows_that_the_model_does_something(model: Model) -> None:
    """A network that returned its input would pass a careless comparison."""
    golden = model.manifest.golden
    assert golden is not None
    if golden.input is None:
        return
    sample, expected = (cv2.imread(str(model.folder / name), -1) for name in (golden.input, golden.output))
    if model.manifest.scale == 1:
        assert np.abs(on_white(sample) - on_white(expected)).mean() > 2 * golden.tolerance


@pytest.mark.parametrize("model", SHIPPED.models(), ids=lambda model: model.id)
def test_one_wrong_pixel_in_the_expectation_of_a_shipped_model_fails(model: Model, tmp_path: Path) -> None:
    folder = tmp_path / model.id
    shutil.copytree(model.folder, folder)
    golden = model.manifest.golden
    assert golden is not None
    expected = cv2.imread(str(folder / golden.output), -1)
    one_level = 1 if expected.dtype == np.uint8 else 257
    step = int(golden.tolerance + 2) * one_level
    expected[3, 4, 1] = expected[3, 4, 1] - step if expected[3, 4, 1] >= step else expected[3, 4, 1] + step
    cv2.imwrite(str(folder / golden.output), expected)
    assert not checks_of(tmp_path)[model.id].passed


@pytest.mark.parametrize(
    "model", [model for model in SHIPPED.models() if model.manifest.tile], ids=lambda model: model.id
)
def test_a_shipped_model_shows_no_seams(model: Model) -> None:
    """Its halo covers what it sees and its stride is right: cut in four, it gives what it gives in one piece."""
    assert model.manifest.tile is not None
    side = model.manifest.tile.tile + 40
    noise = np.random.default_rng(7).normal(0, 20, (side, side, 3))
    pixels = np.clip(photo(side, side) + noise, 0, 255).astype(np.uint8)
    golden = model.manifest.golden
    path = None if golden is None or golden.style is None else model.folder / golden.style
    style = None if path is None else np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
    results, done, _ = run_request(model.folder, {"image": pixels} | ({} if style is None else {"style": style}))
    assert done.tiles == 4
    assert np.abs(results["image"].astype(int) - untiled(model.folder, pixels, style)).max() <= 1


def test_the_self_test_passes_what_is_right_and_fails_all_that_is_wrong(tmp_path: Path) -> None:
    sample = photo(20, 24)
    far_off = sample.copy()
    far_off[7, 9, 2] ^= 64
    add_golden(identity_model(tmp_path / "right"), sample, sample)
    add_golden(identity_model(tmp_path / "wrong"), sample, far_off)
    add_golden(doubling_model(tmp_path / "large"), sample, sample.repeat(2, axis=0).repeat(2, axis=1))
    add_golden(doubling_model(tmp_path / "other-size"), sample, sample)
    identity_model(tmp_path / "without")
    altered = add_golden(identity_model(tmp_path / "altered"), sample, sample)
    (altered / "model.onnx").write_bytes(b"something else")
    lost = add_golden(identity_model(tmp_path / "lost"), sample, sample)
    (lost / "golden" / "output.png").unlink()
    broken = add_golden(identity_model(tmp_path / "broken"), sample, sample)
    edit_manifest(broken, "format = 1", "format = 99")
    checks = checks_of(tmp_path)
    assert {name for name, check in checks.items() if check.passed} == {"right", "large"}
    assert checks["wrong"].max_difference == 64
    assert checks["right"].max_difference == 0
    assert "is not the file" in checks["altered"].problem
    assert "no golden sample" in checks["without"].problem
    assert "output.png" in checks["lost"].problem
    assert "has not the size" in checks["other-size"].problem
    assert "format" in checks["broken"].problem
    assert all(name in check.text() for name, check in checks.items())


def test_differences_are_in_levels_of_eight_bits() -> None:
    dark, light = np.zeros((2, 2, 3), np.uint16), np.zeros((2, 2, 3), np.uint16)
    light[1, 0, 2] = 514
    assert largest_difference(dark, light) == pytest.approx(2)
    assert largest_difference(dark.astype(np.uint8), light) == pytest.approx(2)
