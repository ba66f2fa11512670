"""The blind denoiser's U-Net, told by JPEG's own transform how much was thrown away.

A compressed picture is known by the coefficients of its 8 × 8 blocks: many of them are exactly nothing. So each block
of the grid that begins at the picture's corner is transformed as JPEG does it (Ahmed, Natarajan and Rao, 1974) and
what is read there gives the level that the U-Net is told, scales what is taken away, and is known at its coarsest
stage. A picture without such blocks, with grain and all, is left alone for that. Cut tiles at multiples of eight.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blind_denoiser import LOUDEST, MARGIN_PX, CleaningUNet
from models.nets.blocks import convolution, mirrored_around

BLOCK_PX = 8
LUMA_CHROMA = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))  # JFIF's YCbCr
ONE_LEVEL = 1 / 255  # below it there is less to take away than estimated: half of it at half a level
TYPICAL_LEVEL = 0.03  # 8 levels: what quality 15 does to a photograph


def cosine_transform() -> Tensor:
    """The orthonormal DCT of a block of 8 × 8: (64 coefficients, 64 pixels), as half precision knows it."""
    place = torch.arange(BLOCK_PX, dtype=torch.float64)
    waves = torch.cos((2 * place + 1) * place[:, None] * math.pi / (2 * BLOCK_PX)) * math.sqrt(2 / BLOCK_PX)
    waves[0] /= math.sqrt(2)
    both = torch.einsum("ui,vj->uvij", waves, waves).reshape(BLOCK_PX**2, BLOCK_PX**2)
    return both.half().float()  # exported models store halves, and training must see the same numbers


class BlockReader(nn.Module):
    """What the blocks of JPEG's grid say: (N, 3, H, W) in 0..1, sides multiples of 8 → (N, width, H/8, W/8)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("transform", cosine_transform()[:, :, None, None].repeat(3, 1, 1, 1), persistent=False)
        self.register_buffer("planes", torch.tensor(LUMA_CHROMA)[:, :, None, None], persistent=False)
        coefficients = 3 * BLOCK_PX**2
        self.sizes = convolution(coefficients, width, size=1)
        self.signed = convolution(coefficients, width, size=1)
        self.first = convolution(width, width)
        self.second = convolution(width, width)

    def forward(self, image: Tensor) -> Tensor:
        blocks = F.pixel_unshuffle(F.conv2d(image, self.planes), BLOCK_PX)
        blocks = blocks.unflatten(1, (3, BLOCK_PX**2))
        blocks = (blocks - blocks.mean(dim=2, keepdim=True)).flatten(1, 2)  # no rounding of a weight tells of the mean
        coefficients = F.conv2d(blocks, self.transform, groups=3) * 255
        sizes = torch.log1p(coefficients.abs())  # what was set to zero stays near zero, however large the rest is
        read = F.relu(self.sizes(sizes) + self.signed(sizes * coefficients.sign()))
        return F.relu(self.second(F.relu(self.first(read))))


class JpegCleaner(nn.Module):
    """Image (N, 3, H, W) in 0..1, any size, and strength → image of the same size.

    Strength 0.5 takes away what was estimated; below, the untouched picture is mixed in and 0 changes nothing; above,
    more is taken to be damage than was estimated, at 1 twice as much.
    """

    STRIDE = 8

    def __init__(
        self,
        widths: tuple[int, int, int],
        depths: tuple[int, int, int],
        *,
        grid_width: int,
        heard: tuple[float, float] = (0.0, ONE_LEVEL),
    ) -> None:
        """HEARD is the estimate up to which nothing is taken away, and from which on all that was found."""
        super().__init__()
        self.heard = heard
        self.reader = BlockReader(grid_width)
        self.level = convolution(grid_width, 1, size=1)
        self.unet = CleaningUNet(widths, depths, told_coarse=grid_width)

    def forward(self, image: Tensor, strength: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        wide = mirrored_around(image, margin=MARGIN_PX, multiple=self.STRIDE)
        read, gain = self.reader(wide), (2 * strength).clamp(min=1)
        estimated = self.estimate(read)
        told = torch.minimum(estimated * gain, estimated.clamp(min=LOUDEST))
        damage = F.pixel_shuffle(self._damage(F.pixel_unshuffle(wide, 2), told, read), 2)
        damage = damage[..., MARGIN_PX:, MARGIN_PX:][..., :height, :width]
        return (image - damage * (2 * strength).clamp(max=1)).clamp(0, 1)

    def training_outputs(self, image: Tensor, known_level: Tensor, is_told: Tensor) -> tuple[Tensor, Tensor]:
        """(unclamped result, estimated level); where `is_told` (N, 1, 1, 1) the net gets the known level instead."""
        read = self.reader(image)
        estimated = self.estimate(read)
        told = torch.where(is_told, known_level, estimated)
        return image - F.pixel_shuffle(self._damage(F.pixel_unshuffle(image, 2), told, read), 2), estimated

    def estimate(self, read: Tensor) -> Tensor:
        """(N, width, H/8, W/8) → deviation from the original on 0..1, (N, 1, H/2, W/2)."""
        level = F.softplus(self.level(read)) * TYPICAL_LEVEL
        return F.interpolate(level, scale_factor=4.0, mode="bilinear", align_corners=False)

    def _damage(self, cells: Tensor, told: Tensor, read: Tensor) -> Tensor:
        quiet, loud = self.heard
        return self.unet(cells, told, read) * ((told - quiet) / (loud - quiet)).clamp(0, 1)
