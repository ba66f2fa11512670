"""The stamp brush: pictures put one after the other along a stroke, each turned, sized and scattered by its seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.brush import PLAIN_BRUSH
from desktop.core.color import Pixels
from desktop.core.dynamics import PenSample
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect
from desktop.core.layers import LayerId
from desktop.core.tiles import TileEditor, TileMap
from desktop.tools.gestures import Gesture
from desktop.tools.locks import keeps_alpha
from desktop.tools.names import EditName
from desktop.tools.painting import Plane, paintable_layer
from desktop.tools.strokes import LastStroke, follow

SMALLEST_PX = 1.0


@dataclass(frozen=True, slots=True)
class StampSettings:
    """Shares are of the size, 0..1 and more; `turn_degrees` to either side. Equal seeds scatter alike."""

    size_px: float = 96.0
    spacing: float = 1.1
    scatter: float = 0.2
    size_jitter: float = 0.25
    turn_degrees: float = 15.0
    opacity: float = 1.0
    seed: int = 0


def stamp(
    open_document: OpenDocument,
    layer_id: LayerId | None,
    pictures: Sequence[NDArray[np.uint8]],
    settings: StampSettings,
    last: LastStroke | None = None,
) -> Gesture:
    """A stroke of stamps on a layer, one edit. `pictures` are (H, W, 4), used in turn."""
    event = yield
    document = open_document.document
    layer = paintable_layer(document, layer_id, Plane.PIXELS)
    with open_document.edit(EditName.STAMP_GENERATED) as edit:
        stroke = StampStroke(
            edit.pixels(layer.id), pictures, settings, document.selection, keeps_alpha(document, layer.id)
        )
        yield from follow(event, stroke, PLAIN_BRUSH, partial(edit.touched, layer.id), last or LastStroke())


class StampStroke:
    """Keeps a stamp at the first place and then one every `spacing` along the path."""

    def __init__(
        self,
        editor: TileEditor,
        pictures: Sequence[NDArray[np.uint8]],
        settings: StampSettings,
        selection: TileMap | None = None,
        keeps_alpha: bool = False,
    ) -> None:
        assert pictures, "no stamps"
        self._editor, self._selection, self._keeps_alpha = editor, selection, keeps_alpha
        self._pictures = [_premultiplied(picture) for picture in pictures]
        self._settings = settings
        self._random = np.random.Generator(np.random.PCG64(settings.seed))
        self._before: Point | None = None
        self._left = 0.0  # of the way to the next stamp
        self._due: list[Point] = []
        self._count = 0

    def add(self, sample: PenSample) -> None:
        point, before = sample.point, self._before
        self._before = point
        if before is None:
            self._due.append(point)
            self._left = self._step
            return
        length = math.hypot(point.x - before.x, point.y - before.y)
        walked = self._left
        while walked <= length:
            share = walked / length
            self._due.append(Point(before.x + share * (point.x - before.x), before.y + share * (point.y - before.y)))
            walked += self._step
        self._left = walked - length

    def paint(self) -> Iterator[Rect]:
        """Puts what is due on the layer and says where."""
        due, self._due = self._due, []
        for point in due:
            rect = self._put(point)
            if not rect.is_empty:
                yield rect

    def finish(self) -> None:
        """Nothing is held back: a stamp too few is less odd than one too close."""

    @property
    def _step(self) -> float:
        return max(self._settings.spacing * self._settings.size_px, SMALLEST_PX)

    def _put(self, point: Point) -> Rect:
        settings, picture = self._settings, self._pictures[self._count % len(self._pictures)]
        self._count += 1
        shift_x, shift_y, grow, turn = self._random.uniform(-1, 1, 4)
        size = max(settings.size_px * (1 + settings.size_jitter * grow), SMALLEST_PX)
        center = Point(
            point.x + shift_x * settings.scatter * settings.size_px,
            point.y + shift_y * settings.scatter * settings.size_px,
        )
        placed, rect = _placed(picture, center, size, turn * settings.turn_degrees)
        placed *= settings.opacity
        if self._selection is not None:
            placed *= self._selection.read(rect).astype(np.float32) / 255
        self._editor.write(rect, _laid_over(self._editor.live().read(rect), placed, self._keeps_alpha))
        return rect


def _premultiplied(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W, 4) 0..1 with an empty rim, so that turned edges are smooth."""
    result = picture.astype(np.float32) / 255
    result[..., :3] *= result[..., 3:]
    return _rimmed(result)


def _rimmed(picture: NDArray[Any]) -> NDArray[np.float32]:
    rimmed: NDArray[np.float32] = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    return rimmed


def _placed(
    picture: NDArray[np.float32], center: Point, size_px: float, degrees: float
) -> tuple[NDArray[np.float32], Rect]:
    """The picture with its longer side `size_px`, turned around `center`, and the rectangle it covers."""
    height, width = picture.shape[0] - 2, picture.shape[1] - 2
    scale = size_px / max(height, width)
    if scale < 0.5:  # warping alone would skip pixels
        small = (max(round(width * scale), 1), max(round(height * scale), 1))
        picture = _rimmed(cv2.resize(picture[1:-1, 1:-1], small, interpolation=cv2.INTER_AREA))
        height, width = picture.shape[0] - 2, picture.shape[1] - 2
        scale = size_px / max(height, width)
    reach = math.ceil(math.hypot(height, width) * scale / 2) + 1
    left, top = math.floor(center.x) - reach, math.floor(center.y) - reach
    side = 2 * reach + 1
    turned = cv2.getRotationMatrix2D(((width + 1) / 2, (height + 1) / 2), degrees, scale)
    turned[:, 2] += (center.x - left - 0.5 - (width + 1) / 2, center.y - top - 0.5 - (height + 1) / 2)
    warped = cv2.warpAffine(picture, turned, (side, side), flags=cv2.INTER_LINEAR)
    return warped.astype(np.float32), Rect(left, top, side, side)


def _laid_over(below: Pixels, above: NDArray[np.float32], keeps_alpha: bool) -> Pixels:
    """Source over; `above` is premultiplied 0..1, `below` straight and in the layer's depth, as is the result."""
    white = float(np.iinfo(below.dtype).max)
    colors, alpha = below[..., :3].astype(np.float32) / white, below[..., 3:].astype(np.float32) / white
    cover = above[..., 3:]
    if keeps_alpha:
        mixed, result_alpha = above[..., :3] + colors * (1 - cover), alpha
    else:
        result_alpha = cover + alpha * (1 - cover)
        mixed = (above[..., :3] + colors * alpha * (1 - cover)) / np.maximum(result_alpha, 1e-6)
    result = np.concatenate([mixed, result_alpha], axis=2)
    levels = np.rint(np.clip(result, 0, 1) * white).astype(below.dtype)
    return np.where(cover > 0, levels, below).astype(below.dtype)
