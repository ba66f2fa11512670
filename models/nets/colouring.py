"""Colours for a grey picture: an ImageNet eye, a slim decoder with room for hints, colours as classes.

After Zhang, Isola, Efros (ECCV 2016): every place gets a distribution over bins of CIE Lab's a and b, and the annealed
mean of it is the colour. After Zhang et al. (SIGGRAPH 2017): hints of a user go in beside the picture. The eye is
EfficientNet-Lite0 without its last block and is not taught. What it answers is small; a guided filter (He et al. 2013)
on the lightness brings it to the edges of the picture.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.nets.efficientnet_lite import EfficientNetLite0

TAPS = (2, 4, 10, 14)  # last blocks at strides 4, 8, 16, 32
TAP_CHANNELS = (24, 40, 112, 192)
STRIDE = 4  # of the answer
BIN_STEP = 12.0  # between neighbouring bins of a and b
AB_SCALE = 50.0  # a and b are fed divided by this
SPREAD_AB = 14.0  # a deviation of colours around those of hints
FARTHEST = 8.0
LIGHT_COUNTS = 2.0  # a difference in light, against one in place as a share of the side
ENOUGH = 300.0  # sum of weights at which hints are half as near as can be: a dab a quarter of the side away
HINTS_COUNT = 0.6  # of the way from the answer to hints that are near: mixing alone is good where hints are many
AB_UNIT = 128.0  # and answered divided by this
SHOWN_PX = 448  # side of the square that the exported graph sees: colours follow edges at this size
NETWORK_PX = 224  # side at which the eye looks
GUIDE_RADIUS, GUIDE_EPSILON = 8, 1e-3
VARIETIES = 5  # numbers that tilt the distribution over the whole picture
TEMPERATURE = 0.45  # of the annealed mean: 1 is the mean, which is dull, 0 the likeliest bin, which is blotchy
LUMA = (0.299, 0.587, 0.114)


def lab_bins(step: float = BIN_STEP) -> Tensor:
    """(Q, 2): a and b of all bins that sRGB reaches, on a lattice through grey."""
    levels = torch.linspace(0, 1, 33)
    cube = torch.stack(torch.meshgrid(levels, levels, levels, indexing="ij")).reshape(1, 3, -1, 1)
    places = (rgb_to_ab(cube)[0, :, :, 0] / step).round().T
    return torch.unique(places, dim=0) * step


def rgb_to_ab(rgb: Tensor) -> Tensor:
    """(N, 3, H, W) sRGB in 0..1 → (N, 2, H, W): a and b of CIE Lab, D65, as OpenCV and the editor compute them."""
    low, high = rgb / 12.92, ((rgb.clamp(min=0) + 0.055) / 1.055) ** 2.4
    red, green, blue = torch.where(rgb > 0.04045, high, low).split(1, dim=1)
    x = (0.412453 * red + 0.357580 * green + 0.180423 * blue) / 0.950456
    y = 0.212671 * red + 0.715160 * green + 0.072169 * blue
    z = (0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.088754
    fx, fy, fz = (_lab_root(value) for value in (x, y, z))
    return torch.cat([500 * (fx - fy), 200 * (fy - fz)], dim=1)


def _lab_root(value: Tensor) -> Tensor:
    return torch.where(value > 0.008856, value.clamp(min=1e-6) ** (1 / 3), 7.787 * value + 16 / 116)


class Rise(nn.Module):
    """Double the size, join what the eye saw there and what the hints say, mix."""

    def __init__(self, below: int, seen: int, hints: int, channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(seen, channels // 2, 1)
        self.mix = nn.Conv2d(below + channels // 2 + hints, channels, 3, padding=1)

    def forward(self, below: Tensor, seen: Tensor, hints: Tensor) -> Tensor:
        up = F.interpolate(below, size=seen.shape[-2:], mode="bilinear", align_corners=False)
        return F.relu(self.mix(torch.cat([up, F.relu(self.narrow(seen)), hints], dim=1)))


class ColourDecoder(nn.Module):
    """(what the eye saw at strides 4, 8, 16, 32, hints (N, 3, h, w) at stride 4) → scores of the bins (N, Q, h, w).

    Hints are a and b divided by AB_SCALE and their presence 0..1, the former 0 where the latter is; `luma`
    (N, 1, h, w) in 0..1. Scores fall with the distance from the hints nearby, as far as the network trusts them there.
    """

    def __init__(self, widths: tuple[int, int, int] = (96, 72, 56), dropped: float = 0.0) -> None:
        super().__init__()
        self.drop = nn.Dropout2d(dropped)  # of what is seen: the photographs to learn from are few
        for place, channels in enumerate(TAP_CHANNELS):
            self.register_buffer(f"mean{place}", torch.zeros(1, channels, 1, 1))
            self.register_buffer(f"scale{place}", torch.ones(1, channels, 1, 1))
        self.register_buffer("bins", lab_bins())
        self.hint4 = nn.Conv2d(3, 16, 3, padding=1)
        self.hint8 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.hint16 = nn.Conv2d(32, 48, 3, stride=2, padding=1)
        self.hint32 = nn.Conv2d(48, 96, 3, stride=2, padding=1)
        self.bottom = nn.Conv2d(TAP_CHANNELS[3], 96, 1)
        self.whole = nn.Conv2d(TAP_CHANNELS[3] + 96, 96, 1)
        self.rise16 = Rise(96, TAP_CHANNELS[2], 48, widths[0])
        self.rise8 = Rise(widths[0], TAP_CHANNELS[1], 32, widths[1])
        self.rise4 = Rise(widths[1], TAP_CHANNELS[0], 16, widths[2])
        self.scores = nn.Conv2d(widths[2], len(self.bins), 1)
        self.trust = nn.Conv2d(widths[2], 1, 1)
        nn.init.zeros_(self.trust.weight)
        nn.init.zeros_(self.trust.bias)

    def forward(self, seen: list[Tensor], hints: Tensor, luma: Tensor) -> Tensor:
        scaled = [self.drop((x - getattr(self, f"mean{i}")) * getattr(self, f"scale{i}")) for i, x in enumerate(seen)]
        hint4 = F.relu(self.hint4(hints))
        hint8 = F.relu(self.hint8(hint4))
        hint16 = F.relu(self.hint16(hint8))
        hint32 = F.relu(self.hint32(hint16))
        low = torch.cat([scaled[3], hint32], dim=1).mean(dim=(2, 3), keepdim=True)
        low = F.relu(self.bottom(scaled[3]) + self.whole(low) + hint32)
        low = self.rise16(low, scaled[2], hint16)
        low = self.rise8(low, scaled[1], hint8)
        low = self.rise4(low, scaled[0], hint4)
        spread, nearness = spread_hints(hints, luma)
        far = (spread.unsqueeze(1) - self.bins.view(1, -1, 2, 1, 1)).square().sum(dim=2) / (2 * SPREAD_AB**2)
        return self.scores(low) - F.softplus(self.trust(low) + 1) * nearness * far.clamp(max=FARTHEST)

    def set_scales(self, statistics: list[tuple[Tensor, Tensor]]) -> None:
        """Mean and standard deviation of each channel of what the eye sees, so that all begin at a like size."""
        for place, (mean, deviation) in enumerate(statistics):
            getattr(self, f"mean{place}").copy_(mean.view(1, -1, 1, 1))
            getattr(self, f"scale{place}").copy_(1 / deviation.clamp(min=1e-3).view(1, -1, 1, 1))


def spread_hints(hints: Tensor, luma: Tensor) -> tuple[Tensor, Tensor]:
    """(a and b (N, 2, h, w), how near hints are 0..1 (N, 1, h, w)): all hints mixed by nearness in place and light."""
    size = hints.shape[-2:]
    small, light = F.avg_pool2d(hints, 2), F.avg_pool2d(luma, 2).flatten(1)
    rows, columns = small.shape[-2:]
    down = torch.arange(rows, device=hints.device, dtype=hints.dtype) / rows
    across = torch.arange(columns, device=hints.device, dtype=hints.dtype) / columns
    far = _squares(down.repeat_interleave(columns)[None]) + _squares(across.repeat(rows)[None])
    weights = 1 / (far + LIGHT_COUNTS * _squares(light) + 1e-3) ** 2  # (N, places, places)
    presence = small[:, 2:].flatten(2)
    total = torch.matmul(presence, weights.transpose(1, 2))
    mixed = torch.matmul(small[:, :2].flatten(2), weights.transpose(1, 2)) * AB_SCALE / total.clamp(min=1e-3)
    planes = torch.cat([mixed, total / (total + ENOUGH)], dim=1).view(-1, 3, rows, columns)
    planes = F.interpolate(planes, size=size, mode="bilinear", align_corners=False)
    return planes[:, :2], planes[:, 2:]


def with_hints_spread(ab: Tensor, hints: Tensor, luma: Tensor) -> Tensor:
    """The answer (N, 2, h, w), part of the way to all hints mixed, as far as these are near: one dab tints no picture.

    Hints as the decoder takes them.
    """
    spread, nearness = spread_hints(hints, luma)
    return ab + HINTS_COUNT * nearness * (spread - ab)


def _squares(values: Tensor) -> Tensor:
    """(N, places) → (N, places, places): squared differences of each pair."""
    return (values.unsqueeze(2) - values.unsqueeze(1)).square()


class Eye(nn.Module):
    """Grey (N, 1, H, W) in 0..1, sides multiples of 32 → what it sees at strides 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.net = EfficientNetLite0()
        self.net._blocks = self.net._blocks[: TAPS[-1] + 1]
        del self.net._conv_head, self.net._bn1, self.net._fc
        self.net.requires_grad_(False).eval()

    def forward(self, grey: Tensor) -> list[Tensor]:
        stages = self.net.stages(grey.expand(-1, 3, -1, -1))
        return [stages[tap] for tap in TAPS]

    def train(self, mode: bool = True) -> Eye:
        """The batch statistics stay ImageNet's."""
        return super().train(False)

    def taught_by(self, weights: dict[str, Tensor]) -> None:
        self.net.load_state_dict({name: weights[name] for name in self.net.state_dict()})


def annealed_mean(scores: Tensor, bins: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """(N, Q, h, w) → (N, 2, h, w): a and b."""
    shares = F.softmax(scores / temperature, dim=1)
    return torch.einsum("nqhw,qc->nchw", shares, bins)


def nearby_bins(ab: Tensor, bins: Tensor, step: float = BIN_STEP) -> Tensor:
    """(N, 2, h, w) → (N, Q, h, w): soft classes, a Gaussian of half a step around the colour, sums to one."""
    distance = (ab.unsqueeze(1) - bins.view(1, -1, 2, 1, 1)).square().sum(dim=2)
    return F.softmax(-distance / (2 * (step / 2) ** 2), dim=1)


def tilt(bins: Tensor, noise: Tensor) -> Tensor:
    """(N, 5) normal numbers → (N, Q, 1, 1) to add to scores: another mood by few numbers.

    Warm or cold, red or green, and so on: the distribution is tilted along smooth functions of the colour, so where
    the network is sure (a sky) little changes, and where it is not (a car) much.
    """
    chroma = bins.square().sum(dim=1).sqrt()
    vivid = (chroma / AB_SCALE).clamp(max=1)
    a, b = (bins / chroma.clamp(min=1e-3)[:, None]).unbind(dim=1)
    basis = torch.stack([a, b, a * a - b * b, 2 * a * b, torch.ones_like(a)]) * vivid
    return torch.matmul(noise, basis)[..., None, None]


class Colourise(nn.Module):
    """The exported whole: a and b of CIE Lab for a grey picture.

    image (1, 3, S, S) in 0..1, hints (1, 4, S, S) RGBA straight, saturation (1,), variety (1,), noise (1, 5) →
    (1, 2, S, S), divided by AB_UNIT.
    """

    def __init__(self, eye: Eye, decoder: ColourDecoder, *, network_px: int = NETWORK_PX) -> None:
        super().__init__()
        self.eye, self.decoder = eye, decoder
        self.network_px, self.shown_px = network_px, SHOWN_PX

    def forward(self, image: Tensor, hints: Tensor, saturation: Tensor, variety: Tensor, noise: Tensor) -> Tensor:
        grey = (image * image.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
        seen = self.eye(F.interpolate(grey, size=(self.network_px,) * 2, mode="bilinear", align_corners=False))
        wanted, presence = hint_planes(hints, self.network_px // STRIDE)
        luma = F.avg_pool2d(grey, self.shown_px // self.network_px * STRIDE)
        fed = torch.cat([wanted / AB_SCALE * presence, presence], dim=1)
        scores = self.decoder(seen, fed, luma)
        moods = tilt(self.decoder.bins, noise) * variety.view(-1, 1, 1, 1)
        ab = annealed_mean(scores + moods, self.decoder.bins)
        ab = guided(with_hints_spread(ab, fed, luma), grey)
        own, share = rgb_to_ab(hints[:, :3]), hints[:, 3:]
        return (ab + share * (own - ab)) * saturation.view(-1, 1, 1, 1) / AB_UNIT


def hint_planes(hints: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """RGBA (N, 4, S, S) → (a and b (N, 2, side, side), presence (N, 1, side, side)), averaged by alpha."""
    alpha = hints[:, 3:]
    window = hints.shape[-1] // side
    sums = F.avg_pool2d(torch.cat([rgb_to_ab(hints[:, :3]) * alpha, alpha], dim=1), window)
    return sums[:, :2] / sums[:, 2:].clamp(min=1e-3), (sums[:, 2:] * 4).clamp(max=1)


def guided(ab: Tensor, grey: Tensor) -> Tensor:
    """(N, 2, h, w) → (N, 2, S, S): fitted as a linear function of the lightness around every pixel."""
    ab = F.interpolate(ab, size=grey.shape[-2:], mode="bilinear", align_corners=False)
    mean, mean_ab = _box(grey), _box(ab)
    variance = _box(grey * grey) - mean * mean
    slope = (_box(grey * ab) - mean * mean_ab) / (variance + GUIDE_EPSILON)
    offset = mean_ab - slope * mean
    return _box(slope) * grey + _box(offset)


def _box(planes: Tensor) -> Tensor:
    return F.avg_pool2d(planes, 2 * GUIDE_RADIUS + 1, stride=1, padding=GUIDE_RADIUS, count_include_pad=False)


def folded(eye: Eye) -> Eye:
    """Batch norms become part of the convolutions before them, so that rounding to half precision sees the whole."""
    eye = copy.deepcopy(eye).eval()
    pairs = [(eye.net, "_conv_stem", "_bn0")]
    for block in eye.net._blocks:
        names = ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")
        pairs += [(block, *pair) for pair in names if hasattr(block, pair[0])]
    for owner, convolution, norm in pairs:
        setattr(owner, convolution, fuse_conv_bn_eval(getattr(owner, convolution), getattr(owner, norm)))
        setattr(owner, norm, nn.Identity())
    return eye


def as_lab_ab(rgb8: np.ndarray) -> np.ndarray:
    """(H, W, 3) → (H, W, 2) float32: a and b."""
    import cv2

    lab = cv2.cvtColor(rgb8.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.ascontiguousarray(lab[..., 1:])
