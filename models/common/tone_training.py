"""What learning to mend tones needs, however the curves are made: batches, what counts as near, the schedule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.common.data import DataError, generated_blocks
from models.common.tone import Rgb8, random_view, small_photos
from models.nets.curves import SEEN_PX

Spoil = Callable[[Rgb8, np.random.Generator], Rgb8]
WATCHED_EVERY = 20  # every twentieth photograph chooses the best weights and is not learnt from
DRAWN_PX = 2 * SEEN_PX  # noise is added at this size and averaged by the network's small copy, as it will be


class ToneConfig(Protocol):
    photos: tuple[Path, ...]
    untouched_share: float
    batch: int
    devices: int
    nodes: int
    learning_rate: float
    warmup: int
    minutes: float
    steps: int
    seed: int
    smoke: bool


class Batch(NamedTuple):
    poor: Tensor  # (N, 3, 128, 128), 0..1
    clean: Tensor

    @staticmethod
    def draw(photos: list[Rgb8], spoil: Spoil, config: ToneConfig, *, step: int, rank: int) -> Batch:
        """The batch of this step on this process: a function of seed, step and rank only, so resuming is exact."""
        rng = np.random.default_rng((config.seed, step, rank))
        count = config.batch // (config.devices * config.nodes)
        clean = [random_view(photos[rng.integers(len(photos))], DRAWN_PX, rng) for _ in range(count)]
        poor = [view if rng.random() < config.untouched_share else spoil(view, rng) for view in clean]
        return Batch(as_small(poor), as_small(clean))


def as_small(pictures: list[Rgb8]) -> Tensor:
    planes = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return F.avg_pool2d(planes, DRAWN_PX // SEEN_PX)


def tone_photos(config: ToneConfig) -> tuple[list[Rgb8], list[Rgb8]]:
    """(to learn from, to choose the best weights by)."""
    if config.batch % (config.devices * config.nodes):
        raise DataError(f"{config.batch} pictures cannot be shared among {config.devices * config.nodes} devices.")
    if config.smoke:
        return list(generated_blocks(4)), list(generated_blocks(2))
    found = list(small_photos(config.photos).values())
    return [photo for index, photo in enumerate(found) if index % WATCHED_EVERY], found[::WATCHED_EVERY]


def nearness(result: Tensor, clean: Tensor, colour_weight: float) -> tuple[Tensor, dict[str, Tensor]]:
    """Distance in light and in colour, each a mean over blocks: noise is none of a curve's business."""
    light = F.l1_loss(result, clean)
    colour = F.l1_loss(colours(result), colours(clean))
    return light + colour_weight * colour, {"loss/light": light.detach(), "loss/colour": colour.detach()}


def halved(image: Tensor) -> Tensor:
    return F.avg_pool2d(image, 2)


def colours(image: Tensor) -> Tensor:
    """Distance from grey, noise averaged away."""
    small = F.avg_pool2d(image, 4)
    return small - small.mean(dim=1, keepdim=True)


def tone_psnr(result: Tensor, clean: Tensor) -> float:
    error = (result - clean).square().mean(dim=(1, 2, 3)).clamp(min=1e-6)
    return float((-10 * torch.log10(error)).mean())


def rate_factor(done: float, step: int, config: ToneConfig) -> float:
    """Linear warm-up, then half a cosine to nothing; `done` is the share of the run that is behind."""
    return min(1.0, (step + 1) / config.warmup) * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))
