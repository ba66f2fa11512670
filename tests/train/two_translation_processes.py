"""Run by test_translation_training.py with `python -m`: two processes train and write the weights they end with."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from models.common import gan_metrics
from models.common.translation_run import TranslationRun
from tests.train.generative_builders import method, smoke_config


def main(name: str, folder: Path) -> None:
    gan_metrics.EYE_WEIGHTS = Path("nowhere")  # coarse pixels serve here
    runs, drawn = [], []
    start, update = TranslationRun.__init__, TranslationRun.update_generator

    def started(run, *arguments, **more):
        start(run, *arguments, **more)
        runs.append(run)

    def updated(run, *inputs):
        drawn.append(inputs[0].detach().clone())
        return update(run, *inputs)

    TranslationRun.__init__, TranslationRun.update_generator = started, updated
    method(name).train(smoke_config(name, folder / "run", devices=2, batch=8))
    (run,) = runs
    weights = {
        f"{player}.{key}": weight.detach()
        for player in ("generator", "judge")
        for key, weight in getattr(run, player).named_parameters()
    }
    torch.save(weights | {"drawn": drawn[-1]}, folder / f"after-{run.fabric.global_rank}.pt")
    run.fabric.barrier()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
