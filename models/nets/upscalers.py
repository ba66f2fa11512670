"""Networks that enlarge: SPAN and a plain quick one. Both see a few pixels around and no more, so tiles fit exactly.

SPAN is "Swift Parameter-free Attention Network for Efficient Super-Resolution" (Wan et al., CVPRW 2024) in the form it
has after training there: one convolution where training had a bundle of them. The plain one has the shape of
Real-ESRGAN's compact network (Wang et al., 2021). What is new here is around them. SPAN multiplies what it has
multiplied and blows up on noise and dither: where its blocks give what they never give on photographs, the bicubic
filter takes over. And no result leaves the colours of its surroundings by more than they differ. Zeros beyond the
border stay: the weights know them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.blocks import convolution

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)  # of the authors' training pictures; their weights expect it taken away
SURE_UP_TO, LOST_FROM = 6.5, 10.0  # of what blocks give: at most 6 on 30 photographs, up to 1000 on white noise
DOUBT_SPREAD_PX, DOUBT_FADE_PX = 6, 3  # what is lost spoils its neighbours too; then a soft rim
GUARD_PX = 2  # of the input: how far around a pixel its colours are looked for
MEAN_PX = 8  # of the input: mean colours are kept over so much on every side
OVERSHOOT = 1.0  # of the range found there: room for lines thinner and edges sharper than the input shows


class AttentionBlock(nn.Module):
    """Three convolutions; their outcome, squashed around zero, says where it counts itself: no parameters for that."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = convolution(channels, channels)
        self.third = convolution(channels, channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(what goes on, what the first convolution saw)."""
        seen = F.silu(self.first(x))
        found = self.third(F.silu(self.second(seen)))
        return (found + x) * (found.sigmoid() - 0.5), seen


class Span(nn.Module):
    """Image (N, 3, H, W) in 0..1 → cells of the enlarged picture (N, 3 · scale², H, W); `careful`: as said on top."""

    def __init__(self, channels: int, blocks: int, scale: int, *, careful: bool = True) -> None:
        super().__init__()
        self.careful = careful
        self.register_buffer("mean", torch.tensor(DIV2K_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("bicubic", bicubic_kernels(scale), persistent=False)
        self.head = convolution(3, channels)
        self.blocks = nn.ModuleList(AttentionBlock(channels) for _ in range(blocks))
        self.body = convolution(channels, channels)
        self.join = convolution(4 * channels, channels, size=1)
        self.tail = convolution(channels, 3 * scale**2)

    @property
    def reach_px(self) -> int:
        """How far a pixel of the input is felt: one a convolution, and what doubt about the last block adds."""
        return 3 * len(self.blocks) + 1 + DOUBT_SPREAD_PX + DOUBT_FADE_PX

    def forward(self, image: Tensor) -> Tensor:
        of_start, of_body, of_first, of_seen = self.join.weight.chunk(4, dim=1)  # in parts: joining would copy all four
        x = self.head((image - self.mean) * 255)  # the weights are made for levels
        joined = F.conv2d(x, of_start, self.join.bias)
        strains = []
        for index, block in enumerate(self.blocks):
            x, seen = block(x)
            if self.careful:
                x = x.clamp(-LOST_FROM, LOST_FROM)
                strains.append(torch.maximum(x.amax(dim=1, keepdim=True), -x.amin(dim=1, keepdim=True)).detach())
            if index == 0:
                joined = joined + F.conv2d(x, of_first)
        joined = joined + F.conv2d(seen, of_seen) + F.conv2d(self.body(x), of_body)
        cells = self.tail(joined)
        if not self.careful:
            return cells
        doubt = doubt_from(torch.cat(strains, dim=1).amax(dim=1, keepdim=True))
        filtered = F.conv2d(F.pad(image, (2, 2, 2, 2), mode="replicate"), self.bicubic, groups=3)
        return cells + doubt * (filtered - cells)


class Plain(nn.Module):
    """The same from a row of convolutions that find what the repeated pixel lacks: quick, and slow to blow up."""

    def __init__(self, channels: int, depth: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = [convolution(3, channels), nn.PReLU(channels)]
        for _ in range(depth):
            layers += [convolution(channels, channels), nn.PReLU(channels)]
        self.layers = nn.Sequential(*layers, convolution(channels, 3 * scale**2))
        nn.init.zeros_(self.layers[-1].weight)  # training starts from the repeated pixel
        nn.init.zeros_(self.layers[-1].bias)

    @property
    def reach_px(self) -> int:
        return (len(self.layers) + 1) // 2

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image) + image.repeat_interleave(self.scale**2, dim=1)


class Upscaler(nn.Module):
    """Image (N, 3, H, W) in 0..1, any size → (N, 3, scale · H, scale · W) in 0..1."""

    def __init__(self, network: Span | Plain, scale: int, *, keeps_means: bool = False) -> None:
        """`keeps_means`: of networks that were taught by taste, colours must not drift with it."""
        super().__init__()
        self.network = network
        self.scale = scale
        self.keeps_means = keeps_means

    @property
    def reach_px(self) -> int:
        return self.network.reach_px + (MEAN_PX if self.keeps_means else 0)

    def forward(self, image: Tensor) -> Tensor:
        cells = self.network(image)
        cells = with_means_of(image, cells) if self.keeps_means else cells
        return F.pixel_shuffle(guarded(cells, image), self.scale)

    def unguarded(self, image: Tensor) -> Tensor:
        """As training sees it: a result out of range still says in which direction to go."""
        return F.pixel_shuffle(self.network(image), self.scale)


def doubt_from(strain: Tensor) -> Tensor:
    """(N, 1, H, W) of the largest that blocks gave → 0 where the network is sure, 1 where it is lost, and around."""
    doubt = ((strain - SURE_UP_TO) / (LOST_FROM - SURE_UP_TO)).clamp(0, 1)
    doubt = F.max_pool2d(doubt, 2 * DOUBT_SPREAD_PX + 1, stride=1, padding=DOUBT_SPREAD_PX)
    fade = 2 * DOUBT_FADE_PX + 1
    return F.avg_pool2d(doubt, fade, stride=1, padding=DOUBT_FADE_PX, count_include_pad=False)


def bicubic_kernels(scale: int) -> Tensor:
    """(3 · scale², 1, 5, 5): the bicubic filter (Keys 1981, a = -0.5) as a convolution to the cells of a picture."""
    away = (torch.arange(5) - 2 - ((torch.arange(scale)[:, None] + 0.5) / scale - 0.5)).abs()  # (scale, 5)
    near = 1.5 * away**3 - 2.5 * away**2 + 1
    far = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
    taps = torch.where(away <= 1, near, torch.where(away < 2, far, torch.zeros_like(away)))
    kernels = taps[:, None, :, None] * taps[None, :, None, :]  # row, column of the cell; then of the input
    return kernels.reshape(1, scale**2, 1, 5, 5).repeat(3, 1, 1, 1, 1).flatten(0, 1)


def with_means_of(image: Tensor, cells: Tensor) -> Tensor:
    """CELLS moved so that the mean colour around every pixel is that of IMAGE there; noise is too fine to come back."""
    means = cells.unflatten(1, (3, cells.shape[1] // 3)).mean(dim=2)
    side = 2 * MEAN_PX + 1
    drift = F.avg_pool2d(image - means, side, stride=1, padding=MEAN_PX, count_include_pad=False)
    return cells + drift.repeat_interleave(cells.shape[1] // 3, dim=1)


def guarded(cells: Tensor, image: Tensor) -> Tensor:
    """CELLS held to the colours near each pixel of IMAGE and as far again beyond, always within 0..1."""
    side = 2 * GUARD_PX + 1
    highest = F.max_pool2d(image, side, stride=1, padding=GUARD_PX)
    lowest = -F.max_pool2d(-image, side, stride=1, padding=GUARD_PX)
    room = OVERSHOOT * (highest - lowest)
    count = cells.shape[1] // 3
    highest = (highest + room).clamp(0, 1).repeat_interleave(count, dim=1)
    lowest = (lowest - room).clamp(0, 1).repeat_interleave(count, dim=1)
    return torch.minimum(torch.maximum(cells, lowest), highest)


def load_foreign(network: Span | Plain, layers: dict[str, dict[str, Tensor]]) -> None:
    """Fill NETWORK from the layers of an ncnn file in the order they run; ValueError when they are another network."""
    own = [module for module in _in_order(network) if isinstance(module, nn.Conv2d | nn.PReLU)]
    given = [tensors for tensors in layers.values() if "weight" in tensors]
    if len(own) != len(given):
        raise ValueError(f"{len(given)} layers instead of {len(own)}")
    with torch.no_grad():
        for module, tensors in zip(own, given, strict=True):
            for name, parameter in module.named_parameters():
                if parameter.shape != tensors[name].shape:
                    raise ValueError(f"a layer of {tuple(tensors[name].shape)} instead of {tuple(parameter.shape)}")
                parameter.copy_(tensors[name])


def _in_order(network: Span | Plain) -> list[nn.Module]:
    return list(network.modules())  # both name their parts in the order they run
