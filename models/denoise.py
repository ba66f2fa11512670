"""Blind photo denoiser: a small convolutional net estimates the noise, a U-Net takes it away.

(docstring to be completed)
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from models.common.checkpoints import BEST, LATEST, Best, CheckpointError, load_checkpoint, save_checkpoint
from models.common.cli import plain_values, read_command_line
from models.common.data import (
    DataError,
    Photos8,
    draw_crops,
    find_photos,
    generated_blocks,
    packed_blocks,
    split_photos,
)
from models.common.degrade import Camera, camera_noise, random_degradation, white_noise
from models.common.fabric import log_pictures, start_fabric
from models.common.metrics import psnr_8bit
from models.nets.blocks import ResidualBlock, Upsample, convolution, extend_to_multiple


@dataclass(frozen=True)
class Config:
    """Every number has its reason beside it; change any of them from the command line."""

    # where
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cache: Path = Path("data/packed")
    run: Path = Path("runs/denoise")  # checkpoints and curves
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # network: 1.7 M parameters, 6.7 MB as fp32; 85 k multiply-adds a pixel leave room under one second a megapixel
    widths: tuple[int, int, int] = (64, 128, 192)  # channels at stride 2, 4 and 8
    depths: tuple[int, int, int] = (1, 1, 1)  # residual blocks per level: more would see farther than a tile's halo
    estimator_width: int = 24

    # training
    steps: int = 8000
    batch: int = 16  # crops a step over all devices together
    crop: int = 96
    learning_rate: float = 1e-3
    warmup: int = 200
    weight_decay: float = 1e-4
    known_level_share: float = 0.25  # of crops told the true noise level, so that the level stays a control that is obeyed
    level_weight: float = 0.5
    ema: float = 0.998
    clip_gradient: float = 1.0
    seed: int = 0

    # watching
    validate_every: int = 500
    checkpoint_every: int = 250
    validation_photos_every: int = 20  # every 20th photo only chooses the best weights
    smoke: bool = False


PRESETS = {
    "cpu": Config(),
    "gpu": Config(
        accelerator="cuda",
        precision="bf16-mixed",
        threads=8,
        depths=(2, 1, 1),
        steps=60_000,
        batch=64,
        crop=128,
        validate_every=2000,
        checkpoint_every=1000,
        ema=0.9995,
    ),
}
SMOKE = {
    "widths": (8, 12, 16),
    "estimator_width": 8,
    "steps": 6,
    "batch": 2,
    "crop": 32,
    "warmup": 2,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "smoke": True,
}


class NoiseEstimator(nn.Module):
    """How strong the noise is, cell by cell: (N, 12, H/2, W/2) → (N, 1, H/2, W/2), as a standard deviation on 0..1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(12, width),
            nn.ReLU(),
            convolution(width, width),
            nn.ReLU(),
            convolution(width, 1),
        )

    def forward(self, cells: Tensor) -> Tensor:
        return F.softplus(self.layers(cells)) * 0.1  # softplus(0) * 0.1 = 0.07 is where training starts: 18 levels


class CleaningUNet(nn.Module):
    """The noise in a picture, given how strong it is: cells (N, 12, h, w) and level (N, 1, h, w) → noise (N, 12, h, w)."""

    def __init__(self, widths: tuple[int, int, int], depths: tuple[int, int, int]) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.read = convolution(13, fine)
        self.fine_in = self._blocks(fine, depths[0])
        self.to_middle = convolution(fine, middle, size=2, stride=2)
        self.middle_in = self._blocks(middle, depths[1])
        self.to_coarse = convolution(middle, coarse, size=2, stride=2)
        self.coarse = self._blocks(coarse, depths[2])
        self.from_coarse = Upsample(coarse, middle)
        self.middle_out = self._blocks(middle, depths[1])
        self.from_middle = Upsample(middle, fine)
        self.fine_out = self._blocks(fine, depths[0])
        self.write = convolution(fine, 12)
        nn.init.zeros_(self.write.weight)  # training starts from the untouched picture
        nn.init.zeros_(self.write.bias)

    def forward(self, cells: Tensor, level: Tensor) -> Tensor:
        fine = self.fine_in(self.read(torch.cat([cells, level], dim=1)))
        middle = self.middle_in(self.to_middle(fine))
        coarse = self.coarse(self.to_coarse(middle))
        middle = self.middle_out(self.from_coarse(coarse) + middle)
        fine = self.fine_out(self.from_middle(middle) + fine)
        return self.write(fine)

    @staticmethod
    def _blocks(channels: int, count: int) -> nn.Sequential:
        return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))


class Denoiser(nn.Module):
    """Image (N, 3, H, W) in 0..1, any size, and strength → image of the same size.

    Strength 0.5 takes away what was estimated. Below, the result is mixed with the untouched picture, so that what stays is
    natural grain, and 0 changes nothing. Above, the net is told that the noise is stronger than estimated, at 1 twice.
    """

    STRIDE = 8

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.estimator = NoiseEstimator(config.estimator_width)
        self.unet = CleaningUNet(config.widths, config.depths)

    def forward(self, image: Tensor, strength: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        cells = F.pixel_unshuffle(extend_to_multiple(image, self.STRIDE), 2)
        told = self.estimator(cells) * (2 * strength).clamp(min=1)
        noise = F.pixel_shuffle(self.unet(cells, told), 2)[..., :height, :width]
        return (image - noise * (2 * strength).clamp(max=1)).clamp(0, 1)

    def training_outputs(self, image: Tensor, known_level: Tensor, is_told: Tensor) -> tuple[Tensor, Tensor]:
        """(unclamped result, estimated level); where `is_told` (N, 1, 1, 1) the net gets the known level instead."""
        cells = F.pixel_unshuffle(image, 2)
        estimated = self.estimator(cells)
        told = torch.where(is_told, known_level, estimated.detach())  # the estimator answers for the level alone
        return image - F.pixel_shuffle(self.unet(cells, told), 2), estimated


class TrainingPass(nn.Module):
    """Losses as the forward pass of a module, because data-parallel training averages gradients of forward passes only."""

    def __init__(self, denoiser: Denoiser, level_weight: float) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.level_weight = level_weight

    def forward(self, noisy: Tensor, target: Tensor, is_told: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        level = noise_level(noisy, target)
        result, estimated = self.denoiser.training_outputs(noisy, level, is_told)
        picture_loss = F.l1_loss(result, target)
        level_loss = F.l1_loss(estimated, level)
        return picture_loss + self.level_weight * level_loss, {"loss/picture": picture_loss, "loss/level": level_loss}


def noise_level(noisy: Tensor, clean: Tensor) -> Tensor:
    """The truth for the estimator: standard deviation of what was added, over 15 cells around each, (N, 1, H/2, W/2)."""
    power = F.avg_pool2d((noisy - clean).square().mean(dim=1, keepdim=True), 2)
    return F.avg_pool2d(power, 15, stride=1, padding=7, count_include_pad=False).clamp(min=1e-10).sqrt()


class Batch(NamedTuple):
    noisy: Tensor  # (N, 3, crop, crop), 0..1
    target: Tensor
    is_told: Tensor  # (N, 1, 1, 1) bool

    @staticmethod
    def draw(blocks: Photos8, config: Config, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        crops = draw_crops(blocks, count=count, size=config.crop, rng=rng)
        noisy, target = zip(*(random_degradation(crop, rng) for crop in crops), strict=True)
        is_told = rng.random((count, 1, 1, 1)) < config.known_level_share
        return Batch(as_tensor(noisy), as_tensor(target), torch.from_numpy(is_told))


def as_tensor(pictures: tuple[np.ndarray, ...]) -> Tensor:
    """(H, W, 3) uint8 pictures of one size → (N, 3, H, W) in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().float() / 255


VALIDATION_NOISES = {
    "white 15": lambda clean, rng: (white_noise(clean, 15, rng), clean),
    "white 25": lambda clean, rng: (white_noise(clean, 25, rng), clean),
    "white 50": lambda clean, rng: (white_noise(clean, 50, rng), clean),
    "camera": lambda clean, rng: camera_noise(clean, Camera(shot=6e-3, read=2e-4), rng),
    "camera mosaic": lambda clean, rng: camera_noise(clean, Camera(shot=6e-3, read=2e-4, has_mosaic=True), rng),
}


def draw_validation(blocks: Photos8, config: Config) -> dict[str, tuple[Tensor, Tensor]]:
    """Per kind of noise a fixed (noisy, target): the same crops and the same noise at every validation."""
    rng = np.random.default_rng(config.seed)
    count = 2 if config.smoke else 16
    crops = draw_crops(blocks, count=count, size=32 if config.smoke else 160, rng=rng)
    pairs = {name: [degrade(crop, rng) for crop in crops] for name, degrade in VALIDATION_NOISES.items()}
    return {name: tuple(map(as_tensor, zip(*pair, strict=True))) for name, pair in pairs.items()}


@torch.no_grad()
def validate(denoiser: nn.Module, pairs: dict[str, tuple[Tensor, Tensor]]) -> tuple[dict[str, float], list[Tensor]]:
    """(PSNR per kind of noise at strength 50, rows noisy | denoised | clean for the sample grid)."""
    scores, rows = {}, [[], [], []]
    for name, (noisy, target) in pairs.items():
        result = denoiser(noisy, torch.tensor(0.5, device=noisy.device))
        scores[f"psnr/{name}"] = psnr_8bit(result, target)
        for row, pictures in zip(rows, (noisy, result, target), strict=True):
            row.append(pictures[:2].cpu())
    return scores, [torch.cat(row) for row in rows]


def load_blocks(config: Config) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks."""
    if config.smoke:
        return generated_blocks(8, seed=1), generated_blocks(4, seed=2)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return packed_blocks(training, config.cache), packed_blocks(validation, config.cache)


def learning_rate_factor(step: int, config: Config) -> float:
    """Linear warm-up, then half a cosine down to a hundredth."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    done = min(1.0, (step - config.warmup) / max(1, config.steps - config.warmup))
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * done)))


def train(config: Config, *, resume: bool = False) -> Path:
    """Train to the last step and return the file of the best weights; `resume` goes on exactly where LATEST stopped."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    blocks, validation_blocks = load_blocks(config)
    validation = {name: fabric.to_device(pair) for name, pair in draw_validation(validation_blocks, config).items()}

    denoiser = Denoiser(config)
    average = AveragedModel(denoiser, multi_avg_fn=get_ema_multi_avg_fn(config.ema)).to(fabric.device)
    losses = TrainingPass(denoiser, config.level_weight).to(memory_format=torch.channels_last)  # twice as fast on CPUs
    optimizer = torch.optim.AdamW(losses.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    losses, optimizer = fabric.setup(losses, optimizer)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer.optimizer, lambda step: learning_rate_factor(step, config))

    best = Best()
    parts = {"net": denoiser, "ema": average, "optimizer": optimizer, "schedule": schedule, "best": best}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=5):
        batch = fabric.to_device(Batch.draw(blocks, config, step=step, rank=fabric.global_rank))
        loss, curves = losses(batch.noisy, batch.target, batch.is_told)
        optimizer.zero_grad()
        fabric.backward(loss)
        norm = fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        schedule.step()
        average.update_parameters(denoiser)

        done = step + 1
        if done % 20 == 0:
            curves |= {"gradient norm": norm, "learning rate": schedule.get_last_lr()[0]}
            fabric.log_dict({name: float(value) for name, value in curves.items()}, done)
        if done % config.validate_every == 0 or done == config.steps:
            scores, rows = validate(average.module, validation)
            fabric.log_dict(scores, done)
            log_pictures(fabric, "noisy, denoised, clean", rows, done)
            fabric.print(f"step {done}: " + ", ".join(f"{name} {value:.2f}" for name, value in scores.items()))
            if best.improved_by(sum(scores.values()) / len(scores), step=done):
                save(BEST, done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            save(LATEST, done)
    return config.run / BEST


def main() -> None:
    command = read_command_line(__doc__, Config, PRESETS, SMOKE)
    try:
        train(command.config, resume=command.resume)
    except (DataError, CheckpointError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
