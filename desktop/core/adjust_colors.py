"""Adjustments of a pixel's colour as a whole. (H, W, 3) float32 straight sRGB, 0..1, in and out."""

from __future__ import annotations

import cv2
import numpy as np

from desktop.core.color import LUMA, FloatPixels
from desktop.core.effect_values import Place, Values
from desktop.core.gradient_texts import gradient_of_values

RANGE_CENTERS = {"reds": 0.0, "yellows": 60.0, "greens": 120.0, "cyans": 180.0, "blues": 240.0, "magentas": 300.0}
RANGE_FULL, RANGE_NONE = 15.0, 45.0  # degrees from the centre: wholly in the range, wholly out of it
BALANCE_WIDTH, BALANCE_BORDER, BALANCE_SCALE = 0.25, 1 / 3, 0.7  # of the ramps between shadows, midtones, highlights
MAP_STEPS = 4096
STRONGEST_SATURATION = 0.9  # at +100 colours are ten times as far from grey
STRONGEST_VIBRANCE = 1.5


def threshold(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """White where the luma reaches the threshold, else black."""
    white = luma_of(rgb) * 255 >= np.float32(values["threshold"] - 1e-3)
    return np.repeat(white[..., None], 3, axis=2).astype(np.float32)


def hue_saturation(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Turns hue, scales saturation, moves lightness, softly limited to a range of hues. Or tints everything alike."""
    hls = cv2.cvtColor(rgb, cv2.COLOR_RGB2HLS)
    hue, light, saturation = hls[..., 0], hls[..., 1], hls[..., 2]
    if values["colourise"]:
        hls[..., 0] = values["hue"] % 360
        hls[..., 2] = (values["saturation"] + 100) / 200
        return _lightened(cv2.cvtColor(hls, cv2.COLOR_HLS2RGB), np.float32(values["lightness"] / 100))
    weight: FloatPixels | np.float32 = np.float32(1)
    if values["range"] != "all":
        away = np.abs((hue - np.float32(RANGE_CENTERS[values["range"]]) + 180) % 360 - 180)
        weight = np.clip((RANGE_NONE - away) / np.float32(RANGE_NONE - RANGE_FULL), 0, 1)
        weight = weight * np.clip(saturation * 20, 0, 1) * (light > 0)  # greys have no hue
    amount = values["saturation"] / 100
    factor = 1 + amount if amount < 0 else 1 / (1 - STRONGEST_SATURATION * amount)
    hls[..., 0] = (hue + np.float32(values["hue"]) * weight) % 360
    hls[..., 2] = np.minimum(saturation * (1 + (np.float32(factor) - 1) * weight), 1)
    return _lightened(cv2.cvtColor(hls, cv2.COLOR_HLS2RGB), np.float32(values["lightness"] / 100) * weight)


def color_balance(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Shifts the channels of shadows, midtones and highlights, each going softly over into the next."""
    light = (rgb.max(axis=2) + rgb.min(axis=2)) / 2
    low = np.clip((BALANCE_BORDER - light) / BALANCE_WIDTH + 0.5, 0, 1)
    high = np.clip((light + BALANCE_BORDER - 1) / BALANCE_WIDTH + 0.5, 0, 1)
    middle = (1 - low) * (1 - high)
    moved = rgb.copy()
    for channel, axis in enumerate(("cyan_red", "magenta_green", "yellow_blue")):
        shift = low * values[f"shadows_{axis}"] + middle * values[f"midtones_{axis}"]
        shift = shift + high * values[f"highlights_{axis}"]
        moved[..., channel] += (shift * np.float32(BALANCE_SCALE / 100)).astype(np.float32)
    moved = np.clip(moved, 0, 1)
    return _with_luma(moved, luma_of(rgb)) if values["keeps_luminosity"] else moved


def vibrance(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Saturation: all alike. Vibrance: dull colours more than vivid ones, so that nothing glares."""
    luma = luma_of(rgb)[..., None]
    vividness = (rgb.max(axis=2) - rgb.min(axis=2))[..., None]
    amount = values["saturation"] / 100
    factor = 1 + amount if amount < 0 else 1 / (1 - STRONGEST_SATURATION * amount)
    lift = values["vibrance"] / 100
    lifted = lift * STRONGEST_VIBRANCE * (1 - vividness) ** 2 if lift > 0 else lift * (1 - vividness / 2)
    scale = np.maximum(np.float32(factor) * (1 + lifted), 0).astype(np.float32)
    vivid: FloatPixels = luma + (rgb - luma) * scale
    return vivid


def black_and_white(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Grey with a weight for each of six hues: a pixel's share of a primary and of a secondary colour."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    low = np.minimum(np.minimum(red, green), blue)
    high = np.maximum(np.maximum(red, green), blue)
    middle = red + green + blue - low - high

    def share(name: str) -> np.float32:
        return np.float32(values[name] / 100)

    primary = np.where(high == red, share("reds"), np.where(high == green, share("greens"), share("blues")))
    secondary = np.where(low == blue, share("yellows"), np.where(low == red, share("cyans"), share("magentas")))
    grey = low + (middle - low) * secondary + (high - middle) * primary
    return np.repeat(grey[..., None], 3, axis=2)


def channel_mixer(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """Each channel is a sum of all three; monochrome makes grey of the first sum."""
    matrix = np.array(
        [[values[f"{to}_{part}"] / 100 for part in ("red", "green", "blue", "constant")] for to in _PRIMARIES],
        np.float32,
    )
    if values["monochrome"]:
        matrix[:] = matrix[0]
    mixed: FloatPixels = cv2.transform(np.ascontiguousarray(rgb), matrix)
    return mixed


def gradient_map(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """The luma chooses a colour of the gradient; where that is less opaque, more of the colour before stays."""
    gradient = gradient_of_values(values)
    table = gradient.colors(MAP_STEPS).astype(np.float32)
    chosen = np.rint(np.clip(luma_of(rgb), 0, 1) * (MAP_STEPS - 1)).astype(np.uint16)
    mapped: FloatPixels = table[:, :3][chosen]
    if all(stop.opacity == 1 for stop in gradient.stops):
        return mapped
    mixed: FloatPixels = rgb + (mapped - rgb) * table[:, 3][chosen][..., None]
    return mixed


def lut(rgb: FloatPixels, values: Values, place: Place) -> FloatPixels:
    """A .cube table (`values["lut"]`), as strong as wanted; without one nothing changes."""
    cube = values.get("lut")
    if cube is None:
        return rgb
    share = np.float32(values["strength"] / 100)
    mixed: FloatPixels = rgb + (cube.looked_up(rgb) - rgb) * share
    return mixed


def luma_of(rgb: FloatPixels) -> FloatPixels:
    """Rec. 709 weights on the encoded channels, (H, W)."""
    luma: FloatPixels = rgb[..., 0] * LUMA[0] + rgb[..., 1] * LUMA[1] + rgb[..., 2] * LUMA[2]
    return luma


_PRIMARIES = ("red", "green", "blue")


def _lightened(rgb: FloatPixels, amount: FloatPixels | np.float32) -> FloatPixels:
    """Towards white for positive amounts, towards black for negative ones."""
    share = np.asarray(amount, np.float32)
    share = share[..., None] if share.ndim else share
    return rgb + np.where(share > 0, (1 - rgb) * share, rgb * share)


def _with_luma(rgb: FloatPixels, luma: FloatPixels) -> FloatPixels:
    """The colour moved so that it has a luma, drawn towards it where it would leave the cube."""
    moved = rgb + (luma - luma_of(rgb))[..., None]
    high, low = moved.max(axis=2), moved.min(axis=2)
    over = np.where(high > 1, (1 - luma) / np.maximum(high - luma, 1e-6), 1)
    under = np.where(low < 0, luma / np.maximum(luma - low, 1e-6), 1)
    share = np.minimum(over, under)[..., None].astype(np.float32)
    return luma[..., None] + (moved - luma[..., None]) * share
