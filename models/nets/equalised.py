"""Layers with an equalised learning rate (Karras et al., ICLR 2018): weights of deviation one, scaled as they are used.

He's constant is applied at run time instead of once at the start, so an optimiser that normalises its steps, as Adam
does, moves every layer at the same rate.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.adversarial import SLOPE, START_PX, MinibatchDeviation, doublings_to

NEXT_TO_NOTHING = 1e-6  # torch's ONNX exporter takes 1e-8 for nothing and leaves it out
GAIN = math.sqrt(2)  # makes up for what a leaky rectifier takes


class EqualisedLinear(nn.Module):
    """`rate` below one makes the layer learn slower than the others, as a mapping network should."""

    def __init__(self, features_in: int, features_out: int, *, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features_out, features_in) / rate)
        self.bias = nn.Parameter(torch.full((features_out,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(features_in), rate

    def settle(self) -> None:
        self.weight.mul_(self.scale)
        self.bias.mul_(self.rate)
        self.scale = self.rate = 1.0

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias * self.rate)


class EqualisedConv(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, *, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, size, size))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.scale = 1 / math.sqrt(channels_in * size**2)
        self.stride, self.padding = stride, (size - 1) // 2

    def settle(self) -> None:
        self.weight.mul_(self.scale)
        self.scale = 1.0

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.scale, self.bias, stride=self.stride, padding=self.padding)


def settled(network: nn.Module) -> nn.Module:
    """The same network with its scales multiplied into its weights: what is exported is rounded once, not twice."""
    with torch.no_grad():
        for module in network.modules():
            if hasattr(module, "settle"):
                module.settle()
    return network


def rectified(x: Tensor) -> Tensor:
    """Leaky, with the deviation that went in."""
    return F.leaky_relu(x, SLOPE) * GAIN


def pixel_norm(x: Tensor) -> Tensor:
    """The vector in each place, or each latent, brought to a mean square of one."""
    return x * (x.square().mean(dim=1, keepdim=True) + NEXT_TO_NOTHING).rsqrt()


class EqualisedDiscriminator(nn.Module):
    """pictures (N, planes, side, side) in -1..1, label ignored → one number each: how real, the higher the more.

    `channels` are those at `side`, side / 2 … 4. `seen_real` is a running mean of the sign of scores on real pictures
    and `probability` the strength of the augmentation that it steers: kept here so that a checkpoint holds them.
    """

    def __init__(self, *, side: int, planes: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        assert len(channels) == doublings_to(side) + 1
        self.read = EqualisedConv(planes, channels[0], size=1)
        self.shrink = nn.ModuleList(
            EqualisedConv(finer, coarser, size=4, stride=2) for finer, coarser in itertools.pairwise(channels)
        )
        self.deviation = MinibatchDeviation()
        self.look = EqualisedConv(channels[-1] + 1, channels[-1])
        self.gather = EqualisedLinear(channels[-1] * START_PX**2, channels[-1])
        self.score = EqualisedLinear(channels[-1], 1)
        self.register_buffer("seen_real", torch.zeros(()))
        self.register_buffer("probability", torch.zeros(()))

    def forward(self, pictures: Tensor, _label: Tensor | None = None) -> Tensor:
        x = rectified(self.read(pictures))
        for halve in self.shrink:
            x = rectified(halve(x))
        x = rectified(self.look(self.deviation(x)))
        return self.score(rectified(self.gather(x.flatten(1))))[:, 0]
