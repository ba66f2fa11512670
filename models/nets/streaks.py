"""Strokes to paint with: noise drawn out along the forms of a picture, exportable and the same in every tile.

The way a brush would go is the direction in which light changes least around a place (the structure tensor: Bigün and
Granlund, 1987); where nothing changes it slants. Noise is averaged along it (Cabral and Leedom, SIGGRAPH 1993): along
each of a few fixed directions by one convolution, then mixed at every place by how near the direction there is to each
(steerable filters: Freeman and Adelson, 1991).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)
CELL_PX = 4  # of the picture, over which the direction is asked for
AROUND_CELLS = 7  # the side of a window, averaged over twice
SLANT = (0.6, -0.8)  # x, y of a stroke where the picture is even
SLANT_SHARE = 3e-3  # what that counts beside an edge of full contrast
FAINT = 1e-4  # squared slope of light from which contrast counts by its root only
DIRECTIONS = 8  # over half a turn
NEARNESS = 6  # power of the cosine by which a direction counts: two neighbours share nearly all
NARROW, WIDE = (31, 6.5), (15, 3.2)  # side of a filter and deviation along a stroke, in pixels of the noise
THICKNESS = 0.45  # deviation across a stroke, in pixels of the noise
SPREAD = 0.5  # deviation of streaks, of noise that is even in -1..1


@torch.no_grad()
def streaks(picture: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3, H, W) and noise (N, 1, H, W) in -1..1 → narrow (N, 1, H/2, W/2) and wide ones (N, 2, H/4, W/4).

    The second of the wide ones lies across. Height and width are multiples of 4, at least 32.
    """
    ways = ways_of(picture)
    finer = F.interpolate(ways, scale_factor=2.0, mode="bilinear", align_corners=False)
    narrow = drawn_out(noise[..., ::2, ::2], finer, *NARROW)
    wide = [drawn_out(noise[..., first::4, first::4], way, *WIDE) for first, way in ((1, ways), (3, -ways))]
    return narrow, torch.cat(wide, dim=1)


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


def drawn_out(noise: Tensor, ways: Tensor, side: int, length: float) -> Tensor:
    """(N, 1, h, w): noise averaged across the directions of `ways_of` (N, 2, h, w), at both sides of a place alike."""
    sure = ways / (ways.square().sum(dim=1, keepdim=True).sqrt() + 1e-9)
    angles = torch.arange(DIRECTIONS, device=noise.device) * (torch.pi / DIRECTIONS)
    turned = torch.stack([-torch.cos(2 * angles), -torch.sin(2 * angles)], dim=1)
    shares = F.conv2d(sure, turned[:, :, None, None]).clamp(min=0) ** NEARNESS
    half = side // 2
    lines = torch.from_numpy(line_filters(side, length)).to(noise.device)
    drawn = F.conv2d(F.pad(noise, (half,) * 4, mode="reflect"), lines)
    return (drawn * shares).sum(dim=1, keepdim=True) / (shares.square().sum(dim=1, keepdim=True).sqrt() + 1e-6)


def line_filters(side: int, length: float) -> np.ndarray:
    """(DIRECTIONS, 1, side, side) float32: soft lines through the middle, each bringing even noise to SPREAD."""
    y, x = np.mgrid[:side, :side].astype(np.float64) - side // 2
    filters = []
    for angle in np.arange(DIRECTIONS) * (np.pi / DIRECTIONS):
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        line = np.exp(-((along / length) ** 2) / 2 - (across / THICKNESS) ** 2 / 2)
        filters.append(line * (SPREAD * np.sqrt(3) / np.sqrt((line**2).sum())))
    return np.array(filters, np.float32)[:, None]
