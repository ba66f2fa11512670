"""The upscaler's training as a user starts it: it runs, goes on where it stopped, and exports what torch computes."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.common.data import DataError, generated_blocks  # noqa: E402
from models.common.enlarge import bicubic, drawn_picture, shrunk, training_pair, with_pattern  # noqa: E402
from models.common.export import ExportError, cpu_session, run_graph  # noqa: E402
from models.nets.upscalers import Plain, Upscaler, bicubic_kernels, doubt_from  # noqa: E402
from models.upscale import (  # noqa: E402
    PRESETS,
    SMOKE,
    Batch,
    Config,
    export,
    load_blocks,
    manifest_of,
    new_network,
    started_network,
    train,
    trained_network,
)

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def smoke_config(run: Path, **changes: Any) -> Config:
    return dataclasses.replace(
        PRESETS["faithful-2x"], **(SMOKE | {"run": run, "baselines": run / "baselines.json"} | changes)
    )


def weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    content = read_checkpoint(checkpoint)
    return {f"{part}.{name}": tensor for part in ("net", "ema") for name, tensor in content[part].items()}


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> tuple[Config, Path]:
    """A folder as `--export` writes it, from a run of a few steps of the quick network."""
    config = smoke_config(tmp_path_factory.mktemp("run"), kind="fast", network="plain", steps=2)
    train(config)
    folder = tmp_path_factory.mktemp("onnx") / "upscale-2x-fast"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.common.upscale_export.measure_speed", lambda *_, **__: SPEED)
        export(config, folder)
    return config, folder


SPEED = {"cpu_seconds_per_megapixel": 0.5, "cpu": "a test", "peak_memory_mb": 100.0}


def test_resumed_training_has_the_bits_of_an_uninterrupted_one(tmp_path):
    whole, stopped = (smoke_config(tmp_path / name, steps=4, checkpoint_every=2) for name in ("whole", "stopped"))
    train(whole)

    class PowerCut(Exception):
        pass

    def cut_power(*arguments: object, step: int, **others: object) -> Batch:
        if step == 3:  # one step after the checkpoint of step 2: what was done since must be done again
            raise PowerCut
        return original(*arguments, step=step, **others)

    original = Batch.draw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "draw", staticmethod(cut_power))
        with pytest.raises(PowerCut):
            train(stopped)
    torch.manual_seed(12345)  # another process would not have our generator's state either
    train(stopped, resume=True)

    expected, resumed = weights_of(whole.run / LATEST), weights_of(stopped.run / LATEST)
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)


def test_training_takes_the_loss_down(tmp_path):
    config = smoke_config(tmp_path, network="plain", depth=1, steps=40, learning_rate=1e-2)
    blocks, _ = load_blocks(config)
    small, large = Batch.draw(blocks, config, step=1000, rank=0)
    train(config)
    network = new_network(config)
    before = (network.unguarded(small) - large).abs().mean()
    network.load_state_dict(read_checkpoint(tmp_path / LATEST)["net"])

    assert (network.unguarded(small) - large).abs().mean() < 0.99 * before  # from the repeated pixel, in 40 steps


@pytest.mark.parametrize("network", ["span", "plain"])
@pytest.mark.parametrize("scale", [2, 4])
def test_weights_gone_wild_still_give_colours_near_those_around(tmp_path, network, scale):
    torch.manual_seed(0)
    upscaler = new_network(smoke_config(tmp_path, network=network, scale=scale)).eval()
    for parameter in upscaler.parameters():
        torch.nn.init.normal_(parameter, std=2.0)
    grey = torch.rand(1, 3, 24, 20) * 0.2 + 0.4

    with torch.no_grad():
        result = upscaler(grey)

    assert result.shape == (1, 3, 24 * scale, 20 * scale)
    assert result.min() >= 0.2 - 1e-6  # a range of 0.2 may be left by as much again
    assert result.max() <= 0.8 + 1e-6


@pytest.mark.parametrize("preset", PRESETS)
def test_no_pixel_is_felt_farther_than_the_manifest_says(preset):
    config = dataclasses.replace(PRESETS[preset], channels=4)
    torch.manual_seed(0)
    network = new_network(config).network.double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    reach = manifest_of(config)["tile"]["receptive_field"]
    image = torch.rand(1, 3, 2 * reach + 9, 2 * reach + 9, dtype=torch.float64)
    changed = image.clone()
    changed[..., reach + 4, reach + 4] = 0.0

    with torch.no_grad():
        felt = (network(image) - network(changed)).abs().amax(dim=(0, 1)).nonzero()

    assert 1 <= (felt - (reach + 4)).abs().max() <= reach


def test_doubt_is_nowhere_on_calm_pictures_and_everywhere_on_wild_ones():
    calm = torch.full((1, 1, 40, 40), 5.0)
    wild = calm.clone()
    wild[..., 20, 20] = 50.0

    assert doubt_from(calm).max() == 0
    assert doubt_from(wild)[0, 0, 20, 20] == 1
    assert doubt_from(wild)[0, 0, 20, :10].max() == 0  # six pixels around and three of a rim
    assert 0 < doubt_from(wild)[0, 0, 20, 12] < 1


@pytest.mark.parametrize("scale", [2, 4])
def test_filter_that_takes_over_is_the_bicubic_one(scale):
    small = generated_blocks(1)[0][:40, :50]
    image = torch.from_numpy(small.copy()).permute(2, 0, 1)[None] / 255
    cells = torch.nn.functional.conv2d(image, bicubic_kernels(scale), groups=3)
    ours = (torch.nn.functional.pixel_shuffle(cells, scale)[0].permute(1, 2, 0) * 255).round().clamp(0, 255).numpy()
    inside = slice(2 * scale, -2 * scale)

    difference = np.abs(ours - bicubic(small, scale)[inside, inside])
    assert difference.mean() < 0.5  # theirs rounds and clips between rows and columns
    assert difference.max() <= 6


def test_exported_graph_is_what_the_averaged_weights_compute(exported):
    config, folder = exported
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    small = picture(33, 50)
    with torch.no_grad():
        planes = trained_network(config.run / "best.pt")(torch.from_numpy(small).permute(2, 0, 1)[None] / 255)
    expected = (planes[0].permute(1, 2, 0) * 255).round().numpy()

    result = run_graph(cpu_session(folder / "model.onnx"), manifest, small, {})

    assert result.shape == (66, 100, 3)
    assert np.abs(result - expected).max() <= 1


def test_card_and_manifest_say_what_was_measured(exported):
    _, folder = exported
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    rows = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["rows"]
    own = [row for row in rows if row["method"] == "this model"]
    card = (folder / "card.md").read_text(encoding="utf-8")

    assert [metric["value"] for metric in manifest["metrics"]] == [round(row["psnr"], 2) for row in own]
    assert all(f"{row['psnr']:.2f} / {row['luma_psnr']:.2f} / {row['ssim']:.3f}" in card for row in rows)


def test_hard_pictures_fit_together(tmp_path):
    rng = np.random.default_rng(0)
    block = generated_blocks(1)[0]
    for scale in (2, 4):
        for small, large in (training_pair(block, scale, rng, hard_share=share) for share in (0.0, 1.0, 1.0, 1.0)):
            assert (small.shape[0] * scale, small.shape[1] * scale) == large.shape[:2]
            assert np.abs(shrunk(large, scale).astype(int) - small).mean() < 30


def test_pattern_changes_the_small_and_the_large_picture_alike():
    block = generated_blocks(1)[0]
    small, large = with_pattern(block, 2, np.random.default_rng(4))

    assert np.abs(small.astype(int) - shrunk(block, 2)).mean() > 5
    assert np.abs(small.mean((0, 1)) - large.mean((0, 1))).max() < 4


def test_drawings_have_edges_and_differ():
    first, second = (drawn_picture(96, np.random.default_rng(seed)) for seed in (0, 1))

    assert first.shape == (96, 96, 3)
    assert np.abs(np.diff(first.astype(int), axis=1)).max() > 40
    assert not np.array_equal(first, second)


def test_weights_of_another_network_are_one_sentence(tmp_path):
    (tmp_path / "other.param").write_text("7767517\n1 1\nConvolution c 1 1 a b 0=4 1=1 5=1 6=8\n")
    (tmp_path / "other.bin").write_bytes(bytes(4 + 8 * 4 + 4 * 4))

    with pytest.raises(DataError, match="1 layers instead of"):
        started_network(smoke_config(tmp_path, start=(tmp_path / "other.param",)))
    with pytest.raises(DataError, match="cannot be read"):
        started_network(smoke_config(tmp_path, start=(tmp_path / "missing.param",)))


def test_half_precision_weights_are_read_with_their_padding(tmp_path):
    (tmp_path / "w.param").write_text("7767517\n2 2\nConvolution c 1 1 a b 0=1 1=1 5=1 6=3\nPReLU p 1 1 b c 0=1\n")
    half = np.array([0.5, -2.0, 3.0, 0.0], "<f2").tobytes()  # three numbers and two bytes of padding
    (tmp_path / "w.bin").write_bytes((0x01306B47).to_bytes(4, "little") + half + np.array([7, 0.25], "<f4").tobytes())
    from models.common.ncnn_weights import read_ncnn

    layers = read_ncnn(tmp_path / "w.param")

    assert layers["c"]["weight"].flatten().tolist() == [0.5, -2.0, 3.0]
    assert (layers["c"]["bias"].item(), layers["p"]["weight"].item()) == (7.0, 0.25)
    (tmp_path / "w.bin").write_bytes(bytes(7))
    with pytest.raises(DataError, match="does not describe"):
        read_ncnn(tmp_path / "w.param")


@pytest.mark.parametrize(
    ("change", "sentence"), [({"crop": 194}, "at most 192"), ({"batch": 3, "devices": 2}, "share")]
)
def test_config_that_cannot_be_is_one_sentence(tmp_path, change, sentence):
    with pytest.raises(DataError, match=sentence):
        load_blocks(smoke_config(tmp_path, **change))


def test_kind_without_a_card_is_refused(tmp_path):
    with pytest.raises(ExportError, match="no text for a card of sharp 2×"):
        manifest_of(smoke_config(tmp_path, kind="sharp"))


def test_colours_do_not_drift_where_means_are_kept():
    torch.manual_seed(0)
    network = Plain(8, 2, 4)
    torch.nn.init.constant_(network.layers[-1].bias, 0.02)
    ramp = torch.linspace(0.2, 0.8, 96).expand(1, 3, 40, 96)
    drifted, kept = (Upscaler(network, 4, keeps_means=keeps)(ramp) for keeps in (False, True))

    assert float((drifted.mean() - ramp.mean()).abs()) > 0.01
    assert float((kept.mean() - ramp.mean()).abs()) < 1e-3
    assert float((torch.nn.functional.avg_pool2d(kept, 4) - ramp).abs().max()) < 2e-3
