"""Whether a place has the colours of what was pointed at or of the rest: histograms of two soft regions, compared.

The colour term of GrabCut (Rother et al. 2004) as part of a network: every cell is shared among a few hundred colours,
so that counting a region's colours and asking a cell for its own are two products, and what says where the regions
are can be learned.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

BRIGHTNESSES, HUES = 8, 6  # levels of brightness and of both differences of colour
REACH = (0.6, 0.5)  # of red less blue, and of green less their mean: stronger colours count as these
FEWEST = 2e-4  # share of a colour that a region lacks: it may be there yet
STRENGTH = 0.25  # brings logarithms of ratios to about -2..2


def color_shares(rgb: Tensor) -> Tensor:
    """(N, 3, h, w) in 0..1 → (N, colours, h·w): how much each cell is of each colour; a cell's shares sum to one."""
    red, green, blue = rgb.flatten(2).unbind(dim=1)
    bright = _tents((red + 2 * green + blue) / 4, BRIGHTNESSES)
    warm = _tents(0.5 + 0.5 * (red - blue) / REACH[0], HUES)
    leafy = _tents(0.5 + 0.5 * (green - (red + blue) / 2) / REACH[1], HUES)
    hues = (warm[:, :, None] * leafy[:, None]).flatten(1, 2)
    return (bright[:, :, None] * hues[:, None]).flatten(1, 2)


def color_evidence(shares: Tensor, meant: Tensor, rest: Tensor) -> Tensor:
    """(N, 1, h, w): how much commoner a cell's colour is where MEANT than where REST, both (N, 1, h, w) >= 0.

    The logarithm of the ratio, scaled by STRENGTH: 0 where both are alike, or where either region is empty.
    """
    counts = torch.matmul(torch.cat([meant, rest], dim=1).flatten(2), shares.transpose(1, 2))
    counts = counts / counts.sum(dim=2, keepdim=True).clamp(min=1e-3)
    ratio = torch.log((counts[:, :1] + FEWEST) / (counts[:, 1:] + FEWEST)) * STRENGTH
    found = torch.matmul(ratio, shares).reshape(meant.shape)
    is_told = (meant.sum(dim=(2, 3), keepdim=True) > 1e-3) & (rest.sum(dim=(2, 3), keepdim=True) > 1e-3)
    return found * is_told.to(found.dtype)


def _tents(values: Tensor, levels: int) -> Tensor:
    """(N, P) in 0..1 → (N, levels, P): each value shared between its two nearest levels."""
    places = (values.clamp(0, 1) * (levels - 1))[:, None]
    centres = torch.arange(levels, device=values.device, dtype=values.dtype)[:, None]
    return F.relu(1 - (places - centres).abs())
