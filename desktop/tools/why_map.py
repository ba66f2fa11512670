"""What decided, as colours over the picture: orange spoke for the answer, blue against it, nothing where it is all one.

Values are shares of the score (see `runtime.explaining`); the strongest one there is gets the full colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

FOR, AGAINST = (255, 138, 31), (64, 128, 255)
STRONGEST_ALPHA = 0.82
CURVE = 0.75  # below 1: weaker regions are seen too
LEAST_LIMIT = 1e-4  # a map of nothing but rounding shows nothing
DIMMED = 0.55  # how light the grey picture under the colours is
LONGEST_PX = 1600  # of a picture with its map
LEGEND_PX, MARGIN_PX, FONT_PX, BAR_PX = 64, 16, 15, (220, 12)

Heat = npt.NDArray[np.float32]
Rgba8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class WhyMap:
    """`heat` (h, w) lies over the whole picture; `scores` are those of the picture and of the empty one."""

    heat: Heat
    scores: tuple[float, float]

    @property
    def limit(self) -> float:
        """The strongest value, for or against."""
        return max(float(np.abs(self.heat).max()), LEAST_LIMIT)

    def colors(self) -> Rgba8:
        """(h, w, 4), straight alpha."""
        return heat_colors(self.heat, self.limit)


def heat_colors(heat: Heat, limit: float) -> Rgba8:
    """(h, w, 4) uint8, straight alpha: full colour at `limit`."""
    share = np.clip(np.abs(heat) / max(limit, LEAST_LIMIT), 0, 1) ** CURVE
    colors = np.empty((*heat.shape, 4), np.uint8)
    colors[..., :3] = np.where((heat > 0)[..., None], np.array(FOR), np.array(AGAINST))
    colors[..., 3] = np.rint(255 * STRONGEST_ALPHA * share)
    return colors


def percent(value: float) -> str:
    """A share of the score with its sign, as it stands at the legend."""
    return f"{value:+.0%}" if abs(value) >= 0.1 else f"{value:+.1%}"


def legend_levels(limit: float, width: int) -> Heat:
    """(1, width): from what spoke most against to what spoke most for."""
    return np.linspace(-limit, limit, width, dtype=np.float32)[None]


def why_picture(pixels: npt.NDArray[Any], found: WhyMap, title: str) -> Rgba8:
    """(H + legend, W, 4) opaque: the picture in grey, the map over it, under it what the colours say."""
    base = _gray(pixels)
    height, width = base.shape[:2]
    colors = cast(Rgba8, cv2.resize(found.colors(), (width, height), interpolation=cv2.INTER_CUBIC))
    shown = _over(base, colors)
    sheet = Image.new("RGB", (max(width, 2 * MARGIN_PX + BAR_PX[0] + 160), height + LEGEND_PX), (36, 36, 36))
    sheet.paste(Image.fromarray(shown), (0, 0))
    _draw_legend(sheet, height, found, title)
    return np.dstack([np.asarray(sheet), np.full((sheet.height, sheet.width), 255, np.uint8)])


def _draw_legend(sheet: Image.Image, top: int, found: WhyMap, title: str) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PX)
    ground = np.full((BAR_PX[1], BAR_PX[0], 3), 70, np.uint8)
    levels = np.repeat(legend_levels(found.limit, BAR_PX[0]), BAR_PX[1], axis=0)
    place = (MARGIN_PX + 58, top + LEGEND_PX - MARGIN_PX - BAR_PX[1])
    sheet.paste(Image.fromarray(_over(ground, heat_colors(levels, found.limit))), place)
    draw.text((MARGIN_PX, top + 10), title, fill=(230, 230, 230), font=font)
    middle = place[1] + BAR_PX[1] / 2
    draw.text((place[0] - 8, middle), percent(-found.limit), fill=(168, 168, 168), font=font, anchor="rm")
    draw.text((place[0] + BAR_PX[0] + 8, middle), percent(found.limit), fill=(168, 168, 168), font=font, anchor="lm")


def _gray(pixels: npt.NDArray[Any]) -> Rgba8:
    """(H, W, 3) uint8, dimmed and without colour, so that the map's colours are the only ones."""
    share = min(LONGEST_PX / max(pixels.shape[:2]), 1)
    size = (max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1))
    small = cv2.resize(pixels[..., :3], size, interpolation=cv2.INTER_AREA).astype(np.float32)
    gray = small @ np.array([0.299, 0.587, 0.114], np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    return cast(Rgba8, np.repeat(np.rint(255 * DIMMED * gray).astype(np.uint8)[..., None], 3, axis=2))


def _over(base: Rgba8, colors: Rgba8) -> Rgba8:
    alpha = colors[..., 3:].astype(np.float32) / 255
    return np.rint(colors[..., :3] * alpha + base * (1 - alpha)).astype(np.uint8)
