"""Adjustments that map each channel on its own, so that a table of all levels is all they are. (N, 3) float32, 0..1."""

from __future__ import annotations

import numpy as np

from desktop.core.color import LUMA, FloatPixels
from desktop.core.effect_values import CURVE_IDENTITY, Values, curve_of_text

SIGMOID_SLOPE = 10.0  # of full contrast: mid grey is 2.5 times as steep
BRIGHTNESS_STOPS = 1.5  # full brightness turns the exponent by this many powers of two
BALANCE_STOPS = 0.5  # of red against blue at full temperature, and of green at full tint
CURVE_STEPS = 2049
CHANNELS = ("red", "green", "blue")


def brightness_contrast(levels: FloatPixels, values: Values) -> FloatPixels:
    """Brightness bends the middle, contrast steepens it: black and white stay, nothing is cut off."""
    bent = levels ** np.float32(2.0 ** (-BRIGHTNESS_STOPS * values["brightness"] / 100))
    amount = values["contrast"] / 100
    if amount <= 0:
        return 0.5 + (bent - 0.5) * np.float32(1 + amount)
    slope = SIGMOID_SLOPE * amount
    low, high = _logistic(-slope / 2), _logistic(slope / 2)
    return ((_logistic(slope * (bent - 0.5)) - low) / (high - low)).astype(np.float32)


def levels(levels_: FloatPixels, values: Values) -> FloatPixels:
    """Black, gamma and white of the input, then the output's range: each channel's own, then those of all."""
    parts = [_leveled(levels_[:, place], values, channel) for place, channel in enumerate(CHANNELS)]
    return np.stack([_leveled(part, values, "all") for part in parts], axis=1)


def curves(levels_: FloatPixels, values: Values) -> FloatPixels:
    """Each channel's own curve first, then the one of all."""
    if len({values[one] for one in CHANNELS}) == 1 and (levels_ == levels_[:, :1]).all():  # as in a table of all levels
        part = _curved(_curved(levels_[:, 0], values["red"]), values["all"])
        return np.repeat(part[:, None], len(CHANNELS), axis=1)
    parts = [_curved(levels_[:, place], values[one]) for place, one in enumerate(CHANNELS)]
    return np.stack([_curved(part, values["all"]) for part in parts], axis=1)


def exposure(levels_: FloatPixels, values: Values) -> FloatPixels:
    """Stops and offset in linear light, then gamma."""
    linear = srgb_to_linear(levels_) * np.float32(2.0 ** values["exposure"]) + np.float32(values["offset"])
    return linear_to_srgb(np.clip(linear, 0, 1) ** np.float32(1 / values["gamma"]))


def white_balance(levels_: FloatPixels, values: Values) -> FloatPixels:
    """Gains of the channels in linear light that keep the luminance of grey."""
    warmth, tint = values["temperature"] / 100, values["tint"] / 100
    gains = np.array([2 ** (BALANCE_STOPS * warmth), 2 ** (-BALANCE_STOPS * tint), 2 ** (-BALANCE_STOPS * warmth)])
    gains = (gains / (gains * LUMA).sum()).astype(np.float32)
    return linear_to_srgb(np.clip(srgb_to_linear(levels_) * gains, 0, 1))


def invert(levels_: FloatPixels, values: Values) -> FloatPixels:
    return 1 - levels_


def posterise(levels_: FloatPixels, values: Values) -> FloatPixels:
    count = np.float32(values["levels"])
    steps: FloatPixels = np.minimum(np.floor(levels_ * count), count - 1) / (count - 1)
    return steps


def srgb_to_linear(levels_: FloatPixels) -> FloatPixels:
    """IEC 61966-2-1."""
    low = levels_ / np.float32(12.92)
    return np.where(levels_ <= 0.04045, low, ((levels_ + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4))


def linear_to_srgb(light: FloatPixels) -> FloatPixels:
    bent = np.float32(1.055) * np.maximum(light, 0) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, light * np.float32(12.92), bent)


def _curved(part: FloatPixels, text: str) -> FloatPixels:
    """Through a curve that is drawn with straight lines too short to see: all 65,536 levels in a millisecond."""
    if text == CURVE_IDENTITY:
        return part
    table = curve_of_text(text).values(np.linspace(0, 1, CURVE_STEPS))
    place = np.clip(part.astype(np.float64), 0, 1) * (CURVE_STEPS - 1)
    step = np.minimum(place.astype(np.intp), CURVE_STEPS - 2)
    low = table[step]
    curved: FloatPixels = (low + (table[step + 1] - low) * (place - step)).astype(np.float32)
    return curved


def _leveled(part: FloatPixels, values: Values, channel: str) -> FloatPixels:
    black, white = values[f"{channel}_black"] / 255, values[f"{channel}_white"] / 255
    low, high = values[f"{channel}_low"] / 255, values[f"{channel}_high"] / 255
    spread = np.clip((part - np.float32(black)) / np.float32(max(white - black, 1 / 255)), 0, 1)
    bent = spread ** np.float32(1 / values[f"{channel}_gamma"])
    leveled: FloatPixels = np.float32(low) + bent * np.float32(high - low)
    return leveled


def _logistic(x: float | FloatPixels) -> FloatPixels:
    return np.asarray(1 / (1 + np.exp(-np.asarray(x, np.float32))), np.float32)
