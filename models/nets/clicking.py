"""An object somebody points at: a frozen ImageNet eye, a neck that runs once a picture, a small decoder for each click.

As in SAM (Kirillov et al. 2023) the picture is encoded once and every click asks the decoder, which sees clicks as
planes (RITM: Sofiiuk et al. 2022), a box, an earlier mask, how much each place is like the places clicked, how
far a flood gets from them that learned dams hold up: what is joined to a click, as geodesic distances say it, and
whose colours a place has: first by what was told, then by the decoder's own coarse answer, as GrabCut goes on.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.nets.color_evidence import color_evidence, color_shares
from models.nets.efficientnet_lite import EfficientNetLite0, load_efficientnet_lite0
from models.nets.matting import TAP_CHANNELS, TAPS, Rise, guided_coefficients

FED_PX = 320  # side of the square that holds the picture, black at its right or bottom
CELL_PX = 4  # the decoder answers one number for so many pixels each way
TAKEN = TAPS[1:]  # strides 4, 8, 16, 32
TAKEN_CHANNELS = TAP_CHANNELS[1:]
WIDTHS = (24, 48, 80)  # of the embedding at strides 4, 8, 16
KEYS = (16, 24)  # what places are compared by at strides 4 and 8
OUTSIDE, INSIDE, CORNER, OTHER_CORNER, NO_POINT = 0, 1, 2, 3, -1
NEAR_PX, AROUND_PX = 5.0, 24.0  # deviations of a click's two spots
BOX_EDGE_PX = 2.0
FLOOD_STEPS = 24  # cells of stride 8: more than half of the picture
OPEN_DAMS = 3.0  # before anything is learned a cell lets 95 % pass
HINT_LOGITS = 4.0  # an earlier mask is as sure as this
SURENESS = 2.0  # a shortly trained net is unsure of what it has right
GUIDE_RADIUS, GUIDE_EPSILON, VEIL = 4, 4e-4, 0.06

MEANT, REST = (0, 1, 4, 6), (2, 3, 5, 7)  # planes of ClickDecoder._told_colors
ANYWHERE = 0.05  # the rest is a little of everything, or a click alone had nothing to be compared with

Seen = tuple[Tensor, Tensor, Tensor, Tensor]


class ClickEye(nn.Module):
    """RGB (N, 3, S, S) in 0..1 → what the frozen eye says at strides 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = EfficientNetLite0()
        self.eye._blocks = self.eye._blocks[: TAKEN[-1] + 1]
        del self.eye._conv_head, self.eye._bn1, self.eye._fc

    def forward(self, rgb: Tensor) -> Seen:
        x = F.relu6(self.eye._bn0(self.eye._conv_stem((rgb * 255 - 127) / 128)))
        seen = []
        for index, block in enumerate(self.eye._blocks):
            x = block(x)
            if index in TAKEN:
                seen.append(x)
        return seen[0], seen[1], seen[2], seen[3]


def frozen_eye(weights: Path) -> ClickEye:
    """As ImageNet made it; untrained without a file."""
    eye = ClickEye()
    if weights.name:
        trained = load_efficientnet_lite0(weights).state_dict()
        eye.eye.load_state_dict({name: trained[name] for name in eye.eye.state_dict()})
    return eye.eval().requires_grad_(False)


class NormedConv(nn.Module):
    """A convolution whose answers are brought to one scale: short trainings get much farther with it."""

    def __init__(self, seen: int, channels: int, size: int, **shape: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(seen, channels, size, bias=False, **shape)
        self.norm: nn.Module = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))


class NormedRise(Rise):
    def __init__(self, below: int, seen: int, channels: int) -> None:
        super().__init__(below, seen, channels)
        self.narrow = NormedConv(seen, channels, 1)
        self.mix = NormedConv(below + channels, channels, 3, padding=1)


def fused(network: nn.Module) -> Any:
    """A copy in which every norm is part of its convolution."""
    network = copy.deepcopy(network).eval()
    for part in network.modules():
        if isinstance(part, NormedConv) and isinstance(part.norm, nn.BatchNorm2d):
            part.conv, part.norm = fuse_conv_bn_eval(part.conv, part.norm), nn.Identity()
    return network


class ClickNeck(nn.Module):
    """What the eye says, and the picture at stride 4 → the embedding at strides 4, 8, 16."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels, affine=False) for channels in TAKEN_CHANNELS)
        self.bottom = nn.Conv2d(TAKEN_CHANNELS[3], WIDTHS[2], 1)
        self.whole = nn.Conv2d(TAKEN_CHANNELS[3], WIDTHS[2], 1)
        self.rise16 = NormedRise(WIDTHS[2], TAKEN_CHANNELS[2], WIDTHS[2])
        self.rise8 = NormedRise(WIDTHS[2], TAKEN_CHANNELS[1], WIDTHS[1])
        self.rise4 = NormedRise(WIDTHS[1], TAKEN_CHANNELS[0] + 3, WIDTHS[0])

    def forward(self, seen: Seen, small: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        at4, at8, at16, at32 = (norm(one) for norm, one in zip(self.norms, seen, strict=True))
        low = F.relu(self.bottom(at32) + self.whole(at32.mean(dim=(2, 3), keepdim=True)))
        e16 = self.rise16(low, at16)
        e8 = self.rise8(e16, at8)
        return self.rise4(e8, torch.cat([at4, small * 2 - 1], dim=1)), e8, e16


class ClickDecoder(nn.Module):
    """Embedding, the picture at stride 4 (N, 3, S/4, S/4), points (N, P, 2) in pixels of what the eye was fed, their
    labels (N, P), an earlier mask in logits (N, 1, S/4, S/4) and whether there is one (N,) → logits (N, 1, S/4, S/4),
    and coarse ones (N, 1, S/8, S/8). A box is two points, its corners."""

    PLANES = 8  # two spots for each kind of click, inside the box, whether there is one, the hint, whether there is one

    def __init__(self) -> None:
        super().__init__()
        w4, w8, w16 = WIDTHS
        self.key4, self.key8 = nn.Conv2d(w4, KEYS[0], 1), nn.Conv2d(w8, KEYS[1], 1)
        self.mix8 = NormedConv(w8 + self.PLANES + 5, w8, 3, padding=1)
        self.down = NormedConv(w8, w16, 3, stride=2, padding=1)
        self.mix16 = NormedConv(2 * w16, w16, 3, padding=1)
        self.wide16 = NormedConv(w16, w16, 3, padding=2, dilation=2)
        self.told = nn.Linear(2 * w16, w16)
        self.rise8 = NormedRise(w16, w8, w8)
        self.narrow = nn.Conv2d(w8, w4, 1)
        self.coarse = nn.Conv2d(w8, 1, 1)
        self.mix4 = NormedConv(2 * w4 + self.PLANES + 4, w4, 3, padding=1)
        self.more4 = NormedConv(w4, w4, 3, padding=1)
        self.answer = nn.Conv2d(w4, 1, 3, padding=1)
        self.dams = nn.Conv2d(w8 + 1, 1, 1)
        self.meant = nn.Parameter(torch.zeros(len(MEANT)))  # how much each plane says of where the colours are
        self.rest = nn.Parameter(torch.zeros(len(REST) + 1))  # the last: anywhere
        nn.init.constant_(self.dams.bias, OPEN_DAMS)

    def forward(
        self,
        e4: Tensor,
        e8: Tensor,
        e16: Tensor,
        small: Tensor,
        points: Tensor,
        labels: Tensor,
        hint: Tensor,
        has_hint: Tensor,
    ) -> tuple[Tensor, Tensor]:
        shares = color_shares(small)
        distance4 = squared_distances(points, e4.shape[-2], e4.shape[-1])
        planes = self._planes(distance4, points, labels, hint, has_hint)
        planes8 = F.avg_pool2d(planes, 2)
        distance8 = squared_distances(points, e8.shape[-2], e8.shape[-1], cell_px=2 * CELL_PX)
        alike8 = likeness(self.key8(e8), distance8, labels, 6.0)
        told4 = self._told_colors(shares, planes)
        told8 = F.avg_pool2d(told4, 2)
        dams = torch.sigmoid(self.dams(torch.cat([e8, told8], dim=1)))
        reached8 = flooded(torch.cat([planes8[:, :1], planes8[:, 2:3]], dim=1), dams)
        x8 = F.relu(self.mix8(torch.cat([e8, planes8, alike8, reached8, told8], dim=1)))
        x16 = F.relu(self.mix16(torch.cat([F.relu(self.down(x8)), e16], dim=1)))
        x16 = x16 + F.relu(self.wide16(x16))
        x16 = F.relu(x16 + self._told(x16, planes8)[:, :, None, None])
        x8 = self.rise8(x16, x8)
        coarse = self.coarse(x8)
        x4, found = (_doubled(one) for one in (self.narrow(x8), torch.sigmoid(coarse)))
        alike4 = likeness(self.key4(e4), distance4, labels, 3.0)
        found4 = color_evidence(shares, found, 1 - found)
        x4 = F.relu(self.mix4(torch.cat([x4, e4, planes, alike4, told4, found4], dim=1)))
        return self.answer(F.relu(x4 + self.more4(x4))), coarse

    def _told_colors(self, shares: Tensor, planes: Tensor) -> Tensor:
        """(N, 1, h, w): whose colours each place has, by clicks, box and hint alone."""
        box, has_box, hint = planes[:, 4:5], planes[:, 5:6], planes[:, 6:7]
        signs = torch.cat([planes[:, :4], box, has_box - box, hint.clamp(min=0), (-hint).clamp(min=0)], dim=1)
        weights, others = F.softplus(self.meant), F.softplus(self.rest)
        meant = (signs[:, MEANT] * weights[:, None, None]).sum(dim=1, keepdim=True)
        rest = (signs[:, REST] * others[:-1, None, None]).sum(dim=1, keepdim=True) + others[-1] * ANYWHERE
        return color_evidence(shares, meant, rest)

    def _planes(self, distances: Tensor, points: Tensor, labels: Tensor, hint: Tensor, has_hint: Tensor) -> Tensor:
        spots = []
        for label in (INSIDE, OUTSIDE):
            is_meant = _is(labels, label)[:, :, None, None]
            for deviation in (NEAR_PX, AROUND_PX):
                spots.append((is_meant * torch.exp(-distances / (2 * deviation**2))).amax(dim=1, keepdim=True))
        height, width = distances.shape[-2:]
        inside, has_box = _boxes(points, labels, height, width)
        given = has_hint.reshape(-1, 1, 1, 1).expand(-1, 1, height, width)
        told = (hint / HINT_LOGITS).clamp(-1, 1) * given
        return torch.cat([*spots, inside, has_box.expand(-1, 1, height, width), told, given], dim=1)

    def _told(self, x: Tensor, planes8: Tensor) -> Tensor:
        """(N, C): the mean of the whole, and of what lies where clicks, box and hint say inside."""
        where = F.avg_pool2d(planes8[:, :1] + planes8[:, 4:5] + planes8[:, 6:7].clamp(min=0), 2)
        pointed = (x * where).sum(dim=(2, 3)) / where.sum(dim=(2, 3)).clamp(min=1e-3)
        return self.told(torch.cat([x.mean(dim=(2, 3)), pointed], dim=1))


class ClickEncoder(nn.Module):
    """The exported first part: RGB (1, 3, 320, 320) in 0..1 → embedding at strides 4, 8, 16, and the guide."""

    def __init__(self, eye: ClickEye, neck: ClickNeck) -> None:
        super().__init__()
        self.eye, self.neck = eye, neck

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        e4, e8, e16 = self.neck(self.eye(image), F.avg_pool2d(image, CELL_PX))
        return e4, e8, e16, image * 1.0


class ClickAnswer(nn.Module):
    """The exported second part: the decoder, its answer brought to the guide's size along the guide's edges."""

    def __init__(self, decoder: ClickDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self,
        e4: Tensor,
        e8: Tensor,
        e16: Tensor,
        guide: Tensor,
        points: Tensor,
        labels: Tensor,
        hint: Tensor,
        has_hint: Tensor,
    ) -> Tensor:
        small = F.avg_pool2d(guide, CELL_PX)
        logits = SURENESS * self.decoder(e4, e8, e16, small, points, labels, hint, has_hint)[0]
        alpha = torch.sigmoid(F.interpolate(logits, size=guide.shape[-2:], mode="bilinear", align_corners=False))
        slope, offset = guided_coefficients(guide, alpha, GUIDE_RADIUS, GUIDE_EPSILON)
        found = (slope * guide).sum(dim=1, keepdim=True) + offset
        return ((found - VEIL) / (1 - 2 * VEIL)).clamp(0, 1)


def squared_distances(points: Tensor, height: int, width: int, cell_px: int = CELL_PX) -> Tensor:
    """(N, P, 2) of x, y in pixels → (N, P, height, width): from each point to the middle of each cell, squared."""
    rows = (torch.arange(height, device=points.device) + 0.5) * cell_px
    columns = (torch.arange(width, device=points.device) + 0.5) * cell_px
    across = (columns - points[:, :, :1]) ** 2
    down = (rows - points[:, :, 1:]) ** 2
    return down[:, :, :, None] + across[:, :, None, :]


def likeness(keys: Tensor, distances: Tensor, labels: Tensor, deviation_px: float) -> Tensor:
    """(N, 2, h, w): the largest cosine to a place clicked inside, and to one clicked outside; -1 without one."""
    keys = F.normalize(keys, dim=1).flatten(2)
    weights = torch.exp(-distances.flatten(2) / (2 * deviation_px**2)) + 1e-9
    asked = F.normalize(torch.matmul(weights, keys.transpose(1, 2)), dim=2)
    alike = torch.matmul(asked, keys)
    found = []
    for label in (INSIDE, OUTSIDE):
        is_meant = _is(labels, label)[:, :, None]
        found.append((alike * is_meant + is_meant - 1).amax(dim=1, keepdim=True))
    return torch.cat(found, dim=1).reshape(-1, 2, *distances.shape[-2:])


def flooded(spots: Tensor, passing: Tensor) -> Tensor:
    """(N, C, h, w): how much of each spot's flood arrives, when every cell lets PASSING (N, 1, h, w) of it through."""
    for _ in range(FLOOD_STEPS):
        spots = torch.maximum(spots, F.max_pool2d(spots, 3, stride=1, padding=1) * passing)
    return spots


def _doubled(planes: Tensor) -> Tensor:
    return F.interpolate(planes, scale_factor=2, mode="bilinear", align_corners=False)


def _is(labels: Tensor, label: int) -> Tensor:
    return ((labels - label).abs() < 0.5).to(labels.dtype)


def _boxes(points: Tensor, labels: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """(how much each cell is inside the box (N, 1, h, w), whether there is one (N, 1, 1, 1))."""
    first, second = _is(labels, CORNER)[:, :, None], _is(labels, OTHER_CORNER)[:, :, None]
    has_box = first.amax(dim=1).reshape(-1, 1, 1, 1)
    low, high = (points * first).sum(dim=1), (points * second).sum(dim=1)
    rows = ((torch.arange(height, device=points.device) + 0.5) * CELL_PX)[None]
    columns = ((torch.arange(width, device=points.device) + 0.5) * CELL_PX)[None]
    across = torch.sigmoid((columns - low[:, :1]) / BOX_EDGE_PX) * torch.sigmoid((high[:, :1] - columns) / BOX_EDGE_PX)
    down = torch.sigmoid((rows - low[:, 1:]) / BOX_EDGE_PX) * torch.sigmoid((high[:, 1:] - rows) / BOX_EDGE_PX)
    return (down[:, :, None] * across[:, None, :])[:, None] * has_box, has_box
