"""What a generator learned as what an editor paints: straight RGBA 0..1 out of (and into) the planes of training.

Spectral norms need no folding: only discriminators carry them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.common.picture_sets import Planes

FAINTEST = 1 / 32  # alpha below which colours are not brought to full strength: they would be noise
HAZE = 8 / 255  # a network is never quite sure of nothing: less alpha would show as a veil around every stamp
LUMA = (0.299, 0.587, 0.114)


class Painted(nn.Module):
    """latent (N, z), label (N,) → (N, 4, H, W) straight RGBA in 0..1; ink is black."""

    def __init__(self, network: nn.Module, planes: Planes, *, has_label: bool) -> None:
        super().__init__()
        self.network = network
        self.planes = planes
        self.has_label = has_label

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        learned = self.network(latent, label) if self.has_label else self.network(latent)
        rgba = planes_to_rgba(learned, self.planes)
        return torch.cat([rgba[:, :3], without_haze(rgba[:, 3:])], dim=1)


class Encoded(nn.Module):
    """(N, 4, H, W) straight RGBA in 0..1, label (N,) → mean and log variance of its latent, (N, z) each."""

    def __init__(self, encoder: nn.Module, planes: Planes, *, has_label: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.planes = planes
        self.has_label = has_label

    def forward(self, image: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        planes = rgba_to_planes(image, self.planes)
        return self.encoder(planes, label) if self.has_label else self.encoder(planes)


def planes_to_rgba(learned: Tensor, planes: Planes) -> Tensor:
    shares = (learned.clamp(-1, 1) + 1) / 2
    alpha = shares[:, -1:]
    if planes == "ink":
        return torch.cat([torch.zeros_like(alpha).expand(-1, 3, -1, -1), alpha], dim=1)
    color = (shares[:, :-1] / alpha.clamp(min=FAINTEST)).clamp(0, 1)
    return torch.cat([color.expand(-1, 3, -1, -1), alpha], dim=1)


def without_haze(alpha: Tensor) -> Tensor:
    """Nearly nothing becomes nothing and nearly opaque opaque; what lies between is stretched a little."""
    return ((alpha - HAZE) / (1 - 2 * HAZE)).clamp(0, 1)


def rgba_to_planes(rgba: Tensor, planes: Planes) -> Tensor:
    """Premultiplied; the ink of a picture is how dark and how opaque it is."""
    color, alpha = rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]
    luma = (color * torch.tensor(LUMA, device=rgba.device).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    shares = {
        "ink": alpha - luma,
        "grey_alpha": torch.cat([luma, alpha], dim=1),
        "rgba": torch.cat([color, alpha], dim=1),
    }
    return shares[planes] * 2 - 1
