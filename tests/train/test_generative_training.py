"""Generative training as a user starts it: it runs, resumes exactly, exports, and says what is wrong."""

from __future__ import annotations

import dataclasses
import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402

from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.common.data import DataError  # noqa: E402
from models.common.generation import Exported  # noqa: E402
from models.common.generative import load_data  # noqa: E402
from models.common.picture_sets import draw_batch  # noqa: E402
from tests.train.generative_builders import METHODS, method, picture_folder, smoke_config, weights_of  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

RUNS = {
    "adversarial": ("dcgan", "conditional_gan", "wgan", "stylegan", "progressive_gan"),
    "variational": ("vae", "conditional_vae"),
}


@pytest.fixture(autouse=True)
def no_trained_eye(monkeypatch):
    """The features of coarse pixels serve here: a second instead of a minute."""
    monkeypatch.setattr("models.common.gan_metrics.EYE_WEIGHTS", Path("nowhere"))


@pytest.mark.parametrize("name", METHODS)
def test_smoke_run_becomes_a_model_folder_that_gives_equal_bytes_for_equal_seeds(name, tmp_path):
    config = smoke_config(name, tmp_path)
    best, every = method(name).train(config), config.validate_every
    method(name).export(config, tmp_path / "onnx" / "my-model")

    assert read_checkpoint(best)["clock"]["seconds"] > 0
    curves = EventAccumulator(str(tmp_path / "curves"), size_guidance={"images": 0}).Reload()
    assert [look.step for look in curves.Images("samples")] == list(range(every, config.steps + 1, every))
    folder = tmp_path / "onnx/my-model"
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert [line["value"] for line in measured["lines"]] == [metric["value"] for metric in manifest["metrics"]]
    exported, labels = Exported(folder), np.zeros(4, np.int64)
    first, again, other = (exported.drawn(4, labels, seed=seed).tobytes() for seed in (5, 5, 6))
    assert first == again != other


def test_a_run_with_some_of_the_classes_is_exported_with_them(tmp_path):
    config = smoke_config(
        "conditional_gan", tmp_path / "run", data=picture_folder(tmp_path / "pictures"), planes="rgba"
    )
    method("conditional_gan").train(dataclasses.replace(config, classes=("red",)))
    method("conditional_gan").export(config, tmp_path / "red-ones")

    assert Exported(tmp_path / "red-ones").classes == ["red"]


@pytest.mark.parametrize("name", METHODS)
def test_resumed_training_has_the_bits_of_an_uninterrupted_one(name, tmp_path, monkeypatch):
    changes = {"steps": 4, "checkpoint_every": 2, "validate_every": 2}
    method(name).train(smoke_config(name, tmp_path / "whole", **changes))

    class PowerCut(Exception):
        pass

    drawn = []

    def cut_power(*arguments: object) -> object:
        drawn.append(1)
        if len(drawn) > before_the_cut:
            raise PowerCut
        return draw_batch(*arguments)

    module = "adversarial" if name in RUNS["adversarial"] else "variational"
    before_the_cut = 3 * (2 if name == "wgan" else 1)  # a step after the checkpoint: that step must be done again
    with monkeypatch.context() as patch:
        patch.setattr(f"models.common.{module}.draw_batch", cut_power)
        with pytest.raises(PowerCut):
            method(name).train(smoke_config(name, tmp_path / "stopped", **changes))
    torch.manual_seed(12345)  # another process would not have our generator's state either
    method(name).train(smoke_config(name, tmp_path / "stopped", **changes), resume=True)

    expected, resumed = weights_of(tmp_path / "whole" / LATEST), weights_of(tmp_path / "stopped" / LATEST)
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[key], resumed[key]) for key in expected)


def run_command(name: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", [f"models.{name}", "--smoke", *arguments])
    with pytest.raises(SystemExit) as left:
        method(name).main()
    return int(left.value.code)


def few_pictures(folder: Path) -> None:
    picture_folder(folder, each=1)


def broken_picture(folder: Path) -> None:
    (picture_folder(folder) / "red/0.png").write_bytes(b"\x89PNG but no more")


def no_pictures(folder: Path) -> None:
    folder.mkdir()


@pytest.mark.parametrize(
    ("prepare", "arguments", "sentence"),
    [
        (few_pictures, (), "holds 2 pictures; at least 16 are needed"),
        (broken_picture, (), "0.png cannot be read as a picture"),
        (no_pictures, (), "No pictures in"),
        (None, (), "There is no folder"),
        (picture_folder, ("--classes", "green"), "There is no class green in the data; there is blue, red"),
        (picture_folder, ("--side", "30"), "power of two, not 30"),
        (picture_folder, ("--resume",), "There is no checkpoint"),
        (picture_folder, ("--export", "My Model"), "small letters, digits and -"),
        (None, ("--batch", "0"), "--batch must be 1 or more, not 0"),
        (None, ("--steps", "-5"), "--steps must be 1 or more, not -5"),
        (None, ("--r1-every", "0"), "--r1-every must be 1 or more, not 0"),
        (None, ("--seed", "-1"), "--seed must be 0 or more, not -1"),
        (None, ("--ema", "2"), "--ema must be between 0 and 1, not 2"),
        (None, ("--generator-rate", "nan"), "--generator-rate must be a finite number, not nan"),
        (picture_folder, ("--accelerator", "toaster"), "The run cannot be placed (accelerator toaster"),
        (picture_folder, ("--precision", "7-bit"), "precision 7-bit"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(prepare, arguments, sentence, tmp_path, monkeypatch, capsys):
    if prepare:
        prepare(tmp_path / "pictures")
    told = ("--data", str(tmp_path / "pictures"), "--run", str(tmp_path / "run"), "--planes", "rgba", *arguments)

    assert run_command("conditional_gan", *told, monkeypatch=monkeypatch) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert sentence in said
    assert said.endswith(".")


def test_pictures_that_cannot_be_shared_among_devices_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match="9 pictures a step cannot be shared among 2 devices"):
        load_data(smoke_config("wgan", tmp_path, batch=9, devices=2))
