"""Textures and words as a user trains them: they run, resume exactly, export, and say what is wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models import texture, words  # noqa: E402
from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.common.data import DataError  # noqa: E402
from models.common.phrases import phrase_of, shortened, tokens_of, vocabulary_of  # noqa: E402
from models.common.texture_card import random_phases, repeat_peak  # noqa: E402
from models.common.texture_pictures import read_texture  # noqa: E402
from models.nets.texture import TextureNet  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs


def told(module, folder: Path, **changes):
    return module.config_from_plain(module.Config, module.SMOKE | {"run": str(folder / "run")} | changes)


def test_textures_of_a_smoke_run_become_a_filter_whose_tiles_agree(tmp_path):
    config = texture.Config(**texture.SMOKE | {"run": tmp_path / "run"})
    texture.train(config)
    texture.export(config, tmp_path / "onnx/my-walls")
    manifest = tomllib.loads((tmp_path / "onnx/my-walls/manifest.toml").read_text(encoding="utf-8"))
    assert manifest["task"] == "filter"
    assert manifest["params"][0]["choices"] == ["Generated 1", "Generated 2"]
    assert json.loads((tmp_path / "onnx/my-walls/metrics.json").read_text())["tile_levels"] <= 1
    assert "Generated 1" in (tmp_path / "onnx/my-walls/card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("module", "part"), [(texture, "net"), (words, "network")])
def test_going_on_repeats_what_an_unbroken_run_does(module, part, tmp_path):
    whole = module.Config(**module.SMOKE | {"run": tmp_path / "whole", "checkpoint_every": 2})
    module.train(whole)
    halves = module.Config(**module.SMOKE | {"run": tmp_path / "halves", "checkpoint_every": 2})
    kept = tmp_path / "halves" / LATEST

    class Enough(Exception):
        pass

    original = module.save_checkpoint

    def save_once(*given, **more):
        original(*given, **more)
        raise Enough

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "save_checkpoint", save_once)
        with pytest.raises(Enough):
            module.train(halves)
    assert read_checkpoint(kept)["step"] == 2
    module.train(halves, resume=True)
    one, other = (read_checkpoint(folder / LATEST)[part] for folder in (tmp_path / "whole", tmp_path / "halves"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_piece_of_texture_is_what_it_is_within_the_whole():
    torch.manual_seed(0)
    network = TextureNet(2, (8, 8, 8, 8, 8)).eval()
    noise, shares = torch.randn(1, 1, 256, 256), torch.tensor([0.3, 0.7])
    with torch.no_grad():
        whole, piece = network(noise, shares), network(noise[..., 64:, 32:], shares)
    reach = TextureNet.REACH
    torch.testing.assert_close(piece[..., reach:, reach:], whole[..., 64 + reach :, 32 + reach :], atol=1e-5, rtol=0)


def test_in_training_a_texture_tiles_with_itself():
    torch.manual_seed(0)
    network = TextureNet(1, (8, 8, 8, 8, 8))
    noise = torch.randn(1, 1, 64, 64)
    turned = network(noise.roll((16, 32), (2, 3)), torch.ones(1))
    torch.testing.assert_close(turned, network(noise, torch.ones(1)).roll((16, 32), (2, 3)), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [(np.zeros((40, 300, 3), np.uint8), "larger piece"), (np.full((200, 200, 3), 90, np.uint8), "one colour")],
)
def test_photographs_without_a_texture_are_refused_with_what_would_help(pixels, said, tmp_path):
    Image.fromarray(pixels).save(tmp_path / "wall.png")
    with pytest.raises(DataError, match=said):
        read_texture(tmp_path / "wall.png")


def test_what_repeats_is_found_and_what_does_not_is_not():
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert repeat_peak(np.tile(noise[:64, :64], (4, 4, 1))) > 0.4
    assert repeat_peak(noise) < 0.05
    assert repeat_peak(random_phases(noise[:128, :128], 256, seed=1)) < 0.1


def test_words_of_a_smoke_run_become_a_generator_that_knows_its_words(tmp_path):
    config = words.Config(**words.SMOKE | {"run": tmp_path / "run"})
    words.train(config)
    words.export(config, tmp_path / "onnx/my-shapes")
    manifest = tomllib.loads((tmp_path / "onnx/my-shapes/manifest.toml").read_text(encoding="utf-8"))
    assert manifest["params"][0]["words"] == ["bar", "disc", "square"]
    assert "by chance" in (tmp_path / "onnx/my-shapes/card.md").read_text(encoding="utf-8")


def test_names_become_phrases_and_phrases_numbers():
    assert phrase_of("1f913+1f61b:17") == "nerd eyes tongue mouth"
    assert phrase_of("fruit/Red-apple_3.png") == "red apple"
    known = vocabulary_of(["red apple", "green apple"])
    assert known == ("apple", "green", "red")
    assert tokens_of(["green unknown apple"], known)[0, :3].tolist() == [2, 1, 0]


def test_shortened_phrases_say_something_and_only_what_was_said():
    tokens = np.tile(np.array([[1, 2, 3, 4, 0, 0, 0, 0]]), (200, 1))
    short = shortened(tokens, np.random.default_rng(0), 0.5)
    assert (short > 0).any(axis=1).all()
    said = {tuple(int(word) for word in row if word) for row in short}
    assert said == {(1, 2, 3, 4), (1, 2), (3, 4), (3, 4, 1, 2), (1,), (3,)}
