"""The compressing autoencoder: what it begins with, exact resuming, and the way to a model folder of three files."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import autoencoder  # noqa: E402
from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.common.codec_export import GROUPS, at_same_psnr, coder_groups  # noqa: E402
from models.common.data import generated_blocks  # noqa: E402
from models.common.export import cpu_session, run_graph, sha256_of  # noqa: E402
from models.nets.codec import CHANNELS, Codec, block_functions  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

SPEED = {"cpu_seconds_per_megapixel": 0.5, "cpu": "a test", "peak_memory_mb": 100.0}


def smoke_config(run: Path, **changes: Any) -> autoencoder.Config:
    return dataclasses.replace(autoencoder.Config(), **(autoencoder.SMOKE | {"run": run} | changes))


def soft_picture() -> torch.Tensor:
    coarse = torch.from_numpy(generated_blocks(1)[0][::24, ::24].copy()).permute(2, 0, 1)[None].float() / 255
    return torch.nn.functional.interpolate(coarse, (96, 128), mode="bicubic").clamp(0, 1)


def test_it_begins_as_a_transform_that_can_be_undone():
    forward, inverse = block_functions()
    assert torch.allclose(forward @ inverse, torch.eye(CHANNELS), atol=1e-4)
    codec, rate = Codec((8, 12, 16)).eval(), torch.ones(1)
    with torch.no_grad():
        symbols = codec.encoder(soft_picture(), rate)
        again = codec.decoder(symbols, rate)
    assert symbols.shape == (1, CHANNELS, 6, 8)
    assert torch.equal(symbols, symbols.round())
    assert (again - soft_picture()).abs().mean() < 4 / 255


def test_more_rate_takes_more_bits_and_leaves_less_error():
    codec = Codec((8, 12, 16)).eval()
    rates = torch.tensor([0.0, 0.5, 1.0])
    pictures = soft_picture().repeat(3, 1, 1, 1)
    with torch.no_grad():
        again, bits = codec.training_outputs(pictures, rates)
    errors = (again - pictures).square().flatten(1).mean(dim=1)
    assert bits[0] < bits[1] < bits[2]
    assert errors[0] > errors[1] > errors[2]
    groups = coder_groups(codec)
    assert groups.shape == (22, CHANNELS)
    assert 0 <= groups.min() <= groups.max() < GROUPS
    assert groups[-1].sum() == 3


def test_resumed_training_has_the_bits_of_an_uninterrupted_one(tmp_path):
    autoencoder.train(smoke_config(tmp_path / "whole", steps=4, checkpoint_every=2))
    whole = read_checkpoint(tmp_path / "whole" / LATEST)["net"]
    config = smoke_config(tmp_path / "again", steps=4, checkpoint_every=2)
    with pytest.MonkeyPatch.context() as patch:
        draw = autoencoder.draw_batch

        def cut_power(*arguments: Any, step: int, rank: int) -> Any:
            if step == 3:
                raise KeyboardInterrupt
            return draw(*arguments, step=step, rank=rank)

        patch.setattr(autoencoder, "draw_batch", cut_power)
        with pytest.raises(KeyboardInterrupt):
            autoencoder.train(config)
    torch.manual_seed(12345)
    autoencoder.train(config, resume=True)
    resumed = read_checkpoint(tmp_path / "again" / LATEST)["net"]
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_smoke_run_becomes_a_model_folder_of_three_files(tmp_path, monkeypatch):
    monkeypatch.setattr("models.common.codec_export.measure_speed", lambda *_, **__: SPEED)
    config = smoke_config(tmp_path / "run", steps=2, validate_every=2)
    autoencoder.train(config)
    autoencoder.export(config, tmp_path / "onnx")
    folder = tmp_path / "onnx"
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    assert {part: sha256_of(folder / name) for part, name in manifest["files"].items()} == manifest["sha256"]
    picture = generated_blocks(1)[0][:50, :71]
    again = run_graph(cpu_session(folder / "model.onnx"), manifest, picture, {"detail": 100.0})
    assert again.shape == picture.shape
    padded = (
        np.pad(picture, ((0, 14), (0, 9), (0, 0)), mode="symmetric").transpose(2, 0, 1)[None].astype(np.float32) / 255
    )
    rate = np.ones(1, np.float32)
    (symbols,) = cpu_session(folder / "encoder.onnx").run(None, {"image": padded, "rate": rate})
    decoded, groups = cpu_session(folder / "decoder.onnx").run(None, {"symbols": symbols, "rate": rate})
    assert groups.shape == (22, CHANNELS)
    ours = np.rint(decoded[0].transpose(1, 2, 0)[:50, :71] * 255)
    assert np.abs(ours - again).mean() < 1, "the parts are the whole"


def test_a_rival_is_read_off_between_its_settings_only():
    rows = [{"method": "JPEG", "psnr": 30.0, "bits": 0.5}, {"method": "JPEG", "psnr": 34.0, "bits": 2.0}]
    assert at_same_psnr(rows, "JPEG", 32.0) == pytest.approx(1.0, abs=0.01)
    assert at_same_psnr(rows, "JPEG", 29.0) is None
