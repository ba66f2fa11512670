"""A picture made seamless: laid side by side it goes on over its own edges.

The picture rolled by half a side goes on over the edge, but has the old edge in its middle; the picture itself is whole
there. So the rolled one is taken along the edges and the picture itself within, first across, then down. Where they
meet, fine detail changes over along the path on which both are most alike (a minimum cut, Efros and Freeman 2001), and
soft light over the whole overlap (two bands, Burt and Adelson 1983). Before that the light may be evened out, which no
cut can do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Pixels, max_level
from desktop.core.errors import UserError

OVERLAPS, EVENNESSES = (5.0, 50.0), (0.0, 100.0)  # per cent: of half a side; of what differs in light
SHORTEST_SIDE = 16
SOFT_PX = 1.5  # of the change from one detail to the other
LIGHT_SHARE = 1 / 6  # of the shorter side: light is what changes more slowly than this
CELL_SHARE = 4.0  # deviations of a blur in which nothing is lost by computing it smaller

Plane = npt.NDArray[np.float32]  # (H, W)
Planes = npt.NDArray[np.float32]  # (H, W, C)
Path = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class SeamlessSettings:
    """Both in per cent."""

    overlap: float = 40.0
    evenness: float = 50.0

    def check(self) -> None:
        """UserError for numbers out of range."""
        for name, value, (least, most) in (
            ("overlap", self.overlap, OVERLAPS),
            ("even", self.evenness, EVENNESSES),
        ):
            if not least <= value <= most:
                raise UserError("text.bad_value", name=name, wanted=f"a number from {least:g} to {most:g}", value=value)


def seamless(pixels: Pixels, settings: SeamlessSettings) -> Pixels:
    """Straight (H, W, 4) of 8 or 16 bits → the same, whose left edge goes on at its right, its top at its bottom.

    UserError when a side is shorter than SHORTEST_SIDE.
    """
    settings.check()
    check_size(pixels.shape[1], pixels.shape[0])
    top = np.float32(max_level(pixels.dtype))
    planes = pixels.astype(np.float32) / top
    planes[..., :3] *= planes[..., 3:]
    if settings.evenness > 0:
        _even_out(planes, settings.evenness / 100)
    planes = _over_edge(planes, settings.overlap / 100)
    planes = _over_edge(planes.transpose(1, 0, 2), settings.overlap / 100).transpose(1, 0, 2)
    alpha = np.clip(planes[..., 3:], 0, 1)
    planes = np.concatenate([planes[..., :3] / np.maximum(alpha, np.float32(1e-4)), alpha], axis=2)
    result: Pixels = np.rint(np.clip(planes, 0, 1) * top).astype(pixels.dtype)
    return result


def check_size(width: int, height: int) -> None:
    """UserError when there is too little to take overlaps from."""
    if min(height, width) < SHORTEST_SIDE:
        raise UserError("seamless.too_small", width=width, height=height, least=SHORTEST_SIDE)


def edge_step(pixels: Pixels) -> float:
    """How far levels (0..1) jump over the edges when the picture is laid side by side, in times of what neighbours
    within it differ by; about 1 without a seam.
    """
    values = pixels[..., :3].astype(np.float32) / max_level(pixels.dtype)
    over = np.abs(values[:, 0] - values[:, -1]).mean() + np.abs(values[0] - values[-1]).mean()
    within = np.abs(np.diff(values, axis=1)).mean() + np.abs(np.diff(values, axis=0)).mean()
    return float(over / max(within, 1e-6))


def _even_out(planes: Planes, share: float) -> None:
    """Takes slow changes of light out of premultiplied colours, in place; alpha stays."""
    deviation = min(planes.shape[:2]) * LIGHT_SHARE
    alpha = planes[..., 3]
    seen = np.maximum(_blurred(alpha, deviation), np.float32(1e-3))
    for channel in range(3):
        light = _blurred(planes[..., channel], deviation) / seen
        mean = float((light * alpha).sum() / max(float(alpha.sum()), 1e-6))
        planes[..., channel] -= np.float32(share) * (light - np.float32(mean)) * alpha


def _over_edge(planes: Planes, overlap: float) -> Planes:
    """(H, W, C) whose right edge goes on at its left."""
    planes = np.ascontiguousarray(planes)
    width = planes.shape[1]
    rolled = np.roll(planes, width // 2, axis=1)
    band = max(4, min(round(overlap * width / 2), width // 2 - 2))
    cost = ((planes - rolled) ** 2).sum(axis=2)
    fine = np.zeros(planes.shape[:2], np.float32)  # share of the rolled picture in detail
    soft = np.zeros(width, np.float32)  # and in light
    slope = 0.5 + 0.5 * np.cos(np.pi * np.arange(band, dtype=np.float32) / np.float32(band))
    soft[:band] = slope
    soft[width - band :] = slope[::-1]
    fine[:, :band] = _share_left_of(_cheapest_path(cost[:, :band]), band)
    fine[:, width - band :] = _share_left_of(_cheapest_path(cost[:, : -band - 1 : -1]), band)[:, ::-1]
    deviation = band / 4
    for channel in range(planes.shape[2]):
        here, other = planes[..., channel], rolled[..., channel]
        low = _blurred(here, deviation)
        difference, low_difference = other - here, np.roll(low, width // 2, axis=1) - low
        planes[..., channel] = here + soft * low_difference + fine * (difference - low_difference)
    return planes


def _share_left_of(path: Path, band: int) -> Plane:
    """(H, band): 1 left of the path, 0 right of it, softly; 1 at the very edge."""
    places = np.arange(band, dtype=np.float32)
    share: Plane = np.clip((path[:, None] - places) / np.float32(2 * SOFT_PX) + np.float32(0.5), 0, 1)
    share[:, 0] = 1
    return share


def _cheapest_path(cost: Plane) -> Path:
    """The column of each row (H,) on the cheapest way down through (H, W), which ends about where it began."""
    cost = np.ascontiguousarray(cost, dtype=np.float32)
    margin = min(round(2 * SOFT_PX), cost.shape[1] // 4)
    inner = cost[:, margin : cost.shape[1] - margin]
    free = _way_down(np.concatenate([inner, inner]), None)
    start = int(free[len(inner)])
    path: Path = _way_down(inner, start) + margin
    return path


def _way_down(cost: Plane, start: int | None) -> Path:
    """Dynamic programming, one step to the side in each row at most. With `start` it begins and ends there."""
    height, width = cost.shape
    total = cost[0].copy()
    if start is not None:
        total[:] = np.inf
        total[start] = cost[0, start]
    came = np.zeros((height, width), np.int8)
    padded = np.full(width + 2, np.inf, np.float32)
    for row in range(1, height):
        padded[1:-1] = total
        ways = np.stack([padded[:-2], padded[1:-1], padded[2:]])
        best = ways.argmin(axis=0)
        came[row] = best - 1
        total = np.take_along_axis(ways, best[None], axis=0)[0] + cost[row]
    path = np.zeros(height, np.intp)
    path[-1] = int(total.argmin())
    if start is not None:
        near = slice(max(start - 1, 0), start + 2)
        path[-1] = near.start + int(total[near].argmin()) if np.isfinite(total[near]).any() else start
    for row in range(height - 1, 0, -1):
        path[row - 1] = path[row] + came[row, path[row]]
    return path


def _blurred(plane: Plane, deviation: float) -> Plane:
    """Gaussian blur, computed smaller where that shows no difference."""
    times = max(1, math.floor(deviation / CELL_SHARE))
    if times == 1:
        blurred: Plane = cv2.GaussianBlur(plane, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)
        return blurred
    height, width = plane.shape
    small = cv2.resize(plane, (max(1, width // times), max(1, height // times)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), deviation / times, borderType=cv2.BORDER_REPLICATE)
    large: Plane = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return large
