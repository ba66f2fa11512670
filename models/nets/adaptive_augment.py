"""Adaptive discriminator augmentation (Karras et al., NeurIPS 2020): as much of it as the discriminator needs.

Every change comes with the same probability, for real and generated pictures alike. How sure the discriminator is of
real ones, E sign D(x), says whether it learns them by heart: above the target there is more, below it less.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

TARGET = 0.6  # of E sign D(x), the paper's
PICTURES_TO_FULL = 200_000  # as fast as the probability may go from nothing to one; the paper takes half a million
MOST = 0.8  # with more, the changes themselves are learned
REMEMBERED = 0.9  # of the running mean, each time

SHIFT, TURN, SCALE, LIGHT, CONTRAST = 0.1, 0.25, 0.15, 0.2, 0.3  # shares of the side, radians, octaves, full scale


def adapted(probability: Tensor, seen_real: Tensor, scores: Tensor) -> None:
    """Follow the scores of a batch of real pictures: both buffers change in place."""
    seen_real.lerp_(scores.detach().sign().mean(), 1 - REMEMBERED)
    step = len(scores) / PICTURES_TO_FULL * torch.sign(seen_real - TARGET)
    probability.add_(step).clamp_(0, MOST)


def augmented_with(pictures: Tensor, probability: Tensor) -> Tensor:
    """(N, planes, H, W) in -1..1 moved, turned, scaled, mirrored, in other light, each with the same probability."""
    if float(probability) == 0:
        return pictures
    return _in_other_light(_elsewhere(pictures, probability), probability)


def _elsewhere(x: Tensor, probability: Tensor) -> Tensor:
    def drawn(*sizes: int, neutral: float, spread: float) -> Tensor:
        values = neutral + spread * (torch.rand(len(x), *sizes, device=x.device) * 2 - 1)
        return torch.where(torch.rand(len(x), *([1] * len(sizes)), device=x.device) < probability, values, neutral)

    turn, scale = drawn(neutral=0.0, spread=TURN), torch.exp2(drawn(neutral=0.0, spread=SCALE))
    shift = drawn(2, neutral=0.0, spread=2 * SHIFT)
    flips = (torch.rand(len(x), device=x.device) < 0.5) & (torch.rand(len(x), device=x.device) < probability)
    flip = torch.where(flips, -1.0, 1.0)
    cosine, sine = torch.cos(turn) * scale, torch.sin(turn) * scale
    rows = torch.stack([cosine * flip, -sine, shift[:, 0], sine * flip, cosine, shift[:, 1]], dim=1)
    grid = F.affine_grid(rows.view(-1, 2, 3), list(x.shape), align_corners=False)
    return F.grid_sample(x + 1, grid, align_corners=False) - 1  # outside is the empty background


def _in_other_light(x: Tensor, probability: Tensor) -> Tensor:
    def drawn(neutral: float, spread: float) -> Tensor:
        values = neutral + spread * (torch.rand(len(x), 1, 1, 1, device=x.device) * 2 - 1)
        return torch.where(torch.rand(len(x), 1, 1, 1, device=x.device) < probability, values, neutral)

    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) * drawn(1.0, CONTRAST) + mean + drawn(0.0, LIGHT)
