"""Differentiable augmentation (Zhao et al., NeurIPS 2020): what is judged is changed, real and generated alike.

A discriminator that learns few pictures by heart stops teaching. It cannot learn them by heart when they look different
each time, and because the changes are differentiable the generator is still told the way, without learning the changes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

LIGHT, CONTRAST = 0.3, 0.4  # of full scale; more would wash small pictures out
SHIFT, HOLE = 0.125, 0.4  # shares of the side


def diff_augment(pictures: Tensor) -> Tensor:
    """(N, planes, H, W) in -1..1: other light and contrast, moved, with a hole. From torch's own generator."""
    return _with_hole(_moved(_in_other_light(pictures)))


def _in_other_light(x: Tensor) -> Tensor:
    light = (torch.rand(len(x), 1, 1, 1, device=x.device) - 0.5) * 2 * LIGHT
    contrast = 1 + (torch.rand(len(x), 1, 1, 1, device=x.device) - 0.5) * 2 * CONTRAST
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) * contrast + mean + light


def _moved(x: Tensor) -> Tensor:
    """By whole pixels; what comes in is the empty background, -1."""
    height, width = x.shape[-2:]
    reach = max(1, int(width * SHIFT))
    down, right = (torch.randint(0, 2 * reach + 1, (len(x), 1), device=x.device) for _ in range(2))
    rows = torch.arange(height, device=x.device) + down
    columns = torch.arange(width, device=x.device) + right
    padded = F.pad(x + 1, (reach, reach, reach, reach)).permute(0, 2, 3, 1) - 1
    which = torch.arange(len(x), device=x.device)[:, None, None]
    return padded[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _with_hole(x: Tensor) -> Tensor:
    height, width = x.shape[-2:]
    side = int(width * HOLE)
    top = torch.randint(-side // 2, height - side // 2, (len(x), 1, 1), device=x.device)
    left = torch.randint(-side // 2, width - side // 2, (len(x), 1, 1), device=x.device)
    rows = torch.arange(height, device=x.device)[None, :, None]
    columns = torch.arange(width, device=x.device)[None, None, :]
    inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return x.masked_fill(inside[:, None], 0.0)
