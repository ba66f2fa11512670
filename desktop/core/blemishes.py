"""Scratches and dust of scanned photographs, found as soft levels of what is to be filled.

Both are thinner than what a photograph shows and stand out from it: what a morphological opening or closing takes away
(the top-hat of Meyer, 1979). Scratches are lines of it, looked for in many directions, as for film (Kokaram, 1998: more
along the line than beside it); dust is what is left of small lone spots. Both are judged by how busy the picture is
around them, so that grass stays grass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from desktop.core.color import Gray8, Pixels, max_level
from desktop.core.errors import UserError

SENSITIVITIES, WIDTHS_PX = (0.0, 100.0), (1.0, 24.0)
DIRECTIONS = 16
SHORTEST_LINE = 5.0  # in widths: what is shorter is a spot
AROUND = 12  # in widths: how far around the busyness is told
ROWS_AT_ONCE = 1024
FAINTEST = 0.012  # of white: what stands out less is the grain of the paper
BESIDE = 5  # in widths: a scratch is lighter than all that is smooth within this
LINE, SPOT = 5.0, 18.0  # in times the busyness around
CROWD = 0.04  # share of a spot's surroundings that may stand out as well

Planes = npt.NDArray[np.float32]  # (H, W), 0..1
Marks = npt.NDArray[np.bool_]  # (H, W)


class BlemishTone(Enum):
    BOTH = "both"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class BlemishSettings:
    """How much counts as damage, how wide its widest lines and spots are, and whether it is light or dark."""

    sensitivity: float = 50.0
    width_px: float = 6.0
    tone: BlemishTone = BlemishTone.BOTH

    def check(self) -> None:
        """UserError for numbers out of range."""
        for name, value, (least, most) in (
            ("sensitivity", self.sensitivity, SENSITIVITIES),
            ("width", self.width_px, WIDTHS_PX),
        ):
            if not least <= value <= most:
                raise UserError("text.bad_value", name=name, wanted=f"a number from {least:g} to {most:g}", value=value)


def blemishes(pixels: Pixels, settings: BlemishSettings) -> Gray8:
    """Straight (H, W, 4) of 8 or 16 bits → levels (H, W): 255 on scratches and dust, falling to 0 within two pixels."""
    settings.check()
    height = pixels.shape[0]
    margin = round(AROUND * settings.width_px) + 8
    found = np.empty(pixels.shape[:2], np.uint8)
    for first in range(0, height, ROWS_AT_ONCE):
        above, below = max(0, first - margin), min(height, first + ROWS_AT_ONCE + margin)
        part = _found(_luma(pixels[above:below]), settings)
        found[first : first + ROWS_AT_ONCE] = part[first - above : first - above + ROWS_AT_ONCE]
    return found


def _luma(pixels: Pixels) -> Planes:
    colors = np.ascontiguousarray(pixels[..., :3]).astype(np.float32) * np.float32(1 / max_level(pixels.dtype))
    luma: Planes = cv2.cvtColor(colors, cv2.COLOR_RGB2GRAY)
    return luma * (pixels[..., 3] > 0)


def _found(luma: Planes, settings: BlemishSettings) -> Gray8:
    mask = np.zeros(luma.shape, bool)
    tones = {BlemishTone.LIGHT: (1,), BlemishTone.DARK: (-1,), BlemishTone.BOTH: (1, -1)}[settings.tone]
    for sign in tones:
        mask |= _standing_out(np.float32(sign) * luma, settings)
    grown = cv2.dilate(mask.astype(np.uint8) * 255, np.ones((3, 3), np.uint8))
    soft: Gray8 = np.maximum(cv2.GaussianBlur(grown, (0, 0), 0.8), cv2.dilate(mask.astype(np.uint8) * 255, None))
    return soft


def _standing_out(light: Planes, settings: BlemishSettings) -> Marks:
    """What is lighter than what lies around it, and thin or small."""
    wide = 2 * round(settings.width_px / 2) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide + 2, wide + 2))
    smooth = cv2.morphologyEx(light, cv2.MORPH_OPEN, disc)
    hat = light - smooth
    beyond = light > cv2.dilate(smooth, cv2.getStructuringElement(cv2.MORPH_RECT, (BESIDE * wide, BESIDE * wide)))
    busy = _busyness(hat, settings.width_px)
    needed = 2.0 ** ((50 - settings.sensitivity) / 18)
    lines = _lines(hat, wide, settings.width_px)
    strong = lines > needed * np.maximum(LINE * busy, 2 * FAINTEST)
    scratches = _kept(
        strong & beyond & (hat > 0.7 * lines),
        hat > np.maximum(0.35 * lines, needed * np.maximum(2.5 * busy, FAINTEST)),
        wide,
    )
    spots = beyond & (hat > needed * np.maximum(SPOT * busy, 6 * FAINTEST))
    crowd = cv2.blur(spots.astype(np.float32), (AROUND * wide, AROUND * wide))
    return scratches | _small(spots & (crowd < CROWD), hat > needed * np.maximum(3.0 * busy, 2 * FAINTEST), wide)


def _busyness(hat: Planes, width_px: float) -> Planes:
    """How much stands out around here as a rule: the middle of local means, so that one scratch does not count."""
    cell = max(4, round(width_px))
    small = cv2.resize(hat, (max(1, hat.shape[1] // cell), max(1, hat.shape[0] // cell)), interpolation=cv2.INTER_AREA)
    levels = np.clip(small * 2040, 0, 255).astype(np.uint8)  # an eighth of white is busy enough
    middle = cv2.medianBlur(levels, 11 if min(levels.shape) > 11 else 3).astype(np.float32) / 2040
    busy: Planes = cv2.resize(middle, (hat.shape[1], hat.shape[0]), interpolation=cv2.INTER_LINEAR)
    return busy


def _lines(hat: Planes, wide: int, width_px: float) -> Planes:
    """The mean along the best of the directions, less the mean beside it."""
    length = 2 * round(SHORTEST_LINE * width_px / 2) + 5
    best = np.zeros_like(hat)
    for turn in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        np.maximum(best, cv2.filter2D(hat, -1, _line_kernel(length, wide, turn)), out=best)
    return best


def _line_kernel(length: int, wide: int, turn: float) -> Planes:
    half = length // 2 + wide + 2
    axis = np.arange(-half, half + 1, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    along, beside = x * np.cos(turn) + y * np.sin(turn), np.abs(y * np.cos(turn) - x * np.sin(turn))
    inside = np.clip(length / 2 - np.abs(along) + 0.5, 0, 1)
    line = inside * np.clip(1 - beside, 0, 1)
    flank = inside * ((beside > wide / 2 + 1) & (beside < wide / 2 + 3))
    kernel: Planes = (line / line.sum() - flank / flank.sum()).astype(np.float32)
    return kernel


def _kept(strong: Marks, weak: Marks, wide: int) -> Marks:
    """Of what is weak the parts that hold something strong and are long (hysteresis, as Canny 1986)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strong.astype(np.uint8), connectivity=8)
    sides = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    thin = stats[:, cv2.CC_STAT_AREA] < wide * sides
    keeps = thin & (sides >= SHORTEST_LINE * max(wide / 2, 2))
    keeps[0] = False
    lines = keeps[labels].astype(np.uint8)
    near = cv2.dilate(lines, np.ones((3, 3), np.uint8), iterations=max(1, wide // 3))
    kept: Marks = (near > 0) & (weak | (lines > 0))
    return kept


def _small(strong: Marks, weak: Marks, wide: int) -> Marks:
    """Spots no wider than the widest, with their weaker rims."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strong.astype(np.uint8), connectivity=8)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keeps = (sides <= 1.6 * wide) & (stats[:, cv2.CC_STAT_AREA] >= 2)
    keeps[0] = False
    spots = keeps[labels].astype(np.uint8)
    near = cv2.dilate(spots, np.ones((3, 3), np.uint8), iterations=max(1, wide // 2))
    kept: Marks = (near > 0) & (weak | (spots > 0))
    return kept
