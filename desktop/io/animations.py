"""Animated pictures: frames as an endlessly repeating WebP or GIF, or as an MP4 video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from desktop.core.errors import UserError
from desktop.io.atomic import replacing
from desktop.io.videos import mp4_of

SUFFIXES = (".webp", ".gif", ".mp4")
WEBP_QUALITY = 90
WHOLE_FRAMES = 1  # every frame is: one cut to an opaque rectangle makes readers think that nothing is transparent
OPAQUE_FROM = 128  # a GIF's pixel is there or not
GIF_COLORS = 255  # one of 256 is for what is not there


def check_animation_name(path: Path) -> None:
    """UserError unless the name ends as an animation's does."""
    if path.suffix.lower() not in SUFFIXES:
        raise UserError("animation.bad_name", path=path, known=" / ".join(SUFFIXES))


def write_animation(path: Path, frames: Sequence[NDArray[np.uint8]], *, frames_a_second: float) -> None:
    """Frames (H, W, 4) with straight alpha, repeated for ever; the ending of the name says which format.

    A video is on white paper, and whether it repeats is the player's to say.
    """
    check_animation_name(path)
    if path.suffix.lower() == ".mp4":
        video = mp4_of(frames, frames_a_second=frames_a_second)
        with replacing(path) as aside:
            aside.write_bytes(video)
        return
    milliseconds = round(1000 / frames_a_second)
    is_gif = path.suffix.lower() == ".gif"
    first, *others = [_gif_frame(frame) if is_gif else Image.fromarray(frame) for frame in frames]
    how: dict[str, Any] = {"save_all": True, "append_images": others, "duration": milliseconds, "loop": 0}
    if is_gif:
        how |= {"format": "GIF", "transparency": GIF_COLORS, "disposal": 2, "optimize": False}
    else:
        how |= {"format": "WEBP", "quality": WEBP_QUALITY, "method": 4, "kmax": WHOLE_FRAMES}
    with replacing(path) as aside:
        first.save(aside, **how)


def _gif_frame(frame: NDArray[np.uint8]) -> Image.Image:
    """255 colours of its own and one for nothing; half transparent pixels are mixed with white before."""
    alpha = frame[..., 3:].astype(np.float32) / 255
    on_white = np.rint(frame[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    picture = Image.fromarray(on_white).quantize(GIF_COLORS, dither=Image.Dither.NONE)
    numbers = np.where(frame[..., 3] < OPAQUE_FROM, GIF_COLORS, np.asarray(picture)).astype(np.uint8)
    shown = Image.fromarray(numbers, mode="P")
    palette = (picture.getpalette() or [])[: 3 * GIF_COLORS]
    shown.putpalette(palette + [0] * (3 * 256 - len(palette)))
    return shown
