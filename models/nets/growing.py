"""Networks that grow (Karras et al., ICLR 2018): a size is learned, then the next one is faded in beside it.

`grown` says how far: 0 is 4 px, 1 is 8 px, 1.25 is 16 px faded in by a quarter. It lies in a buffer, so that a
checkpoint holds it.
"""

from __future__ import annotations

import itertools
import math
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.nets.adversarial import START_PX, MinibatchDeviation, doublings_to
from models.nets.equalised import EqualisedConv, EqualisedLinear, pixel_norm, rectified


class _Growing(nn.Module):
    """What both players know of how far they have grown."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("grown", torch.zeros((), dtype=torch.float64))
        self.finished_at: float | None = None

    def grow_to(self, grown: float) -> None:
        self.grown.fill_(grown)

    def finished(self) -> Self:
        """It grows no more: how far it is becomes a part of the network that can be exported."""
        self.finished_at = float(self.grown)
        return self

    @property
    def level(self) -> int:
        """The finest there is anything of."""
        return math.ceil(self._grown)

    @property
    def share(self) -> float:
        """Of the finest level."""
        return self._grown - self.level + 1 if self.level else 1.0

    @property
    def _grown(self) -> float:
        return float(self.grown) if self.finished_at is None else self.finished_at


class GrowingGenerator(_Growing):
    """latent (N, z) → pictures (N, planes, side, side), about -1..1."""

    def __init__(self, *, latent: int, side: int, planes: int, channels: tuple[int, ...]) -> None:
        """`channels` are those at 4, 8 … SIDE."""
        super().__init__()
        assert len(channels) == doublings_to(side) + 1
        self.start = EqualisedLinear(latent, channels[0] * START_PX**2)
        self.first = EqualisedConv(channels[0], channels[0])
        self.stages = nn.ModuleList(GrowStage(fewer, more) for fewer, more in itertools.pairwise(channels))
        self.write = nn.ModuleList(EqualisedConv(count, planes, size=1) for count in channels)

    def forward(self, latent: Tensor, _label: Tensor | None = None) -> Tensor:
        """At the whole side, however little is grown."""
        return self.drawn(latent, whole=True)

    def drawn(self, latent: Tensor, *, whole: bool = False) -> Tensor:
        """At the side of the level that is grown, or at the whole side."""
        level, share = self.level, self.share
        x = pixel_norm(rectified(self.start(pixel_norm(latent)).unflatten(1, (-1, START_PX, START_PX))))
        x = pixel_norm(rectified(self.first(x)))
        before = x
        for stage in self.stages[:level]:
            before, x = x, stage(x)
        picture = self.write[level](x)
        if share < 1:
            picture = share * picture + (1 - share) * doubled(self.write[level - 1](before))
        missing = len(self.stages) - level if whole else 0
        return F.interpolate(picture, scale_factor=float(2**missing)) if missing else picture


class GrowStage(nn.Module):
    """(N, fewer, s, s) → (N, more, 2 s, 2 s)."""

    def __init__(self, fewer_px: int, more_px: int) -> None:
        super().__init__()
        self.enter, self.refine = EqualisedConv(fewer_px, more_px), EqualisedConv(more_px, more_px)

    def forward(self, x: Tensor) -> Tensor:
        x = pixel_norm(rectified(self.enter(doubled(x))))
        return pixel_norm(rectified(self.refine(x)))


class GrowingDiscriminator(_Growing):
    """pictures (N, planes, s, s) at the side of the level that is grown → one number each, the higher the more real."""

    def __init__(self, *, side: int, planes: int, channels: tuple[int, ...]) -> None:
        """`channels` are those at 4, 8 … SIDE."""
        super().__init__()
        assert len(channels) == doublings_to(side) + 1
        self.read = nn.ModuleList(EqualisedConv(planes, count, size=1) for count in channels)
        self.shrink = nn.ModuleList(EqualisedConv(more, fewer) for fewer, more in itertools.pairwise(channels))
        self.deviation = MinibatchDeviation()
        self.look = EqualisedConv(channels[0] + 1, channels[0])
        self.gather = EqualisedLinear(channels[0] * START_PX**2, channels[0])
        self.score = EqualisedLinear(channels[0], 1)

    def forward(self, pictures: Tensor) -> Tensor:
        level, share = self.level, self.share
        x = rectified(self.read[level](pictures))
        for place in reversed(range(level)):
            x = halved(rectified(self.shrink[place](x)))
            if place == level - 1 and share < 1:
                x = share * x + (1 - share) * rectified(self.read[place](halved(pictures)))
        x = rectified(self.look(self.deviation(x)))
        return self.score(rectified(self.gather(x.flatten(1))))[:, 0]


def doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0)


def halved(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


def untouched(network: nn.Module) -> Tensor:
    """0, but with a gradient of 0 for every weight: levels that are not grown yet take part in no step."""
    return 0.0 * sum(weight.sum() for weight in network.parameters())
