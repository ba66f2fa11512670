"""The shipped styles: their pictures, their touches, and what content counts beside style in each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.data import DataError, read_photo
from models.common.own_paintings import OWN_PAINTINGS
from models.nets.touches import Touch

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

SHORT_SIDE_PX = 400  # of a style's picture: how large its strokes are beside the pixels of a photograph
SMALLEST_PX = 16  # what the eye needs


PLAIN = Touch()


@dataclass(frozen=True)
class Style:
    name: str
    title: str  # in the editor
    about: str  # painter, title, year
    content_weight: float
    short_side: int = SHORT_SIDE_PX
    touch: Touch = PLAIN


ETCHED = Touch(
    print=0.95,
    sharpness=14.0,
    fine=0.26,
    level=0.45,
    ink=(0.08, 0.08, 0.10),
    paper=(0.96, 0.94, 0.89),
    color=0.12,
    smooth=0.6,
)
CUT = Touch(
    print=1.0,
    sharpness=25.0,
    broad=0.2,
    level=0.33,
    ink=(0.09, 0.06, 0.06),
    paper=(0.97, 0.92, 0.80),
    color=0.75,
    smooth=0.8,
)
SET = Touch(stones=1.0, mortar=(0.20, 0.18, 0.17), smooth=0.8)
THIN, OILY, THICK, GLAZED = Touch(smooth=0.6), Touch(oil=0.12), Touch(oil=0.28), Touch(smooth=0.9)

STYLES = {
    style.name: style
    for style in (
        Style(
            "great-wave", "Great Wave", "Katsushika Hokusai, The Great Wave off Kanagawa, about 1831", 0.06, touch=THIN
        ),
        Style("cafe-terrace", "Café terrace", "Vincent van Gogh, Café Terrace at Night, 1888", 0.06, touch=OILY),
        Style(
            "village-street", "Village street", "Vincent van Gogh, Village Street in Auvers, 1890", 0.06, touch=THICK
        ),
        Style("stained-glass", "Stained glass", "own painting", 0.08, 256, GLAZED),
        Style("mosaic", "Mosaic", "own painting", 0.08, 300, SET),
        Style("ink-hatching", "Ink hatching", "own painting", 0.08, 320, ETCHED),
        Style("linocut", "Linocut", "own painting", 0.08, 320, CUT),
    )
}


def style_picture(style: Style, paintings: Path) -> Rgb8:
    """The picture a style is learned from, its short side `short_side`. DataError: it was not fetched."""
    if style.name in OWN_PAINTINGS:
        picture = OWN_PAINTINGS[style.name]()
    else:
        picture = read_photo(paintings / f"{style.name}.png")
    return resized_style(picture, style.short_side)


def resized_style(picture: Rgb8, short_side: int) -> Rgb8:
    """DataError: a picture too small, too long, or of one colour: it has no style."""
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST_PX:
        raise DataError(f"The style's picture has {width} × {height} pixels; it needs at least {SMALLEST_PX} each way.")
    if max(height, width) > 20 * min(height, width):
        raise DataError(f"The style's picture is {width} × {height} pixels, too narrow to show a style.")
    if float(picture.reshape(-1, 3).std(axis=0).max()) < 1.0:
        raise DataError("The style's picture has only one colour, so there is no style to learn.")
    factor = short_side / min(height, width)
    size = (max(SMALLEST_PX, round(width * factor)), max(SMALLEST_PX, round(height * factor)))
    filtering = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=filtering)


def palette_map(photos: NDArray[np.uint8], style: Rgb8) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(matrix (9,), tint (3,)) that give the colours of photographs (…, 3) the mean and covariance of the style's.

    The linear map that moves colours least (Pitié and Kokaram, 2007), for levels of 0..1.
    """
    told, wanted = (pixels.reshape(-1, 3) / np.float64(255) for pixels in (photos, style))
    here, there = np.cov(told.T), np.cov(wanted.T)
    root, back = _power(here, 0.5), _power(here, -0.5)
    matrix = back @ _power(root @ there @ root, 0.5) @ back
    tint = wanted.mean(axis=0) - matrix @ told.mean(axis=0)
    return matrix.flatten().astype(np.float32), tint.astype(np.float32)


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-6) ** exponent) @ vectors.T
