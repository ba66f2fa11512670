"""The generator of StyleGAN2 (Karras et al., CVPR 2020): a latent becomes a style, and styles weigh the channels.

In the paper each picture has convolution weights of its own. Here, equally, activations are scaled before and after a
convolution all pictures share, which every runtime can do: conv(x · s) / |w · s|.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.adversarial import START_PX, doublings_to
from models.nets.equalised import NEXT_TO_NOTHING, EqualisedLinear, pixel_norm, rectified

MAPPING_RATE = 0.01  # of the paper: how much slower than the rest the mapping learns


class Mapping(nn.Module):
    """latent (N, z) → style (N, w): unrolls the ball of latents into the shape that pictures have."""

    def __init__(self, *, latent: int, style: int, depth: int) -> None:
        super().__init__()
        sizes = [latent] + [style] * depth
        self.layers = nn.ModuleList(
            EqualisedLinear(size, next_size, rate=MAPPING_RATE) for size, next_size in itertools.pairwise(sizes)
        )

    def forward(self, latent: Tensor) -> Tensor:
        x = pixel_norm(latent)
        for layer in self.layers:
            x = rectified(layer(x))
        return x


class ModulatedConv(nn.Module):
    """x (N, in, h, w), style (N, s) → (N, out, h, w), or twice the side. Every channel comes out with deviation one."""

    def __init__(
        self, channels_in: int, channels_out: int, *, style: int, size: int = 3, doubles: bool = False,
        demodulates: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, size, size))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.weigh = EqualisedLinear(style, channels_in, bias=1.0)
        taps = size**2 / 4 if doubles else size**2  # a place of the doubled picture is reached by a quarter of them
        self.scale = 1 / math.sqrt(channels_in * taps)
        self.taps_share = 0.25 if doubles else 1.0
        self.doubles, self.demodulates, self.padding = doubles, demodulates, (size - 1) // 2
        self.power: Tensor | None = None  # of the weights from each channel to each other, once they are settled

    def settle(self) -> None:
        self.weight.mul_(self.scale)
        self.scale = 1.0
        if self.demodulates:
            power = self._power(self.weight)
            del self.power
            self.register_buffer("power", power)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        weigh = self.weigh(style)
        weight = self.weight * self.scale
        x = x * weigh[:, :, None, None]
        if self.doubles:
            x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2, padding=1)
        else:
            x = F.conv2d(x, weight, padding=self.padding)
        if self.demodulates:
            power = self._power(weight) if self.power is None else self.power
            x = x * (weigh.square() @ power + NEXT_TO_NOTHING).rsqrt()[:, :, None, None]
        return x + self.bias[:, None, None]

    def _power(self, weight: Tensor) -> Tensor:
        return (weight.square().sum(dim=(2, 3)) * self.taps_share).T


class StyledLayer(nn.Module):
    """A modulated convolution, noise of a learned strength in every place, and a rectifier."""

    def __init__(self, channels_in: int, channels_out: int, *, style: int, doubles: bool = False) -> None:
        super().__init__()
        size = 4 if doubles else 3
        self.convolve = ModulatedConv(channels_in, channels_out, style=style, size=size, doubles=doubles)
        self.noise_strength = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        return rectified(self.convolve(x, style) + noise * self.noise_strength)


class Synthesis(nn.Module):
    """styles (N, levels, w), one row for each size from 4 px on, and noise for each → (N, planes, side, side)."""

    def __init__(self, *, style: int, side: int, planes: int, channels: tuple[int, ...]) -> None:
        """`channels` are those at 4, 8 … SIDE."""
        super().__init__()
        assert len(channels) == doublings_to(side) + 1
        self.start = nn.Parameter(torch.randn(1, channels[0], START_PX, START_PX))
        coarser = [None, *channels]
        self.enter = nn.ModuleList(
            StyledLayer(before or count, count, style=style, doubles=before is not None)
            for before, count in zip(coarser, channels, strict=False)
        )
        self.refine = nn.ModuleList(StyledLayer(count, count, style=style) for count in channels)
        self.write = nn.ModuleList(
            ModulatedConv(count, planes, style=style, size=1, demodulates=False) for count in channels
        )

    @property
    def levels(self) -> int:
        return len(self.enter)

    @property
    def noise_sides(self) -> list[int]:
        return [START_PX * 2**level for level in range(self.levels)]

    def forward(self, styles: Tensor, *noise: Tensor) -> Tensor:
        x = self.start.expand(len(styles), -1, -1, -1)
        picture: Tensor | None = None
        for level, (enter, refine, write) in enumerate(zip(self.enter, self.refine, self.write, strict=True)):
            style = styles[:, level]
            x = refine(enter(x, style, noise[level]), style, noise[level])
            drawn = write(x, style)
            picture = drawn if picture is None else F.interpolate(picture, scale_factor=2.0, mode="bilinear") + drawn
        return picture


class StyleGenerator(nn.Module):
    """latent (N, z) → pictures (N, planes, side, side), about -1..1. `path_length` is what path lengths should be."""

    def __init__(
        self, *, latent: int, style: int, depth: int, side: int, planes: int, channels: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.mapping = Mapping(latent=latent, style=style, depth=depth)
        self.synthesis = Synthesis(style=style, side=side, planes=planes, channels=channels)
        self.register_buffer("path_length", torch.zeros(()))

    def forward(self, latent: Tensor, _label: Tensor | None = None) -> Tensor:
        return self.drawn(self.styles(latent))

    def styles(self, latent: Tensor, other: Tensor | None = None, crossover: int = 0) -> Tensor:
        """(N, levels, w): of the latent, from level `crossover` on of the other one."""
        levels = self.synthesis.levels
        rows = self.mapping(latent)[:, None].expand(-1, levels, -1)
        if other is None:
            return rows
        others = self.mapping(other)[:, None].expand(-1, levels, -1)
        return torch.cat([rows[:, :crossover], others[:, crossover:]], dim=1)

    def drawn(self, styles: Tensor) -> Tensor:
        """With noise from torch's own generator."""
        sides = self.synthesis.noise_sides
        noise = [torch.randn(len(styles), 1, side, side, device=styles.device) for side in sides]
        return self.synthesis(styles, *noise)
