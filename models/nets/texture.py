"""A fully convolutional network that makes textures of any size out of noise, several textures in one network.

After Ulyanov et al. (ICML 2016, texture networks) and Jetchev et al. (2016, spatial GAN): noise enters at every size,
and nothing looks at the whole picture, so a piece of a large texture comes out as it does within the whole. The noise
is one plane as large as the picture; each size sees it unshuffled. Each texture has its own scales, shifts and last
layer.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blocks import mirrored_around

STEEP = 0.2  # of the leaky rectifier
COLOR_CELL_PX = 16  # colours are compared on cells as large as this
RGB = 3


class TextureNorm(nn.Module):
    """Each channel brought to mean 0 and deviation 1 as they are over the texture, then scaled and shifted.

    (N, C, H, W), share of each texture (T,) → (N, C, H, W). While training, the batch is all of one texture and is
    measured; afterwards running means are used, which know no picture's size.
    """

    def __init__(self, channels: int, textures: int, momentum: float = 0.05) -> None:
        super().__init__()
        self.momentum = momentum
        self.scale = nn.Parameter(torch.ones(textures, channels) + 0.1 * torch.randn(textures, channels))
        self.shift = nn.Parameter(0.1 * torch.randn(textures, channels))
        self.register_buffer("mean", torch.zeros(textures, channels))
        self.register_buffer("variance", torch.ones(textures, channels))

    def forward(self, x: Tensor, shares: Tensor) -> Tensor:
        if self.training:
            mean, variance = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)
            self._remember(mean.detach(), variance.detach(), int(shares.argmax()))
        else:
            mean, variance = shares @ self.mean, shares @ self.variance
        factor = (shares @ self.scale) * (variance + 1e-5).rsqrt()
        return x * factor[:, None, None] + ((shares @ self.shift) - mean * factor)[:, None, None]

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, texture: int) -> None:
        self.mean[texture].lerp_(mean, self.momentum)
        self.variance[texture].lerp_(variance, self.momentum)


class TextureLayer(nn.Module):
    """3 × 3 convolution, norm, rectifier; `wraps`: the plane is a torus, else its rim is repeated."""

    def __init__(self, channels_in: int, channels: int, textures: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, channels, 3, bias=False)
        nn.init.kaiming_normal_(self.convolution.weight, a=STEEP)
        self.norm = TextureNorm(channels, textures)

    def forward(self, x: Tensor, shares: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), mode="circular" if self.training else "replicate")
        return F.leaky_relu(self.norm(self.convolution(x), shares), STEEP)


class TextureNet(nn.Module):
    """Noise (N, 1, H, W) of deviation 1, share of each texture (T,) with sum 1 → (N, 3, H, W), not clamped.

    Height and width must be multiples of `STRIDE`. In training mode the result tiles seamlessly with itself.
    """

    STRIDE = 16
    REACH = 34  # 16 + 8 + 4 + 2 · 2 + 2 · 1 pixels from the edge of a cell of 16; the last two hardly count

    def __init__(self, textures: int, widths: tuple[int, ...] = (64, 64, 48, 32, 16)) -> None:
        """`widths`: channels at 1/16, 1/8, 1/4, 1/2 and the whole size."""
        super().__init__()
        assert 2 ** (len(widths) - 1) == self.STRIDE
        self.cells = [2 ** (len(widths) - 1 - level) for level in range(len(widths))]
        self.read = nn.ModuleList(
            nn.Conv2d(cell * cell, width, 1) for cell, width in zip(self.cells, widths, strict=True)
        )
        self.grow = nn.ModuleList(
            nn.Conv2d(before, width, 1, bias=False) for before, width in itertools.pairwise(widths)
        )
        self.layers = nn.ModuleList()
        for cell, width in zip(self.cells, widths, strict=True):
            depth = 2 if cell <= 2 else 1
            self.layers.append(nn.ModuleList(TextureLayer(width, width, textures) for _ in range(depth)))
        self.write = nn.Parameter(0.1 / widths[-1] ** 0.5 * torch.randn(textures, RGB * widths[-1]))
        self.color = nn.Parameter(torch.full((textures, RGB), 0.5))

    def forward(self, noise: Tensor, shares: Tensor) -> Tensor:
        x: Tensor | None = None
        for level, cell in enumerate(self.cells):
            heard = self.read[level](F.pixel_unshuffle(noise, cell) if cell > 1 else noise)
            if x is not None:
                x = heard + F.interpolate(self.grow[level - 1](x), scale_factor=2.0, mode="nearest")
            else:
                x = heard
            for layer in self.layers[level]:
                x = layer(x, shares)
        weight = (shares @ self.write).view(RGB, -1, 1, 1)
        return F.conv2d(x, weight, shares @ self.color)


class TexturePainter(nn.Module):
    """What is exported: picture (1, 4, H, W) in 0..1 and noise (1, 1, H, W) in -1..1 → RGBA in 0..1, opaque.

    texture, second (1,): places in the list; mix (1,): share of the second; own_colors (1,): how much of the
    picture's colours the texture takes on. Any height and width.
    """

    def __init__(self, network: TextureNet) -> None:
        super().__init__()
        self.network = network.eval()
        self.textures = len(network.color)

    def forward(
        self, image: Tensor, noise: Tensor, texture: Tensor, second: Tensor, mix: Tensor, own_colors: Tensor
    ) -> Tensor:
        """(1, 4, H, W)."""
        height, width = image.shape[2:]
        numbers = torch.arange(self.textures, dtype=torch.float32)
        shares = (numbers == texture).float() * (1 - mix) + (numbers == second).float() * mix
        border = TextureNet.STRIDE
        noise = mirrored_around(
            noise * 3**0.5, margin=border, multiple=border
        )  # uniform in -1..1 has deviation 3 ** -0.5
        made = self.network(noise, shares)[..., border : border + height, border : border + width]
        made = made + own_colors * self._colors_to_take(image, made)
        return torch.cat([made.clamp(0, 1), torch.ones_like(image[:, :1])], dim=1)

    @staticmethod
    def _colors_to_take(image: Tensor, made: Tensor) -> Tensor:
        """Soft colours of the picture less those of the texture, where the picture has any."""
        color, alpha = image[:, :RGB], image[:, RGB:]
        around = mirrored_around(
            torch.cat([(color - made) * alpha, alpha], dim=1), margin=COLOR_CELL_PX, multiple=COLOR_CELL_PX
        )
        cells = F.avg_pool2d(F.avg_pool2d(around, COLOR_CELL_PX), 3, stride=1, padding=1, count_include_pad=False)
        soft = F.interpolate(cells, scale_factor=float(COLOR_CELL_PX), mode="bilinear")
        soft = soft[..., COLOR_CELL_PX : COLOR_CELL_PX + image.shape[2], COLOR_CELL_PX : COLOR_CELL_PX + image.shape[3]]
        return soft[:, :RGB]
