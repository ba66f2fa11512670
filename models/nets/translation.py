"""Networks that translate pictures: a U-Net that sees a picture whole at one size, and a judge of patches.

The U-Net shuffles pixels into channels first (most of the work is then done at a quarter of the side), and what the
whole picture shows is added at its bottom: colours depend on what the thing is. Normalised by
picture, nowhere over a batch: a result does not depend on its neighbours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from models.nets.blocks import ResidualBlock, Upsample, convolution
from models.nets.enclosed import FAINTEST_INK, Enclosed, ink_and_hue

SLOPE = 0.2
PEN = 16  # channels in which a change of style is drawn at full size
GROUPS = 8  # of channels that are normalised together, each picture by itself


class TranslationUNet(nn.Module):
    """(N, planes_in, S, S) → (N, planes_out, S, S); S a multiple of `stride`. After pix2pix's U-Net.

    The answer is not limited: the distance to a target then never loses its gradient, as it does behind a sigmoid
    that most of the paper holds at zero.
    """

    def __init__(self, planes_in: int, planes_out: int, widths: tuple[int, ...], *, shuffle: int = 4) -> None:
        """Without planes to put out it has no head, and only sees."""
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
        self.head = convolution(widths[0], planes_out * shuffle**2) if planes_out else None

    @property
    def stride(self) -> int:
        return self.shuffle * 2 ** len(self.down)

    def forward(self, picture: Tensor) -> Tensor:
        assert self.head is not None
        return F.pixel_shuffle(self.head(self.seen(picture, lambda _, x: x)), self.shuffle)

    def seen(self, picture: Tensor, steer: Callable[[int, Tensor], Tensor]) -> Tensor:
        """What is known at the finest level, (N, widths[0], S / shuffle, S / shuffle), before anything is drawn of it.

        STEER is shown the channels of every level, on the way down and then up, with the number of the place.
        """
        x = steer(0, self.stem(F.pixel_unshuffle(picture, self.shuffle)))
        skipped = []
        for place, level in enumerate(self.down, 1):
            x = level[0](x)
            skipped.append(x)
            x = steer(place, F.relu(level[2](level[1](x))))
        x = self.bottom(x)
        x = x + self.whole(x.mean(dim=(2, 3)))[:, :, None, None]
        for level in reversed(range(len(self.down))):
            x = F.relu(self.norms[level](self.up[level](x) + skipped[level]))
            x = self.merge[level](steer(2 * len(self.down) - level, x))
        return x


class StyleUNet(nn.Module):
    """StarGAN's generator: premultiplied (N, 4, S, S) in -1..1 and the wanted domain (N,) → it in that domain.

    What is computed is a change of the colours: a picture that is to stay as it is costs nothing. Alpha stays, so no
    shape can be eaten away. The domain turns the channels of every level up or down. The change is drawn at full size,
    from what was seen, enlarged, and the picture itself: pixels shuffled out of channels would leave a fine grid.
    """

    def __init__(self, widths: tuple[int, ...], *, domains: int) -> None:
        super().__init__()
        self.unet = TranslationUNet(4, 0, widths, shuffle=2)
        self.draw = nn.Sequential(convolution(widths[0] + 4, PEN), nn.ReLU(), convolution(PEN, 3))
        nn.init.zeros_(self.draw[-1].weight)
        nn.init.zeros_(self.draw[-1].bias)
        self.gains, self.offsets = (
            nn.ModuleList(nn.Embedding(domains, width) for width in (*widths, *reversed(widths[:-1]))) for _ in range(2)
        )
        for table in (*self.gains, *self.offsets):
            nn.init.normal_(table.weight, std=0.1)

    @property
    def stride(self) -> int:
        return self.unet.stride

    def forward(self, pictures: Tensor, domain: Tensor) -> Tensor:
        colour, alpha = pictures[:, :3], pictures[:, 3:]
        return torch.cat([colour + self.change(pictures, domain) * (alpha + 1) / 2, alpha], dim=1)

    def change(self, pictures: Tensor, domain: Tensor) -> Tensor:
        """Of the straight colours, twice as large as in 0..1: (N, 3, S, S)."""

        def steer(place: int, x: Tensor) -> Tensor:
            gain, offset = (tables[place](domain)[:, :, None, None] for tables in (self.gains, self.offsets))
            return x * (1 + gain) + offset

        seen = F.interpolate(self.unet.seen(pictures, steer), scale_factor=2.0, mode="bilinear")
        return self.draw(torch.cat([seen, pictures], dim=1))


class Carried(nn.Module):
    """What ships of a StyleUNet: straight RGBA 0..1 of any size, and the domain → the same in that domain.

    The picture is seen whole, fitted into SIDE × SIDE; the change found there is enlarged and added to the picture at
    its own size, whose alpha and whose edges stay as sharp as they were. OFFERED are the network's domains in the order
    in which they can be chosen.
    """

    def __init__(self, network: StyleUNet, side: int, offered: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.side = network, side
        self.register_buffer("offered", torch.tensor(offered))

    def forward(self, image: Tensor, domain: Tensor) -> Tensor:
        colour, alpha = image[:, :3], image[:, 3:]
        height, width = image.shape[-2:]
        longest = torch.sym_max(height, width)
        down, right = longest - height, longest - width
        margins = (right // 2, right - right // 2, down // 2, down - down // 2)
        square = F.pad(torch.cat([colour * alpha, alpha], dim=1), margins)
        seen = F.interpolate(square, (self.side, self.side), mode="bilinear", antialias=True)
        change = self.network.change(seen * 2 - 1, self.offered[domain]) / 2
        change = F.interpolate(change, (longest, longest), mode="bilinear")
        change = change[:, :, down // 2 : down // 2 + height, right // 2 : right // 2 + width]
        return torch.cat([(colour + change).clamp(0, 1), alpha], dim=1)


def on_white_planes(pictures: Tensor) -> Tensor:
    """Premultiplied (N, 4, H, W) in -1..1 → its colours as they lie on white paper, (N, 3, H, W)."""
    return pictures[:, :3] + 1 - pictures[:, 3:]


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
    """(N, planes, S, S) in -1..1 → how real each patch looks, (N, 1, S/8, S/8); with DOMAINS one such plane for each.

    One score a domain, after StarGAN v2 (Choi et al. 2020): being a good picture and being one of the domain asked
    for is then one question, and nothing is won by overdoing what a classifier looks for.
    """

    def __init__(self, planes: int, *, width: int, domains: int = 1) -> None:
        super().__init__()
        channels = (planes, width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for finer, coarser in itertools.pairwise(channels):
            layers += [spectral_norm(nn.Conv2d(finer, coarser, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
        self.look = nn.Sequential(*layers)
        self.score = spectral_norm(nn.Conv2d(channels[-1], domains, 3, padding=1))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.score(self.look(pictures))

    def of(self, pictures: Tensor, domain: Tensor) -> Tensor:
        """How real each patch looks as one of that domain, (N, S/8, S/8)."""
        scores = self(pictures)
        return scores[torch.arange(len(scores), device=scores.device), domain]


class Colouring(nn.Module):
    """What ships: a drawing of any size, straight RGBA 0..1 → the same drawing coloured, straight RGBA 0..1.

    The network sees the whole drawing on white paper, fitted into SIDE × SIDE; what lines enclose then gets one
    colour, that of a dab where one is, and the drawing's own lines stay above at full resolution. Dabs are hints, not
    lines: what has a hue is painted over. Without `keeps_lines` the result is what the network makes, enlarged.
    """

    def __init__(self, network: nn.Module, side: int, *, keeps_lines: bool = True, is_opaque: bool = False) -> None:
        super().__init__()
        self.network = network
        self.side, self.is_opaque = side, is_opaque
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
        if self.is_opaque:
            return torch.cat([areas[:, :3], torch.ones_like(areas[:, 3:])], dim=1)
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
