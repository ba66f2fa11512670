"""Areas that lines enclose: one colour for each, and the dab that somebody put there decides which.

A place is as near to another as the lines between them let through, along its row and along its column; averaging over
rows and columns in turn reaches every corner of an area and nothing behind a line. It is the domain transform (Gastal
and Oliveira 2011) with lines as the only distance, as products of matrices: exact, and exported as they stand.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FAINTEST_INK = 0.2  # what is fainter after shrinking is dust, not lines
OPAQUENESS = 6.0  # of a line one place wide: e to the minus this gets through
DISTANCE = 0.004  # what a place of paper counts: the nearer of two dabs decides
DABBED = 60.0  # an area is the dab's when it covers more than 1.2 / DABBED of it
LITTLE = 0.2 / DABBED  # and less than this is nothing


class Enclosed(nn.Module):
    """(drawing (N, 3, S, S) on white paper, premultiplied areas (N, 4, s, s)) → areas at SIDE, evened out."""

    def __init__(self, side: int, *, rounds: int = 8) -> None:
        super().__init__()
        self.side, self.rounds = side, rounds

    def forward(self, drawing: Tensor, areas: Tensor) -> Tensor:
        size = (self.side, self.side)
        drawing = F.interpolate(drawing, size, mode="bilinear", antialias=True)
        areas = F.interpolate(areas, size, mode="bilinear").clamp(0, 1)
        ink, hue = ink_and_hue(drawing)
        ink = ink / ink.amax(dim=(1, 2, 3), keepdim=True).clamp(min=FAINTEST_INK)
        paper, dab = (1 - ink).clamp(min=0.02), hue * (1 - ink)
        cost = OPAQUENESS * ink[:, 0] + DISTANCE
        told = torch.cat([areas * paper, paper, drawing * dab, dab], dim=1)
        spread = self._spread(told, _nearness(cost), _nearness(cost.transpose(1, 2)))
        paper, dab = spread[:, 4:5], spread[:, 8:]
        wish = torch.cat([spread[:, 5:8] / dab.clamp(min=1e-6), torch.ones_like(dab)], dim=1)
        believed = (DABBED * (dab / paper - LITTLE)).clamp(0, 1)
        evened = spread[:, :4] / paper
        return evened + believed * (wish - evened)

    def _spread(self, planes: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        for _ in range(self.rounds):
            planes = (rows @ planes.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            planes = (columns @ planes.permute(0, 3, 2, 1)).permute(0, 3, 2, 1)
        return planes


def ink_and_hue(paper: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3, H, W) on white paper → how much of each place is line, and how much is a dab of colour, (N, 1, H, W)."""
    lightest, darkest = paper.amax(dim=1, keepdim=True), paper.amin(dim=1, keepdim=True)
    hue = (6 * (lightest - darkest) - 0.3).clamp(0, 1)
    return (1 - lightest) * (1 - hue), hue


def _nearness(cost: Tensor) -> Tensor:
    """(N, rows, S) of what each place costs to cross → (N, rows, S, S): shares of all places of the same row."""
    passed = cost.cumsum(dim=-1) - cost / 2
    near = torch.exp(-(passed[..., :, None] - passed[..., None, :]).abs())
    return near / near.sum(dim=-1, keepdim=True)
