"""A denoiser that sees for itself how strong the noise is.

After CBDNet (Guo et al., CVPR 2019: estimate, then remove) and FFDNet (Zhang et al., 2018: a level map, unshuffled
pixels). All of it is convolutions, without statistics over the picture, so that it can be cut into tiles. By its layers
it reaches some 56 pixels far; what lies beyond 32 changes no result by more than a level, which the export checks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blocks import ResidualBlock, Upsample, convolution, mirrored_around

MARGIN_PX = 8  # without it a clean picture changes by up to 6 levels at its border; a multiple of the stride
QUIET, HEARD = 2.2 / 255, 4.2 / 255  # levels of noise: below nothing is taken away, above all. Photographs as they are
# change by 0.5 levels then, not by 1.5; white noise of 3 levels and less mostly stays
NEAR_CELLS = 9
LUMA = (0.299, 0.587, 0.114)
LOUDEST = 64 / 255  # no louder noise was in the training, so the net is told of none unless it is there


class NoiseEstimator(nn.Module):
    """How strong the noise is, cell by cell: (N, 12, H/2, W/2) → (N, 1, H/2, W/2), as a standard deviation on 0..1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(12, width),
            nn.ReLU(),
            convolution(width, width),
            nn.ReLU(),
            convolution(width, 1),
        )

    def forward(self, cells: Tensor) -> Tensor:
        return F.softplus(self.layers(cells)) * 0.1  # softplus(0) * 0.1 = 0.07 is where training starts: 18 levels


class CleaningUNet(nn.Module):
    """The noise in a picture, given how strong it is: cells (N, 12, h, w), level (N, 1, h, w) → (N, 12, h, w)."""

    def __init__(
        self,
        widths: tuple[int, int, int],
        depths: tuple[int, int, int],
        *,
        told_coarse: int = 0,
        cells: tuple[int, int] = (12, 12),  # channels in and out: a cell is 2 × 2 pixels of three colours
    ) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.read = convolution(cells[0] + 1, fine)
        self.fine_in = self._blocks(fine, depths[0])
        self.to_middle = convolution(fine, middle, size=2, stride=2)
        self.middle_in = self._blocks(middle, depths[1])
        self.to_coarse = convolution(middle, coarse, size=2, stride=2)
        if told_coarse:
            self.told_coarse = convolution(told_coarse, coarse, size=1)
        self.coarse = self._blocks(coarse, depths[2])
        self.from_coarse = Upsample(coarse, middle)
        self.middle_out = self._blocks(middle, depths[1])
        self.from_middle = Upsample(middle, fine)
        self.fine_out = self._blocks(fine, depths[0])
        self.write = convolution(fine, cells[1])
        nn.init.zeros_(self.write.weight)  # training starts from the untouched picture
        nn.init.zeros_(self.write.bias)

    def forward(self, cells: Tensor, level: Tensor, known: Tensor | None = None) -> Tensor:
        """KNOWN (N, told_coarse, h/4, w/4) is what else is known of each coarse cell."""
        fine = self.fine_in(self.read(torch.cat([cells, level], dim=1)))
        middle = self.middle_in(self.to_middle(fine))
        coarse = self.to_coarse(middle)
        coarse = self.coarse(coarse if known is None else coarse + self.told_coarse(known))
        middle = self.middle_out(self.from_coarse(coarse) + middle)
        fine = self.fine_out(self.from_middle(middle) + fine)
        return self.write(fine)

    @staticmethod
    def _blocks(channels: int, count: int) -> nn.Sequential:
        return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))


class Denoiser(nn.Module):
    """Image (N, 3, H, W) in 0..1, any size, and strength → image of the same size.

    Strength 0.5 takes away what was estimated. Below, the result is mixed with the untouched picture, so that what
    stays is natural grain, and 0 changes nothing. Above, the net is told more noise than estimated, at 1 twice. It
    knows that clipping makes loud noise brighten shadows; told too much it would darken them, hence the local mean.
    """

    STRIDE = 8

    def __init__(
        self, widths: tuple[int, int, int], depths: tuple[int, int, int], *, estimator_width: int = 24
    ) -> None:
        super().__init__()
        self.estimator = NoiseEstimator(estimator_width)
        self.unet = CleaningUNet(widths, depths)

    def forward(self, image: Tensor, strength: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        cells = F.pixel_unshuffle(mirrored_around(image, margin=MARGIN_PX, multiple=self.STRIDE), 2)
        estimated, gain = self.estimator(cells), (2 * strength).clamp(min=1)
        told = torch.minimum(estimated * gain, estimated.clamp(min=LOUDEST))
        noise_cells = self.unet(cells, told)
        noise_cells = noise_cells - (1 - 1 / gain) * local_mean(noise_cells)
        noise = F.pixel_shuffle(noise_cells, 2)[..., MARGIN_PX:, MARGIN_PX:][..., :height, :width]
        return (image - noise * (2 * strength).clamp(max=1)).clamp(0, 1)

    def training_outputs(self, image: Tensor, known_level: Tensor, is_told: Tensor) -> tuple[Tensor, Tensor]:
        """(unclamped result, estimated level); where `is_told` (N, 1, 1, 1) the net gets the known level instead."""
        cells = F.pixel_unshuffle(image, 2)
        estimated = self.estimator(cells)
        told = torch.where(is_told, known_level, estimated.detach())  # the estimator answers for the level alone
        return image - F.pixel_shuffle(self.unet(cells, told), 2), estimated


class PhotoDenoiser(Denoiser):
    """The denoiser as it is shipped: luminance and colour apart, grain kept where wanted, quiet pictures left alone.

    `luminance` and `colour` 1 take away all that strength asks for, 0 nothing of it. `grain` 1 keeps of the luminance
    what is finer than some five pixels, so that blotches go and grain stays.
    """

    def forward(
        self,
        image: Tensor,
        strength: Tensor,
        luminance: Tensor | float = 1.0,
        colour: Tensor | float = 1.0,
        grain: Tensor | float = 0.0,
    ) -> Tensor:
        height, width = image.shape[-2:]
        cells = F.pixel_unshuffle(mirrored_around(image, margin=MARGIN_PX, multiple=self.STRIDE), 2)
        estimated, gain = self.estimator(cells), (2 * strength).clamp(min=1)
        told = torch.minimum(estimated * gain, estimated.clamp(min=LOUDEST))
        noise_cells = self.unet(cells, told)
        noise_cells = (noise_cells - (1 - 1 / gain) * local_mean(noise_cells)) * loud_enough(estimated * gain)
        noise = F.pixel_shuffle(noise_cells, 2)[..., MARGIN_PX:, MARGIN_PX:][..., :height, :width]
        bright = sum(share * noise[:, place : place + 1] for place, share in enumerate(LUMA))
        fine = bright - F.avg_pool2d(bright, 5, stride=1, padding=2, count_include_pad=False)
        noise = luminance * (bright - grain * fine) + colour * (noise - bright)
        return (image - noise * (2 * strength).clamp(max=1)).clamp(0, 1)


def loud_enough(level: Tensor) -> Tensor:
    """1 where there is noise, 0 where what was estimated is a good camera's grain, or texture: noise is everywhere.

    So the lowest level counts that was estimated within some 20 pixels.
    """
    near = F.avg_pool2d(level, 3, stride=1, padding=1, count_include_pad=False)
    lowest = -F.max_pool2d(-near, 2 * NEAR_CELLS + 1, stride=1, padding=NEAR_CELLS)
    lowest = F.avg_pool2d(lowest, 3, stride=1, padding=1, count_include_pad=False)
    return ((lowest - QUIET) / (HEARD - QUIET)).clamp(0, 1)


def local_mean(cells: Tensor) -> Tensor:
    """Each colour's mean over 7 × 7 cells of 2 × 2 pixels, fewer at the borders; the same for the pixels of a cell."""
    colours = cells.unflatten(1, (3, 4)).mean(dim=2)
    return F.avg_pool2d(colours, 7, stride=1, padding=3, count_include_pad=False).repeat_interleave(4, dim=1)
