"""Run by test_two_processes.py with `python -m`: two processes train three steps; each writes what it has."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from models.common.fabric import start_fabric
from models.denoise import Batch, TrainingPass, load_blocks, new_network
from tests.train.builders import smoke_config

STEPS = 3


def main(folder: Path) -> None:
    config = smoke_config(folder, devices=2, batch=4)
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)
    blocks, _ = load_blocks(config)
    losses = TrainingPass(new_network(config), config.level_weight)
    torch.save(losses.state_dict(), folder / f"before-{fabric.global_rank}.pt")
    optimizer = torch.optim.SGD(losses.parameters(), lr=0.1)
    losses, optimizer = fabric.setup(losses, optimizer)
    for step in range(STEPS):
        batch = Batch.draw(blocks, config, step=step, rank=fabric.global_rank)
        loss, _ = losses(*batch)
        optimizer.zero_grad()
        fabric.backward(loss)
        if step == 0:
            gradients = {name: p.grad.clone() for name, p in losses.module.named_parameters()}
            torch.save(gradients, folder / f"gradients-{fabric.global_rank}.pt")
        optimizer.step()
    torch.save(losses.module.state_dict(), folder / f"after-{fabric.global_rank}.pt")
    fabric.barrier()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
