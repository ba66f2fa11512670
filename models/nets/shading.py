"""Label maps that are flat pictures already: what a network adds to their colours is shade, and shade may be coarse.

The first class is nothing, and white. All others keep their outlines at full resolution, however small the network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FAINTEST_CLASS = 1 / 12  # what is darker than white by this is painted


class OverMap(nn.Module):
    """Ink of a label map (N, 3, S, S), white is zero → premultiplied (N, 4, S, S): map and what is learned."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ink: Tensor) -> Tensor:
        painted = painted_of(ink)
        flat = (painted - ink).clamp(min=0)  # 1 - ink, less the white of what is not painted
        return self.network(ink) + torch.cat([flat, painted], dim=1)


class ShadedMap(nn.Module):
    """What ships: a label map of any size, RGBA 0..1 → its shapes shaded, straight RGBA 0..1.

    NETWORK sees the map fitted into SIDE × SIDE. Only the difference to the map's colours is enlarged.
    """

    def __init__(self, network: nn.Module, side: int) -> None:
        super().__init__()
        self.network, self.side = network, side

    def forward(self, image: Tensor) -> Tensor:
        ink = (1 - image[:, :3]) * image[:, 3:]
        height, width = ink.shape[-2:]
        longest = torch.sym_max(height, width)
        down, right = longest - height, longest - width
        square = F.pad(ink, (right // 2, right - right // 2, down // 2, down - down // 2))
        seen = F.interpolate(square, (self.side, self.side), mode="bilinear", antialias=True)
        shade = F.interpolate(self._shade(seen), (longest, longest), mode="bilinear")
        shade = shade[:, :, down // 2 : down // 2 + height, right // 2 : right // 2 + width]
        painted = painted_of(ink)
        flat = F.avg_pool2d(F.pad(torch.cat([painted - ink * painted, painted], dim=1), (1, 1, 1, 1)), 3, stride=1)
        colour = flat[:, :3] / flat[:, 3:].clamp(min=1 / 32)  # outlines of classes have steps: softened by a pixel
        lit = colour + shade[:, :3] / shade[:, 3:].clamp(min=1 / 8)
        return torch.cat([lit.clamp(0, 1), flat[:, 3:].clamp(0, 1)], dim=1)

    def _shade(self, ink: Tensor) -> Tensor:
        """(N, 4, SIDE, SIDE): what the network adds to the colours, times how much is painted; and that."""
        painted = painted_of(ink)
        made = self.network(ink).clamp(0, 1)
        own = (painted - ink).clamp(min=0) / painted.clamp(min=1 / 8)
        shade = torch.cat([(made[:, :3] / made[:, 3:].clamp(min=1 / 4) - own) * painted, painted], dim=1)
        return F.avg_pool2d(F.pad(shade, (1, 2, 1, 2)), 4, stride=1)  # the network makes four at once: no grid shows


def painted_of(ink: Tensor) -> Tensor:
    """(N, 3, H, W) → (N, 1, H, W): 0 where nothing is painted, 1 where any class is."""
    return (ink.amax(dim=1, keepdim=True) / FAINTEST_CLASS).clamp(0, 1)
