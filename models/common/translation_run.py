"""Generator and judge of a translation as one run: optimisers, averaged weights, checkpoints, looks at the results.

What is learned, the losses and the order of the steps stand in each method's own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from tqdm import tqdm

from models.common.checkpoints import BEST, LATEST, Best, load_checkpoint, read_checkpoint, save_checkpoint
from models.common.cli import plain_values
from models.common.data import DataError
from models.common.generative import Clock, averaged, rate_factor, step_generator

CURVES_EVERY = 20


class TranslationConfig(Protocol):
    """The part of a Config that says how long, how fast and where."""

    run: Path
    devices: int
    nodes: int
    generator_rate: float
    judge_rate: float
    ema: float
    steps: int
    batch: int
    seed: int
    validate_every: int
    checkpoint_every: int


@dataclass(frozen=True)
class Translation:
    """What a person should know of a shipped model and no number says."""

    title: str
    description: str
    licence: str
    what: str
    weaknesses: tuple[str, ...]
    param: str = "Kind"  # what can be chosen


class TranslationRun:
    """`for step in run.steps(resume=…)` with the two updates inside; `look` is shown the averaged generator."""

    def __init__(
        self,
        fabric: Fabric,
        config: TranslationConfig,
        *,
        networks: Callable[[], tuple[nn.Module, nn.Module]],  # generator, judge: several of each in one module
        losses: Callable[[nn.Module, nn.Module], tuple[nn.Module, nn.Module]],
        look: Callable[[nn.Module, int], float],  # averaged generator, step → score, the higher the better
        told: dict[str, Any] | None = None,  # more plain values for the checkpoint
    ) -> None:
        self.fabric, self.config, self.look, self.told = fabric, config, look, told or {}
        torch.manual_seed(config.seed)  # every process begins with the same weights
        generator, judge = networks()
        self.generator = generator.to(memory_format=torch.channels_last)  # on CPUs twice as fast
        self.judge = judge.to(memory_format=torch.channels_last)
        self.average = averaged(self.generator, config.ema).to(fabric.device)
        self.best, self.clock = Best(), Clock()
        plain = [
            torch.optim.Adam(net.parameters(), lr=rate, betas=(0.5, 0.999))
            for net, rate in ((self.generator, config.generator_rate), (self.judge, config.judge_rate))
        ]
        generator_loss, judge_loss = losses(self.generator, self.judge)
        self.generator_loss, self.generator_step = fabric.setup(generator_loss, plain[0])
        self.judge_loss, self.judge_step = fabric.setup(judge_loss, plain[1])
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_factor(step, config.steps))
            for optimizer in plain
        ]
        self.rng = np.random.default_rng()
        self.curves: dict[str, Tensor] = {}
        self.kept: dict[str, Any] = {}

    def keep(self, **parts: Any) -> None:
        """More parts with a state of their own that go into every checkpoint."""
        self.kept |= parts

    @property
    def count(self) -> int:
        """Pictures a step on this process."""
        return self.config.batch // (self.config.devices * self.config.nodes)

    def steps(self, *, resume: bool) -> Iterator[int]:
        """Every step from the first, or the one after LATEST; what is due after a step is done when it is over."""
        config = self.config
        first = load_checkpoint(self.fabric, config.run / LATEST, self._parts()) if resume else 0
        quiet = not self.fabric.is_global_zero
        for step in tqdm(range(first, config.steps), initial=first, total=config.steps, disable=quiet, mininterval=5):
            self.rng = step_generator(config, step=step, rank=self.fabric.global_rank)  # type: ignore[arg-type]
            with self.clock:
                yield step
            self._finish(step + 1)

    def update_generator(self, *inputs: Any) -> Any:
        """The judge only judges: it collects no gradients meanwhile. Returns what the loss made on its way."""
        self.judge.requires_grad_(False)
        loss, made, curves = self.generator_loss(*inputs)
        self.curves |= curves
        self.generator_step.zero_grad()
        self.fabric.backward(loss)
        self.generator_step.step()
        self.judge.requires_grad_(True)
        self.average.update_parameters(self.generator)
        return made

    def update_judge(self, *inputs: Any) -> None:
        loss, curves = self.judge_loss(*inputs)
        self.curves |= curves | {"loss/judge": loss.detach()}
        self.judge_step.zero_grad()
        self.fabric.backward(loss)
        self.judge_step.step()

    def _finish(self, done: int) -> None:
        config = self.config
        for schedule in self.schedules:
            schedule.step()
        if done % CURVES_EVERY == 0:
            self.fabric.log_dict({name: float(value) for name, value in self.curves.items()}, done)
        if done % config.validate_every == 0 or done == config.steps:
            score = self.look(self.average.module, done) if self.fabric.is_global_zero else 0.0
            if self.best.improved_by(self.fabric.broadcast(score), step=done):
                self._save(BEST, done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            self._save(LATEST, done)

    def _save(self, name: str, step: int) -> None:
        told = self.told | {"config": plain_values(self.config)}
        save_checkpoint(self.fabric, self.config.run / name, self._parts() | told, step=step)

    def _parts(self) -> dict[str, object]:
        return {
            "generator": self.generator,
            "judge": self.judge,
            "ema": self.average,
            "best": self.best,
            "clock": self.clock,
            "generator_step": self.generator_step,
            "judge_step": self.judge_step,
            "generator_rate": self.schedules[0],
            "judge_rate": self.schedules[1],
            **self.kept,
        }


def check_share(config: TranslationConfig) -> None:
    """DataError when a batch cannot be shared among the devices."""
    devices = config.devices * config.nodes
    if config.batch % devices:
        raise DataError(f"{config.batch} pictures a step cannot be shared among {devices} devices.")


def averaged_weights(content: dict[str, Any], network: nn.Module) -> nn.Module:
    """NETWORK with the averaged weights of a checkpoint's content, ready to run."""
    average = averaged(network, 0.5)
    average.load_state_dict(content["ema"])
    return average.module.eval()


def read_best(run: Path) -> dict[str, Any]:
    return read_checkpoint(run / BEST)
