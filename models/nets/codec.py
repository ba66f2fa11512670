"""A small compressing autoencoder with a dial for the rate: analysis, rounding, synthesis.

After Ballé, Laparra and Simoncelli (ICLR 2017: transform, noise for rounding, rate + distortion) and Cui et al. (CVPR
2021: gains that make one network serve all rates). Both transforms begin as the DCT of 16 × 16 blocks in YCbCr, which
is a picture codec already, and learn what is to be added: no more than a few cells around are seen, so that it can be
cut into tiles.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blocks import ResidualBlock, Upsample, convolution
from models.nets.jpeg_cleaner import LUMA_CHROMA

CELL_PX = 16
LARGEST = 1023  # of a symbol, either way
PLANE_CHANNELS = (96, 16, 16)  # of Y, Cb, Cr: the lowest frequencies of each
CHANNELS = sum(PLANE_CHANNELS)
EVEN_CHANNELS = (0, PLANE_CHANNELS[0], PLANE_CHANNELS[0] + PLANE_CHANNELS[1])  # the mean of a cell, plane by plane
FIRST_STEP = 24.0  # levels of a coefficient that make one symbol at the middle rate, before training


def low_frequencies(count: int) -> Tensor:
    """(count, 256): the smoothest functions of the orthonormal DCT of a block of 16 × 16, the even one first."""
    place = torch.arange(CELL_PX, dtype=torch.float64)
    waves = torch.cos((2 * place + 1) * place[:, None] * math.pi / (2 * CELL_PX)) * math.sqrt(2 / CELL_PX)
    waves[0] /= math.sqrt(2)
    both = torch.einsum("ui,vj->uvij", waves, waves).reshape(CELL_PX**2, CELL_PX**2)
    order = (place[:, None].square() + place.square()).flatten().argsort(stable=True)
    return both[order[:count]].float()


def block_functions() -> tuple[Tensor, Tensor]:
    """Analysis (CHANNELS, 768) on unshuffled RGB and synthesis (768, CHANNELS), inverse to it where it keeps all."""
    colours = torch.tensor(LUMA_CHROMA)
    back = torch.linalg.inv(colours)
    forward, inverse = [], []
    for plane, count in enumerate(PLANE_CHANNELS):
        waves = low_frequencies(count)
        forward.append(torch.einsum("c,kp->kcp", colours[plane], waves).flatten(1))
        inverse.append(torch.einsum("c,kp->cpk", back[:, plane], waves).flatten(0, 1))
    return torch.cat(forward), torch.cat(inverse, dim=1)


class Dial(nn.Module):
    """Something positive for each channel at each rate 0..1: exp of a parabola."""

    def __init__(self, middle: float, slope: float) -> None:
        super().__init__()
        shape = torch.tensor([math.log(middle), slope, 0.0])
        self.parabola = nn.Parameter(shape[:, None].repeat(1, CHANNELS))

    def forward(self, rate: Tensor) -> Tensor:
        """Rate of any shape (…) → (…, CHANNELS)."""
        away = rate[..., None] - 0.5
        return torch.exp(self.parabola[0] + self.parabola[1] * away + self.parabola[2] * away.square())


class Encoder(nn.Module):
    """Image (1, 3, H, W) in 0..1, sides multiples of 16, and rate (1,) in 0..1 → symbols (1, CHANNELS, H/16, W/16)."""

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.fine = nn.Sequential(convolution(48, fine), nn.ReLU(), ResidualBlock(fine))
        self.middle = nn.Sequential(convolution(fine, middle, size=2, stride=2), ResidualBlock(middle))
        self.coarse = nn.Sequential(convolution(middle, coarse, size=2, stride=2), nn.ReLU())
        self.write = convolution(coarse, CHANNELS, size=1)
        self.blocks = convolution(3 * CELL_PX**2, CHANNELS, size=1)
        self.gain = Dial(255 / FIRST_STEP, 3.0)
        with torch.no_grad():
            self.blocks.weight.copy_(block_functions()[0][:, :, None, None])
            self.blocks.bias.zero_()
            self.write.weight.zero_()
            self.write.bias.zero_()

    def analysed(self, image: Tensor, rate: Tensor) -> Tensor:
        """(N, 3, H, W), sides multiples of 16, and (N,) → what is rounded, (N, CHANNELS, H/16, W/16)."""
        centred = image - 0.5
        seen = self.coarse(self.middle(self.fine(F.pixel_unshuffle(centred, 4))))
        found = self.blocks(F.pixel_unshuffle(centred, CELL_PX)) + self.write(seen)
        return found * self.gain(rate)[..., None, None]

    def forward(self, image: Tensor, rate: Tensor) -> Tensor:
        return torch.round(self.analysed(image, rate)).clamp(-LARGEST, LARGEST)


class Decoder(nn.Module):
    """What the encoder gave, and the same rate → image (1, 3, H, W) in 0..1."""

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.read = nn.Sequential(convolution(CHANNELS, coarse, size=1), nn.ReLU())
        self.middle = nn.Sequential(Upsample(coarse, middle), ResidualBlock(middle))
        self.fine = nn.Sequential(Upsample(middle, fine), ResidualBlock(fine))
        self.write = convolution(fine, 48)
        self.blocks = convolution(CHANNELS, 3 * CELL_PX**2, size=1)
        self.step = Dial(FIRST_STEP / 255, -3.0)
        with torch.no_grad():
            self.blocks.weight.copy_(block_functions()[1][:, :, None, None])
            self.blocks.bias.zero_()
            self.write.weight.zero_()
            self.write.bias.zero_()

    def synthesised(self, symbols: Tensor, rate: Tensor) -> Tensor:
        """(N, CHANNELS, h, w) and (N,) → (N, 3, 16 h, 16 w), not clamped."""
        values = symbols * self.step(rate)[..., None, None]
        added = F.pixel_shuffle(self.write(self.fine(self.middle(self.read(values)))), 4)
        return F.pixel_shuffle(self.blocks(values), CELL_PX) + added + 0.5

    def forward(self, symbols: Tensor, rate: Tensor) -> Tensor:
        return self.synthesised(symbols, rate).clamp(0, 1)


class Codec(nn.Module):
    """Both, and how spread each channel's symbols are, which the rate of a picture is reckoned by."""

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(widths), Decoder(widths)
        self.spread = Dial(1.0, 3.0)
        even = torch.zeros(CHANNELS, 1, 1)
        even[list(EVEN_CHANNELS)] = 1
        self.register_buffer("even", even, persistent=False)

    def training_outputs(self, image: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        """(image again, bits of each picture): rounded for the picture, with noise in place of it for the bits."""
        found = self.encoder.analysed(image, rate)
        noisy = found + torch.empty_like(found).uniform_(-0.5, 0.5)
        rounded = found + (torch.round(found) - found).detach()
        return self.decoder.synthesised(rounded, rate), self.bits(noisy, rate)

    def bits(self, symbols: Tensor, rate: Tensor) -> Tensor:
        """Of each picture of (N, CHANNELS, h, w), under a Laplace distribution of each channel's spread."""
        spread = self.spread(rate)[..., None, None]
        left = F.pad(symbols[..., :-1], (1, 0)) * self.even  # what is even is told from its neighbour
        away = (symbols - left).abs()
        inside = 1 - 0.5 * (torch.exp((away - 0.5).clamp(max=0) / spread) + torch.exp(-(away + 0.5) / spread))
        outside = 0.5 * torch.exp(-(away - 0.5).clamp(min=0) / spread) * (1 - torch.exp(-1 / spread))
        share = torch.where(away < 0.5, inside, outside)
        return -torch.log2(share.clamp(min=1e-9)).flatten(1).sum(dim=1)
