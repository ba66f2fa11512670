"""Curves for the tones of a picture, estimated on a small copy of it and applied at any size and depth.

Both networks begin with a plain answer that is hard to beat: stretch what lies between the darkest and the brightest.
Where the ends lie, how the tones between them are spread, what each place gets in addition: these are corrections that
begin as nothing. A spread is a sum of positive steps, so a curve never falls; a curve is levels at KNOTS places that
lie closer in the dark, with straight lines between, so 16 bits stay 16 bits. `LocalCurves` has one map of curves for
all three channels, so grey stays grey; `GlobalCurves` one curve per channel for the whole picture.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KNOTS, BEND = 49, 3.0  # knot i lies at (i / 48)³: a picture that ends at a twentieth still has eighteen of them
SEEN_PX = 128  # side of the small copy, squeezed into a square
PIECES = 12  # of the spread between the ends
RANKS = (0.0, 0.002, 0.01, 0.03, 0.08, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92, 0.97, 0.99, 0.998, 1.0)
LOW_RANK, HIGH_RANK = 0.002, 0.998  # the ends of the plain answer
NARROWEST = 0.02  # distance of the ends: a picture all of one tone is not blown up
GREY_CHROMA, COLOURED_CHROMA = 0.002, 0.012  # mean distance from grey: below a picture is grey, above it has colours
LARGEST_GAIN = 2.0  # of a place, as a logarithm
KNEE = 3  # how late a place's light begins to roll off


class Glance(nn.Module):
    """RGB (N, 3, 128, 128) between its ends → (N, width, 8, 8): what is where; `facts` (N, n) join the whole."""

    def __init__(self, width: int, facts: int) -> None:
        super().__init__()
        channels = (3, 16, 24, 32, width)
        pairs = itertools.pairwise(channels)
        layers = [[nn.Conv2d(one, other, 3, stride=2, padding=1), nn.ReLU()] for one, other in pairs]
        self.look = nn.Sequential(*(layer for pair in layers for layer in pair))
        self.tones = nn.Sequential(nn.Linear(facts + width, 96), nn.ReLU(), nn.Linear(96, width), nn.ReLU())
        self.mix = nn.Conv2d(2 * width, width, 3, padding=1)

    def forward(self, stretched: Tensor, facts: Tensor) -> tuple[Tensor, Tensor]:
        """(N, width, 8, 8) for places, (N, width) for the whole."""
        seen = self.look(stretched)
        whole = self.tones(torch.cat([facts, seen.mean(dim=(2, 3))], dim=1))
        everywhere = whole[..., None, None].expand(-1, -1, *seen.shape[2:])
        return F.relu(self.mix(torch.cat([seen, everywhere], dim=1))), whole


class LocalCurves(nn.Module):
    """(image (N, 3, 128, 128), exposure (1,)) → (N, KNOTS, 8, 8); exposure 1 is what it finds right, 0 nothing.

    Above 1 the light goes on growing by up to one stop, highlights rolling off.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.glance = Glance(width, 2 * len(RANKS) + 1)
        self.ends = _nothing(nn.Linear(width, 4))
        self.spread = _nothing(nn.Linear(width, PIECES))
        self.gain = _nothing(nn.Conv2d(width, 1, 1))

    def forward(self, image: Tensor, exposure: Tensor) -> Tensor:
        terms = self.terms(image)
        at = knots(image).view(1, -1, 1, 1)
        return exposed(at, under(at, terms), exposure.view(-1, 1, 1, 1))

    def terms(self, image: Tensor) -> LocalTerms:
        """What the curves are made of; they can be computed at any level, or at every pixel's own."""
        tones = tones_of_all(image)
        low, high = plain_ends(tones)
        stretched = stretch(image, low[..., None, None], high[..., None, None])
        facts = [tones, stretch(tones, low, high), torch.log(high - low)]
        seen, whole = self.glance(stretched * 2 - 1, torch.cat(facts, dim=1))
        ends = moved_ends(low, high, self.ends(whole))
        return LocalTerms(*ends, self.spread(whole), LARGEST_GAIN * torch.tanh(self.gain(seen)))


class LocalTerms(NamedTuple):
    """Ends (N, 1) each, the spread (N, PIECES), the gain as a logarithm (N, 1, h, w)."""

    low: Tensor
    high: Tensor
    bottom: Tensor
    top: Tensor
    spread: Tensor
    gain: Tensor


def under(levels: Tensor, terms: LocalTerms) -> Tensor:
    """Levels (N, C, h, w), or (1, C, 1, 1) for every place alike, under the curve of their place."""
    low, high, bottom, top = (end[..., None, None] for end in terms[:4])
    lit = soft_top(((levels - low) / (high - low)).clamp(min=0), torch.exp(terms.gain))
    spread = spread_tones(lit.flatten(1), terms.spread).view_as(lit)
    return (bottom + (top - bottom) * spread).clamp(0, 1)


class GlobalCurves(nn.Module):
    """(image (N, 3, 128, 128), amount (1,)) → (N, 3 · KNOTS, 1, 1): the red curve, the green, the blue.

    Where the picture has no colours at all, all three channels get the same curve.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.glance = Glance(width, 8 * len(RANKS) + 4)
        self.common_ends, self.own_ends = _nothing(nn.Linear(width, 4)), _nothing(nn.Linear(width, 12))
        self.common_spread, self.own_spread = _nothing(nn.Linear(width, PIECES)), _nothing(nn.Linear(width, 3 * PIECES))
        self.share = _nothing(nn.Linear(width, 1))  # of each channel's own ends

    def forward(self, image: Tensor, amount: Tensor) -> Tensor:
        count = len(image)
        alike, own = tones_of_all(image), tones_of_each(image)
        chroma = (image - image.mean(dim=1, keepdim=True)).abs().mean(dim=(1, 2, 3))
        has_colours = ((chroma - GREY_CHROMA) / (COLOURED_CHROMA - GREY_CHROMA)).clamp(0, 1)[:, None, None]
        low, high = plain_ends(alike)
        stretched = stretch(image, low[..., None, None], high[..., None, None])
        between = [stretch(alike, low, high), stretch(own, low[:, None], high[:, None]).flatten(1)]
        facts = torch.cat([alike, own.flatten(1), *between], dim=1)
        own_low, own_high = plain_ends(own.flatten(0, 1))
        logs = torch.log(torch.cat([high - low, (own_high - own_low).view(count, 3)], dim=1))
        _, whole = self.glance(stretched * 2 - 1, torch.cat([facts, logs], dim=1))

        share = torch.sigmoid(self.share(whole) + 2)[..., None] * has_colours
        low = low[:, None] + share * (own_low.view(count, 3, 1) - low[:, None])
        high = high[:, None] + share * (own_high.view(count, 3, 1) - high[:, None])
        ends = self.common_ends(whole)[:, None] + self.own_ends(whole).view(count, 3, 4) * has_colours
        low, high, bottom, top = moved_ends(low, high, ends)
        spread = self.common_spread(whole)[:, None] + self.own_spread(whole).view(count, 3, PIECES) * has_colours
        places = ((knots(image) - low) / (high - low)).clamp(0, 1)
        spread = spread_tones(places.flatten(0, 1), spread.flatten(0, 1)).view(count, 3, KNOTS)
        curve = (bottom + (top - bottom) * spread).clamp(0, 1)
        return exposed(knots(image), curve, amount.view(-1, 1, 1)).flatten(1)[..., None, None]


def _nothing(layer: nn.Module) -> nn.Module:
    """The layer, so small that it says next to nothing: the plain answer is where learning begins."""
    nn.init.normal_(layer.weight, std=1e-3)
    nn.init.zeros_(layer.bias)
    return layer


def knots(like: Tensor) -> Tensor:
    """(KNOTS,): where a curve is told, 0 to 1."""
    return torch.linspace(0, 1, KNOTS, device=like.device, dtype=like.dtype) ** BEND


def tones_of_all(rgb: Tensor) -> Tensor:
    """(N, len(RANKS)): the tones below which these shares of all samples lie, noise averaged away."""
    return _at_ranks(F.avg_pool2d(rgb, 2).flatten(1))


def tones_of_each(rgb: Tensor) -> Tensor:
    """(N, 3, len(RANKS)): the same of each channel."""
    return _at_ranks(F.avg_pool2d(rgb, 2).flatten(2))


def _at_ranks(samples: Tensor) -> Tensor:
    ordered = samples.sort(dim=-1).values
    places = [round(rank * (samples.shape[-1] - 1)) for rank in RANKS]
    return ordered[..., places]


def plain_ends(tones: Tensor) -> tuple[Tensor, Tensor]:
    """(N, len(RANKS)) → darkest and brightest (N, 1) each, at least NARROWEST apart."""
    low, high = (tones[:, RANKS.index(rank) : RANKS.index(rank) + 1] for rank in (LOW_RANK, HIGH_RANK))
    middle, half = (low + high) / 2, ((high - low) / 2).clamp(min=NARROWEST / 2)
    return middle - half, middle + half


def stretch(image: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return ((image - low) / (high - low)).clamp(0, 1)


def moved_ends(low: Tensor, high: Tensor, moves: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The ends, corrected, and the levels that they are brought to: (…, 1) each for moves (…, 4)."""
    width = high - low
    down, up, bottom, top = torch.tanh(moves).split(1, dim=-1)
    return (
        low + 0.3 * down * width,
        high + 0.6 * up.clamp(min=-0.5) * width,
        0.25 * F.relu(bottom),
        1 - 0.4 * F.relu(top),
    )


def soft_top(places: Tensor, gain: Tensor) -> Tensor:
    """Light times GAIN that rolls off towards white, so that white stays white; (N, K, h, w)."""
    x = places.clamp(max=1)
    return x * gain / (1 + (gain**KNEE - 1) * x**KNEE) ** (1 / KNEE)


def spread_tones(places: Tensor, steps: Tensor) -> Tensor:
    """(N, K) in 0..1 under the rising curve whose pieces grow by softplus(STEPS (N, PIECES)), 0 to 1."""
    sizes = torch.exp(steps.clamp(-4, 4))
    levels = F.pad(torch.cumsum(sizes / sizes.sum(dim=1, keepdim=True), dim=1), (1, 0))
    corners = torch.arange(PIECES + 1, device=places.device, dtype=places.dtype)
    weights = (1 - (places[..., None].clamp(0, 1) * PIECES - corners).abs()).clamp(min=0)
    return (weights * levels[:, None]).sum(dim=-1)


def exposed(before: Tensor, after: Tensor, exposure: Tensor) -> Tensor:
    """From the picture as it was (0) to the curve (1), and on to a stop more light (2)."""
    mixed = before + exposure.clamp(max=1) * (after - before)
    more = 2 ** (exposure - 1).clamp(min=0)
    return mixed * more / (1 + mixed * (more - 1))


def applied(image: Tensor, curves: Tensor) -> Tensor:
    """The picture (N, 3, H, W) under the curves; maps of another size are enlarged smoothly."""
    if curves.shape[-2:] not in (image.shape[-2:], (1, 1)):
        curves = enlarged(curves, image.shape[-2:])
    count, size = len(image), image.shape[-2:]
    places = (image.clamp(min=0) ** (1 / BEND) * (KNOTS - 1)).floor().clamp(0, KNOTS - 2).long()
    if curves.shape[-2:] == (1, 1):
        levels = curves.view(count, -1, KNOTS).expand(count, 3, KNOTS)
        one, other = (levels.gather(2, (places + more).flatten(2)).view(count, 3, *size) for more in (0, 1))
    else:
        levels = curves.view(count, -1, KNOTS, *size).expand(count, 3, KNOTS, *size)
        one, other = (levels.gather(2, (places + more).unsqueeze(2)).squeeze(2) for more in (0, 1))
    at = knots(image)
    start, stop = at[places], at[places + 1]
    return one + (image - start) / (stop - start) * (other - one)


def enlarged(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """A map at another size, as smoothly as `applied` reads it."""
    rows, columns = (_cubic(*sides, device=planes.device) for sides in zip(planes.shape[-2:], size, strict=True))
    return torch.matmul(torch.matmul(rows, planes), columns.transpose(0, 1))


def _cubic(length: int, wanted: int, *, device: torch.device) -> Tensor:
    """(wanted, length): Catmull-Rom weights between pixel centres, as the editor reads a small answer."""
    places = (torch.arange(wanted, device=device, dtype=torch.float64) + 0.5) * (length / wanted) - 0.5
    base = places.floor()
    weights = torch.zeros(wanted, length, device=device, dtype=torch.float64)
    for step in (-1, 0, 1, 2):
        far = (places - base - step).abs()
        near = (1.5 * far - 2.5) * far**2 + 1
        tail = ((-0.5 * far + 2.5) * far - 4) * far + 2
        weight = torch.where(far <= 1, near, torch.where(far < 2, tail, torch.zeros_like(far)))
        weights.scatter_add_(1, (base + step).clamp(0, length - 1).long()[:, None], weight[:, None])
    return weights.float()
