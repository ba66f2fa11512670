"""Networks that translate pictures: a U-Net that sees a picture whole at one size, and a judge of patches.

The U-Net shuffles pixels into channels first (most of the work is then done at a quarter of the side), and what the
whole picture shows is added at its bottom: colours depend on what the thing is. Normalised by
picture, nowhere over a batch: a result does not depend on its neighbours.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from models.nets.blocks import ResidualBlock, Upsample, convolution
from models.nets.enclosed import FAINTEST_INK, Enclosed, ink_and_hue

SLOPE = 0.2
GROUPS = 8  # of channels that are normalised together, each picture by itself


class TranslationUNet(nn.Module):
    """(N, planes_in, S, S) → (N, planes_out, S, S); S a multiple of `stride`. After pix2pix's U-Net.

    The answer is not limited: the distance to a target then never loses its gradient, as it does behind a sigmoid
    that most of the paper holds at zero.
    """

    def __init__(self, planes_in: int, planes_out: int, widths: tuple[int, ...], *, shuffle: int = 4) -> None:
        super().__init__()
        self.shuffle = shuffle
        self.stem = convolution(planes_in * shuffle**2, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(
                ResidualBlock(finer),
                nn.Conv2d(finer, coarser, 3, stride=2, padding=1),
                nn.GroupNorm(GROUPS, coarser),
            )
            for finer, coarser in itertools.pairwise(widths)
        )
        self.bottom = nn.Sequential(ResidualBlock(widths[-1]), ResidualBlock(widths[-1]))
        self.whole = nn.Sequential(nn.Linear(widths[-1], widths[-1]), nn.ReLU(), nn.Linear(widths[-1], widths[-1]))
        self.up = nn.ModuleList(Upsample(coarser, finer) for finer, coarser in itertools.pairwise(widths))
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, finer) for finer in widths[:-1])
        self.merge = nn.ModuleList(ResidualBlock(finer) for finer in widths[:-1])
        self.head = convolution(widths[0], planes_out * shuffle**2)

    @property
    def stride(self) -> int:
        return self.shuffle * 2 ** len(self.down)

    def forward(self, picture: Tensor) -> Tensor:
        x = self.stem(F.pixel_unshuffle(picture, self.shuffle))
        skipped = []
        for level in self.down:
            x = level[0](x)
            skipped.append(x)
            x = F.relu(level[2](level[1](x)))
        x = self.bottom(x)
        x = x + self.whole(x.mean(dim=(2, 3)))[:, :, None, None]
        for level in reversed(range(len(self.down))):
            x = self.merge[level](F.relu(self.norms[level](self.up[level](x) + skipped[level])))
        return F.pixel_shuffle(self.head(x), self.shuffle)


class StyleUNet(nn.Module):
    """StarGAN's generator: (N, planes, S, S) in -1..1 and the wanted domain (N,) → (N, planes, S, S) in -1..1."""

    def __init__(self, planes: int, widths: tuple[int, ...], *, domains: int) -> None:
        super().__init__()
        self.domains = domains
        self.unet = TranslationUNet(planes + domains, planes, widths, shuffle=2)

    @property
    def stride(self) -> int:
        return self.unet.stride

    def forward(self, pictures: Tensor, domain: Tensor) -> Tensor:
        wanted = F.one_hot(domain, self.domains).to(pictures.dtype)[:, :, None, None]
        told = torch.cat([pictures, wanted.expand(-1, -1, *pictures.shape[-2:])], dim=1)
        return torch.tanh(self.unet(told))


class PatchJudge(nn.Module):
    """PatchGAN (Isola et al. 2017): (N, planes, S, S) → (N, 1, S/16, S/16), how real each patch looks."""

    SHUFFLE = 4

    def __init__(self, planes: int, width: int) -> None:
        super().__init__()
        channels = (planes * self.SHUFFLE**2, width, 2 * width, 3 * width)
        layers: list[nn.Module] = [
            spectral_norm(nn.Conv2d(channels[0], channels[1], 3, padding=1)),
            nn.LeakyReLU(SLOPE),
        ]
        for finer, coarser in itertools.pairwise(channels[1:]):
            layers += [spectral_norm(nn.Conv2d(finer, coarser, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
        layers.append(spectral_norm(nn.Conv2d(channels[-1], 1, 3, padding=1)))
        self.look = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.look(F.pixel_unshuffle(pictures, self.SHUFFLE))


class ResidualTranslator(nn.Module):
    """CycleGAN's generator, small: (N, planes_in, S, S) in -1..1 → (N, planes_out, S, S) in -1..1.

    Instance norm: each picture by itself.
    """

    STRIDE = 4

    def __init__(self, planes_in: int, planes_out: int, *, width: int, blocks: int) -> None:
        super().__init__()
        self.down = nn.Sequential(
            _normed(nn.Conv2d(planes_in, width, 5, padding=2, padding_mode="reflect", bias=False)),
            _normed(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False)),
            _normed(nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1, bias=False)),
        )
        self.middle = nn.Sequential(*(NormedResidualBlock(4 * width) for _ in range(blocks)))
        self.up = nn.Sequential(
            _normed(Upsample(4 * width, 2 * width)),
            _normed(Upsample(2 * width, width)),
            nn.Conv2d(width, planes_out, 5, padding=2, padding_mode="reflect"),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.tanh(self.up(self.middle(self.down(pictures))))


class NormedResidualBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False)
        self.norms = nn.ModuleList(nn.InstanceNorm2d(channels, affine=True) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norms[1](self.second(F.relu(self.norms[0](self.first(x)))))


class KindJudge(nn.Module):
    """(N, planes, S, S) in -1..1 → how real each patch looks, (N, 1, S/8, S/8); with DOMAINS also which it is of."""

    def __init__(self, planes: int, *, width: int, domains: int = 0) -> None:
        super().__init__()
        channels = (planes, width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for finer, coarser in itertools.pairwise(channels):
            layers += [spectral_norm(nn.Conv2d(finer, coarser, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
        self.look = nn.Sequential(*layers)
        self.score = spectral_norm(nn.Conv2d(channels[-1], 1, 3, padding=1))
        self.domain = nn.Linear(channels[-1], domains) if domains else None

    def forward(self, pictures: Tensor) -> Tensor:
        return self.score(self.look(pictures))

    def both(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(how real, scores of the domains (N, domains))."""
        assert self.domain is not None
        seen = self.look(pictures)
        return self.score(seen), self.domain(seen.mean(dim=(2, 3)))


class Colouring(nn.Module):
    """What ships: a drawing of any size, straight RGBA 0..1 → the same drawing coloured, straight RGBA 0..1.

    The network sees the whole drawing on white paper, fitted into SIDE × SIDE; what lines enclose then gets one
    colour, that of a dab where one is, and the drawing's own lines stay above at full resolution. Dabs are hints, not
    lines: what has a hue is painted over. Without `keeps_lines` the result is what the network makes, enlarged.
    """

    def __init__(self, network: nn.Module, side: int, *, keeps_lines: bool = True) -> None:
        super().__init__()
        self.network = network
        self.side = side
        self.enclosed = Enclosed(side * 4 // 3) if keeps_lines else None

    def forward(self, image: Tensor) -> Tensor:
        alpha = image[:, 3:]
        paper = image[:, :3] * alpha + 1 - alpha
        height, width = paper.shape[-2:]
        longest = torch.sym_max(height, width)
        down = longest - height
        right = longest - width
        square = F.pad(paper, (right // 2, right - right // 2, down // 2, down - down // 2), value=1.0)
        ink = 1 - F.interpolate(square, (self.side, self.side), mode="bilinear", antialias=True)
        if self.enclosed is not None:
            ink = ink / ink.amax(dim=(1, 2, 3), keepdim=True).clamp(min=FAINTEST_INK)  # thin lines shrink to grey
        areas = self.network(ink)
        if self.enclosed is not None:
            areas = self.enclosed(square, areas)
        areas = F.interpolate(areas, (longest, longest), mode="bilinear").clamp(0, 1)
        areas = areas[:, :, down // 2 : down // 2 + height, right // 2 : right // 2 + width]
        return straight(areas) if self.enclosed is None else lines_over_areas(paper, areas)


def straight(areas: Tensor) -> Tensor:
    """Premultiplied (N, 4, H, W) → straight alpha."""
    return torch.cat([(areas[:, :3] / areas[:, 3:].clamp(min=1 / 32)).clamp(0, 1), areas[:, 3:]], dim=1)


def lines_over_areas(paper: Tensor, areas: Tensor) -> Tensor:
    """Drawing (N, 3, H, W) on white paper over premultiplied areas (N, 4, H, W) → straight RGBA."""
    ink, _ = ink_and_hue(paper)
    there = (2 * areas[:, 3:] - 0.5).clamp(0, 1)  # enlarged rims are soft; and a network is never sure of nothing
    colour = (areas[:, :3] / areas[:, 3:].clamp(min=1 / 32)).clamp(0, 1)
    alpha = ink + there * (1 - ink)
    straight = colour * there * (1 - ink) / alpha.clamp(min=1 / 255)
    return torch.cat([straight.clamp(0, 1), alpha], dim=1)


def _normed(layer: nn.Module) -> nn.Sequential:
    channels = layer.out_channels if isinstance(layer, nn.Conv2d) else layer.widen.out_channels // 4
    return nn.Sequential(layer, nn.InstanceNorm2d(channels, affine=True), nn.ReLU())
