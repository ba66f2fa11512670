"""The size of the picture and of its canvas: versions of a document, computed in any thread, landed by the caller."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TypeAlias

import numpy as np

from desktop.core.affine import IDENTITY, Affine
from desktop.core.color import Pixels
from desktop.core.composite import flatten
from desktop.core.document import Document, Guide
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.resample import Resampling, resampled
from desktop.core.tiles import TileMap
from desktop.core.turning import Turn, turned
from desktop.core.warp import Matrix, warped_later
from desktop.tools.tile_changes import clipped, with_document_tiles

SLACK = 1e-6  # of a pixel: sums of shares differ in their last digits
FILTER_REACH = 4.0  # source pixels around a pixel that the widest filter looks at, at the same size


Enlarge: TypeAlias = Callable[[Pixels], Pixels]


class Anchor(Enum):
    """Where the old picture lies on a new canvas: shares of what is added, left and above."""

    TOP_LEFT = (0.0, 0.0)
    TOP = (0.5, 0.0)
    TOP_RIGHT = (1.0, 0.0)
    LEFT = (0.0, 0.5)
    MIDDLE = (0.5, 0.5)
    RIGHT = (1.0, 0.5)
    BOTTOM_LEFT = (0.0, 1.0)
    BOTTOM = (0.5, 1.0)
    BOTTOM_RIGHT = (1.0, 1.0)

    def place(self, before: Size, after: Size) -> Rect:
        """The new canvas in the coordinates of the old one."""
        x = math.floor((before.width - after.width) * self.value[0])
        y = math.floor((before.height - after.height) * self.value[1])
        return Rect(x, y, after.width, after.height)


@dataclass(frozen=True, slots=True)
class CropFrame:
    """What is kept: `width` × `height` image pixels around a middle, turned clockwise by `angle` degrees."""

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    @staticmethod
    def around(rect: Rect, angle: float = 0.0) -> CropFrame:
        return CropFrame(rect.x + rect.width / 2, rect.y + rect.height / 2, rect.width, rect.height, angle)

    @property
    def size(self) -> Size:
        return Size(max(round(self.width), 1), max(round(self.height), 1))

    def rect(self) -> Rect:
        """Without its turn, in whole pixels."""
        size = self.size
        return Rect(round(self.x - size.width / 2), round(self.y - size.height / 2), size.width, size.height)


def with_size(document: Document, size: Size, how: Resampling) -> Document:
    """The whole picture at another size: every layer, mask, guide, and the selection."""
    if size == document.size:
        return document
    across, down = size.width / document.size.width, size.height / document.size.height
    guides = tuple(
        Guide(guide.position_px * (across if guide.is_vertical else down), guide.is_vertical)
        for guide in document.guides
    )
    change = partial(resized_tiles, across=across, down=down, how=how, canvas=document.size.rect())
    return with_document_tiles(document, change, size, guides, through=Affine(across, 0.0, 0.0, down))


def with_size_by_network(document: Document, size: Size, scale: int, enlarged: Enlarge) -> Document:
    """The same, but pixels of layers go through a network that enlarges `scale` times; filters do the rest.

    `enlarged` gives (H × scale, W × scale, 4) for straight (H, W, 4), and may raise to break off.
    """
    larger = Size(document.size.width * scale, document.size.height * scale)
    canvas = document.size.rect()

    def change(tiles: TileMap) -> TileMap:
        content = tiles.content_bounds()
        if tiles.channels == 1 or content.is_empty:
            return resized_tiles(tiles, across=scale, down=scale, how=Resampling.BICUBIC, canvas=canvas)
        return TileMap.from_array(enlarged(tiles.read(content)), content.x * scale, content.y * scale)

    guides = tuple(Guide(guide.position_px * scale, guide.is_vertical) for guide in document.guides)
    how = filter_after(larger, size)
    through = Affine(scale, 0.0, 0.0, scale)
    return with_size(with_document_tiles(document, change, larger, guides, through=through), size, how)


def filter_after(larger: Size, size: Size) -> Resampling:
    """What brings a picture that a network enlarged to the size that is wanted."""
    is_half = larger.width >= 2 * size.width and larger.height >= 2 * size.height
    return Resampling.AREA if is_half else Resampling.LANCZOS


def resized_tiles(tiles: TileMap, *, across: float, down: float, how: Resampling, canvas: Rect) -> TileMap:
    """Everything in a map, also beyond the canvas; at the canvas's border nothing is mixed with what lies outside."""
    content = tiles.content_bounds()
    empty = TileMap(tiles.channels, tiles.dtype, tiles.default)
    if content.is_empty:
        return empty
    reach = math.ceil(FILTER_REACH * max(1.0, 1 / min(across, down))) + math.ceil(1 / min(across, down))
    source = content.expanded(reach).intersect(canvas.union(content))
    target = Rect.from_edges(
        math.floor(source.left * across + SLACK),
        math.floor(source.top * down + SLACK),
        max(math.ceil(source.right * across - SLACK), math.floor(source.left * across + SLACK) + 1),
        max(math.ceil(source.bottom * down - SLACK), math.floor(source.top * down + SLACK) + 1),
    )
    box = (
        max(target.left / across - source.left, 0.0),
        max(target.top / down - source.top, 0.0),
        min(target.right / across - source.left, float(source.width)),
        min(target.bottom / down - source.top, float(source.height)),
    )
    pixels = resampled(tiles.read(source), target.size, how, box)
    return TileMap.from_array(pixels, target.x, target.y, default=tiles.default)


def with_canvas(document: Document, canvas: Rect, *, keeps_outside: bool) -> Document:
    """Another canvas, given in the coordinates of the old one. Without `keeps_outside` pixels beyond it are deleted."""
    if canvas.is_empty:
        raise UserError("size.empty_crop")
    if canvas == document.size.rect() and keeps_outside:
        return document

    def change(tiles: TileMap) -> TileMap:
        moved = tiles.translated(-canvas.x, -canvas.y)
        return moved if keeps_outside else clipped(moved, canvas.size.rect())

    guides = tuple(
        Guide(guide.position_px - (canvas.x if guide.is_vertical else canvas.y), guide.is_vertical)
        for guide in document.guides
    )
    through = IDENTITY if keeps_outside else Affine(x0=-canvas.x, y0=-canvas.y)
    ends = {True: canvas.width, False: canvas.height}
    inside = tuple(guide for guide in guides if 0 <= guide.position_px <= ends[guide.is_vertical])
    return with_document_tiles(document, change, canvas.size, inside, through=through)


def cropped(document: Document, frame: CropFrame, *, keeps_outside: bool) -> Document:
    """What lies in the frame; a turned frame turns the picture. UserError where the frame misses the picture."""
    if frame.angle == 0:
        rect = frame.rect()
        if rect.intersect(document.size.rect()).is_empty:
            raise UserError("size.empty_crop")
        return with_canvas(document, rect, keeps_outside=keeps_outside)
    matrix = crop_matrix(frame)

    def change(tiles: TileMap) -> TileMap:
        warped = warped_later(tiles, matrix, Resampling.BICUBIC)
        return (warped if keeps_outside else clipped(warped, frame.size.rect())).settled()

    return with_document_tiles(document, change, frame.size, through=Affine.of_matrix(matrix))


def largest_inside(size: Size, angle: float, ratio: float) -> tuple[float, float]:
    """Width and height of the largest frame of a ratio, turned about the middle, that lies inside the picture."""
    cos, sin = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    height = min(size.width / (ratio * cos + sin), size.height / (ratio * sin + cos))
    return height * ratio, height


def crop_matrix(frame: CropFrame) -> Matrix:
    """From image pixels to those of what is kept."""
    cos, sin = math.cos(math.radians(-frame.angle)), math.sin(math.radians(-frame.angle))
    size = frame.size
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    to_middle = np.array([[1, 0, -frame.x], [0, 1, -frame.y], [0, 0, 1]], np.float64)
    back = np.array([[1, 0, size.width / 2], [0, 1, size.height / 2], [0, 0, 1]], np.float64)
    result: Matrix = back @ turn @ to_middle
    return result


def trimmed(document: Document) -> Document:
    """Without the border that has the colour of the upper left corner, transparent or not."""
    pixels = flatten(document)
    clear = pixels[..., 3] == 0
    differs = (pixels != pixels[0, 0]).any(axis=2)
    used = ~clear if clear[0, 0] else differs
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    if not len(rows):
        raise UserError("size.nothing_to_trim")
    rect = Rect.from_edges(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    if rect == document.size.rect():
        raise UserError("size.nothing_to_trim")
    return with_canvas(document, rect, keeps_outside=False)


def turned_document(document: Document, turn: Turn) -> Document:
    """The whole picture turned or flipped, with the same bytes in other places."""
    size = document.size
    guides = []
    for guide in document.guides:
        is_vertical = guide.is_vertical != turn.swaps_sides
        length = size.width if guide.is_vertical else size.height
        is_reversed = turn is Turn.HALF or (turn, guide.is_vertical) in (
            (Turn.ACROSS, True),
            (Turn.DOWN, False),
            (Turn.RIGHT, False),
            (Turn.LEFT, True),
        )
        guides.append(Guide(length - guide.position_px if is_reversed else guide.position_px, is_vertical))
    result = with_document_tiles(
        document,
        lambda tiles: turned(tiles, turn, size),
        turn.size(size),
        tuple(guides),
        through=turn.affine(size),
    )
    across, down = document.resolution_dpi
    return result.changed(resolution_dpi=(down, across)) if turn.swaps_sides else result
