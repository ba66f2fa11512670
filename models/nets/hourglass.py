"""The network of the deep image prior: an hourglass of convolutions with thin bridges between equal sizes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BRIDGE = 4  # channels that cross from one side to the other: more would let the noise of the input through
SLOPE = 0.2


def _layer(channels_in: int, channels_out: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    padding = size // 2
    convolution = nn.Conv2d(channels_in, channels_out, size, stride, padding, padding_mode="reflect", bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.LeakyReLU(SLOPE))


class Level(nn.Module):
    """Halved, worked on (by the level below, too), doubled and joined with what crossed the bridge."""

    def __init__(self, channels_in: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        width, *deeper = widths
        self.bridge = _layer(channels_in, BRIDGE, size=1)
        self.down = nn.Sequential(_layer(channels_in, width, stride=2), _layer(width, width))
        self.below = Level(width, tuple(deeper)) if deeper else None
        returned = deeper[0] if deeper else width
        self.join = nn.BatchNorm2d(BRIDGE + returned)
        self.up = nn.Sequential(_layer(BRIDGE + returned, width), _layer(width, width, size=1))

    def forward(self, x: Tensor) -> Tensor:
        low = self.down(x)
        if self.below is not None:
            low = self.below(low)
        high = F.interpolate(low, size=x.shape[-2:], mode="bilinear", align_corners=False)
        return self.up(self.join(torch.cat([self.bridge(x), high], dim=1)))


class Hourglass(nn.Module):
    """Noise (1, channels, H, W) → picture (1, 3, H, W) in 0..1; H and W at least 2 ** (number of widths + 1)."""

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.levels = Level(channels, widths)
        self.colour = nn.Conv2d(widths[0], 3, 1)

    def forward(self, noise: Tensor) -> Tensor:
        return torch.sigmoid(self.colour(self.levels(noise)))
