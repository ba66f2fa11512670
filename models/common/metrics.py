"""Measures of likeness, always on pictures rounded and clipped to 8 bits, as a file would hold them."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure


def to_8bit(images: Tensor) -> Tensor:
    """(N, 3, H, W) in 0..1 → the nearest 8-bit values, still in 0..1."""
    return (images.clamp(0, 1) * 255).round() / 255


def psnr_8bit(result: Tensor, clean: Tensor) -> float:
    """Mean over the batch of each picture's PSNR in RGB, in dB."""
    per_picture = peak_signal_noise_ratio(
        to_8bit(result), to_8bit(clean), data_range=1.0, reduction="none", dim=(1, 2, 3)
    )
    return float(per_picture.mean())


def ssim_8bit(result: Tensor, clean: Tensor) -> float:
    """Mean structural similarity (Wang et al. 2004) in RGB with its usual 11-pixel Gaussian window."""
    with torch.no_grad():
        return float(structural_similarity_index_measure(to_8bit(result), to_8bit(clean), data_range=1.0))
