"""Distortions: for each pixel, where its colour comes from. Coordinates are of the picture, float32, pixel centres."""

from __future__ import annotations

import math

import numpy as np

from desktop.core.color import FloatPixels
from desktop.core.effect_values import Place, Values

STRONGEST_BULGE = 0.8  # of the exponent: at 1 the middle would be one point


def twirl(x: FloatPixels, y: FloatPixels, values: Values, place: Place) -> tuple[FloatPixels, FloatPixels]:
    """Turns about the middle, most there and not at all at the rim."""
    across, down, away = _from_middle(x, y, values, place)
    turn = np.float32(math.radians(values["angle"])) * np.clip(1 - away, 0, 1) ** 2
    cosine, sine = np.cos(turn), np.sin(turn)
    return x + across * (cosine - 1) + down * sine, y - across * sine + down * (cosine - 1)


def bulge(x: FloatPixels, y: FloatPixels, values: Values, place: Place) -> tuple[FloatPixels, FloatPixels]:
    """Positive amounts blow the middle up, negative ones pinch it."""
    across, down, away = _from_middle(x, y, values, place)
    inside = np.clip(away, 1e-6, 1)
    amount = STRONGEST_BULGE * values["amount"] / 100
    power = 1 / (1 - amount) - 1 if amount > 0 else amount
    scale = np.where(away < 1, inside ** np.float32(power), 1).astype(np.float32)
    return x + across * (scale - 1), y + down * (scale - 1)


def polar(x: FloatPixels, y: FloatPixels, values: Values, place: Place) -> tuple[FloatPixels, FloatPixels]:
    """To polar: the upper edge becomes the middle, the sides meet below it. From polar is the way back."""
    frame = place.frame
    half_width, half_height = frame.width / 2, frame.height / 2
    if values["direction"] == "to-polar":
        across = (x + np.float32(0.5 - frame.x - half_width)) / np.float32(half_width)
        down = (y + np.float32(0.5 - frame.y - half_height)) / np.float32(half_height)
        around = np.arctan2(across, -down) / np.float32(2 * math.pi) + np.float32(0.5)
        away = np.hypot(across, down)
        return (
            np.clip(around * frame.width - np.float32(0.5), 0, frame.width - 1) + np.float32(frame.x),
            np.clip(away * frame.height - np.float32(0.5), 0, frame.height - 1) + np.float32(frame.y),
        )
    around = ((x + np.float32(0.5 - frame.x)) / np.float32(frame.width) - np.float32(0.5)) * np.float32(2 * math.pi)
    away = (y + np.float32(0.5 - frame.y)) / np.float32(frame.height)
    across, down = np.sin(around) * away * half_width, -np.cos(around) * away * half_height
    return (
        (across + np.float32(half_width + frame.x - 0.5)).astype(np.float32),
        (down + np.float32(half_height + frame.y - 0.5)).astype(np.float32),
    )


def _from_middle(
    x: FloatPixels, y: FloatPixels, values: Values, place: Place
) -> tuple[FloatPixels, FloatPixels, FloatPixels]:
    """Pixels to the right of and below the middle, and how far out: 1 is the rim."""
    frame = place.frame
    across = x + np.float32(0.5 - frame.x - frame.width / 2)
    down = y + np.float32(0.5 - frame.y - frame.height / 2)
    share = values["size"] / 100
    half_width, half_height = max(frame.width / 2 * share, 1), max(frame.height / 2 * share, 1)
    return across, down, np.hypot(across / np.float32(half_width), down / np.float32(half_height))
