"""ESRGAN's large network (Wang et al., 2018) as Real-ESRGAN trained it: a teacher only, far too slow for an editor."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blocks import convolution

KEPT = 0.2  # of what a block finds is added to what it was given
SLOPE = 0.2


class Dense(nn.Module):
    """Five convolutions, each of which sees what all before it found."""

    def __init__(self, channels: int, grown: int) -> None:
        super().__init__()
        inner = [convolution(channels + step * grown, grown) for step in range(4)]
        self.layers = nn.ModuleList([*inner, convolution(channels + 4 * grown, channels)])

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for layer in self.layers[:-1]:
            seen = torch.cat([seen, F.leaky_relu(layer(seen), SLOPE)], dim=1)
        return x + KEPT * self.layers[-1](seen)


class Rrdb(nn.Module):
    """Image (N, 3, H, W) in 0..1 → (N, 3, 4 · H, 4 · W), not held within any range."""

    def __init__(self, channels: int = 64, grown: int = 32, blocks: int = 23) -> None:
        super().__init__()
        self.head = convolution(3, channels)
        self.blocks = nn.ModuleList(nn.Sequential(*(Dense(channels, grown) for _ in range(3))) for _ in range(blocks))
        self.body = convolution(channels, channels)
        self.doubling = nn.ModuleList(convolution(channels, channels) for _ in range(2))
        self.fine = convolution(channels, channels)
        self.tail = convolution(channels, 3)

    def forward(self, image: Tensor) -> Tensor:
        start = x = self.head(image)
        for block in self.blocks:
            x = x + KEPT * block(x)
        x = start + self.body(x)
        for layer in self.doubling:
            x = F.leaky_relu(layer(F.interpolate(x, scale_factor=2, mode="nearest")), SLOPE)
        return self.tail(F.leaky_relu(self.fine(x), SLOPE))
