"""Real photographs whose subjects were cut out by hand: `models/hand_masks` holds the masks, packages the photographs.

None of these photographs was in a training. Without them (models.fetch_data brings them) there is nothing to measure.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.common.data import DataError, read_photo
from models.common.pasting import Pasted

FOLDER = Path(__file__).parents[1] / "hand_masks"
LONG_SIDE_PX = 640  # of the photographs as they were outlined
PHOTOS = {  # name of the mask: the photograph, under the folder of held-out ones
    "bowl": "lomiri-wallpapers-16.04/usr-share-backgrounds-Picture_0B_by_freespace.jpg",
    "coffee": "python3-skimage/dist-packages-skimage-data-coffee.png",
    "dahlia": "scikit-learn/sklearn-datasets-images-flower.jpg",
    "pagoda": "scikit-learn/sklearn-datasets-images-china.jpg",
    "bird": "lomiri-wallpapers-16.04/usr-share-backgrounds-free_by_Peter_Nerlich.jpg",
    "astronaut": "python3-skimage/dist-packages-skimage-data-astronaut.png",
    "cat": "python3-skimage/dist-packages-skimage-data-chelsea.png",
    "dogs": "lomiri-wallpapers-16.04/usr-share-backgrounds-friends_by_Aitzol_Berasategi.jpg",
    "dandelion": "lomiri-wallpapers-16.04/usr-share-backgrounds-seeding_by_Clements_Engelhardt.jpg",
    "ladybird": "mate-backgrounds/backgrounds-mate-nature-LadyBird.jpg",
    "drum": "lomiri-wallpapers-16.04/usr-share-backgrounds-Wine_by_Jakkub_Mede.jpg",
}


def hand_cut_photos(held_out: Path, long_side_px: int = LONG_SIDE_PX) -> dict[str, Pasted]:
    """Picture and alpha of every photograph that lies under HELD_OUT, in the order of `PHOTOS`, by the mask's name.

    A photograph whose lower part is nobody's guess is used as far down as its mask goes. DataError where a mask does
    not fit its photograph.
    """
    found = {}
    for name, place in PHOTOS.items():
        if (held_out / place).exists():
            picture, alpha = outlined(held_out / place, FOLDER / f"{name}.png")
            found[name] = Pasted(fitted(picture, long_side_px), fitted(alpha, long_side_px))
    return found


def outlined(photo: Path, mask: Path) -> tuple[np.ndarray, np.ndarray]:
    """((H, W, 3), (H, W)) uint8 at the size at which the mask was drawn; rows below the mask are left out."""
    picture, alpha = fitted(read_photo(photo), LONG_SIDE_PX), read_photo(mask)[..., 0]
    if picture.shape[1] != alpha.shape[1] or picture.shape[0] < alpha.shape[0]:
        raise DataError(f"{mask} was drawn for another picture than {photo}.")
    return np.ascontiguousarray(picture[: alpha.shape[0]]), np.ascontiguousarray(alpha)


def fitted(pixels: np.ndarray, long_side_px: int) -> np.ndarray:
    """Reduced by area until the longer side is no more than that."""
    height, width = pixels.shape[:2]
    share = long_side_px / max(height, width)
    if share >= 1:
        return pixels
    size = (max(round(width * share), 1), max(round(height * share), 1))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
