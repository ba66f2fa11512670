"""The pictures textures are learned from: even pieces of photographs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.data import DataError, read_photo
from models.common.texture_recipes import TEXTURES

SMALLEST_PX = 96
LARGEST_PX = 512  # a larger photograph shows nothing finer, and the eye would take minutes for it
FLAT_LEVELS = 3.0


def shipped_textures() -> dict[str, str]:
    """Name of the file → title."""
    return {texture.name: texture.title for texture in TEXTURES.textures}


def title_of(path: Path) -> str:
    return shipped_textures().get(path.stem, path.stem.replace("-", " ").replace("_", " ").capitalize())


def read_texture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3). DataError: missing, too small, or so flat that there is nothing to learn; says what would help."""
    picture = read_photo(path)
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST_PX:
        raise DataError(
            f"{path.name} has {width} × {height} pixels; a texture needs at least {SMALLEST_PX} each way. Take a "
            "larger piece of the photograph."
        )
    if float(picture.reshape(-1, 3).std(axis=0).max()) < FLAT_LEVELS:
        raise DataError(f"{path.name} is nearly of one colour. Choose a piece that shows more of the surface.")
    if min(height, width) > LARGEST_PX:
        share = LARGEST_PX / min(height, width)
        size = (round(width * share), round(height * share))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return picture
