"""The denoiser's training as a user starts it: it runs, and it goes on exactly where it stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.common.checkpoints import LATEST, CheckpointError, read_checkpoint  # noqa: E402
from models.common.data import DataError, generated_blocks  # noqa: E402
from models.common.fabric import PlacementError  # noqa: E402
from models.denoise import Batch, load_blocks, noise_level, train  # noqa: E402
from tests.train.builders import smoke_config  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    content = read_checkpoint(checkpoint)
    return {f"{part}.{name}": tensor for part in ("net", "ema") for name, tensor in content[part].items()}


def test_smoke_run_writes_the_best_weights_and_curves(tmp_path):
    best = train(smoke_config(tmp_path))

    assert read_checkpoint(best)["best"]["score"] > 10
    assert list((tmp_path / "curves").glob("events.*"))


def test_training_changes_the_weights(tmp_path):
    before = read_checkpoint(train(smoke_config(tmp_path / "short", steps=1)).with_name(LATEST))["net"]
    after = read_checkpoint(train(smoke_config(tmp_path / "long", steps=4)).with_name(LATEST))["net"]

    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_resumed_training_has_the_bits_of_an_uninterrupted_one(tmp_path):
    whole = smoke_config(tmp_path / "whole", steps=6, checkpoint_every=3)
    train(whole)
    stopped = smoke_config(tmp_path / "stopped", steps=6, checkpoint_every=3)

    class PowerCut(Exception):
        pass

    def cut_power(*_: object, step: int, **__: object) -> Batch:
        if step == 4:  # one step after the checkpoint of step 3: what was done since must be done again
            raise PowerCut
        return original(*_, step=step, **__)

    original = Batch.draw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "draw", staticmethod(cut_power))
        with pytest.raises(PowerCut):
            train(stopped)
    torch.manual_seed(12345)  # another process would not have our generator's state either
    train(stopped, resume=True)

    expected, resumed = weights_of(tmp_path / "whole" / LATEST), weights_of(tmp_path / "stopped" / LATEST)
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)


def test_resuming_without_a_checkpoint_says_so(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        train(smoke_config(tmp_path), resume=True)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken zip"])
def test_damaged_checkpoint_is_one_sentence(tmp_path, content):
    (tmp_path / LATEST).write_bytes(content)

    with pytest.raises(CheckpointError, match="damaged"):
        read_checkpoint(tmp_path / LATEST)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"crop": 200}, "at most 192"), ({"crop": 30}, "multiple of 8"), ({"devices": 3}, "cannot be shared among 3")],
)
def test_config_that_cannot_be_is_one_sentence(tmp_path, change, sentence):
    with pytest.raises(DataError, match=sentence):
        load_blocks(smoke_config(tmp_path, **change))


def test_folder_without_pictures_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="No pictures in"):
        load_blocks(smoke_config(tmp_path, smoke=False, photos=(tmp_path,)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has what is asked for")
def test_missing_gpu_is_one_sentence(tmp_path):
    with pytest.raises(PlacementError, match="this machine has 0"):
        train(smoke_config(tmp_path, accelerator="cuda"))


def test_own_folder_of_pictures_is_packed_once_and_read_again(tmp_path):
    for number, block in enumerate(generated_blocks(3)):
        Image.fromarray(np.tile(block, (2, 1, 1))).save(tmp_path / f"{number}.png")
    config = smoke_config(tmp_path, smoke=False, photos=(tmp_path,), cache=tmp_path / "cache")

    blocks, validation = load_blocks(config)
    again, _ = load_blocks(config)

    assert blocks.shape[1:] == validation.shape[1:] == (192, 192, 3)
    assert len(blocks) >= 4  # two photographs of two blocks each
    assert np.array_equal(blocks, again)


def test_every_process_draws_other_crops_and_every_step_too(tmp_path):
    config = smoke_config(tmp_path)
    blocks, _ = load_blocks(config)

    first, again = (Batch.draw(blocks, config, step=5, rank=0).noisy for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, Batch.draw(blocks, config, step=5, rank=1).noisy)
    assert not torch.equal(first, Batch.draw(blocks, config, step=6, rank=0).noisy)


def test_noise_level_is_the_standard_deviation_that_was_added():
    clean = torch.full((1, 3, 64, 64), 0.5)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1)) * 0.1

    level = noise_level(clean + noise, clean)

    assert level.shape == (1, 1, 32, 32)
    assert level.mean().item() == pytest.approx(0.1, rel=0.05)
