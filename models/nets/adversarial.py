"""Generators and discriminators after DCGAN (Radford et al. 2016), small enough for two cores; all that shape shares.

Discriminators take the stabilisers of the literature as switches: spectral normalisation (Miyato et al. 2018), batch
normalisation (DCGAN's own), minibatch standard deviation (Karras et al. 2018), projection of labels (Miyato and Koyama
2018). No statistics over a batch but these two, because a gradient penalty is about one picture at a time.
"""

from __future__ import annotations

import itertools
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

Normalisation = Literal["spectral", "batch", "none"]

START_PX = 4  # the generator's first picture, the discriminator's last
SLOPE = 0.2  # of DCGAN's leaky rectifiers


class Generator(nn.Module):
    """latent (N, z), label (N,) → pictures (N, planes, side, side) in -1..1.

    With classes, an embedding of the label joins the latent. Half as many channels each time the side doubles.
    """

    def __init__(
        self, *, latent: int, side: int, planes: int, width: int, classes: int = 0, label_size: int = 16
    ) -> None:
        super().__init__()
        doublings = doublings_to(side)
        self.label = nn.Embedding(classes, label_size) if classes else None
        channels = [width * 2**level for level in reversed(range(doublings))]
        self.start = nn.Linear(latent + (label_size if classes else 0), channels[0] * START_PX**2, bias=False)
        self.start_norm = nn.BatchNorm2d(channels[0])
        self.grow = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(fewer_px, more_px, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(more_px),
                nn.ReLU(),
            )
            for fewer_px, more_px in itertools.pairwise(channels)
        )
        self.write = nn.ConvTranspose2d(channels[-1], planes, 4, stride=2, padding=1)
        self.apply(initialise)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        if self.label is not None:
            latent = torch.cat([latent, self.label(label)], dim=1)
        x = self.start(latent).unflatten(1, (-1, START_PX, START_PX))
        x = F.relu(self.start_norm(x))
        for double in self.grow:
            x = double(x)
        return torch.tanh(self.write(x))


class Discriminator(nn.Module):
    """pictures (N, planes, side, side) in -1..1, label (N,) → one number each: how real, the higher the more.

    With classes, the score is psi(features) + <embedding of the label, features>: the projection discriminator.
    """

    def __init__(
        self,
        *,
        side: int,
        planes: int,
        width: int,
        classes: int = 0,
        normalisation: Normalisation = "spectral",
        minibatch_deviation: bool = False,
    ) -> None:
        super().__init__()
        channels = [planes, *(width * 2**level for level in range(doublings_to(side)))]
        bound = spectral_norm if normalisation == "spectral" else _unbound
        layers: list[nn.Module] = []
        for level, (finer, coarser) in enumerate(itertools.pairwise(channels)):
            layers.append(bound(nn.Conv2d(finer, coarser, 4, stride=2, padding=1)))
            if normalisation == "batch" and level:  # DCGAN: not in the first layer
                layers.append(nn.BatchNorm2d(coarser))
            layers.append(nn.LeakyReLU(SLOPE))
        self.look = nn.Sequential(*layers)
        self.deviation = MinibatchDeviation() if minibatch_deviation else None
        last = channels[-1] + (1 if minibatch_deviation else 0)
        features = channels[-1]
        self.gather = bound(nn.Conv2d(last, features, START_PX))
        self.score = bound(nn.Linear(features, 1))
        self.label = bound(nn.Embedding(classes, features)) if classes else None

    def forward(self, pictures: Tensor, label: Tensor | None = None) -> Tensor:
        x = self.look(pictures)
        if self.deviation is not None:
            x = self.deviation(x)
        features = F.leaky_relu(self.gather(x).flatten(1), SLOPE)
        score = self.score(features)[:, 0]
        return score if self.label is None else score + (self.label(label) * features).sum(dim=1)


class MinibatchDeviation(nn.Module):
    """One more plane: how much the pictures of a group differ, which a generator that repeats itself cannot hide."""

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        size = self.group if len(x) % self.group == 0 else len(x)
        groups = x.unflatten(0, (size, -1))
        deviation = (groups.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3), keepdim=True)
        plane = deviation.repeat(size, 1, *x.shape[-2:])
        return torch.cat([x, plane], dim=1)


def doublings_to(side: int) -> int:
    """How often START_PX doubles to SIDE; ValueError when it never is."""
    doublings = (side // START_PX).bit_length() - 1
    if doublings < 1 or START_PX * 2**doublings != side:
        raise ValueError(f"{side} is not 4 doubled some times")
    return doublings


def initialise(module: nn.Module) -> None:
    """DCGAN's start: normal weights of deviation 0.02, scales about 1."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1.0, std=0.02)


def _unbound(layer: nn.Module) -> nn.Module:
    return layer
