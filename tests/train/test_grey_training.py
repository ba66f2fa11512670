"""The grey restorer: its noises, what it learns from, exact resuming, the way to a model folder, and 16 bits."""

from __future__ import annotations

import dataclasses
import json
import tomllib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import grey  # noqa: E402
from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.common.data import DataError, generated_blocks  # noqa: E402
from models.common.export import cpu_session  # noqa: E402
from models.common.grey_export import NOT_FOR_DIAGNOSIS, runner  # noqa: E402
from models.common.grey_noise import (  # noqa: E402
    grey_of,
    missing_contrast,
    phantom,
    poisson,
    random_scene,
    rician,
)

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

SPEED = {"cpu_seconds_per_megapixel": 0.5, "cpu": "a test", "peak_memory_mb": 100.0}


def smoke(run, **changes) -> grey.Config:
    return dataclasses.replace(grey.Config(), **(grey.SMOKE | {"run": run} | changes))


def test_rician_noise_lifts_the_dark_and_counted_noise_grows_with_light():
    rng = np.random.default_rng(0)
    dark, light = np.zeros((200, 200), np.float32), np.full((200, 200), 0.8, np.float32)
    assert rician(dark, rng, 0.05).mean() == pytest.approx(0.05 * np.sqrt(np.pi / 2), rel=0.02)  # Rayleigh's mean
    assert rician(light, rng, 0.05).mean() == pytest.approx(0.8, abs=0.003)
    assert poisson(light, rng, 100.0).std() == pytest.approx(np.sqrt(0.8 / 100), rel=0.03)
    assert poisson(light / 4, rng, 100.0).std() == pytest.approx(np.sqrt(0.2 / 100), rel=0.03)


def test_a_clean_scene_has_more_levels_than_eight_bits_and_stays_in_range():
    block, rng = generated_blocks(1)[0], np.random.default_rng(0)
    assert len(np.unique(np.rint(grey_of(block) * 65535))) > 256
    for _ in range(20):
        scene = random_scene(block, rng)
        assert scene.shape == (96, 96)
        assert (scene.min() >= -1e-6, scene.max() <= 1 + 1e-6) == (True, True)


def test_the_phantom_is_the_one_of_the_literature():
    sheet = phantom(128)
    assert sheet[64, 2] == pytest.approx(0, abs=1e-6), "air"
    assert sheet[7, 64] == pytest.approx(1, abs=0.01), "skull"
    assert sheet[64, 64] == pytest.approx(0.2, abs=0.02), "between the ventricles"


def test_raised_contrast_moves_small_differences_and_leaves_edges():
    sheet = np.full((64, 64), 0.5, np.float32)
    sheet[:, 32:] = 0.9
    assert np.abs(missing_contrast(sheet)).max() < 0.16 * 0.4, "a faint halo at most"
    sheet = np.full((64, 64), 0.5, np.float32)
    sheet[28:36, 28:36] += 0.02
    assert 0.01 < missing_contrast(sheet)[32, 32] < 0.03


@pytest.mark.parametrize(("scale", "finer"), [(1, 2), (2, 1)])
def test_a_smoke_run_resumes_exactly_and_becomes_a_model_folder(scale, finer, tmp_path, monkeypatch):
    monkeypatch.setattr("models.common.grey_export.measure_speed", lambda *_, **__: SPEED)
    monkeypatch.setattr("models.common.grey_export.STRENGTHS", (0.03,))
    changes = {"scale": scale, "finer": finer, "steps": 4}
    whole, parts = smoke(tmp_path / "whole", **changes), smoke(tmp_path / "parts", **changes)
    grey.train(whole)
    draw = grey.Batch.draw

    def cut_power(*arguments, step, **others):
        if step == 3:  # the checkpoint is of step 3, after the third one
            raise KeyboardInterrupt
        return draw(*arguments, step=step, **others)

    monkeypatch.setattr(grey.Batch, "draw", staticmethod(cut_power))
    with pytest.raises(KeyboardInterrupt):
        grey.train(parts)
    monkeypatch.setattr(grey.Batch, "draw", staticmethod(draw))
    grey.train(parts, resume=True)
    one, other = (read_checkpoint(tmp_path / run / LATEST)["ema"] for run in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    grey.export(whole, tmp_path / "onnx")

    manifest = tomllib.loads((tmp_path / "onnx/manifest.toml").read_text(encoding="utf-8"))
    assert manifest["scale"] == scale
    assert NOT_FOR_DIAGNOSIS in (tmp_path / "onnx/card.md").read_text(encoding="utf-8")
    rows = json.loads((tmp_path / "onnx/metrics.json").read_text(encoding="utf-8"))["rows"]
    assert {row["method"] for row in rows} >= {"untouched", "non-local means", "this model"}
    if scale == 1:
        picture = np.linspace(0, 1, 65536, dtype=np.float32).reshape(256, 256)
        untouched = runner(cpu_session(tmp_path / "onnx/model.onnx"))(picture, 0.0, 0.0)
        assert np.array_equal(np.rint(untouched * 65535), np.rint(picture * 65535)), "16 bits from end to end"


def test_crops_that_cannot_be_are_refused(tmp_path):
    for changes in ({"scale": 3}, {"crop": 90}, {"crop": 104}):
        with pytest.raises(DataError):
            grey.load_blocks(smoke(tmp_path, **changes))
