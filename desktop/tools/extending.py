"""Extending a picture: its canvas grows, and what is new is filled from around it, on a layer of its own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

import numpy as np

from desktop.core.color import Gray8, Pixels, max_level
from desktop.core.composite import flatten
from desktop.core.document import MAX_SIDE_PX, Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.layers import RasterLayer
from desktop.core.remove import Imagine, RemoveMethod, RemoveSettings, Watch, removed, unwatched
from desktop.core.smear import smeared
from desktop.core.tiles import TileMap
from desktop.tools.resizing import with_canvas

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(px|%)?")


@dataclass(frozen=True, slots=True)
class Sides:
    """How many pixels a picture grows by on each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def canvas(self, size: Size) -> Rect:
        """The new canvas in the coordinates of the old one. UserError where nothing grows or it becomes too large."""
        if not any((self.left, self.top, self.right, self.bottom)):
            raise UserError("extend.nothing")
        after = Size(size.width + self.left + self.right, size.height + self.top + self.bottom)
        if max(after.width, after.height) > MAX_SIDE_PX:
            raise UserError("document.bad_size", width=after.width, height=after.height, limit=MAX_SIDE_PX)
        return Rect(-self.left, -self.top, after.width, after.height)


def length_px(text: str, side_px: int) -> int:
    """ "120", "120px" or "25%" of a side, in whole pixels. UserError for anything else."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise UserError("extend.bad_length", text=text)
    number = float(found.group(1)) * (side_px / 100 if found.group(2) == "%" else 1)
    return math.ceil(number - 1e-6)


def grows(canvas: Rect, size: Size) -> bool:
    """Whether a canvas, in the coordinates of the old one, reaches beyond it."""
    return canvas.intersect(size.rect()) != canvas


def extended(
    document: Document,
    canvas: Rect,
    settings: RemoveSettings,
    name: str,
    *,
    keeps_outside: bool = True,
    imagine: Imagine | None = None,
    watch: Watch = unwatched,
) -> Document:
    """On the new canvas, with a layer called `name` at the top that fills what lies beyond the old one.

    Pixels that layers already have there stay; what is half transparent is filled half. UserError where the canvas
    misses the picture, or nothing of it is left to take from.
    """
    before = document.size.rect()
    if canvas.intersect(before).is_empty:
        raise UserError("size.empty_crop")
    larger = with_canvas(document, canvas, keeps_outside=keeps_outside)
    picture = flatten(larger)
    mask = _missing(picture, before.translated(-canvas.x, -canvas.y))
    if not mask.any():
        return larger
    whole: Gray8 = np.where(mask > 0, 255, 0).astype(np.uint8)
    if settings.method is RemoveMethod.AUTO:  # measured on missing sides: see BENCHMARKS.md
        settings, imagine = replace(settings, method=RemoveMethod.GUIDED), smeared
    found = removed(picture, whole, replace(settings, keeps_heights=True), imagine=imagine, watch=watch)
    found[..., 3] = np.rint(found[..., 3] * (mask.astype(np.float32) / 255)).astype(found.dtype)
    layer = RasterLayer(id=larger.next_layer_id(), name=name, tiles=TileMap.from_array(found))
    return larger.with_layer_inserted(layer, None, len(larger.layers))


def _missing(picture: Pixels, old: Rect) -> Gray8:
    """(H, W): how much each pixel beyond the old canvas lacks, 255 where nothing is there."""
    lacks = 255 - np.rint(picture[..., 3].astype(np.float32) * np.float32(255 / max_level(picture.dtype)))
    mask: Gray8 = lacks.astype(np.uint8)
    inside = old.intersect(Rect(0, 0, mask.shape[1], mask.shape[0]))
    mask[inside.top : inside.bottom, inside.left : inside.right] = 0
    return mask
