"""Encoder and decoder of a variational autoencoder (Kingma and Welling 2014), conditional after Sohn et al. (2015).

No statistics over a batch: what a picture is encoded to depends on nothing but the picture (and its class).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.adversarial import START_PX, doublings_to

WIDEST = 4  # times `width`: the coarsest layers hold most of the weights and need few channels
CLASS_SIZE = 16  # numbers that stand for a class


class Encoder(nn.Module):
    """pictures (N, planes, side, side) in -1..1, label (N,) → mean and log variance of the latent, (N, z) each."""

    def __init__(self, *, latent: int, side: int, planes: int, width: int, classes: int = 0) -> None:
        super().__init__()
        channels = _channels(side, width)
        self.label = nn.Embedding(classes, CLASS_SIZE) if classes else None
        self.read = nn.Conv2d(planes, channels[0], 4, stride=2, padding=1)
        self.shrink = nn.ModuleList(
            nn.Conv2d(finer, coarser, 4, stride=2, padding=1) for finer, coarser in pairwise(channels)
        )
        self.refine = nn.ModuleList(Residual(count) for count in channels)
        flat = channels[-1] * START_PX**2 + (CLASS_SIZE if classes else 0)
        self.write = nn.Linear(flat, 2 * latent)

    def forward(self, pictures: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x = self.refine[0](self.read(pictures))
        for halve, refine in zip(self.shrink, list(self.refine)[1:], strict=True):
            x = refine(halve(F.silu(x)))
        flat = F.silu(x).flatten(1)
        if self.label is not None:
            flat = torch.cat([flat, self.label(label)], dim=1)
        mean, log_variance = self.write(flat).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 6)


class Decoder(nn.Module):
    """latent (N, z), label (N,) → pictures (N, planes, side, side) in -1..1."""

    def __init__(self, *, latent: int, side: int, planes: int, width: int, classes: int = 0) -> None:
        super().__init__()
        channels = _channels(side, width)[::-1]
        self.label = nn.Embedding(classes, CLASS_SIZE) if classes else None
        self.start = nn.Linear(latent + (CLASS_SIZE if classes else 0), channels[0] * START_PX**2)
        self.refine = nn.ModuleList(Residual(count) for count in channels)
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(coarser, finer, 4, stride=2, padding=1) for coarser, finer in pairwise(channels)
        )
        self.write = nn.ConvTranspose2d(channels[-1], planes, 4, stride=2, padding=1)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        if self.label is not None:
            latent = torch.cat([latent, self.label(label)], dim=1)
        x = self.refine[0](self.start(latent).unflatten(1, (-1, START_PX, START_PX)))
        for double, refine in zip(self.grow, list(self.refine)[1:], strict=True):
            x = refine(double(F.silu(x)))
        return torch.tanh(self.write(F.silu(x)))


class Residual(nn.Module):
    """x + a depth-wise look around and a mix of channels: cheap, and the identity at the start."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = nn.GroupNorm(1, channels)
        self.mix = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(F.silu(self.norm(self.around(x))))


def _channels(side: int, width: int) -> list[int]:
    """Fine to coarse."""
    return [width * min(2**level, WIDEST) for level in range(doublings_to(side))]
