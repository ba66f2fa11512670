"""What a hand or a press adds to a painting, by formula: thick paint, a print of lines in one ink, stones in mortar.

Style losses over some hundred steps teach colour and contour, but never that an etching is lines of one ink or a mosaic
stones of one colour each. That much is known of a craft without learning, so it is told, in a row of numbers for each
style: between two styles it is a mixture of both rows, and a row of zeros changes nothing. A print is a painting's
light cut off at a level that the streaks of streaks.py carry up and down (a line screen that follows the forms); stones
are the cells of scattered points (Worley, SIGGRAPH 1996), one in each square, each of the mean colour of its square.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.nets.streaks import LUMA

STONE_PX = 8
JITTER = 0.36  # of a square: how far a stone's middle lies from its square's
VIVID = 1.35  # contrast of stones beside the painting's
UNLIKE = 0.07  # how much lighter or darker stones of one colour are
MORTAR_PX = (0.1, 0.9)  # half of the joint: where it is all mortar, where all stone


@dataclass(frozen=True)
class Touch:
    """Colours are RGB in 0..1."""

    oil: float = 0.0  # how much lighter and darker broad strokes are
    print: float = 0.0  # the share of the print beside the painting
    sharpness: float = 0.0  # of the print's edges, in 1 / light
    fine: float = 0.0  # how far narrow streaks carry the level at which light is cut off
    broad: float = 0.0  # how far wide ones do
    level: float = 0.0  # of light above which paper stays
    ink: tuple[float, float, float] = (0.0, 0.0, 0.0)
    paper: tuple[float, float, float] = (0.0, 0.0, 0.0)
    color: float = 0.0  # how much of the painting's colour lies on the paper
    stones: float = 0.0  # the share of the mosaic
    mortar: tuple[float, float, float] = (0.0, 0.0, 0.0)
    smooth: float = 0.0  # how much weaker the streaks are that the network itself sees

    def numbers(self) -> list[float]:
        return [float(number) for field in astuple(self) for number in np.atleast_1d(field)]


NUMBERS = len(Touch().numbers())
SMOOTH = slice(NUMBERS - 1, NUMBERS)


def touched(painted: Tensor, narrow: Tensor, wide: Tensor, noise: Tensor, numbers: Tensor) -> Tensor:
    """(N, 3, H, W), streaks of `streaks`, noise (N, 1, H, W) and `Touch.numbers` (N, NUMBERS) → (N, 3, H, W).

    Height and width are multiples of STONE_PX, at least two of them.
    """
    told = numbers[:, :, None, None]
    oil, share, sharpness, fine, broad, level = (told[:, place : place + 1] for place in range(6))
    ink, paper, color, stones, mortar = told[:, 6:9], told[:, 9:12], told[:, 12:13], told[:, 13:14], told[:, 14:17]
    fine_streaks, broad_streaks = (
        F.interpolate(planes, scale_factor=float(times), mode="bilinear", align_corners=False)
        for planes, times in ((narrow, 2), (wide[:, :1], 4))
    )
    painted = painted * (1 + oil * broad_streaks)
    light = (painted * torch.tensor(LUMA, device=painted.device).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    blank = torch.sigmoid(sharpness * (light + fine * fine_streaks + broad * broad_streaks - level))
    printed = ink + blank * (paper + color * (painted - paper) - ink)
    painted = painted + share * (printed - painted)
    return painted + stones * (set_in_stones(painted, noise, mortar) - painted)


def set_in_stones(painted: Tensor, noise: Tensor, mortar: Tensor) -> Tensor:
    """Each stone has the colour that is usual within its square of the painting; worked out on every second pixel."""
    places = (1, 3, 6)  # of a square, whose noise says where its stone lies and how light it is
    right, down, lightness = (noise[..., place::STONE_PX, place::STONE_PX] for place in places)
    colors = ((F.avg_pool2d(painted, STONE_PX) - 0.5) * VIVID + 0.5) * (1 + UNLIKE * lightness)
    squares = F.pad(torch.cat([colors, JITTER * right, JITTER * down], dim=1), (1, 1, 1, 1), mode="reflect")
    finer = STONE_PX // 2
    rows, columns = squares.shape[-2] - 2, squares.shape[-1] - 2
    within = (torch.arange(finer, device=painted.device).float() + 0.5) / finer - 0.5
    y = within.repeat(rows).view(1, 1, -1, 1)
    x = within.repeat(columns).view(1, 1, 1, -1)
    nearest = second = chosen = None
    for top in range(3):
        for left in range(3):
            there = F.interpolate(
                squares[..., top : top + rows, left : left + columns], scale_factor=float(finer), mode="nearest"
            )
            far = ((there[:, 3:4] + (left - 1) - x).square() + (there[:, 4:5] + (top - 1) - y).square()).sqrt()
            if nearest is None:
                nearest, second, chosen = far, torch.full_like(far, 9.0), there[:, :3]
                continue
            second = torch.minimum(second, torch.maximum(nearest, far))
            chosen = torch.where(far < nearest, there[:, :3], chosen)
            nearest = torch.minimum(nearest, far)
    joint = (second - nearest) * (STONE_PX / 2)  # pixels to the line between two stones, about
    joint, stones = (
        F.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False) for planes in (joint, chosen)
    )
    all_mortar, all_stone = MORTAR_PX
    solid = ((joint - all_mortar) / (all_stone - all_mortar)).clamp(0, 1)
    return mortar + solid * (stones - mortar)
