"""Colour profiles (ICC): what they describe, and conversion between them by LittleCMS at 8 and 16 bits."""

from __future__ import annotations

import functools
from enum import Enum

import numpy as np

from desktop.core.color import Pixels

CONVERTED_ROWS = 64  # strips keep the extra memory of a conversion small

_MIN_PROFILE_BYTES = 132


class ColorSpace(Enum):
    """The value is how the profile header spells it."""

    RGB = b"RGB "
    GRAY = b"GRAY"
    CMYK = b"CMYK"
    LAB = b"Lab "


@functools.cache
def srgb_profile() -> bytes:
    import imagecodecs

    return bytes(imagecodecs.cms_profile("srgb"))


def color_space_of(profile: bytes | None) -> ColorSpace | None:
    """What kind of colours a profile describes; None if it is no profile or of another kind."""
    if profile is None or len(profile) < _MIN_PROFILE_BYTES or profile[36:40] != b"acsp":
        return None
    return next((space for space in ColorSpace if space.value == profile[16:20]), None)


def rgb_profile_or_none(profile: bytes | None) -> bytes | None:
    """The profile if it fits RGB pixels."""
    return profile if color_space_of(profile) is ColorSpace.RGB else None


@functools.lru_cache(maxsize=8)
def profile_name(profile: bytes | None) -> str:
    """The description for people; "sRGB" for none and all its builds, "unknown profile" where it cannot be read."""
    if profile is None:
        return "sRGB"
    import io

    from PIL import ImageCms

    try:
        name = ImageCms.getProfileDescription(io.BytesIO(profile)).strip() or "unknown profile"
    except (ImageCms.PyCMSError, OSError, ValueError):
        return "unknown profile"
    return "sRGB" if name.startswith("sRGB") else name


def convert_pixels(pixels: Pixels, source: bytes | None, target: bytes | None) -> Pixels:
    """Straight RGBA (H, W, 4) from one RGB profile to another (None: sRGB), perceptual intent; alpha stays.

    Profiles that LittleCMS cannot use count as sRGB. Equal profiles give the same array back.
    """
    if source == target:
        return pixels
    result = pixels.copy()
    for top in range(0, len(pixels), CONVERTED_ROWS):
        strip = np.ascontiguousarray(pixels[top : top + CONVERTED_ROWS, :, :3])
        converted = _transformed(strip, "rgb", source or srgb_profile(), target or srgb_profile())
        if converted is None:
            return pixels
        result[top : top + CONVERTED_ROWS, :, :3] = converted
    return result


def to_srgb(pixels: Pixels, space: ColorSpace, profile: bytes) -> Pixels | None:
    """Gray (H, W) or CMYK (H, W, 4; 255 is full ink) to sRGB (H, W, 3); None if the profile cannot be used."""
    if color_space_of(profile) is not space:
        return None
    result = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for top in range(0, len(pixels), CONVERTED_ROWS):
        strip = np.ascontiguousarray(pixels[top : top + CONVERTED_ROWS])
        converted = _transformed(strip, space.name.lower(), profile, srgb_profile())
        if converted is None:
            return None
        result[top : top + CONVERTED_ROWS] = converted
    return result


def inks_to_srgb(inks: Pixels, profile: bytes | None) -> Pixels:
    """8-bit CMYK (H, W, 4; 255 is full ink) to sRGB, by the plain formula where there is no profile that works."""
    converted = to_srgb(inks, ColorSpace.CMYK, profile) if profile is not None else None
    if converted is not None:
        return converted
    result = np.empty((*inks.shape[:2], 3), np.uint8)
    for row, ink in zip(result, inks, strict=True):
        light = (255 - ink).astype(np.uint16)
        row[:] = (light[:, :3] * light[:, 3:] + 127) // 255
    return result


def _transformed(strip: Pixels, space: str, source: bytes, target: bytes) -> Pixels | None:
    import imagecodecs

    try:
        converted: Pixels = imagecodecs.cms_transform(strip, source, target, colorspace=space, outcolorspace="rgb")
    except (imagecodecs.CmsError, ValueError, RuntimeError):
        return None
    return converted
