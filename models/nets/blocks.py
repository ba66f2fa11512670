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


def mirrored_around(image: Tensor, *, margin: int, multiple: int) -> Tensor:
    """(N, C, H, W) continued as in a mirror: by MARGIN on every side, then to a multiple; exportable, for any size.

    A margin keeps the zeros that convolutions pad with away from the picture.
    """
    height, width = image.shape[-2:]
    rows = _mirrored_positions(height, margin, multiple, image.device)
    columns = _mirrored_positions(width, margin, multiple, image.device)
    return image.index_select(-2, rows).index_select(-1, columns)


def _mirrored_positions(side: int, margin: int, multiple: int, device: torch.device) -> Tensor:
    whole = (side + multiple - 1) // multiple * multiple
    positions = torch.arange(-margin, whole + margin, device=device).abs()
    return (side - 1 - (side - 1 - positions).abs()).clamp(min=0)  # where a mirror has no more: the first row
