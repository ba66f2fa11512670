"""A judge that says of every place of a picture how real it looks: Real-ESRGAN's U-Net (Wang et al., 2021), smaller.

It looks at cells of two by two pixels, which costs a quarter and hides nothing: all four are in its channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

CELL_PX = 2
SLOPE = 0.2


class PixelJudge(nn.Module):
    """Pictures (N, 3, H, W) in 0..1, sides multiples of eight → (N, 1, H/2, W/2), the higher the more real."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.read = nn.Conv2d(3 * CELL_PX**2, width, 3, padding=1)
        self.down = nn.ModuleList(
            [_bound(width, 2 * width, size=4, stride=2), _bound(2 * width, 4 * width, size=4, stride=2)]
        )
        self.up = nn.ModuleList([_bound(4 * width, 2 * width), _bound(2 * width, width)])
        self.think = _bound(width, width)
        self.say = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        fine = F.leaky_relu(self.read(F.pixel_unshuffle(pictures, CELL_PX)), SLOPE)
        middle = F.leaky_relu(self.down[0](fine), SLOPE)
        coarse = F.leaky_relu(self.down[1](middle), SLOPE)
        middle = F.leaky_relu(self.up[0](_doubled(coarse)), SLOPE) + middle
        fine = F.leaky_relu(self.up[1](_doubled(middle)), SLOPE) + fine
        return self.say(F.leaky_relu(self.think(fine), SLOPE))


def real_loss(scores: Tensor) -> Tensor:
    """How far from calling everything real, as the logistic loss."""
    return F.softplus(-scores).mean()


def made_loss(scores: Tensor) -> Tensor:
    return F.softplus(scores).mean()


def _bound(channels_in: int, channels_out: int, *, size: int = 3, stride: int = 1) -> nn.Module:
    return spectral_norm(nn.Conv2d(channels_in, channels_out, size, stride=stride, padding=1, bias=False))


def _doubled(x: Tensor) -> Tensor:
    return torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
