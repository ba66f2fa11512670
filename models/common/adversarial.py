"""The two players of a GAN as one run: their optimisers, averaged weights, checkpoints and looks at the samples.

What is learned, the losses and the order of the steps stand in each method's own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

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
    recalibrate_batch_norms,
    step_generator,
)
from models.common.picture_sets import draw_batch

CURVES_EVERY = 20
CALIBRATION_BATCH = 100


class AdversarialConfig(GenerativeConfig, Protocol):
    run: Path
    steps: int
    generator_rate: float
    discriminator_rate: float
    ema: float
    validate_every: int
    checkpoint_every: int


class AdversarialRun:
    """`for step in run.steps(resume=…)` with `run.real()`, `run.latents()` and the two updates inside."""

    def __init__(
        self,
        fabric: Fabric,
        config: AdversarialConfig,
        *,
        generator: Callable[[int], nn.Module],  # number of classes → network
        discriminator: Callable[[int], nn.Module],
        generator_loss: Callable[[nn.Module], nn.Module],  # wraps the network: losses as a module's forward pass
        discriminator_loss: Callable[[nn.Module], nn.Module],
        betas: tuple[float, float] = (0.5, 0.999),
    ) -> None:
        self.fabric, self.config = fabric, config
        self.training, held_out = load_data(config)
        torch.manual_seed(config.seed)  # every process begins with the same weights
        class_count = len(self.training.classes)
        players = generator(class_count), discriminator(class_count)
        self.generator, self.discriminator = (
            net.to(memory_format=torch.channels_last)
            for net in players  # on CPUs twice as fast
        )
        self.average = averaged(self.generator, config.ema).to(fabric.device)
        self.best, self.watch, self.clock = Best(), Watch(self.training, held_out, config), Clock()

        players = (self.generator, config.generator_rate), (self.discriminator, config.discriminator_rate)
        plain = [torch.optim.Adam(net.parameters(), lr=rate, betas=betas) for net, rate in players]
        self.generator_loss, self.generator_step = fabric.setup(generator_loss(self.generator), plain[0])
        self.discriminator_loss, self.discriminator_step = fabric.setup(
            discriminator_loss(self.discriminator), plain[1]
        )
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_factor(step, config.steps))
            for optimizer in plain
        ]
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

    def real(self) -> tuple[Tensor, Tensor]:
        """(pictures, labels) of a batch of this process."""
        pictures, labels = draw_batch(self.training, self.count, augmentation_of(self.config), self.rng)
        return self.fabric.to_device((pictures.contiguous(memory_format=torch.channels_last), labels))

    def latents(self) -> Tensor:
        return torch.randn(self.count, self.config.latent, device=self.fabric.device)

    def update_discriminator(self, *inputs: object) -> None:
        loss, curves = self.discriminator_loss(*inputs)
        self.curves |= curves | {"loss/discriminator": loss.detach()}
        self.discriminator_step.zero_grad()
        self.fabric.backward(loss)
        self.discriminator_step.step()

    def update_generator(self, *inputs: object) -> None:
        """The discriminator only judges: it collects no gradients meanwhile."""
        self.discriminator.requires_grad_(False)
        loss = self.generator_loss(*inputs, self.discriminator)
        self.curves |= {"loss/generator": loss.detach()}
        self.generator_step.zero_grad()
        self.fabric.backward(loss)
        self.generator_step.step()
        self.discriminator.requires_grad_(True)
        self.average.update_parameters(self.generator)

    def _finish(self, done: int) -> None:
        config = self.config
        for schedule in self.schedules:
            schedule.step()
        if done % CURVES_EVERY == 0:
            self.fabric.log_dict({name: float(value) for name, value in self.curves.items()}, done)
        if (done % config.validate_every == 0 or done == config.steps) and self._look(done):
            self._save(BEST, done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            self._save(LATEST, done)

    def _look(self, done: int) -> bool:
        """Show and measure the averaged generator; whether it is the best so far, by what process 0 saw."""
        shown = self.average.module
        recalibrate_batch_norms(shown, lambda: shown(*self._calibration_batch()))
        score = self.watch.look(self.fabric, shown, done) if self.fabric.is_global_zero else 0.0
        return self.best.improved_by(self.fabric.broadcast(score), step=done)

    def _calibration_batch(self) -> tuple[Tensor, Tensor]:
        labels = torch.from_numpy(self.rng.choice(self.training.labels, CALIBRATION_BATCH))
        return self.fabric.to_device((torch.randn(CALIBRATION_BATCH, self.config.latent), labels))

    def _save(self, name: str, step: int) -> None:
        told = {"config": plain_values(self.config), "classes": list(self.training.classes)}
        save_checkpoint(self.fabric, self.config.run / name, self._parts() | told, step=step)

    def _parts(self) -> dict[str, object]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "ema": self.average,
            "best": self.best,
            "clock": self.clock,
            "generator_step": self.generator_step,
            "discriminator_step": self.discriminator_step,
            "generator_rate": self.schedules[0],
            "discriminator_rate": self.schedules[1],
        }
