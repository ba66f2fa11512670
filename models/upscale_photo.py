"""Upscaler for photographs as they really arrive: out of focus, noisy, through JPEG. Four times the width, or twice.

After Real-ESRGAN (Wang et al., 2021). Photographs are spoilt in many ways and shrunk (models/common/enlarge.py);
Real-ESRGAN's large network says what is to come out (models/common/taught_pairs.py), and the small one, which goes on
from Real-ESRGAN's compact weights, learns that: first the distance alone, then also how alike the two look to a VGG16
and a little of what a U-Net judge says of every place. Learnt to the end it smooths too much, so that half of it is
shipped, the other half being what it began with. Twice is four times with its last convolution averaged.

    python -m models.fetch_data
    python -m models.upscale_photo --minutes 9.5                              1,543 steps
    python -m models.common.mix_upscaler runs/upscale-4x-photo runs/upscale-4x-photo-mixed
    python -m models.upscale_photo --run runs/upscale-4x-photo-mixed --export onnx/upscale-4x-photo
    python -m models.upscale_photo --preset cpu-2x --steps 0
    python -m models.upscale_photo --preset cpu-2x --export onnx/upscale-2x-photo

One core, beside much other work; 815 steps more gave nothing. The preset gpu has not been run yet, nor more than 250
answers of the teacher.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from models.common.averaging import warming_average
from models.common.checkpoints import BEST, LATEST, Best, CheckpointError, Clock, load_checkpoint, save_checkpoint
from models.common.cli import leave, plain_values, read_command_line
from models.common.data import DataError, Photos8
from models.common.enlarge import bicubic
from models.common.enlarge_measure import WORN
from models.common.export import ExportError
from models.common.fabric import PlacementError, log_pictures, start_fabric
from models.common.likeness import TrainingEye
from models.common.taught_pairs import TEACHER_SCALE, TaughtPairs, draw_taught, taught_pairs
from models.denoise import as_tensor
from models.evaluate import EvaluationError
from models.nets.pixel_judge import PixelJudge, made_loss, real_loss
from models.nets.upscalers import Upscaler
from models.upscale import SMOKE as UPSCALE_SMOKE
from models.upscale import (
    Batch,
    draw_validation,
    export,
    load_blocks,
    new_network,
    started_network,
    trained_network,
    validate,
)
from models.upscale import Config as UpscaleConfig


@dataclass(frozen=True)
class Config(UpscaleConfig):
    """All that a run can be told; every field is a flag of the command line."""

    run: Path = Path("runs/upscale-4x-photo")
    kind: str = "photo"
    scale: int = 4
    network: Literal["span", "plain"] = "plain"
    channels: int = 64
    depth: int = 16
    start: tuple[Path, ...] = (Path("data/weights/realesr-animevideov3/realesr-animevideov3-x4.param"),)

    folded: Path | None = None  # a checkpoint of four times, whose cells are averaged to twice; instead of `start`
    taught: int = 250  # pairs that the large network is asked for, once
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 20_000
    batch: int = 6
    crop: int = 128
    learning_rate: float = 3e-4
    warmup: int = 30
    ema: float = 0.995
    clip_gradient: float = 1.0
    plain_share: float = 0.7  # of the run, for the distance alone
    look_weight: float = 0.1
    judge_weight: float = 0.01
    judge_width: int = 32
    judge_rate: float = 2e-4

    validate_every: int = 200
    stores_half: bool = True
    stores_eight: bool = True


TWICE = Config(run=Path("runs/upscale-2x-photo"), scale=2, folded=Path("runs/upscale-4x-photo-mixed/best.pt"), crop=64)
PRESETS = {
    "cpu": Config(),
    "cpu-2x": TWICE,
    "gpu": Config(
        accelerator="cuda", threads=8, steps=60_000, batch=48, crop=160, taught=20_000, ema=0.999, validate_every=2000
    ),
}
SMOKE = UPSCALE_SMOKE | {"network": "plain", "judge_width": 4, "taught": 4}


class UpscalerLosses(nn.Module):
    """Losses as a module's forward pass: data-parallel training averages gradients of nothing else."""

    def __init__(self, upscaler: Upscaler, eye: TrainingEye, config: Config) -> None:
        super().__init__()
        self.upscaler, self.eye = upscaler, eye
        self.look_weight, self.judge_weight = config.look_weight, config.judge_weight

    def forward(
        self, small: Tensor, large: Tensor, judge: nn.Module | None
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """(loss, enlarged picture, curves); without a judge for the distance alone."""
        result = self.upscaler.unguarded(small)
        distance = F.l1_loss(result, large)
        if judge is None:
            return distance, result, {"loss/distance": distance.detach()}
        look, judged = self.eye(result, large), real_loss(judge(result))
        loss = distance + self.look_weight * look + self.judge_weight * judged
        curves = {"loss/distance": distance, "loss/look": look, "loss/judged": judged}
        return loss, result, {name: value.detach() for name, value in curves.items()}


class JudgeLosses(nn.Module):
    def __init__(self, judge: PixelJudge) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, real: Tensor, made: Tensor) -> Tensor:
        scores = self.judge(torch.cat([real, made]))
        return real_loss(scores[: len(real)]) + made_loss(scores[len(real) :])


def begun_network(config: Config) -> Upscaler:
    """With the weights to go on from: other people's, or our own of four times as large."""
    if config.folded is None:
        return started_network(config)
    larger, upscaler = trained_network(config.folded), new_network(config)
    try:
        upscaler.load_state_dict(folded(larger.network.state_dict(), config.scale))
    except (RuntimeError, KeyError) as error:
        raise DataError(f"{config.folded} does not fit the network of this run.") from error
    return upscaler


def folded(weights: dict[str, Tensor], scale: int) -> dict[str, Tensor]:
    """Of a plain network that enlarges four times: one whose every pixel is the mean of those it had there before."""
    last = max(int(name.split(".")[1]) for name in weights)
    every = TEACHER_SCALE // scale
    result = {f"network.{name}": tensor for name, tensor in weights.items()}
    for name in (f"layers.{last}.weight", f"layers.{last}.bias"):
        cells = weights[name].unflatten(0, (3, scale, every, scale, every))
        result[f"network.{name}"] = cells.mean(dim=(2, 4)).flatten(0, 2)
    return result


def draw_batch(pairs: TaughtPairs, config: Config, *, step: int, rank: int) -> Batch:
    """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
    rng = np.random.default_rng((config.seed, step, rank))
    count = config.batch // (config.devices * config.nodes)
    crops = draw_taught(pairs, config.scale, count=count, size=config.crop, rng=rng)
    return Batch(as_tensor(crops.small), as_tensor(crops.taught))


def rate_factor(done: float, step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine down to a twentieth; `done` is the share of the run that is behind."""
    cosine = 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))
    return min(1.0, (step + 1) / config.warmup) * (0.05 + 0.95 * cosine)


class Bench:
    """What a run works with and keeps: networks, their losses, optimisers, the best score and the clock."""

    def __init__(self, fabric: Fabric, config: Config) -> None:
        self.fabric, self.config = fabric, config
        self.upscaler, self.judge = begun_network(config), PixelJudge(config.judge_width)
        self.eye = TrainingEye.untrained() if config.smoke else TrainingEye.trained()
        average = AveragedModel(self.upscaler, multi_avg_fn=warming_average(config.ema))
        self.average = average.to(fabric.device)
        betas = {"weight_decay": 0.0, "betas": (0.9, 0.99)}
        optimizer = torch.optim.AdamW(self.upscaler.parameters(), lr=config.learning_rate, **betas)
        judge_optimizer = torch.optim.AdamW(self.judge.parameters(), lr=config.judge_rate, **betas)
        losses = UpscalerLosses(self.upscaler, self.eye, config).to(memory_format=torch.channels_last)
        judge_losses = JudgeLosses(self.judge).to(memory_format=torch.channels_last)
        self.losses, self.optimizer = fabric.setup(losses, optimizer)
        self.judge_losses, self.judge_optimizer = fabric.setup(judge_losses, judge_optimizer)
        self.best, self.clock = Best(), Clock()

    @property
    def parts(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        parts = {"net": self.upscaler, "ema": self.average, "judge": self.judge, "best": self.best, "clock": self.clock}
        return parts | {"optimizer": self.optimizer, "judge_optimizer": self.judge_optimizer}

    def save(self, name: str, step: int) -> None:
        content = self.parts | {"config": plain_values(self.config)}
        save_checkpoint(self.fabric, self.config.run / name, content, step=step)

    def watch(self, validation: dict[str, Batch], step: int) -> None:
        """Print and log how well the averaged weights do; keep them where none looked better."""
        scores, rows = validate(self.average.module, validation)
        small, large = validation[WORN]
        with torch.no_grad():
            scores["look"] = float(self.eye(self.average.module(small), large))
        self.fabric.log_dict(scores, step)
        log_pictures(self.fabric, "repeated, enlarged, large", rows, step)
        self.fabric.print(f"step {step}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))
        if self.best.improved_by(-scores["look"], step=step):
            self.save(BEST, step)

    def learn(self, small: Tensor, large: Tensor, *, is_judged: bool) -> dict[str, float]:
        """One step of the upscaler and, where it is judged, one of the judge; the curves."""
        self.judge.requires_grad_(False)  # it judges and collects no gradients meanwhile
        loss, result, curves = self.losses(small, large, self.judge if is_judged else None)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.losses, self.optimizer, max_norm=self.config.clip_gradient)
        self.optimizer.step()
        self.average.update_parameters(self.upscaler)
        if is_judged:
            self.judge.requires_grad_(True)
            judge_loss = self.judge_losses(large, result.detach())
            self.judge_optimizer.zero_grad()
            self.fabric.backward(judge_loss)
            self.judge_optimizer.step()
            curves["loss/judge"] = judge_loss.detach()
        return {name: float(value) for name, value in curves.items()}


def training_pairs(config: Config, blocks: Photos8) -> TaughtPairs:
    teach = (lambda small: bicubic(small, TEACHER_SCALE)) if config.smoke else None
    return taught_pairs(blocks, config.taught, None if config.smoke else config.cache, seed=config.seed, teach=teach)


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the last weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config, broadcast_buffers=False)
    torch.manual_seed(config.seed)
    blocks, validation_blocks = load_blocks(config)
    drawn = draw_validation(validation_blocks, config)
    validation = {name: Batch(*fabric.to_device(tuple(batch))) for name, batch in drawn.items()}
    pairs, bench = training_pairs(config, blocks), Bench(fabric, config)
    first_step = load_checkpoint(fabric, config.run / LATEST, bench.parts) if resume else 0
    bench.clock.start()

    if first_step == 0:
        bench.watch(validation, 0)
    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=20):
        share = bench.clock.minutes / config.minutes if config.minutes else step / config.steps
        for group in bench.optimizer.param_groups:
            group["lr"] = config.learning_rate * rate_factor(share, step, config)
        small, large = fabric.to_device(tuple(draw_batch(pairs, config, step=step, rank=fabric.global_rank)))
        curves = bench.learn(small, large, is_judged=share >= config.plain_share)

        done = step + 1
        is_last = done == config.steps or bench.clock.is_over(config.minutes)
        if done % 20 == 0:
            fabric.log_dict(curves, done)
        if done % config.validate_every == 0 or is_last:
            bench.watch(validation, done)
        if done % config.checkpoint_every == 0 or is_last:
            bench.save(LATEST, done)
        if is_last:
            break
    return config.run / BEST


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        if command.export is None:
            train(command.config, resume=command.resume)
        else:
            export(command.config, command.export)
    except (DataError, CheckpointError, PlacementError, EvaluationError, ExportError) as error:
        leave(error)


if __name__ == "__main__":
    main()
