"""Networks that learn on one picture: which program is started with what, and what becomes of its result.

The programs are training scripts and need PyTorch; whoever starts them says with which Python.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from desktop.core.color import Depth, Pixels, to_depth
from desktop.core.errors import UserError
from desktop.io.image_files import ImageFile, read_image, write_image

SELF_PROGRAMS = {"denoise": ("models.noise2void", "--steps", "1000000")}  # kind → module; the minutes end it
MINUTES = (0.1, 600.0)
_PICTURE, _RESULTS = "picture.png", "results"


def put_picture(folder: Path, picture: ImageFile) -> None:
    """Where the program will look for it."""
    write_image(folder / _PICTURE, picture)


def self_arguments(folder: Path, minutes: float) -> list[str]:
    """UserError for a time that is none."""
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        raise UserError("restoring.bad_minutes", minutes=f"{minutes:g}", least=MINUTES[0], most=f"{MINUTES[1]:g}")
    files = ["--pictures", str(folder / _PICTURE), "--out", str(folder / _RESULTS), "--run", str(folder / "run")]
    return [*files, "--minutes", f"{minutes:g}"]


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
