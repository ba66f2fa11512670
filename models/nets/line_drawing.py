"""From a picture to its lines: a small network that sees little at once, so that any picture can be cut into tiles.

It works at half size on pixels unshuffled by two, with dilated convolutions (Yu, Koltun 2016), and joins the picture
itself at the end, so that lines are as sharp as what they follow.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DILATIONS = (1, 1, 2, 4, 2, 1, 1)
STRIDE = 2
RECEPTIVE_FIELD = 32  # 2 · (1 + sum of the dilations) + 2, rounded up
BOLDNESS = 4.0  # logits that the slider moves at its ends
EVEN = -0.4  # logit from which a line is drawn when the slider stands in the middle


class LineNet(nn.Module):
    """RGB (N, 3, H, W) in 0..1, sides even → logits of ink (N, 1, H, W)."""

    def __init__(self, width: int = 40) -> None:
        super().__init__()
        self.first = nn.Conv2d(12, width, 3, padding=1, padding_mode="reflect")
        self.middle = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation) for dilation in DILATIONS[1:]
        )
        self.up = nn.Conv2d(width, 32, 1)
        self.join = nn.Conv2d(8 + 3, 12, 3, padding=1)
        self.ink = nn.Conv2d(12, 1, 3, padding=1)

    def forward(self, rgb: Tensor) -> Tensor:
        x = F.relu(self.first(F.pixel_unshuffle(rgb * 2 - 1, 2)))
        for number, layer in enumerate(self.middle):
            x = F.relu(layer(x) + (x if number % 2 else 0))
        fine = F.pixel_shuffle(F.relu(self.up(x)), 2)
        return self.ink(F.relu(self.join(torch.cat([fine, rgb * 2 - 1], dim=1))))


class LineDrawing(nn.Module):
    """The exported whole: RGB (1, 3, H, W) of any size, detail and strength (1,), all in 0..1 → dark on white, RGB."""

    def __init__(self, network: LineNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, detail: Tensor, strength: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        padded = F.pad(image, (0, width % 2, 0, height % 2), mode="replicate")
        logits = self.network(padded)[..., :height, :width]
        ink = torch.sigmoid(1.5 * (logits - EVEN + BOLDNESS * (2 * detail - 1)))
        return (1 - ink * (2 * strength).clamp(max=1)).clamp(0, 1).expand(-1, 3, -1, -1) * 1.0
