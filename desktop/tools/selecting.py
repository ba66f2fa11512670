"""How what a tool found becomes the selection: in place of the one there is, added to it, or taken from it."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

from desktop.core.geometry import Rect
from desktop.core.tiles import TileMap


class Joined(Enum):
    """How a new selection meets the one there is."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"


def join(before: TileMap | None, found: npt.NDArray[np.uint8], canvas: Rect, how: Joined) -> TileMap:
    """The selection after `found` (canvas height, width; soft) met the one before; None selects everything."""
    if how is not Joined.REPLACE and before is not None:
        old = before.read(canvas)[..., 0]
        found = np.maximum(old, found) if how is Joined.ADD else np.minimum(old, 255 - found)
    elif how is Joined.SUBTRACT:
        found = 255 - found
    return TileMap.from_array(found)
