"""Colours in the terms people choose them by: HSV, and OKLCH (Björn Ottosson 2020). Channels 0..1, hues in degrees."""

from __future__ import annotations

import colorsys
import math

Triple = tuple[float, float, float]

GAMUT_SLACK = 1e-4  # rounding of the matrices
SEARCH_STEPS = 24


def rgb_to_hsv(rgb: Triple) -> Triple:
    hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
    return hue * 360, saturation, value


def hsv_to_rgb(hsv: Triple) -> Triple:
    return colorsys.hsv_to_rgb(hsv[0] / 360 % 1, hsv[1], hsv[2])


def rgb_to_oklch(rgb: Triple) -> Triple:
    """Lightness 0..1, chroma from 0 (about 0.32 at most in sRGB), hue."""
    red, green, blue = (_linear(level) for level in rgb)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def oklch_to_rgb(lch: Triple) -> Triple:
    """Channels outside 0..1 when sRGB does not have the colour."""
    lightness, chroma, hue = lch
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encoded(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _encoded(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _encoded(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def is_in_gamut(rgb: Triple) -> bool:
    return all(-GAMUT_SLACK <= level <= 1 + GAMUT_SLACK for level in rgb)


def nearest_in_gamut(lch: Triple) -> Triple:
    """The sRGB colour of the same lightness and hue with as much of the chroma as there is."""
    lightness, chroma, hue = lch
    low, high = 0.0, chroma
    if is_in_gamut(oklch_to_rgb(lch)):
        low = chroma
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        if is_in_gamut(oklch_to_rgb((lightness, middle, hue))):
            low = middle
        else:
            high = middle
    red, green, blue = (min(max(level, 0.0), 1.0) for level in oklch_to_rgb((lightness, low, hue)))
    return red, green, blue


def gray_of(rgb: Triple) -> float:
    """The grey level that is as bright (Rec. 709 luminance)."""
    red, green, blue = (_linear(level) for level in rgb)
    return _encoded(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def _linear(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)


def _encoded(level: float) -> float:
    if level <= 0.0031308:
        return level * 12.92
    return float(1.055 * level ** (1 / 2.4) - 0.055)
