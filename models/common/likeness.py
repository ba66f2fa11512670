"""How alike two pictures look, by what a trained eye sees in them, place by place: LPIPS without its heads.

Features of every place are brought to unit length and compared (Zhang et al., CVPR 2018). One eye is for training,
VGG16; another measures, EfficientNet-Lite0, so that nothing is measured by what it was trained to please.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from models.common.gan_metrics import EYE_WEIGHTS
from models.nets.efficientnet_lite import EfficientNetLite0, load_efficientnet_lite0
from models.nets.vgg import VGG_WEIGHTS, Vgg, random_vgg

TRAINING_LAYERS = ("relu1_2", "relu2_2", "relu3_1")
MEASURED_STAGES = 4  # the finest: what lies deeper knows what a thing is, not how it looks
TINY = 1e-8


class TrainingEye(nn.Module):
    """Two batches (N, 3, H, W) in 0..1 → their distance, a number; gradients go to the first alone."""

    def __init__(self, vgg: Vgg) -> None:
        super().__init__()
        self.vgg = vgg

    @classmethod
    def trained(cls, weights: Path = VGG_WEIGHTS) -> TrainingEye:
        """DataError when the weights were not fetched."""
        return cls(Vgg.trained(TRAINING_LAYERS, weights))

    @classmethod
    def untrained(cls) -> TrainingEye:
        return cls(random_vgg(TRAINING_LAYERS))

    def forward(self, result: Tensor, wanted: Tensor) -> Tensor:
        with torch.no_grad():
            there = self.vgg(wanted)
        here = self.vgg(result)
        return unlikeness(list(here.values()), list(there.values()))


class MeasuringEye:
    """Two pictures (1, 3, H, W) in 0..1 → their distance by EfficientNet-Lite0's finer stages."""

    def __init__(self, weights: Path = EYE_WEIGHTS) -> None:
        self.network: EfficientNetLite0 = load_efficientnet_lite0(weights).eval()

    @torch.no_grad()
    def __call__(self, result: Tensor, wanted: Tensor) -> float:
        here, there = (self.network.stages(picture)[:MEASURED_STAGES] for picture in (result, wanted))
        return float(unlikeness(here, there))


def unlikeness(here: list[Tensor], there: list[Tensor]) -> Tensor:
    """Mean over layers and places of the squared distance of features of unit length: 0 is equal, 4 the opposite."""
    parts = [(_unit(one) - _unit(other)).square().sum(dim=1).mean() for one, other in zip(here, there, strict=True)]
    return torch.stack(parts).mean()


def _unit(features: Tensor) -> Tensor:
    return features * (features.square().sum(dim=1, keepdim=True) + TINY).rsqrt()
