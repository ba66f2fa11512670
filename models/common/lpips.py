"""A perceptual distance: VGG16's features, weighed as people judged differences (LPIPS, Zhang et al., CVPR 2018).

The features are those of the VGG16 in data/weights/vgg16-hed, not of the one that LPIPS's authors weighed, so numbers
compare with each other and with nobody else's: the metric is named accordingly.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.common.data import DataError
from models.nets.vgg import VGG_WEIGHTS, Vgg, random_vgg

NAME = "lpips_vgg16_hed"
LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
WIDTHS = (64, 128, 256, 512, 512)
LPIPS_WEIGHTS = Path("data/weights/lpips/vgg.pth")


class Lpips(nn.Module):
    """(N, 3, H, W) in 0..1, twice, at least 32 pixels a side → (N,); 0 is equal."""

    def __init__(self, vgg: Vgg, heads: list[Tensor]) -> None:
        super().__init__()
        self.vgg = vgg
        for layer, head in zip(LAYERS, heads, strict=True):
            self.register_buffer(layer, head)

    @torch.no_grad()
    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        first, second = self.vgg(one), self.vgg(other)
        total = torch.zeros(len(one))
        for layer in LAYERS:
            difference = (F.normalize(first[layer], dim=1) - F.normalize(second[layer], dim=1)).square()
            total = total + (difference * getattr(self, layer)).sum(dim=1).mean(dim=(1, 2))
        return total


def load_lpips(heads: Path = LPIPS_WEIGHTS, eye: Path = VGG_WEIGHTS) -> Lpips:
    """DataError when the weights were not fetched."""
    try:
        content = torch.load(heads, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"There are no weights {heads}. Run `python -m models.fetch_data --only lpips`.") from error
    return Lpips(Vgg.trained(LAYERS, eye), [content[f"lin{i}.model.1.weight"] for i in range(len(LAYERS))])


def untrained_lpips() -> Lpips:
    """For `--smoke` and tests: nothing needs to be fetched."""
    return Lpips(random_vgg(LAYERS), [torch.full((1, width, 1, 1), 1 / width) for width in WIDTHS])


class Eye(nn.Module):
    """How differently a trained eye sees two pictures, from their normalised features (Zhang et al., CVPR 2018)."""

    def __init__(self, vgg: Vgg) -> None:
        super().__init__()
        self.vgg = vgg

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """(N,): 0 is equal, summed over the layers."""
        with torch.no_grad():
            wanted = self.vgg(other)
        distances = []
        for name, features in self.vgg(one).items():
            difference = F.normalize(features, dim=1) - F.normalize(wanted[name], dim=1)
            distances.append(difference.square().sum(dim=1).mean(dim=(1, 2)))
        return torch.stack(distances).sum(dim=0)
