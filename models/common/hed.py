"""Holistically-nested edge detection (Xie and Tu, ICCV 2015) as a teacher: slow, broad edges, but the right ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from models.common.keras_weights import read_keras_weights
from models.nets.vgg import VGG_WEIGHTS, Vgg

LAST_OF_BLOCK = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


class EdgeTeacher:
    """(H, W, 3) RGB 8 bits → how sure it is of an edge, (H, W) in 0..1."""

    def __init__(self, weights: Path = VGG_WEIGHTS) -> None:
        self.eye = Vgg.trained(LAST_OF_BLOCK, weights)
        arrays = read_keras_weights(weights)
        self.identity = weights.name
        self.sides = [
            (torch.tensor(arrays[f"dsn{i}/vars/0"]).permute(3, 2, 0, 1), torch.tensor(arrays[f"dsn{i}/vars/1"]))
            for i in range(1, len(LAST_OF_BLOCK) + 1)
        ]
        self.fuse = torch.tensor(arrays["fuse/vars/0"]).permute(3, 2, 0, 1), torch.tensor(arrays["fuse/vars/1"])

    @torch.no_grad()
    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
        seen = self.eye(planes.contiguous(memory_format=torch.channels_last))
        sides = [
            F.interpolate(F.conv2d(seen[name], *side), size=planes.shape[-2:], mode="bilinear", align_corners=False)
            for name, side in zip(LAST_OF_BLOCK, self.sides, strict=True)
        ]
        fused = F.conv2d(torch.cat(sides, dim=1), *self.fuse)
        return torch.sigmoid(fused)[0, 0].numpy()
