"""Building blocks shared by the networks. All of them take any height and width their stride divides."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def convolution(channels_in: int, channels_out: int, *, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, size, stride=stride, padding=(size - 1) // 2 if stride == 1 else 0)


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))): no normalisation, because statistics over a picture would not survive tiling."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = convolution(channels, channels)
        nn.init.zeros_(self.second.weight)  # starts as the identity: deep stacks then train from the first step
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x)))


class Upsample(nn.Module):
    """Doubles height and width by a 1x1 convolution and a pixel shuffle: reaches no farther than its own cell."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.widen = convolution(channels_in, 4 * channels_out, size=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.widen(x), 2)


def extend_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column of (N, C, H, W) until both sizes are multiples; exportable, for any size."""
    height, width = image.shape[-2:]
    rows = torch.arange((height + multiple - 1) // multiple * multiple, device=image.device).clamp(max=height - 1)
    columns = torch.arange((width + multiple - 1) // multiple * multiple, device=image.device).clamp(max=width - 1)
    return image.index_select(-2, rows).index_select(-1, columns)
