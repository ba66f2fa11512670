"""How near generated pictures are to real ones: distances, precision, recall, coverage, on features with honest names.

Fréchet distance (Heusel et al. 2017), kernel distance (Bińkowski et al. 2018), precision and recall (Kynkäänniemi et
al. 2019), coverage (Naeem et al. 2020). The papers' FID is on Inception; without its weights the features here are
those of EfficientNet-Lite0 and the numbers are called so. They compare with nothing but numbers of the same name and
count, which is why real pictures against other real pictures stand beside every one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.common.data import DataError
from models.common.picture_sets import on_paper
from models.nets.efficientnet_lite import load_efficientnet_lite0

EYE_WEIGHTS = Path("data/weights/efficientnet-lite0/efficientnet-lite0-57934424.pth")
EYE_SIDE_PX = 96  # small pictures enlarged: enough for its seven halvings and quick on two cores
INCEPTION_SIDE_PX = 299
NEIGHBOURS = 5  # for coverage, as its paper; precision and recall take 3, as theirs
KERNEL_SUBSETS, KERNEL_SUBSET = 20, 250
PAPER_GREY = 255


@dataclass(frozen=True)
class Features:
    """A way to see pictures; `name` becomes part of the metric's name."""

    name: str
    of_rgb: Callable[[Tensor], Tensor]  # (N, 3, H, W) in 0..1 → (N, D)

    def __call__(self, pictures: NDArray[np.uint8], *, batch: int = 100) -> Tensor:
        """(N, H, W, planes) premultiplied → (N, D), seen on white paper."""
        parts = []
        with torch.no_grad():
            for start in range(0, len(pictures), batch):
                rgb = torch.from_numpy(on_paper(pictures[start : start + batch], PAPER_GREY)).permute(0, 3, 1, 2)
                parts.append(self.of_rgb(rgb.float() / 255))
        return torch.cat(parts)


def eye_or_pixels(weights: Path | None = None) -> Features:
    """EfficientNet-Lite0 where its weights have been fetched; coarse pixels, named so, where not."""
    weights = weights or EYE_WEIGHTS
    return efficientnet_features(weights) if weights.exists() else pixel_features()


def efficientnet_features(weights: Path = EYE_WEIGHTS) -> Features:
    network = load_efficientnet_lite0(weights)
    return Features("efficientnet_lite0", lambda rgb: network(_enlarged(rgb, EYE_SIDE_PX)))


def inception_features(weights: Path) -> Features:
    """torchvision's Inception v3 from a file of the user's own; its FID is near the papers', not equal to it."""
    from torchvision.models import inception_v3

    network = inception_v3(weights=None, init_weights=False, transform_input=True)
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{weights} does not hold torchvision's Inception v3.") from error
    network.fc = torch.nn.Identity()
    network.eval()
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return Features("inception_v3_torchvision", lambda rgb: network((_enlarged(rgb, INCEPTION_SIDE_PX) - mean) / std))


def pixel_features(side: int = 8) -> Features:
    return Features("pixels", lambda rgb: F.adaptive_avg_pool2d(rgb, side).flatten(1))


def frechet_distance(real: Tensor, generated: Tensor) -> float:
    """Between two Gaussians with the features' means and covariances: |m1 - m2|² + tr(C1 + C2 - 2 √(C1 C2))."""
    (mean1, cov1), (mean2, cov2) = (_moments(features.double()) for features in (real, generated))
    root1 = _square_root(cov1)
    middle = torch.linalg.eigvalsh(root1 @ cov2 @ root1).clamp(min=0).sqrt().sum()
    distance = (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * middle
    return max(0.0, float(distance))


def kernel_distance(real: Tensor, generated: Tensor, *, seed: int = 0) -> float:
    """Squared MMD with the kernel (x·y / D + 1)³, unbiased, mean over random subsets: about 0 for equal sets."""
    rng = np.random.default_rng(seed)
    size = min(KERNEL_SUBSET, len(real), len(generated))
    values = []
    for _ in range(KERNEL_SUBSETS):
        x, y = (features[rng.choice(len(features), size, replace=False)].double() for features in (real, generated))
        xx, yy, xy = ((a @ b.T / a.shape[1] + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
        within = (xx.sum() - xx.trace() + yy.sum() - yy.trace()) / (size * (size - 1))
        values.append(float(within - 2 * xy.mean()))
    return float(np.mean(values))


def precision_recall(real: Tensor, generated: Tensor, *, neighbours: int = 3) -> tuple[float, float]:
    """(share of generated pictures among the real ones, share of real pictures among the generated)."""
    distances = torch.cdist(real, generated)
    precision = (distances <= _radius(real, neighbours)[:, None]).any(dim=0)
    recall = (distances <= _radius(generated, neighbours)[None, :]).any(dim=1)
    return float(precision.float().mean()), float(recall.float().mean())


def coverage(real: Tensor, generated: Tensor, *, neighbours: int = NEIGHBOURS) -> float:
    """Share of real pictures that have a generated one nearer than their fifth real neighbour."""
    nearest = torch.cdist(real, generated).min(dim=1).values
    return float((nearest <= _radius(real, neighbours)).float().mean())


def nearest_pictures(features: Tensor, training: Tensor) -> Tensor:
    """For each row of features the place of the nearest training picture."""
    return torch.cdist(features, training).argmin(dim=1)


def _enlarged(rgb: Tensor, side: int) -> Tensor:
    return F.interpolate(rgb, (side, side), mode="bilinear", align_corners=False, antialias=True)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    return features.mean(dim=0), torch.cov(features.T)


def _square_root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def _radius(features: Tensor, neighbours: int) -> Tensor:
    """Distance of each row to its n-th neighbour among the others."""
    count = min(neighbours + 1, len(features))  # the nearest of all is the row itself
    return torch.cdist(features, features).topk(count, largest=False).values[:, -1]
