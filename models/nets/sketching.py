"""Sketches of dark lines and strokes of colour: colours spread over the paper, and a network goes on from there.

Spreading is pull and push (Gortler et al., The Lumigraph, 1996): averages of what is painted, coarser and coarser, are
the colour of what is not. Nothing of it is learned, so a network that knows little still gives the colours back.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WHITEST_PAINT = 0.95  # a pixel whose darkest channel lies above is paper
DARKEST_PAINT = 0.3  # a pixel whose lightest channel lies below is likelier a line
RIM_PX = 2  # the soft rim of a line is grey, as paint can be
LINE_WEIGHT = 0.01  # dark areas are painted too: where nothing else is near, lines have a say
SURE = 0.2  # a quarter of a cell painted says the cell's colour nearly alone
GROUND = 0.6  # the grey of a sketch without any colour


class OverSketch(nn.Module):
    """Ink of a sketch (N, 3, S, S), paper is zero → (N, 4, S, S): spread colours, what is learned, and no holes.

    S a power of two times an odd number below eight.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ink: Tensor) -> Tensor:
        sketch = 1 - ink
        painted, line = paint_and_line(sketch)
        spread = spread_colours(sketch, painted)
        paper = 1 - (painted + line).clamp(0, 1)
        filled = sketch * (1 - paper) + spread * paper
        added = self.network(1 - filled)[:, :3]
        return torch.cat([(spread + added).clamp(-0.5, 1.5), torch.ones_like(added[:, :1])], dim=1)


def paint_and_line(sketch: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3, H, W) → how far each pixel is paint and how far a line, both (N, 1, H, W) in 0..1."""
    lightest, darkest = sketch.amax(dim=1, keepdim=True), sketch.amin(dim=1, keepdim=True)
    inked = ((WHITEST_PAINT - darkest) / 0.04).clamp(0, 1)
    hue = ((lightest - darkest) / 0.06).clamp(0, 1)
    dark = inked * ((DARKEST_PAINT - lightest) / 0.1 + 1).clamp(0, 1)
    dark = F.max_pool2d(dark, 2 * RIM_PX + 1, stride=1, padding=RIM_PX) * (1 - hue)
    return inked * (1 - dark), inked * dark


def spread_colours(sketch: Tensor, painted: Tensor) -> Tensor:
    """The colours of what is painted, (N, 3, S, S), continued over everything else."""
    _, line = paint_and_line(sketch)
    weight = painted + LINE_WEIGHT * line
    levels = [torch.cat([sketch * weight, weight], dim=1)]
    while levels[-1].shape[-1] % 2 == 0:
        levels.append(F.avg_pool2d(levels[-1], 2))
    whole = levels[-1].mean(dim=(2, 3), keepdim=True)
    known = (whole[:, :3] + 1e-4 * GROUND) / (whole[:, 3:] + 1e-4)
    known = known.expand(-1, -1, levels[-1].shape[-2], levels[-1].shape[-1])
    for level in reversed(levels):
        known = F.interpolate(known, level.shape[-2:], mode="bilinear")
        sure = (level[:, 3:] / SURE).clamp(0, 1)
        known = known * (1 - sure) + level[:, :3] / level[:, 3:].clamp(min=1e-4) * sure
    return known
