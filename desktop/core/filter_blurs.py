"""Blurs. (H, W, 4) float32 premultiplied, 0..1, in and out; the outer pixels of a result, as many as the blur reaches,
mean nothing. Results do not depend on how a picture is cut: coarse grids are tied to the picture's own pixels.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from desktop.core.adjust_colors import luma_of
from desktop.core.adjust_tones import linear_to_srgb, srgb_to_linear
from desktop.core.color import FloatPixels
from desktop.core.effect_values import Place, Values

COARSE_FROM_PX = 12.0  # from this radius on a blur is done on a reduced picture: 16 times less work, no difference seen
COARSE_RADIUS_PX = 6.0
TAIL = 3.0  # radii that a Gaussian reaches
SURFACE_STEPS, MOST_SURFACE_LEVELS = 2, 48  # grey levels a surface blur computes within its threshold, and at most
HIGHLIGHT_GAIN = 12.0


def gaussian(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    return blurred(image, values["radius"], place)


def gaussian_reach(radius: float) -> int:
    return math.ceil(TAIL * radius) + 3 * _coarseness(radius) + 1


def blurred(image: FloatPixels, radius: float, place: Place) -> FloatPixels:
    """A Gaussian with a standard deviation of `radius` pixels; any number of channels."""
    times = _coarseness(radius)
    if times == 1:
        return _gaussian(image, radius)
    left, top = -place.x % times, -place.y % times
    columns, rows = (image.shape[1] - left) // times, (image.shape[0] - top) // times
    if columns < 1 or rows < 1:
        return _gaussian(image, radius)
    inside = image[top : top + rows * times, left : left + columns * times]
    small = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_AREA)
    rest = math.sqrt(radius * radius / (times * times) - 0.25)  # reducing and enlarging blur by a quarter pixel²
    small = _gaussian(small, rest)
    out = image.copy()
    out[top : top + rows * times, left : left + columns * times] = cv2.resize(
        small, (columns * times, rows * times), interpolation=cv2.INTER_LINEAR
    )
    return out


def box(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    return _box(image, int(values["radius"]))


def motion(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    kernel = _line_kernel(round(float(values["angle"]), 2), round(float(values["distance"]), 2))
    smeared: FloatPixels = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return smeared


def lens(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """A disc in linear light, as an aperture makes; highlights count more the brighter they shall bloom."""
    alpha = image[..., 3:]
    rgb = image[..., :3] / np.maximum(alpha, 1e-6)
    light = srgb_to_linear(np.clip(rgb, 0, 1)) * alpha
    gain = HIGHLIGHT_GAIN * values["highlights"] / 100
    weight = alpha * (1 + np.float32(gain) * np.maximum(luma_of(light) - 0.6, 0)[..., None])
    kernel = _disc_kernel(round(float(values["radius"]), 2))
    planes = np.concatenate([light / np.maximum(alpha, 1e-6) * weight, weight, alpha], axis=2)
    spread = cv2.filter2D(planes, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    shown = linear_to_srgb(np.clip(spread[..., :3] / np.maximum(spread[..., 3:4], 1e-6), 0, 1))
    return np.concatenate([shown * spread[..., 4:], spread[..., 4:]], axis=2)


def surface(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Means of those neighbours whose luma is alike, so that edges stay: a bilateral filter in constant time.

    The weight falls to nothing over the threshold; it is computed for some grey levels and interpolated between them
    (after Porikli, Constant time O(1) bilateral filtering, 2008).
    """
    radius, width = int(values["radius"]), max(float(values["threshold"]) / 255, 1 / 255)
    alpha = image[..., 3:]
    guide = luma_of((image[..., :3] / np.maximum(alpha, 1e-6)).astype(np.float32))
    step = max(width / SURFACE_STEPS, 1 / MOST_SURFACE_LEVELS)  # the same levels in every part of a picture
    width = max(width, step)
    place_of = guide / np.float32(step)
    out = np.zeros((*guide.shape, 3), np.float32)
    for number in range(math.floor(place_of.min()), math.floor(place_of.max()) + 2):
        share = np.maximum(1 - np.abs(place_of - np.float32(number)), 0)
        if not share.any():
            continue
        weight = np.maximum(1 - np.abs(guide - np.float32(number * step)) / np.float32(width), 0)
        sums = _box(cv2.multiply(image, cv2.merge([weight] * 4)), radius)
        share = share / np.maximum(sums[..., 3], np.float32(1e-6))
        out += cv2.multiply(sums[..., :3], cv2.merge([share] * 3))
    return np.concatenate([out * alpha, alpha], axis=2)


def _gaussian(image: FloatPixels, radius: float) -> FloatPixels:
    side = 2 * math.ceil(TAIL * radius) + 1
    soft: FloatPixels = cv2.GaussianBlur(image, (side, side), radius, borderType=cv2.BORDER_REPLICATE)
    return soft


def _coarseness(radius: float) -> int:
    """How many pixels of a side become one before a blur: a power of two."""
    return 1 if radius < COARSE_FROM_PX else 2 ** math.floor(math.log2(radius / COARSE_RADIUS_PX))


def _box(image: FloatPixels, radius: int) -> FloatPixels:
    mean: FloatPixels = cv2.blur(image, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REPLICATE)
    return mean


@lru_cache(maxsize=8)
def _line_kernel(angle: float, distance: float) -> FloatPixels:
    """A line through the middle, points of it spread over the four pixels around them."""
    reach = math.ceil(distance / 2)
    kernel = np.zeros((2 * reach + 3, 2 * reach + 3), np.float32)
    along = np.linspace(-distance / 2, distance / 2, max(round(distance * 4), 2) + 1)
    x = reach + 1 + along * math.cos(math.radians(angle))
    y = reach + 1 - along * math.sin(math.radians(angle))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for dx in (0, 1):
        for dy in (0, 1):
            share = (1 - np.abs(x - left - dx)) * (1 - np.abs(y - top - dy))
            inside = (left + dx < kernel.shape[1]) & (top + dy < kernel.shape[0])
            np.add.at(kernel, ((top + dy)[inside], (left + dx)[inside]), share[inside])
    line: FloatPixels = kernel / kernel.sum()
    return line


@lru_cache(maxsize=8)
def _disc_kernel(radius: float) -> FloatPixels:
    reach = math.ceil(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    disc: FloatPixels = kernel / kernel.sum()
    return disc
