"""Data-parallel training with two real processes on the CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from models.common.checkpoints import LATEST, read_checkpoint  # noqa: E402
from models.denoise import Batch, TrainingPass, load_blocks, new_network  # noqa: E402
from tests.train.builders import smoke_config  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]


def run_module(*arguments: str) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    outcome = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )
    assert outcome.returncode == 0, outcome.stderr[-2000:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    written = tmp_path_factory.mktemp("two")
    run_module("tests.train.two_processes", str(written))
    return written


def test_both_processes_end_with_the_same_new_weights(folder):
    before, (first, second) = torch.load(folder / "before-0.pt"), (torch.load(folder / f"after-{r}.pt") for r in (0, 1))

    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], before[name]) for name in first)


def test_gradient_is_the_mean_of_what_each_process_alone_would_have(folder):
    config = smoke_config(folder, devices=2, batch=4)
    blocks, _ = load_blocks(config)
    alone = []
    for rank in (0, 1):
        losses = TrainingPass(new_network(config), config.level_weight)
        losses.load_state_dict(torch.load(folder / "before-0.pt"))
        losses(*Batch.draw(blocks, config, step=0, rank=rank))[0].backward()
        alone.append({name: p.grad for name, p in losses.named_parameters()})

    for rank in (0, 1):
        together = torch.load(folder / f"gradients-{rank}.pt")
        for name, gradient in together.items():
            torch.testing.assert_close(gradient, (alone[0][name] + alone[1][name]) / 2, rtol=1e-4, atol=1e-6)
    assert any(not torch.allclose(alone[0][name], alone[1][name]) for name in alone[0])


def test_the_real_command_trains_on_two_processes(tmp_path):
    run_module("models.denoise", "--smoke", "--devices", "2", "--run", str(tmp_path), "--steps", "3")

    content = read_checkpoint(tmp_path / LATEST)
    assert content["step"] == 3
    assert len(content["random"]) == 2  # the generators of both processes
