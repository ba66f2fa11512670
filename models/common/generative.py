"""What every generative method would otherwise repeat: data of a run, exact seeds, averaged weights, watching."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from lightning.fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard.writer import SummaryWriter
from torchvision.utils import make_grid

from models.common.data import DataError
from models.common.gan_metrics import Features, coverage, eye_or_pixels, frechet_distance, kernel_distance
from models.common.picture_sets import (
    Augmentation,
    PictureSet,
    Planes,
    as_pictures,
    on_paper,
    pictures_of,
)
from models.nets.adversarial import START_PX

HELD_OUT_EVERY = 10  # of digits one in ten, of fonts one font in ten: never trained on
WATCHED = 1000  # real and generated pictures compared at each validation
GRID_COLUMNS, GRID_ROWS = 10, 8

Sample = Callable[[Tensor, Tensor], Tensor]  # latent (N, z), label (N,) → pictures in -1..1


class GenerativeConfig(Protocol):
    """The part of a Config that says what is learned."""

    data: Path
    classes: tuple[str, ...]
    side: int
    planes: Planes
    latent: int
    batch: int
    devices: int
    nodes: int
    mirror: bool
    shift: float
    turn_degrees: float
    scale: float
    seed: int
    smoke: bool


def load_data(config: GenerativeConfig) -> tuple[PictureSet, PictureSet]:
    """(training, held out); DataError when the Config asks for what cannot be."""
    if config.batch % (config.devices * config.nodes):
        devices = config.devices * config.nodes
        raise DataError(f"{config.batch} pictures a step cannot be shared among {devices} devices.")
    if config.side < 2 * START_PX or config.side & (config.side - 1):
        raise DataError(f"The side must be 8, 16, 32, 64 or a further power of two, not {config.side}.")
    whole = pictures_of(config.data, side=config.side, planes=config.planes, classes=config.classes)
    training, held_out = whole.split(every=HELD_OUT_EVERY)
    return training, held_out if len(held_out) else training


def augmentation_of(config: GenerativeConfig) -> Augmentation:
    return Augmentation(config.mirror, config.shift, config.turn_degrees, config.scale)


def step_generator(config: GenerativeConfig, *, step: int, rank: int) -> np.random.Generator:
    """The step's own generator; seeds torch's too, so that resuming repeats what an unbroken run would do."""
    rng = np.random.default_rng((config.seed, step, rank))
    torch.manual_seed(int(rng.integers(2**62)))
    return rng


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """Exponential average of the weights and of the batch norms' statistics with them."""
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


@torch.no_grad()
def recalibrate_batch_norms(network: nn.Module, feed: Callable[[], object], *, batches: int = 20) -> None:
    """Count the statistics of every batch norm anew: averaged weights have seen none of the batches they come from."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches fed
    network.train()
    for _ in range(batches):
        feed()
    network.eval()
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


class Clock:
    """Counts the time that training steps take, over interruptions; goes into the checkpoint like a net."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._since

    def state_dict(self) -> dict[str, float]:
        return {"seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.seconds = state["seconds"]


class Watch:
    """Compares generated with held-out pictures as training goes on, and shows the same latents at every look."""

    def __init__(self, training: PictureSet, held_out: PictureSet, config: GenerativeConfig) -> None:
        rng = np.random.default_rng(config.seed)
        self.features: Features = eye_or_pixels()
        self.count = 100 if config.smoke else WATCHED
        real = training.take(rng.permutation(len(training))[: self.count])
        self.real = self.features(real.pictures)
        generator = torch.Generator().manual_seed(config.seed)
        class_count = len(training.classes)
        self.latents = torch.randn(self.count, config.latent, generator=generator)
        self.labels = torch.from_numpy(rng.choice(training.labels, self.count))
        self.grid_labels = torch.arange(GRID_COLUMNS * GRID_ROWS) % GRID_COLUMNS % class_count
        if class_count > GRID_COLUMNS:
            self.grid_labels = torch.arange(GRID_COLUMNS * GRID_ROWS) % class_count

    @torch.no_grad()
    def look(self, fabric: Fabric, sample: Sample, step: int) -> float:
        """Log distances, coverage and the grid; returns the score by which the best weights are chosen."""
        device = fabric.device
        pictures = _in_parts(sample, self.latents, self.labels, device)
        generated = self.features(pictures)
        name, distance = self.features.name, kernel_distance(self.real, generated)
        curves = {f"kid_{name}": distance, f"coverage_{name}": coverage(self.real, generated)}
        if len(self.real) > 500:
            curves[f"fid_{name}"] = frechet_distance(self.real, generated)
        fabric.log_dict(curves, step)
        cells = GRID_COLUMNS * GRID_ROWS
        log_grid(fabric, _in_parts(sample, self.latents[:cells], self.grid_labels, device), step)
        return -distance


def log_grid(fabric: Fabric, pictures: NDArray[np.uint8], step: int) -> None:
    writer: SummaryWriter = fabric.logger.experiment
    rgb = torch.from_numpy(on_paper(pictures)).permute(0, 3, 1, 2)
    writer.add_image("samples", make_grid(rgb, nrow=GRID_COLUMNS, pad_value=255), step)


def rate_factor(step: int, steps: int, *, falling_share: float = 0.4) -> float:
    """Constant, then down a straight line to a hundredth over the last part."""
    left = max(0.0, (steps - step) / max(1.0, steps * falling_share))
    return max(0.01, min(1.0, left))


def _in_parts(sample: Sample, latents: Tensor, labels: Tensor, device: torch.device) -> NDArray[np.uint8]:
    parts = zip(latents.split(100), labels[: len(latents)].split(100), strict=True)
    return np.concatenate([as_pictures(sample(z.to(device), y.to(device))) for z, y in parts])
