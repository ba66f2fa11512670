"""Sharpening, noise, edges, blocks and the vignette.

Filters take (H, W, 4) float32 premultiplied and keep its alpha, except `pixelate`; what is placed takes straight
(H, W, 3). The outer pixels of a filter's result, as many as it reaches, mean nothing.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from desktop.core.adjust_colors import luma_of
from desktop.core.color import FloatPixels, Pixels
from desktop.core.effect_values import Place, Values
from desktop.core.filter_blurs import blurred
from desktop.core.geometry import Rect
from desktop.core.tiles import TILE, tiles_touched

NOISE_SPREAD = 0.5  # standard deviation of full noise
EDGE_GAIN = 0.5
KEY_OFFSET = 1 << 24  # seeds are not negative, places may be
LARGEST_EXACT_MEDIAN = 2  # OpenCV's limit for 16 bits


def unsharp(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Adds what a blur takes away, where it is more than the threshold."""
    rgb, soft = _straight(image), _straight(blurred(image, values["radius"], place))
    detail = rgb - soft
    if values["threshold"] > 0:
        least = np.float32(values["threshold"] / 255)
        detail = np.sign(detail) * np.maximum(np.abs(detail) - least, 0)
    return _with_color(image, rgb + detail * np.float32(values["amount"] / 100))


def high_pass(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """What a blur takes away, about mid grey: for a layer in Overlay."""
    soft = _straight(blurred(image, values["radius"], place))
    return _with_color(image, _straight(image) - soft + np.float32(0.5))


def add_noise(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """The same noise for the same seed and place, however the picture is cut."""
    height, width = rgb.shape[:2]
    noise = np.empty((height, width, 1 if values["monochrome"] else 3), np.float32)
    for key, part in tiles_touched(Rect(place.x, place.y, width, height)):
        tile = _noise_tile(key, values)
        noise[
            part.top - place.y : part.bottom - place.y,
            part.left - place.x : part.right - place.x,
        ] = tile[
            part.top - key[1] * TILE : part.bottom - key[1] * TILE,
            part.left - key[0] * TILE : part.right - key[0] * TILE,
        ]
    return rgb + noise * np.float32(NOISE_SPREAD * values["amount"] / 100)


def median(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Each channel's median in a square. Up to radius 2 it is exact in 16 bits; beyond, its upper 8 bits are, and the
    rest is the mean of those neighbours that share them: less than 1/256 away.
    """
    levels = np.rint(np.clip(_straight(image), 0, 1) * 65535).astype(np.uint16)
    radius = int(values["radius"])
    if not (levels % 257).any():  # a picture of 8 bits
        small = cv2.medianBlur((levels >> 8).astype(np.uint8), 2 * radius + 1)
        return _with_color(image, small.astype(np.float32) / np.float32(255))
    if radius <= LARGEST_EXACT_MEDIAN:
        found = cv2.medianBlur(levels, 2 * radius + 1)
    else:
        found = np.dstack([_wide_median(levels[..., channel], radius) for channel in range(3)])
    return _with_color(image, found.astype(np.float32) / np.float32(65535))


def emboss(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """The difference of two sides, lit from an angle, about mid grey."""
    height, angle = float(values["height"]), math.radians(values["angle"])
    dx, dy = math.cos(angle) * height / 2, -math.sin(angle) * height / 2
    kernel = _point_kernel(dx, dy) - _point_kernel(-dx, -dy)
    relief = cv2.filter2D(_straight(image), -1, kernel, borderType=cv2.BORDER_REPLICATE)
    relief = relief * np.float32(values["amount"] / 100)
    if values["monochrome"]:
        relief = np.repeat(luma_of(relief)[..., None], 3, axis=2)
    return _with_color(image, relief + np.float32(0.5))


def find_edges(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """How steep each channel is (Sobel); inverted, dark lines on white."""
    rgb = _straight(image)
    across = cv2.Sobel(rgb, cv2.CV_32F, 1, 0, ksize=3, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(rgb, cv2.CV_32F, 0, 1, ksize=3, borderType=cv2.BORDER_REPLICATE)
    steep = np.clip(cv2.magnitude(across, down) * np.float32(EDGE_GAIN * values["amount"] / 100), 0, 1)
    return _with_color(image, 1 - steep if values["inverted"] else steep)


def pixelate(image: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """The mean of each cell; cells count from the picture's corner."""
    cell = int(values["cell"])
    left, top = -place.x % cell, -place.y % cell
    columns, rows = (image.shape[1] - left) // cell, (image.shape[0] - top) // cell
    out = image.copy()
    if columns > 0 and rows > 0:
        inside = image[top : top + rows * cell, left : left + columns * cell]
        means = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_AREA)
        out[top : top + rows * cell, left : left + columns * cell] = np.repeat(np.repeat(means, cell, 0), cell, 1)
    return out


def vignette(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Darker (or lighter) towards the corners of the picture. Roundness goes from its own shape to a circle."""
    height, width = rgb.shape[:2]
    frame = place.frame
    half_width, half_height = max(frame.width / 2, 0.5), max(frame.height / 2, 0.5)
    shorter, round_share = min(half_width, half_height), max(values["roundness"], 0) / 100
    x = np.arange(place.x, place.x + width, dtype=np.float32) + np.float32(0.5 - frame.x - half_width)
    y = np.arange(place.y, place.y + height, dtype=np.float32) + np.float32(0.5 - frame.y - half_height)
    x /= np.float32(half_width + (shorter - half_width) * round_share)
    y /= np.float32(half_height + (shorter - half_height) * round_share)
    power = np.float32(2 + 6 * max(-values["roundness"], 0) / 100)  # towards a rectangle with round corners
    away = (np.abs(x)[None] ** power + np.abs(y)[:, None] ** power) ** (1 / power)
    start = np.float32(0.2 + 1.2 * values["size"] / 100)
    ramp = np.clip((away - start) / np.float32(0.05 + 1.2 * values["softness"] / 100) + np.float32(0.5), 0, 1)
    share = (ramp * ramp * (3 - 2 * ramp))[..., None] * np.float32(abs(values["amount"]) / 100)
    shaded: Pixels = rgb * (1 - share) if values["amount"] < 0 else rgb + (1 - rgb) * share
    return shaded


def _straight(image: FloatPixels) -> FloatPixels:
    """The colours (H, W, 3) without their alpha; black where there is none."""
    rgb: Pixels = image[..., :3] / np.maximum(image[..., 3:], np.float32(1e-6))
    return rgb


def _with_color(image: FloatPixels, rgb: FloatPixels) -> FloatPixels:
    alpha = image[..., 3:]
    return np.concatenate([np.clip(rgb, 0, 1) * alpha, alpha], axis=2)


def _noise_tile(key: tuple[int, int], values: Values) -> FloatPixels:
    source = np.random.default_rng([int(values["seed"]), key[0] + KEY_OFFSET, key[1] + KEY_OFFSET])
    shape = (TILE, TILE, 1 if values["monochrome"] else 3)
    if values["distribution"] == "uniform":
        return (source.random(shape, np.float32) - np.float32(0.5)) * np.float32(math.sqrt(12))
    return source.standard_normal(shape, np.float32)


def _wide_median(levels: Pixels, radius: int) -> FloatPixels:
    upper = (levels >> 8).astype(np.uint8)
    found = cv2.medianBlur(upper, 2 * radius + 1)
    exact = np.zeros(levels.shape, np.float32)
    side = (2 * radius + 1, 2 * radius + 1)
    for level in np.unique(found):
        places = found == level
        x, y, width, height = cv2.boundingRect(places.view(np.uint8))
        part = np.s_[max(y - radius, 0) : y + height + radius, max(x - radius, 0) : x + width + radius]
        same = (upper[part] == level).astype(np.float32)
        sums = cv2.boxFilter(same * levels[part], -1, side, normalize=False, borderType=cv2.BORDER_REPLICATE)
        counts = cv2.boxFilter(same, -1, side, normalize=False, borderType=cv2.BORDER_REPLICATE)
        np.copyto(exact[part], sums / np.maximum(counts, 1), where=places[part])
    return exact


def _point_kernel(dx: float, dy: float) -> FloatPixels:
    """Looks at one place beside a pixel, between four others."""
    reach = math.ceil(max(abs(dx), abs(dy))) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    kernel: FloatPixels = np.clip(1 - np.abs(x - np.float32(dx)), 0, 1) * np.clip(1 - np.abs(y - np.float32(dy)), 0, 1)
    return kernel
