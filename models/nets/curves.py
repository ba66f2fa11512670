"""Curves for the tones of a picture, estimated on a small copy of it and applied at any size and depth.

The curve is Zero-DCE's (Guo et al., CVPR 2020): v + a (v² - v), eight times, each time with an `a` of its own in -1..1:
it rises everywhere, keeps black and white, and has no steps, so 16 bits stay 16 bits. `LocalCurves` has one map for all
three channels, so grey stays grey; `GlobalCurves` one curve per channel for the whole picture.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEPS = 8
SEEN_PX = 256  # side of the small copy, squeezed into a square
BINS = 16
GREY_CHROMA, COLOURED_CHROMA = 0.002, 0.012  # mean distance from grey: below a picture is grey, above it has colours


class Glance(nn.Module):
    """RGB (N, 3, 256, 256) in 0..1 → (N, width, 16, 16): what is where, and how the tones of the whole lie."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 24, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, width, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.tones = nn.Sequential(nn.Linear(3 * BINS + width, 64), nn.ReLU(), nn.Linear(64, width))
        self.mix = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, rgb: Tensor) -> Tensor:
        seen = self.look(rgb)
        whole = self.tones(torch.cat([soft_histogram(rgb).sqrt(), seen.mean(dim=(2, 3))], dim=1))
        return F.relu(self.mix(seen) + whole[..., None, None])


class LocalCurves(nn.Module):
    """(image (N, 3, 256, 256), exposure (1,)) → (N, 8, 16, 16); exposure 1 is what it finds right, 0 nothing."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.glance = Glance(width)
        self.write = nn.Conv2d(width, STEPS, 1)
        nn.init.normal_(self.write.weight, std=0.01)
        nn.init.zeros_(self.write.bias)

    def forward(self, image: Tensor, exposure: Tensor) -> Tensor:
        return (torch.tanh(self.write(self.glance(image))) * exposure).clamp(-1, 1)


class GlobalCurves(nn.Module):
    """(image (N, 3, 256, 256), amount (1,)) → (N, 24, 1, 1): red, green, blue of the first step, of the second …

    Where the picture has no colours at all, all three channels get the same curve.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.glance = Glance(width)
        self.tone = nn.Linear(width, STEPS)
        self.cast = nn.Linear(width, 3 * STEPS)
        for layer in (self.tone, self.cast):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor, amount: Tensor) -> Tensor:
        seen = self.glance(image).mean(dim=(2, 3))
        chroma = (image - image.mean(dim=1, keepdim=True)).abs().mean(dim=(1, 2, 3))
        has_colours = ((chroma - GREY_CHROMA) / (COLOURED_CHROMA - GREY_CHROMA)).clamp(0, 1)
        cast = self.cast(seen) * has_colours[:, None]
        curves = torch.tanh(self.tone(seen).repeat_interleave(3, dim=1) + cast)
        return (curves * amount)[..., None, None]


def soft_histogram(rgb: Tensor) -> Tensor:
    """(N, 3 · BINS): the share of each channel's pixels at each of BINS tones, shared between neighbours."""
    places = torch.arange(BINS, device=rgb.device, dtype=rgb.dtype).view(1, 1, BINS, 1)
    tones = rgb.flatten(2)[:, :, None] * (BINS - 1)
    return (1 - (tones - places).abs()).clamp(min=0).mean(dim=3).flatten(1) + 1e-6


def applied(image: Tensor, curves: Tensor) -> Tensor:
    """The picture (N, 3, H, W) under the curves; maps of another size are enlarged smoothly."""
    if curves.shape[-2:] not in (image.shape[-2:], (1, 1)):
        rows, columns = (
            _cubic(*sides, device=curves.device) for sides in zip(curves.shape[-2:], image.shape[-2:], strict=True)
        )
        curves = torch.matmul(torch.matmul(rows, curves), columns.transpose(0, 1))
    width = curves.shape[1] // STEPS
    for step in range(STEPS):
        image = image + curves[:, step * width : (step + 1) * width] * (image * image - image)
    return image


def _cubic(length: int, wanted: int, *, device: torch.device) -> Tensor:
    """(wanted, length): Catmull-Rom weights between pixel centres, as the editor reads a small answer."""
    places = (torch.arange(wanted, device=device, dtype=torch.float64) + 0.5) * (length / wanted) - 0.5
    base = places.floor()
    weights = torch.zeros(wanted, length, device=device, dtype=torch.float64)
    for step in (-1, 0, 1, 2):
        far = (places - base - step).abs()
        near = (1.5 * far - 2.5) * far**2 + 1
        tail = ((-0.5 * far + 2.5) * far - 4) * far + 2
        weight = torch.where(far <= 1, near, torch.where(far < 2, tail, torch.zeros_like(far)))
        weights.scatter_add_(1, (base + step).clamp(0, length - 1).long()[:, None], weight[:, None])
    return weights.float()
