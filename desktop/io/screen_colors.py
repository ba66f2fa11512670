"""From a document's colours to those of the screen: profiles of screens, and the conversion of what is drawn."""

from __future__ import annotations

import functools
import io
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from desktop.core.color import Rgba8
from desktop.core.errors import UserError
from desktop.io.profiles import ColorSpace, color_space_of, rgb_profile_or_none, srgb_profile

LARGEST_PROFILE_BYTES = 16 << 20


class ScreenTransform:
    """Relative colorimetric with black point compensation: whites and blacks become those of the screen."""

    def __init__(self, source: bytes, screen: bytes) -> None:
        """ValueError when LittleCMS cannot use one of them."""
        from PIL import ImageCms

        try:
            self._transform: Any = ImageCms.buildTransform(
                ImageCms.ImageCmsProfile(io.BytesIO(source)),
                ImageCms.ImageCmsProfile(io.BytesIO(screen)),
                "RGBA",
                "RGBA",
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError) as error:
            raise ValueError(str(error)) from error

    def apply(self, pixels: Rgba8) -> Rgba8:
        """Premultiplied BGRA (H, W, 4) as the screen wants it; alpha stays."""
        from PIL import Image, ImageCms

        rgba = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
        is_opaque = bool(np.all(pixels[..., 3] == 255))
        if not is_opaque:
            rgba = cv2.cvtColor(rgba, cv2.COLOR_mRGBA2RGBA)
        image = Image.fromarray(rgba)
        ImageCms.applyTransform(image, self._transform, inPlace=True)
        rgba = np.asarray(image)
        if not is_opaque:
            rgba = cv2.cvtColor(rgba, cv2.COLOR_RGBA2mRGBA)
        converted: Rgba8 = cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA)
        return converted


@functools.lru_cache(maxsize=8)
def screen_transform(document: bytes | None, screen: bytes | None) -> ScreenTransform | None:
    """From a document's profile (None: sRGB) to the screen's; None where pixels stay untouched."""
    source = rgb_profile_or_none(document) or srgb_profile()
    if screen is None or screen == source:
        return None
    try:
        return ScreenTransform(source, screen)
    except ValueError:
        return None


def read_screen_profile(path: Path) -> bytes:
    """The profile of a file; UserError when it cannot be read or is none for RGB screens that can be used."""
    try:
        if path.stat().st_size > LARGEST_PROFILE_BYTES:
            raise UserError("screen.no_profile", path=path)
        profile = path.read_bytes()
    except OSError as error:
        raise UserError("screen.unreadable", path=path, reason=error.strerror or str(error)) from error
    if color_space_of(profile) is not ColorSpace.RGB:
        raise UserError("screen.no_profile", path=path)
    try:
        ScreenTransform(srgb_profile(), profile)
    except ValueError as error:
        raise UserError("screen.no_profile", path=path) from error
    return profile


def system_screen_profile() -> bytes | None:
    """What the system says of the main screen; None where it says nothing. Only Windows is asked: Pillow knows how."""
    if sys.platform != "win32":
        return None
    from PIL import ImageCms

    try:
        found = ImageCms.get_display_profile()
        return None if found is None else rgb_profile_or_none(found.tobytes())
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
