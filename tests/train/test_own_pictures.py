"""The walk of models/README.md, from a folder of one's own pictures to a generator the editor knows, as written."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

import tyro  # noqa: E402

from desktop.runtime.catalog import Catalog  # noqa: E402
from desktop.runtime.manifest import Task  # noqa: E402
from tests.train.generative_builders import picture_folder  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

ROOT = Path(__file__).parents[2]
SMOKE_SIDE_PX = 16


def lines_of_the_walk() -> list[str]:
    text = (ROOT / "models/README.md").read_text(encoding="utf-8")
    section = text[text.index("## From 200 pictures") :]
    return re.search(r"```\n(.*?)```", section, re.DOTALL)[1].splitlines()


def performed(line: str, folder: Path) -> list[str]:
    """The line's arguments: models go to the user's folder, training is cut short."""
    own = {"my-pictures": folder / "my-pictures", "onnx/my-pictures": folder / "home/data/models/my-pictures"}
    words = shlex.split(line)[1:]
    is_training = words[1].startswith("models.") and words[1] != "models.evaluate"
    told = [str(own.get(word, word)) if words[i] != "generate" else word for i, word in enumerate(words)]
    if words[1] == "desktop":
        told = words
    if is_training and "--steps" in told:
        told[told.index("--steps") + 1] = "3"
    return told + (["--smoke"] if is_training else [])


def test_the_walk_has_ten_lines():
    assert len(lines_of_the_walk()) == 10


def run_training(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: PyTorch takes longer to load than all of the walk."""
    module = importlib.import_module(words[1])
    if words[1] == "models.evaluate":
        tyro.cli(module.main, args=words[2:])
        return
    monkeypatch.setattr(sys, "argv", words[1:])
    module.main()


def run_editor(words: list[str], folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SCUMBLE_HOME": str(folder / "home")}
    command = [sys.executable, *words]
    outcome = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200)
    assert outcome.returncode == 0, outcome.stderr[-2000:]
    return outcome.stdout


def test_the_walk_ends_with_a_generator_that_the_editor_knows(tmp_path, monkeypatch, capsys):
    picture_folder(tmp_path / "my-pictures", each=100, side=24)
    (tmp_path / "onnx").mkdir()
    shutil.copy(ROOT / "onnx/manifest.schema.json", tmp_path / "onnx")  # so that the export is checked against it
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the programs that training starts
    commands = [
        performed(line, tmp_path) for line in lines_of_the_walk() if re.match(r"python -m (models|desktop )", line)
    ]
    for words in commands[:-2]:
        run_training(words, monkeypatch)
    verified, _generated = (run_editor(words, tmp_path) for words in commands[-2:])

    assert [words[1] for words in commands] == ["models.dcgan"] * 3 + ["models.evaluate"] + ["desktop"] * 2
    assert "coverage_pixels" in capsys.readouterr().out
    assert "my-pictures: intact" in verified
    model = next(iter(Catalog((tmp_path / "home/data/models",)).models()))
    assert (model.manifest.task, model.manifest.title) == (Task.GENERATE, "My pictures")
    assert "Nearest training pictures" in (model.folder / "card.md").read_text(encoding="utf-8")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGBA"))
    assert min(sheet.shape[:2]) >= 4 * SMOKE_SIDE_PX
    assert len(np.unique(sheet[..., :3].reshape(-1, 3), axis=0)) > 50
