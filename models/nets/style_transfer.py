"""A fast network that paints in any of several styles, or between them, and in tiles that agree.

After Johnson et al. (ECCV 2016) and Dumoulin et al. (ICLR 2017: instance norms with one scale and shift per style).
Those norms look at the whole picture; here what they see is measured once, on the picture at reduced size
(`StyleLook`), and handed to every tile. What gives even areas something to paint with is noise that belongs to the
place, drawn out along the forms of the picture (streaks.py): the last two layers see these streaks and turn them into
the style's strokes. The layers before them see no noise and no neighbours but those of the first: given both, they
filled skies with rows of one and the same dash, which style losses do not tell from strokes. What a craft is known by,
lines of one ink or stones in mortar, a style has in a row of numbers of its own (touches.py).

A painting has no detail of a photograph's. So the network is shown, and lays its strokes over, the picture as dabs of
even colour: the mean of whichever of four windows around a pixel varies least (Kuwahara et al., 1976; weighed softly as
by Papari et al., 2007). Strokes are to be wide beside a pixel, so nearly all the rest is done on cells of 8 pixels.
Two things keep cells from showing. Features are enlarged
smoothly, and the last step, a pixel shuffle, is followed by the filter 1 2 1 that a pattern of every second pixel does
not pass: where features are even, so is the painting. Convolutions continue their input as in a mirror; zeros would be
seen at the rim of the picture.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blocks import mirrored_around
from models.nets.streaks import LUMA, streaks
from models.nets.touches import NUMBERS, SMOOTH, touched

SHRINK = 2  # the picture is read at half its size
CELLS = 4  # pixels of the half that are unshuffled together
REACH_PX = 80
DAB_PX = (3, 4)  # means over one, then over the other: windows of 6 pixels without hard corners
EVENNESS = 4.0  # how much the most even window is preferred
GRAIN = 2e-5  # variance below which windows count as equally even
MARGIN_PX = 16
COLOR_NAMES = ("color", "tint")  # parameters of a StylePainter, one row for each style


class StyledNorm(nn.Module):
    """Each channel brought to mean 0 and deviation 1, then scaled and shifted by the style.

    (N, C, H, W), style (N, S) → (N, C, H, W). Mean and deviation are those of the picture itself, or those given.
    """

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(styles, channels) + 0.1 * torch.randn(styles, channels))
        self.shift = nn.Parameter(0.1 * torch.randn(styles, channels))

    def forward(self, x: Tensor, style: Tensor, look: Look) -> Tensor:
        mean, deviation = look.at(x)
        return (x - mean) * ((style @ self.scale)[:, :, None, None] / deviation) + (style @ self.shift)[
            :, :, None, None
        ]


class Look:
    """Mean and deviation of every layer in turn: measured on what passes, or told as one vector (N, 2 × channels)."""

    def __init__(self, told: Tensor | None = None) -> None:
        self.told = told
        self.place = 0
        self.measured: list[Tensor] = []

    def at(self, x: Tensor) -> tuple[Tensor, Tensor]:
        channels = x.shape[1]
        if self.told is None:
            mean = x.mean(dim=(2, 3))
            deviation = ((x - mean[:, :, None, None]).square().mean(dim=(2, 3)) + 1e-4).sqrt()
            self.measured += [mean, deviation]
        else:
            mean, deviation = self.told[:, self.place : self.place + 2 * channels].chunk(2, dim=1)
            self.place += 2 * channels
        return mean[:, :, None, None], deviation[:, :, None, None]

    def vector(self) -> Tensor:
        return torch.cat(self.measured, dim=1)


class StyledConvolution(nn.Module):
    """A 3 × 3 convolution of which every style has its own: between two styles it is their mixture."""

    def __init__(self, channels_in: int, channels_out: int, styles: int, *, deviation: float) -> None:
        super().__init__()
        self.shape = (channels_out, channels_in, 3, 3)
        self.weight = nn.Parameter(deviation * torch.randn(styles, channels_out * channels_in * 9))
        self.bias = nn.Parameter(torch.zeros(styles, channels_out))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        count, channels_out = len(style), self.shape[0]
        weight = (style @ self.weight).view(count * channels_out, *self.shape[1:])
        bias = (style @ self.bias).flatten()
        x = F.pad(x, (1, 1, 1, 1), mode="reflect")
        if count == 1:
            return F.conv2d(x, weight, bias)
        together = F.conv2d(x.reshape(1, -1, *x.shape[2:]), weight, bias, groups=count)
        return together.view(count, channels_out, *together.shape[2:])


def mirroring_convolution(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, 3, padding=1, padding_mode="reflect")


class StyledBlock(nn.Module):
    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.first_norm, self.second_norm = StyledNorm(channels, styles), StyledNorm(channels, styles)
        with torch.no_grad():
            self.second_norm.scale.mul_(0.3)  # starts near the identity

    def forward(self, x: Tensor, style: Tensor, look: Look) -> Tensor:
        inner = F.relu(self.first_norm(self.first(x), style, look))
        return x + self.second_norm(self.second(inner), style, look)


class StylePainter(nn.Module):
    """Picture (N, 3, H, W) in 0..1, noise (N, 1, H, W), style (N, S) with sum 1 → the painted picture, not clamped.

    Height and width must be multiples of `STRIDE`; `FastStyle` takes any.
    """

    STRIDE = SHRINK * CELLS

    def __init__(
        self, styles: int, width: int = 64, fine_width: int = 32, blocks: int = 3, *, has_touches: bool = True
    ) -> None:
        super().__init__()
        self.has_touches = has_touches
        if has_touches:
            self.register_buffer("touch", torch.zeros(styles, NUMBERS))
        self.read = mirroring_convolution(3 * CELLS**2, width)
        self.read_norm = StyledNorm(width, styles)
        self.blocks = nn.ModuleList(StyledBlock(width, styles) for _ in range(blocks))
        self.refine = StyledConvolution(width + 6, fine_width, styles, deviation=1.5 / (3 * width**0.5))
        self.refine_norm = StyledNorm(fine_width, styles)
        self.write = StyledConvolution(fine_width + 3, 12, styles, deviation=0.01)  # starts near the photograph
        self.color = nn.Parameter(torch.eye(3).flatten().repeat(styles, 1))  # colours of the dabs below the strokes
        self.tint = nn.Parameter(torch.zeros(styles, 3))

    @property
    def look_length(self) -> int:
        """How many means and deviations all norms together need."""
        return 2 * sum(norm.scale.shape[1] for norm in self.modules() if isinstance(norm, StyledNorm))

    def forward(self, image: Tensor, noise: Tensor, style: Tensor, look: Look | None = None) -> Tensor:
        dabs = dabbed(image)
        narrow, wide = streaks(dabs, noise)
        seen = self.seen(narrow, wide, style)
        x = self.features(dabs, *seen, style, Look() if look is None else look)
        tint = (style @ self.tint)[:, :, None, None]
        written = self.write(torch.cat([enlarged(torch.cat([x, seen[1]], dim=1)), seen[0]], dim=1), style)
        painted = turned(dabs, style, self.color) + tint + smoothed(F.pixel_shuffle(written, 2))
        return touched(painted, narrow, wide, noise, style @ self.touch) if self.has_touches else painted

    def seen(self, narrow: Tensor, wide: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Streaks as strong as the style has them."""
        if not self.has_touches:
            return narrow, wide
        strong = 1 - (style @ self.touch[:, SMOOTH])[:, :, None, None]
        return narrow * strong, wide * strong

    def features(self, dabs: Tensor, narrow: Tensor, wide: Tensor, style: Tensor, look: Look) -> Tensor:
        """(N, C, H/4, W/4) from which the strokes are written, of dabs and streaks."""
        half = F.avg_pool2d(dabs, SHRINK) * 2 - 1
        x = F.relu(self.read_norm(self.read(F.pixel_unshuffle(half, CELLS)), style, look))
        for block in self.blocks:
            x = block(x, style, look)
        x = torch.cat([enlarged(x), wide, F.pixel_unshuffle(narrow, 2)], dim=1)
        return F.relu(self.refine_norm(self.refine(x, style), style, look))


@torch.no_grad()
def dabbed(image: Tensor) -> Tensor:
    """(N, 3, H, W) in dabs of even colour with crisp borders; at least 8 pixels a side."""
    height, width = image.shape[-2:]
    far = sum(DAB_PX) - len(DAB_PX)
    luma = (image * torch.tensor(LUMA, device=image.device).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    means = F.pad(torch.cat([image, luma, luma * luma], dim=1), (far, far, far, far), mode="reflect")
    for side in DAB_PX:
        means = F.avg_pool2d(F.avg_pool2d(means, (side, 1), stride=1), (1, side), stride=1)
    variance = (means[:, 4:] - means[:, 3:4] * means[:, 3:4]).clamp(min=0) + GRAIN
    windows = [(top, left) for top in (0, far) for left in (0, far)]
    parts = [variance[..., top : top + height, left : left + width] for top, left in windows]
    shares = torch.softmax(-EVENNESS * torch.log(torch.cat(parts, dim=1)), dim=1)
    dabs = [
        shares[:, place : place + 1] * means[:, :3, top : top + height, left : left + width]
        for place, (top, left) in enumerate(windows)
    ]
    return dabs[0] + dabs[1] + dabs[2] + dabs[3]


def enlarged(x: Tensor, times: int = 2) -> Tensor:
    return F.interpolate(x, scale_factor=float(times), mode="bilinear", align_corners=False)


def smoothed(picture: Tensor) -> Tensor:
    """(N, 3, H, W) filtered by 1 2 1 each way."""
    line = torch.tensor([0.25, 0.5, 0.25], device=picture.device)
    kernel = (line[:, None] * line).expand(3, 1, 3, 3)
    return F.conv2d(F.pad(picture, (1, 1, 1, 1), mode="reflect"), kernel, groups=3)


def is_own_layer(name: str) -> bool:
    """A convolution of single styles."""
    return name.startswith(("refine.", "write."))


def is_of_style(name: str) -> bool:
    """A parameter whose rows are the styles."""
    return name.endswith(("_norm.scale", "_norm.shift")) or name.startswith(
        ("refine.", "write.", "color", "tint", "touch")
    )


def turned(planes: Tensor, style: Tensor, matrices: Tensor) -> Tensor:
    """Colours (N, 3, H, W) times the style's matrix (S, 9)."""
    matrix = (style @ matrices).view(-1, 3, 3)
    rows = [(planes * matrix[:, row, :, None, None]).sum(dim=1, keepdim=True) for row in range(3)]
    return torch.cat(rows, dim=1)


class Mixture(nn.Module):
    """Numbers of two styles, (1,) each, counted from 0, and the share of the second → (1, S) with sum 1."""

    def __init__(self, styles: int) -> None:
        super().__init__()
        self.register_buffer("numbers", torch.arange(styles).float()[None], persistent=False)

    def forward(self, style: Tensor, second: Tensor, mix: Tensor) -> Tensor:
        first_is, second_is = ((self.numbers == number.round()[:, None]).float() for number in (style, second))
        return first_is * (1 - mix[:, None]) + second_is * mix[:, None]


class StyleLook(nn.Module):
    """The whole picture, perhaps reduced, → what `FastStyle` has to know of it: (1, L) means and deviations.

    Its noise is a formula: nothing random is in the graph, and no number depends on where a tile begins.
    """

    def __init__(self, painter: StylePainter, styles: int) -> None:
        super().__init__()
        self.painter, self.mixture = painter, Mixture(styles)

    def forward(self, image: Tensor, style: Tensor, second: Tensor, mix: Tensor) -> Tensor:
        whole = mirrored_around(image, margin=MARGIN_PX, multiple=StylePainter.STRIDE)
        look = Look()
        dabs, mixed = dabbed(whole), self.mixture(style, second, mix)
        seen = self.painter.seen(*streaks(dabs, noise_by_place(whole)), mixed)
        self.painter.features(dabs, *seen, mixed, look)
        return look.vector()


class FastStyle(nn.Module):
    """Any size, or tiles with one `look`: two styles by number, how much of the second, strength, and whose colours.

    image (1, 3, H, W) in 0..1, noise (1, 1, H, W) in -1..1, look (1, L) of `StyleLook`, all others (1,): `style` and
    `second` count from 0, `mix`, `strength` and `own_colors` are 0..1 → (1, 3, H, W) in 0..1.
    """

    def __init__(self, painter: StylePainter, styles: int) -> None:
        super().__init__()
        self.painter, self.mixture = painter, Mixture(styles)

    def forward(
        self,
        image: Tensor,
        noise: Tensor,
        look: Tensor,
        style: Tensor,
        second: Tensor,
        mix: Tensor,
        strength: Tensor,
        own_colors: Tensor,
    ) -> Tensor:
        height, width = image.shape[-2:]
        whole, whole_noise = (
            mirrored_around(planes, margin=MARGIN_PX, multiple=StylePainter.STRIDE) for planes in (image, noise)
        )
        painted = self.painter(whole, whole_noise, self.mixture(style, second, mix), Look(look)).clamp(0, 1)
        painted = painted[..., MARGIN_PX:, MARGIN_PX:][..., :height, :width]
        return kept_and_mixed(image, painted, strength, own_colors)


def noise_by_place(image: Tensor) -> Tensor:
    """(1, 1, H, W) in -1..1 for a picture of that size: a formula, so that nothing random is in a graph.

    Of products and fractions only (D. Hoskins, "Hash without sine"): libraries round sines of large numbers apart.
    """
    height, width = image.shape[-2:]
    down = (torch.arange(height, device=image.device).float()[:, None] * 0.1031).frac()
    across = (torch.arange(width, device=image.device).float() * 0.1031).frac()
    mixed = across * (down + 33.33) + down * (across + 33.33) + across * (across + 33.33)
    noise = ((across + down + 2 * mixed) * (across + mixed)).frac() * 2 - 1
    return noise[None, None]


def kept_and_mixed(image: Tensor, painted: Tensor, strength: Tensor, own_colors: Tensor) -> Tensor:
    """What is shown of a painting (1, 3, H, W): the photograph's colours kept, and itself mixed in, as told (1,)."""
    luma = torch.tensor(LUMA, device=image.device).view(1, 3, 1, 1)
    keeping = image + ((painted - image) * luma).sum(dim=1, keepdim=True)
    painted = painted + own_colors * (keeping - painted)
    return (image + strength * (painted - image)).clamp(0, 1)
