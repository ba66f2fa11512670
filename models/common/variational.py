"""A VAE's run: optimiser, averaged weights, checkpoints and looks; the objective stands in each method's own file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from tqdm import tqdm

from models.common.checkpoints import BEST, LATEST, Best, load_checkpoint, save_checkpoint
from models.common.cli import plain_values
from models.common.generative import (
    Clock,
    GenerativeConfig,
    Watch,
    augmentation_of,
    averaged,
    load_data,
    rate_factor,
    step_generator,
)
from models.common.picture_sets import as_planes, draw_batch

CURVES_EVERY = 20
VALIDATED = 500  # held-out pictures whose ELBO is measured


class VariationalConfig(GenerativeConfig, Protocol):
    run: Path
    steps: int
    learning_rate: float
    clip_gradient: float
    ema: float
    best_by: Literal["elbo", "samples"]
    validate_every: int
    checkpoint_every: int


class VariationalRun:
    """`for step in run.steps(resume=…)` with `run.update(*run.batch())` inside."""

    def __init__(self, fabric: Fabric, config: VariationalConfig, *, objective: Callable[[int], nn.Module]) -> None:
        """`objective`: number of classes → module with forward(pictures, labels) → (loss, curves) and a `decoder`."""
        self.fabric, self.config = fabric, config
        self.training, self.held_out = load_data(config)
        torch.manual_seed(config.seed)  # every process begins with the same weights
        self.network = objective(len(self.training.classes)).to(memory_format=torch.channels_last)
        self.average = averaged(self.network, config.ema).to(fabric.device)
        self.best, self.watch, self.clock = Best(), Watch(self.training, self.held_out, config), Clock()
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=config.learning_rate, weight_decay=1e-4)
        self.objective, self.optimizer = fabric.setup(self.network, optimizer)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_factor(step, config.steps))
        self.count = config.batch // (config.devices * config.nodes)
        self.rng = np.random.default_rng()
        self.curves: dict[str, Tensor] = {}

    def steps(self, *, resume: bool) -> Iterator[int]:
        """Every step from the first, or the one after LATEST; what is due after a step is done when it is over."""
        config = self.config
        first = load_checkpoint(self.fabric, config.run / LATEST, self._parts()) if resume else 0
        quiet = not self.fabric.is_global_zero
        for step in tqdm(range(first, config.steps), initial=first, total=config.steps, disable=quiet, mininterval=5):
            self.rng = step_generator(config, step=step, rank=self.fabric.global_rank)
            with self.clock:
                yield step
            self._finish(step + 1)

    def batch(self) -> tuple[Tensor, Tensor]:
        """(pictures, labels) of this process."""
        pictures, labels = draw_batch(self.training, self.count, augmentation_of(self.config), self.rng)
        return self.fabric.to_device((pictures.contiguous(memory_format=torch.channels_last), labels))

    def update(self, pictures: Tensor, labels: Tensor) -> None:
        loss, curves = self.objective(pictures, labels)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        norm = self.fabric.clip_gradients(self.objective, self.optimizer, max_norm=self.config.clip_gradient)
        self.optimizer.step()
        self.curves = curves | {"loss": loss.detach(), "gradient norm": norm}
        self.average.update_parameters(self.network)

    def _finish(self, done: int) -> None:
        config = self.config
        self.schedule.step()
        if done % CURVES_EVERY == 0:
            self.fabric.log_dict({name: float(value) for name, value in self.curves.items()}, done)
        if (done % config.validate_every == 0 or done == config.steps) and self._look(done):
            self._save(BEST, done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            self._save(LATEST, done)

    @torch.no_grad()
    def _look(self, done: int) -> bool:
        """Show samples and measure held-out pictures; whether the score the Config names is the best so far."""
        shown = self.average.module.eval()
        some = self.held_out.take(np.arange(min(VALIDATED, len(self.held_out))))
        planes = as_planes(some.pictures).to(self.fabric.device)
        _, curves = shown(planes, torch.from_numpy(some.labels).to(self.fabric.device))
        self.fabric.log_dict({f"validation/{name}": float(value) for name, value in curves.items()}, done)
        score = self.watch.look(self.fabric, shown.decoder, done) if self.fabric.is_global_zero else 0.0
        if self.config.best_by == "elbo":
            score = float(curves["elbo"])
        return self.best.improved_by(self.fabric.broadcast(score), step=done)

    def _save(self, name: str, step: int) -> None:
        told = {"config": plain_values(self.config), "classes": list(self.training.classes)}
        save_checkpoint(self.fabric, self.config.run / name, self._parts() | told, step=step)

    def _parts(self) -> dict[str, object]:
        return {
            "network": self.network,
            "ema": self.average,
            "best": self.best,
            "clock": self.clock,
            "optimizer": self.optimizer,
            "rate": self.schedule,
        }
