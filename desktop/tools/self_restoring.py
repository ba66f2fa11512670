"""Networks that learn on one picture: which program is started with what, and what becomes of its result.

The programs are training scripts and need PyTorch; whoever starts them says with which Python.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.color import Depth, Gray8, Pixels, to_depth
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image

DENOISE, PRIOR, FILL = "denoise", "prior", "fill"
_WITHOUT_END = ("--steps", "1000000")  # the minutes end them
SELF_PROGRAMS = {
    DENOISE: ("models.noise2void", *_WITHOUT_END),
    PRIOR: ("models.deep_image_prior", *_WITHOUT_END),
    FILL: ("models.deep_image_prior", *_WITHOUT_END),
}  # kind → module and its first arguments
MINUTES = (0.1, 600.0)
LARGEST_PX, SMALLEST_SIDE_PX = 600_000, 64  # of what the deep image prior is fitted to
AROUND_PX = 16  # of a selection that is denoised, so that its rim is not the rim of what the network sees
AROUND_HOLE_PX = 96  # at most, of what lies around a hole: it is filled from there
_PICTURE, _MASK, _RESULTS = "picture.png", "mask.png", "results"


def part_of(kind: str, size: Size, selected: Rect | None) -> Rect:
    """What of a picture is learned on: all of it, or what is selected with something around it.

    UserError where that is too small or too large for the kind, or where nothing says what is to be filled.
    """
    if kind == DENOISE:
        return size.rect()
    if selected is None or selected.is_empty:
        if kind == FILL:
            raise UserError("restoring.nothing_to_fill")
        part = size.rect()
    else:
        most = min(AROUND_HOLE_PX, max(selected.width, selected.height, AROUND_PX))
        part = _wide_enough(selected.expanded(most if kind == FILL else AROUND_PX), size)
    if part.area > LARGEST_PX or min(part.width, part.height) < SMALLEST_SIDE_PX:
        megapixels = f"{LARGEST_PX / 1e6:g}"
        raise UserError(
            "restoring.bad_part", width=part.width, height=part.height, least=SMALLEST_SIDE_PX, most=megapixels
        )
    return part


def put_picture(folder: Path, picture: ImageFile, hole: Gray8 | None = None) -> None:
    """Where the program will look for it. `hole` (H, W) is what it fills, wherever that is not black."""
    write_image(folder / _PICTURE, picture)
    if hole is not None:
        levels = np.where(hole > 0, np.uint8(255), np.uint8(0))
        opaque = np.full_like(levels, 255)
        write_image(folder / _MASK, ImageFile(np.dstack([levels, levels, levels, opaque]), has_alpha=False))


def self_arguments(folder: Path, minutes: float, *, has_hole: bool = False) -> list[str]:
    """UserError for a time that is none."""
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        raise UserError("restoring.bad_minutes", minutes=f"{minutes:g}", least=MINUTES[0], most=f"{MINUTES[1]:g}")
    files = ["--pictures", str(folder / _PICTURE), "--out", str(folder / _RESULTS), "--run", str(folder / "run")]
    mask = ["--mask", str(folder / _MASK)] if has_hole else []
    return [*files, *mask, "--minutes", f"{minutes:g}"]


def restored_pixels(folder: Path, depth: Depth) -> Pixels:
    """(H, W, 4) of this depth: what the program left in the folder, with the alpha of what it was given.

    UserError when it is not there, cannot be read or has another size.
    """
    given = to_depth(read_image(folder / _PICTURE).pixels, depth)
    restored: Any = to_depth(read_image(folder / _RESULTS / _PICTURE).pixels, depth)
    if restored.shape[:2] != given.shape[:2]:
        raise UserError("restoring.changed_meanwhile")
    pixels: Pixels = np.dstack([restored[..., :3], given[..., 3]])
    return pixels


def _wide_enough(part: Rect, size: Size) -> Rect:
    """At least SMALLEST_SIDE_PX wide and high where the picture is, inside of it."""
    left, top = part.left - max(0, SMALLEST_SIDE_PX - part.width) // 2, part.top
    top -= max(0, SMALLEST_SIDE_PX - part.height) // 2
    width, height = (
        min(max(side, SMALLEST_SIDE_PX), whole)
        for side, whole in ((part.width, size.width), (part.height, size.height))
    )
    left, top = min(max(left, 0), size.width - width), min(max(top, 0), size.height - height)
    return Rect(left, top, width, height).intersect(size.rect())
