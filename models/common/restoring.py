"""Training the blind denoiser's network to take away something else: what jpeg.py and deblur.py have in common.

The loop itself, `fit`, is grey.py's too.
A method says how a clean crop is damaged, at random to train on and in fixed ways to validate. The network goes on from
an exported one, so that a quarter of an hour on one core is enough to be useful.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from lightning.fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from models.common.averaging import warming_average
from models.common.checkpoints import (
    BEST,
    LATEST,
    Best,
    Clock,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from models.common.cli import config_from_plain, plain_values
from models.common.data import (
    BLOCK_PX,
    DataError,
    Photos8,
    draw_crops,
    find_photos,
    generated_blocks,
    packed_blocks,
    split_photos,
)
from models.common.fabric import log_pictures, start_fabric
from models.common.idle_channels import drop_idle_channels
from models.common.metrics import psnr_8bit
from models.common.onnx_weights import load_fitting
from models.denoise import TrainingPass, as_tensor
from models.nets.blind_denoiser import Denoiser
from models.nets.jpeg_cleaner import JpegCleaner

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Damage = Callable[[Rgb8, np.random.Generator], tuple[Rgb8, Rgb8]]  # (damaged, clean), as large as what was given

NORMAL_STRENGTH = 0.5  # of the graph: takes away what the network itself estimates
VALIDATED_PX = 128
ON_GRID = 0.7  # of the crops; the others are of pictures that were cropped after they were damaged
CLEAN = "change of clean, levels"


@dataclass(frozen=True)
class FitConfig:
    """What `fit` is told, whatever is learnt; every field is a flag of the command line."""

    # where
    photos: tuple[Path, ...] = (Path("data/photos/train"),)  # any folders of pictures, your own too
    cache: Path = Path("data/packed")
    run: Path = Path("runs/restoring")  # checkpoints and curves
    held_out: Path = Path("data/photos/held_out")  # for the numbers on the card
    accelerator: str = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    threads: int = 2

    # training
    minutes: float = 0.0  # stop after so long, the schedule following the clock; 0: after `steps`
    steps: int = 6000
    batch: int = 8  # crops a step over all devices together
    crop: int = 96
    learning_rate: float = 5e-4  # half of what it takes from nothing
    warmup: int = 30
    weight_decay: float = 1e-4
    known_level_share: float = 0.25  # of crops told the true level, so that the level stays a control that is obeyed
    level_weight: float = 0.5
    ema: float = 0.995
    clip_gradient: float = 1.0
    seed: int = 0

    # watching
    validate_every: int = 200
    checkpoint_every: int = 100
    validation_photos_every: int = 20  # every 20th photo only chooses the best weights
    smoke: bool = False


@dataclass(frozen=True)
class RestoringConfig(FitConfig):
    """All that a run can be told; every field is a flag of the command line."""

    widths: tuple[int, int, int] = (64, 128, 192)  # channels at stride 2, 4 and 8
    depths: tuple[int, int, int] = (1, 1, 1)  # residual blocks per level
    estimator_width: int = 24
    grid_width: int = 0  # channels that read JPEG's blocks in place of the estimator; 0: the estimator
    start: tuple[Path, ...] = (Path("onnx/denoise-photo/model.onnx"),)  # an exported network, its parts gone on from
    prune: float = 0.003  # of what a residual block adds, at export: idle channels, a quarter of the work
    adversarial: float = 0.0  # levels by which every input is moved against the network as it is (FGSM, random start)


SMOKE = {
    "widths": (8, 12, 16),
    "estimator_width": 8,
    "start": (),
    "steps": 6,
    "batch": 2,
    "crop": 32,
    "warmup": 2,
    "validate_every": 3,
    "checkpoint_every": 3,
    "threads": 1,
    "accelerator": "cpu",
    "precision": "32-true",
    "smoke": True,
}


@dataclass(frozen=True)
class Damages:
    """What a method takes away: at random for training, in named fixed ways for validating and measuring."""

    random: Damage
    named: Mapping[str, Damage]
    margin_px: int  # around a crop, so that the damage may begin anywhere and no border of a crop is in what is learned
    grid_px: int = 1  # blocks of the damage: most pictures are whole and their grid begins at the corner


class Batch(NamedTuple):
    damaged: Tensor  # (N, 3, crop, crop), 0..1
    target: Tensor
    is_told: Tensor  # (N, 1, 1, 1) bool

    @staticmethod
    def draw(blocks: Photos8, damages: Damages, config: RestoringConfig, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        crops = draw_crops(blocks, count=count, size=config.crop + 2 * damages.margin_px, rng=rng)
        pairs = [cut_out(damages.random(crop, rng), config.crop, damages.grid_px, rng) for crop in crops]
        damaged, target = zip(*pairs, strict=True)
        is_told = rng.random((count, 1, 1, 1)) < config.known_level_share
        return Batch(as_tensor(damaged), as_tensor(target), torch.from_numpy(is_told))

    def made_harder(self, network: nn.Module, epsilon: float, step: int) -> Batch:
        """Moved within EPSILON, one step uphill from a random start (Wong et al., 2020: as good as PGD to train on)."""
        generator = torch.Generator().manual_seed(step)
        start = (torch.rand(self.damaged.shape, generator=generator) * 2 - 1).to(self.damaged.device) * epsilon
        seen = (self.damaged + start).clamp(0, 1).requires_grad_()
        with torch.enable_grad():
            result = network(seen, torch.tensor(NORMAL_STRENGTH, device=seen.device))
            (gradient,) = torch.autograd.grad((result - self.target).square().sum(), seen)
        moved = seen.detach() + 1.25 * epsilon * gradient.sign()
        nearest = torch.minimum(torch.maximum(moved, self.damaged - epsilon), self.damaged + epsilon)
        return self._replace(damaged=nearest.clamp(0, 1))


def cut_out(pair: tuple[Rgb8, Rgb8], side: int, grid_px: int, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    """The same SIDE × SIDE of both: mostly where a block of the grid begins, else anywhere."""
    height, width = pair[0].shape[:2]
    step = grid_px if rng.random() < ON_GRID else 1
    top, left = step * rng.integers((height - side) // step + 1), step * rng.integers((width - side) // step + 1)
    return pair[0][top : top + side, left : left + side], pair[1][top : top + side, left : left + side]


def draw_validation(blocks: Photos8, damages: Damages, config: RestoringConfig) -> dict[str, tuple[Tensor, Tensor]]:
    """Per named damage a fixed (damaged, target): the same at every validation."""
    rng = np.random.default_rng(config.seed)
    side = config.crop if config.smoke else VALIDATED_PX
    crops = draw_crops(blocks, count=2 if config.smoke else 12, size=side, rng=rng)
    pairs = {name: [damage(crop, rng) for crop in crops] for name, damage in damages.named.items()}
    pairs[CLEAN] = [(crop, crop) for crop in crops]
    return {name: tuple(map(as_tensor, zip(*pair, strict=True))) for name, pair in pairs.items()}


@torch.no_grad()
def validate(network: nn.Module, pairs: dict[str, tuple[Tensor, Tensor]]) -> tuple[dict[str, float], list[Tensor]]:
    """(PSNR per named damage at normal strength and the change of clean ones, rows damaged | result | clean)."""
    scores, rows = {}, [[], [], []]
    for name, (damaged, target) in pairs.items():
        result = network(damaged, torch.tensor(NORMAL_STRENGTH, device=damaged.device))
        if name == CLEAN:
            scores[CLEAN] = 255 * float((result - target).abs().mean())
            continue
        scores[f"psnr/{name}"] = psnr_8bit(result, target)
        for row, pictures in zip(rows, (damaged, result, target), strict=True):
            row.append(pictures[:2].cpu())
    return scores, [torch.cat(row) for row in rows]


def load_blocks(config: RestoringConfig, margin_px: int) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the Config asks for crops that cannot be."""
    if config.crop + 2 * margin_px > BLOCK_PX or config.crop % Denoiser.STRIDE:
        raise DataError(f"A crop must be a multiple of {Denoiser.STRIDE} and at most {BLOCK_PX - 2 * margin_px} px.")
    return blocks_of(config)


def blocks_of(config: FitConfig) -> tuple[Photos8, Photos8]:
    """(training, validation) blocks; DataError when the crops of a step cannot be shared among the devices."""
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} crops a step cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return generated_blocks(8, seed=1), generated_blocks(4, seed=2)
    training, validation = split_photos(find_photos(config.photos), every=config.validation_photos_every)
    return packed_blocks(training, config.cache), packed_blocks(validation, config.cache)


def merit(scores: dict[str, float]) -> float:
    """One number of a validation: the mean PSNR, less a decibel for each level by which clean pictures change."""
    decibels = [score for name, score in scores.items() if name != CLEAN]
    return sum(decibels) / len(decibels) - scores[CLEAN]


def new_network(config: RestoringConfig) -> Denoiser | JpegCleaner:
    if config.grid_width:
        return JpegCleaner(config.widths, config.depths, grid_width=config.grid_width)
    return Denoiser(config.widths, config.depths, estimator_width=config.estimator_width)


def rate_factor(done: float, step: int, config: FitConfig) -> float:
    """Linear warm-up, then half a cosine down to a hundredth; `done` is the share of the run that is behind."""
    cosine = 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))
    return min(1.0, (step + 1) / config.warmup) * (0.01 + 0.99 * cosine)


def without_idle_channels(
    network: nn.Module, config: RestoringConfig, named: Mapping[str, Damage]
) -> dict[str, tuple[int, int]]:
    """NETWORK narrowed in place, by what its channels do to damaged crops of the validation photographs."""
    pairs = draw_validation(blocks_of(config)[1], Damages(next(iter(named.values())), named, margin_px=0), config)
    seen = [(damaged, torch.tensor(NORMAL_STRENGTH)) for damaged, _target in pairs.values()]
    return drop_idle_channels(network, seen, config.prune)


class Lessons(NamedTuple):
    """What `fit` is given by a method."""

    network: nn.Module
    losses: nn.Module  # (loss, curves) of a batch
    draw: Callable[[int, int], tuple[Tensor, ...]]  # the batch of a step on a process
    validate: Callable[[nn.Module], tuple[dict[str, float], list[Tensor]]]  # of averaged weights: scores, sample rows
    merit: Callable[[dict[str, float]], float]  # one number of the scores: the most is kept
    shown: str  # what the sample rows are
    made_harder: Callable[[tuple[Tensor, ...], int], tuple[Tensor, ...]] | None = None


def train(config: RestoringConfig, damages: Damages, *, resume: bool = False) -> Path:
    """Train to the last step or minute and return the file of the best weights; `resume` goes on from LATEST."""
    fabric = start_fabric(config)
    torch.manual_seed(config.seed)  # every process begins with the same weights
    blocks, validation_blocks = load_blocks(config, damages.margin_px)
    drawn = draw_validation(validation_blocks, damages, config)
    validation = {name: fabric.to_device(pair) for name, pair in drawn.items()}
    network = new_network(config)
    for exported in config.start:
        load_fitting(network, exported)
    harder = lambda batch, step: Batch(*batch).made_harder(network, config.adversarial / 255, step)  # noqa: E731
    lessons = Lessons(
        network=network,
        losses=TrainingPass(network, config.level_weight),
        draw=lambda step, rank: Batch.draw(blocks, damages, config, step=step, rank=rank),
        validate=lambda averaged: validate(averaged, validation),
        merit=merit,
        shown="damaged, restored, clean",
        made_harder=harder if config.adversarial else None,
    )
    return fit(fabric, config, lessons, resume=resume)


def fit(fabric: Fabric, config: FitConfig, lessons: Lessons, *, resume: bool) -> Path:
    """The loop: AdamW, warm-up and cosine over steps or minutes, averaged weights; the file of the best ones."""
    network = lessons.network
    average = AveragedModel(network, multi_avg_fn=warming_average(config.ema)).to(fabric.device)
    losses = lessons.losses.to(memory_format=torch.channels_last)  # twice as fast on CPUs
    optimizer = torch.optim.AdamW(losses.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    losses, optimizer = fabric.setup(losses, optimizer)
    best, clock = Best(), Clock()
    parts = {"net": network, "ema": average, "optimizer": optimizer, "best": best, "clock": clock}
    first_step = load_checkpoint(fabric, config.run / LATEST, parts) if resume else 0
    clock.start()

    def save(name: str, step: int) -> None:
        save_checkpoint(fabric, config.run / name, parts | {"config": plain_values(config)}, step=step)

    steps = range(first_step, config.steps)
    for step in tqdm(steps, initial=first_step, total=config.steps, disable=not fabric.is_global_zero, mininterval=20):
        share = clock.minutes / config.minutes if config.minutes else step / config.steps
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate_factor(share, step, config)
        batch = fabric.to_device(tuple(lessons.draw(step, fabric.global_rank)))
        loss, curves = losses(*(lessons.made_harder(batch, step) if lessons.made_harder else batch))
        optimizer.zero_grad()
        fabric.backward(loss)
        norm = fabric.clip_gradients(losses, optimizer, max_norm=config.clip_gradient)
        optimizer.step()
        average.update_parameters(network)

        done = step + 1
        is_last = done == config.steps or clock.is_over(config.minutes)
        if done % 20 == 0:
            fabric.log_dict({name: float(value) for name, value in (curves | {"gradient norm": norm}).items()}, done)
        if done % config.validate_every == 0 or is_last:
            scores, rows = lessons.validate(average.module)
            fabric.log_dict(scores, done)
            log_pictures(fabric, lessons.shown, rows, done)
            fabric.print(f"step {done}: " + ", ".join(f"{name} {value:.2f}" for name, value in scores.items()))
            if best.improved_by(lessons.merit(scores), step=done):
                save(BEST, done)
        if done % config.checkpoint_every == 0 or is_last:
            save(LATEST, done)
        if is_last:
            break
    return config.run / BEST


def trained_network(checkpoint: Path) -> Denoiser | JpegCleaner:
    """The averaged weights of a checkpoint, ready to run."""
    content = read_checkpoint(checkpoint)
    network = new_network(config_from_plain(RestoringConfig, content["config"]))
    average = AveragedModel(network)
    average.load_state_dict(content["ema"])
    return average.module.eval()
