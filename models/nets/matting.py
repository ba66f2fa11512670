"""What stands out in a picture, down to its soft edge: an ImageNet eye, a slim decoder, and a guided filter.

The eye is EfficientNet-Lite0 without its last block; the decoder goes up like a U-Net (Ronneberger et al. 2015) with a
glance at the whole picture (global mean) at its bottom. It sees every picture squeezed into a square. Its alpha is
brought to any size by the fast guided filter (He, Sun 2015): at a middle size alpha is fitted as a linear function of
the colours around (He et al. 2013, in RGB), and the coefficients, which are smooth, are applied to the full picture.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.nets.efficientnet_lite import EfficientNetLite0

TAPS = (0, 2, 4, 10, 14)  # last blocks at strides 2, 4, 8, 16, 32
TAP_CHANNELS = (16, 24, 40, 112, 192)
FROZEN_BLOCKS = 8  # of the eye: edges and textures need no teaching, and teaching them costs most
NETWORK_PX = 224  # side of the square that the exported network sees
GUIDE_PX = 448  # side at which alpha is fitted to the colours
GUIDE_RADIUS = 5
VEIL = 0.1
SURENESS = 4.0  # a shortly trained net is unsure: on pictures of its training this halves the error
LEAN = 0.0  # towards the subject; photographs outlined by hand want none
GUIDE_EPSILON = 2e-4  # of colours in 0..1: edges weaker than 1.4 % are no edges


class Rise(nn.Module):
    """Double the size, join what the eye saw there, mix."""

    def __init__(self, below: int, seen: int, channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(seen, channels, 1)
        self.mix = nn.Conv2d(below + channels, channels, 3, padding=1)

    def forward(self, below: Tensor, seen: Tensor) -> Tensor:
        up = F.interpolate(below, size=seen.shape[-2:], mode="bilinear", align_corners=False)
        return F.relu(self.mix(torch.cat([up, F.relu(self.narrow(seen))], dim=1)))


class MattingNet(nn.Module):
    """RGB (N, 3, S, S) in 0..1, S a multiple of 32 → (fine (N, 1, S, S), coarse (N, 1, S/8, S/8)), both logits."""

    def __init__(self, widths: tuple[int, int, int, int] = (64, 48, 32, 12)) -> None:
        super().__init__()
        self.eye = EfficientNetLite0()
        self.eye._blocks = self.eye._blocks[: TAPS[-1] + 1]
        del self.eye._conv_head, self.eye._bn1, self.eye._fc
        self.bottom = nn.Conv2d(TAP_CHANNELS[4], 96, 1)
        self.whole = nn.Conv2d(TAP_CHANNELS[4], 96, 1)
        self.rise16 = Rise(96, TAP_CHANNELS[3], widths[0])
        self.rise8 = Rise(widths[0], TAP_CHANNELS[2], widths[1])
        self.rise4 = Rise(widths[1], TAP_CHANNELS[1], widths[2])
        self.rise2 = Rise(widths[2], TAP_CHANNELS[0], widths[3])
        self.coarse = nn.Conv2d(widths[1], 1, 1)
        self.last = nn.Conv2d(widths[3] + 3, 8, 3, padding=1)
        self.fine = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        seen = self._seen(rgb)
        low = F.relu(self.bottom(seen[4]) + self.whole(seen[4].mean(dim=(2, 3), keepdim=True)))
        low = self.rise16(low, seen[3])
        middle = self.rise8(low, seen[2])
        fine = self.rise2(self.rise4(middle, seen[1]), seen[0])
        fine = F.interpolate(fine, size=rgb.shape[-2:], mode="bilinear", align_corners=False)
        fine = self.fine(F.relu(self.last(torch.cat([fine, rgb], dim=1))))
        return fine, self.coarse(middle)

    def train(self, mode: bool = True) -> MattingNet:
        """The eye's batch statistics stay ImageNet's: batches here are too small for their own."""
        super().train(mode)
        self.eye.eval()
        return self

    def freeze_early(self) -> None:
        for part in (self.eye._conv_stem, self.eye._bn0, *self.eye._blocks[:FROZEN_BLOCKS]):
            part.requires_grad_(False)

    def _seen(self, rgb: Tensor) -> list[Tensor]:
        x = F.relu6(self.eye._bn0(self.eye._conv_stem((rgb * 255 - 127) / 128)))
        seen = []
        for index, block in enumerate(self.eye._blocks):
            x = block(x)
            if index in TAPS:
                seen.append(x)
        return seen


class Matte(nn.Module):
    """The exported whole: RGB (1, 3, H, W) in 0..1 of any size → alpha (1, 1, H, W) in 0..1."""

    def __init__(self, network: MattingNet, *, network_px: int = NETWORK_PX, guide_px: int = GUIDE_PX) -> None:
        super().__init__()
        self.network = network
        self.network_px = network_px
        self.guide_px = guide_px

    def forward(self, image: Tensor) -> Tensor:
        guide = squeezed(image, self.guide_px)
        logits, _ = self.network(squeezed(guide, self.network_px))
        logits = SURENESS * (logits + LEAN)
        alpha = torch.sigmoid(F.interpolate(logits, size=guide.shape[-2:], mode="bilinear", align_corners=False))
        slope, offset = guided_coefficients(guide, alpha, GUIDE_RADIUS, GUIDE_EPSILON)
        refined = _enlarged(offset, image)
        for channel in range(3):  # one after the other: at 24 megapixels three at once would be 300 MB more
            refined = refined + _enlarged(slope[:, channel : channel + 1], image) * image[:, channel : channel + 1]
        return _stretched(refined.clamp(0, 1))


def folded(network: MattingNet) -> MattingNet:
    """Batch norms become part of the convolutions before them, so that rounding to half precision sees the whole."""
    network = copy.deepcopy(network).eval()
    pairs = [(network.eye, "_conv_stem", "_bn0")]
    for block in network.eye._blocks:
        names = ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")
        pairs += [(block, *pair) for pair in names if hasattr(block, pair[0])]
    for owner, convolution, norm in pairs:
        setattr(owner, convolution, fuse_conv_bn_eval(getattr(owner, convolution), getattr(owner, norm)))
        setattr(owner, norm, nn.Identity())
    return network


def guided_coefficients(guide: Tensor, alpha: Tensor, radius: int, epsilon: float) -> tuple[Tensor, Tensor]:
    """(slope (N, 3, h, w), offset (N, 1, h, w)) with alpha ≈ slope · colour + offset around every pixel."""
    mean, mean_alpha = _box(guide, radius), _box(alpha, radius)
    covariance = _box(guide * alpha, radius) - mean * mean_alpha
    products = torch.cat([guide[:, i : i + 1] * guide[:, j : j + 1] for i, j in _PAIRS], dim=1)
    squares = torch.cat([mean[:, i : i + 1] * mean[:, j : j + 1] for i, j in _PAIRS], dim=1)
    rr, rg, rb, gg, gb, bb = (_box(products, radius) - squares).split(1, dim=1)
    rr, gg, bb = rr + epsilon, gg + epsilon, bb + epsilon
    inverse = (
        (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg),
        (rb * gb - rg * bb, rr * bb - rb * rb, rg * rb - rr * gb),
        (rg * gb - rb * gg, rg * rb - rr * gb, rr * gg - rg * rg),
    )
    determinant = rr * inverse[0][0] + rg * inverse[0][1] + rb * inverse[0][2]
    r, g, b = covariance.split(1, dim=1)
    slope = torch.cat([(row[0] * r + row[1] * g + row[2] * b) / determinant for row in inverse], dim=1)
    offset = mean_alpha - (slope * mean).sum(dim=1, keepdim=True)
    return _box(slope, radius), _box(offset, radius)


def squeezed(image: Tensor, side: int) -> Tensor:
    """(N, C, H, W) → (N, C, side, side) by two products with triangle filters: exact, smooth, of any size."""
    rows, columns = _triangles(image.shape[-2], side, image.device), _triangles(image.shape[-1], side, image.device)
    return torch.matmul(torch.matmul(rows, image), columns.transpose(0, 1))


_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def _stretched(alpha: Tensor) -> Tensor:
    """What is nearly nothing or nearly all becomes so: the filter leaves a veil of some percent around a subject."""
    return ((alpha - VEIL) / (1 - 2 * VEIL)).clamp(0, 1)


def _enlarged(planes: Tensor, image: Tensor) -> Tensor:
    return F.interpolate(planes, size=image.shape[-2:], mode="bilinear", align_corners=False)


def _box(planes: Tensor, radius: int) -> Tensor:
    size = 2 * radius + 1
    return F.avg_pool2d(planes, size, stride=1, padding=radius, count_include_pad=False)


def _triangles(length: int, side: int, device: torch.device) -> Tensor:
    """(side, length): what each of SIDE places takes of LENGTH pixels; rows sum to one."""
    scale = torch.ones(1, device=device) * length / side
    centres = (torch.arange(side, device=device) + 0.5) * scale - 0.5
    distance = (torch.arange(length, device=device)[None] - centres[:, None]).abs()
    weights = (1 - distance / scale.clamp(min=1)).clamp(min=0)
    return weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-6)
