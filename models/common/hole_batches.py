"""What a network that fills holes learns from: crops of photographs, each with a hole as people make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from models.common.data import Photos8, draw_crops
from models.common.holes import Shape8, random_hole

LARGEST_ZOOM = 3  # how much smaller photographs are made


class Batch(NamedTuple):
    photo: Tensor  # (N, 3, crop, crop), 0..1
    hole: Tensor  # (N, 1, crop, crop), 1 in the hole
    is_seen: bool  # by the eye


class Material(NamedTuple):
    blocks: Photos8
    shapes: Sequence[Shape8]


def draw_batch(material: Material, count: int, side: int, rng: np.random.Generator) -> Batch:
    largest = material.blocks.shape[1]
    sizes = rng.uniform(side, min(LARGEST_ZOOM * side, largest), count).astype(int)
    crops = np.stack([shrunk_crop(material.blocks, int(size), side, rng) for size in sizes])
    holes = np.stack([random_hole(material.shapes, side, rng) for _ in range(count)])
    photo = torch.from_numpy(crops).permute(0, 3, 1, 2).contiguous().float() / 255
    return Batch(photo, torch.from_numpy(holes)[:, None].float() / 255, True)


def shrunk_crop(blocks: Photos8, size: int, side: int, rng: np.random.Generator) -> np.ndarray:
    (crop,) = draw_crops(blocks, count=1, size=size, rng=rng)
    return cv2.resize(np.ascontiguousarray(crop), (side, side), interpolation=cv2.INTER_AREA)
