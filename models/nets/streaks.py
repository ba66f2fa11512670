"""Strokes to paint with: noise drawn out along the forms of a picture, exportable and the same in every tile.

The way a brush would go is the direction in which light changes least around a place (the structure tensor: Bigün and
Granlund, 1987); where nothing changes it slants. Noise is averaged along it (Cabral and Leedom, SIGGRAPH 1993), in
steps that double (as in an à trous wavelet), so that a few looks at its neighbours make streaks of some thirty pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)
CELL_PX = 4  # of the picture, over which the direction is asked for
AROUND_CELLS = 7  # the side of a window, averaged over twice
SLANT = (0.6, -0.8)  # x, y of a stroke where the picture is even
SLANT_SHARE = 3e-3  # what that counts beside an edge of full contrast
FAINT = 1e-4  # squared slope of light from which contrast counts by its root only
NARROW_STEPS, WIDE_STEPS = (1, 2, 4, 8), (1, 2, 4)  # pixels of the noise
GAIN = (6.5, 4.5)  # what brings narrow and wide streaks to a deviation of about one half


@torch.no_grad()
def streaks(picture: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3, H, W) and noise (N, 1, H, W) in -1..1 → narrow (N, 1, H/2, W/2) and wide ones (N, 2, H/4, W/4).

    The second of the wide ones lies across. Height and width are multiples of 4.
    """
    ways = ways_of(picture)
    finer = F.interpolate(ways, scale_factor=2.0, mode="bilinear", align_corners=False)
    narrow = drawn_out(noise[..., ::2, ::2], tangents(finer), NARROW_STEPS)
    along = tangents(ways)
    across = torch.cat([-along[:, 1:], along[:, :1]], dim=1)
    wide = [drawn_out(noise[..., first::4, first::4], way, WIDE_STEPS) for first, way in ((1, along), (3, across))]
    return narrow * GAIN[0], torch.cat(wide, dim=1) * GAIN[1]


def ways_of(picture: Tensor) -> Tensor:
    """(N, 2, H/4, W/4): cosine and sine of twice the angle of what light changes most, as long as it is sure."""
    luma = (picture * torch.tensor(LUMA, device=picture.device).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    cells = F.pad(F.avg_pool2d(luma, CELL_PX), (1, 1, 1, 1), mode="reflect")
    across = (cells[..., 1:-1, 2:] - cells[..., 1:-1, :-2]) / 2
    down = (cells[..., 2:, 1:-1] - cells[..., :-2, 1:-1]) / 2
    steep = across * across + down * down
    ways = torch.cat([across * across - down * down, 2 * across * down], dim=1) / (steep + FAINT).sqrt()
    margin = AROUND_CELLS // 2
    for _ in range(2):
        ways = F.avg_pool2d(F.pad(ways, (margin,) * 4, mode="reflect"), AROUND_CELLS, stride=1)
    x, y = SLANT
    slanting = torch.tensor([y * y - x * x, -2 * x * y], device=picture.device).view(1, 2, 1, 1)
    return ways + SLANT_SHARE * slanting


def tangents(ways: Tensor) -> Tensor:
    """(N, 2, h, w): x and y of a unit vector along which light changes least; its sign means nothing."""
    length = ways.square().sum(dim=1, keepdim=True).sqrt() + 1e-9
    cosine, sine = (ways / length).chunk(2, dim=1)
    turned = torch.where(sine < 0, -1.0, 1.0)
    return torch.cat([-turned * ((1 - cosine).clamp(min=0) / 2).sqrt(), ((1 + cosine).clamp(min=0) / 2).sqrt()], dim=1)


def drawn_out(noise: Tensor, along: Tensor, steps: tuple[int, ...]) -> Tensor:
    """(N, 1, h, w): noise averaged along a direction (N, 2, h, w), at both sides of every place alike."""
    height, width = noise.shape[-2:]
    rows = torch.arange(height, device=noise.device).float().view(1, height, 1)
    columns = torch.arange(width, device=noise.device).float().view(1, 1, width)

    def beside(planes: Tensor, distance: int) -> Tensor:
        x = (columns + distance * along[:, 0]) * 2 / (width - 1) - 1
        y = (rows + distance * along[:, 1]) * 2 / (height - 1) - 1
        places = torch.stack([x, y], dim=-1)
        return F.grid_sample(planes, places, mode="bilinear", padding_mode="reflection", align_corners=True)

    for step in steps:
        noise = (beside(noise, -step) + 2 * noise + beside(noise, step)) / 4
    return noise
