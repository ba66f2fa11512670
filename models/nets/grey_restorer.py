"""The blind denoiser for one grey channel of 16 bits: noise from a sixth of a per mille of white upwards.

What is taken away is counted in parts of the level that was estimated, and the level in logarithms, so that a faint
noise is seen as exactly as a loud one. A second answer of the network is what local contrast lacks; with a scale of
two, both are answered at twice the size, and noise is counted in parts of white. Convolutions alone, without statistics
over the picture: cut tiles anywhere.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blind_denoiser import CleaningUNet
from models.nets.blocks import convolution, mirrored_around

MARGIN_PX = 16  # of the picture: eight as in the blind denoiser, and what the estimate sees beyond
WIDE_MARGIN_PX = 32  # where answers are averaged: tiles then agree to a level with the whole picture
TYPICAL_LEVEL = 0.03  # of white
LOUDEST = 0.25
LOG_RANGE = (-7.0, 2.5)  # of a typical level: 0.00003 to 0.37
LUMA = (0.299, 0.587, 0.114)


class LevelEstimator(nn.Module):
    """How strong the noise is: grey cells (N, 4, H/2, W/2) → logarithm of its deviation by TYPICAL_LEVEL, (N, 1, …)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolution(4, width)
        self.halve = convolution(width, width, size=2, stride=2)
        self.second = convolution(width, width)
        self.third = convolution(width, width)
        self.last = convolution(width, 1)

    def forward(self, cells: Tensor) -> Tensor:
        seen = F.relu(self.halve(F.relu(self.first(cells))))
        level = self.last(F.relu(self.third(F.relu(self.second(seen)))))
        level = F.interpolate(level, scale_factor=2.0, mode="bilinear", align_corners=False)
        return level.clamp(*LOG_RANGE)


class GreyRestorer(nn.Module):
    """Image (N, 3, H, W) in 0..1, any size, strength and contrast → grey image, SCALE times as high and wide.

    Strength 0.5 takes away what was estimated; below, the untouched picture is mixed in and 0 leaves it; above, more is
    taken to be noise, at 1 twice as much. Contrast 1 adds all the local contrast that the network was taught, 0 none.
    """

    STRIDE = 8

    def __init__(
        self,
        widths: tuple[int, int, int],
        depths: tuple[int, int, int],
        *,
        estimator_width: int,
        scale: int = 1,
        finer: int = 1,
    ) -> None:
        """FINER: answered in so many times the size and averaged, so that weights that enlarge can clean as well."""
        super().__init__()
        self.scale, self.finer = scale, finer
        self.margin_px = MARGIN_PX if finer == 1 else WIDE_MARGIN_PX
        self.estimator = LevelEstimator(estimator_width)
        self.unet = CleaningUNet(widths, depths, cells=(4, 8 * (scale * finer) ** 2))
        self.register_buffer("luma", torch.tensor(LUMA)[None, :, None, None], persistent=False)

    def forward(self, image: Tensor, strength: Tensor, contrast: Tensor) -> Tensor:
        height, width = (side * self.scale for side in image.shape[-2:])
        grey = (image * self.luma).sum(dim=1, keepdim=True)
        wide = mirrored_around(grey, margin=self.margin_px, multiple=self.STRIDE)
        cells = F.pixel_unshuffle(wide, 2)
        estimated, gain = TYPICAL_LEVEL * self.estimator(cells).exp(), (2 * strength).clamp(min=1)
        told = torch.minimum(estimated * gain, estimated.clamp(min=LOUDEST))
        clean, detail = self._answers(wide, cells, told)
        margin, untouched = self.margin_px * self.scale, enlarged(wide, self.scale)
        result = untouched + (clean - untouched) * (2 * strength).clamp(max=1) + contrast * detail
        result = result[..., margin:, margin:][..., :height, :width].clamp(0, 1)
        return result.expand(-1, 3, -1, -1)

    def training_outputs(self, grey: Tensor, known_level: Tensor, is_told: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(unclamped result, local contrast, logarithm of the level) of (N, 1, H, W); told the known level where told.

        `known_level` is (N, 1, H/2, W/2) on 0..1.
        """
        cells = F.pixel_unshuffle(grey, 2)
        logarithm = self.estimator(cells)
        told = torch.where(is_told, known_level, TYPICAL_LEVEL * logarithm.exp())
        return *self._answers(grey, cells, told), logarithm

    def _answers(self, grey: Tensor, cells: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """(clean, local contrast), both of the size that comes out."""
        size = self.scale * self.finer
        both = F.pixel_shuffle(self.unet(cells, torch.log1p(told / TYPICAL_LEVEL)), 2 * size)
        noise, detail = both[:, :1], both[:, 1:]
        parts = F.interpolate(told / TYPICAL_LEVEL, scale_factor=2.0 * size, mode="nearest")
        clean = enlarged(grey, size) - (noise if size > 1 else noise * parts)
        if self.finer == 1:
            return clean, detail
        return F.avg_pool2d(clean, self.finer), F.avg_pool2d(detail, self.finer)


def enlarged(grey: Tensor, scale: int) -> Tensor:
    if scale == 1:
        return grey
    return F.interpolate(grey, scale_factor=float(scale), mode="bicubic", align_corners=False)
