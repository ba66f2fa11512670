"""Run by test_two_generative_processes.py with `python -m`: two processes train and write the weights they end with."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from models.common import gan_metrics
from models.common.adversarial import AdversarialRun
from models.common.variational import VariationalRun
from tests.train.generative_builders import method, smoke_config

RUNS: list[AdversarialRun | VariationalRun] = []


def main(name: str, folder: Path) -> None:
    gan_metrics.EYE_WEIGHTS = Path("nowhere")  # coarse pixels serve here
    for kind in (AdversarialRun, VariationalRun):
        _remember(kind)
    method(name).train(smoke_config(name, folder / "run", devices=2, batch=8))
    (run,) = RUNS
    players = ("generator", "discriminator") if isinstance(run, AdversarialRun) else ("network",)
    weights = {f"{player}.{key}": value for player in players for key, value in _parameters(run, player).items()}
    torch.save(weights | {"drawn": run.batch_seen}, folder / f"after-{run.fabric.global_rank}.pt")
    run.fabric.barrier()


def _parameters(run: AdversarialRun | VariationalRun, player: str) -> dict[str, torch.Tensor]:
    """Without the statistics of batch norms, which belong to what each process saw."""
    return {name: weight.detach() for name, weight in getattr(run, player).named_parameters()}


def _remember(kind: type) -> None:
    start, draw_name = kind.__init__, "real" if kind is AdversarialRun else "batch"
    draw = getattr(kind, draw_name)

    def started(run, *arguments, **more):
        start(run, *arguments, **more)
        RUNS.append(run)

    def drawn(run):
        pictures, labels = draw(run)
        run.batch_seen = pictures.detach().clone()
        return pictures, labels

    kind.__init__ = started
    setattr(kind, draw_name, drawn)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
