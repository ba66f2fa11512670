"""How much memory pictures may take here, and which sizes are refused before anything is made."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil

from desktop.core.color import Depth, dtype_of_depth
from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.history import LiveLimit, tile_maps
from desktop.core.tiles import TILE, is_mapped
from desktop.io.mapped_tiles import MappedTiles
from desktop.paths import user_scratch_dir
from desktop.settings import SCRATCH_FOLDER, TILE_MEMORY_PERCENT, Settings

GIB = 1 << 30


def scratch_dir(settings: Settings) -> Path:
    """Where history and large pictures are put aside: the chosen folder if it can be written, else the usual one."""
    chosen = settings.get(SCRATCH_FOLDER)
    if chosen and os.access(chosen, os.W_OK) and Path(chosen).is_dir():
        return Path(chosen)
    return user_scratch_dir()


def picture_budget(settings: Settings) -> int:
    """Bytes that the tiles of all open documents may take; what is more lives in scratch files."""
    return int(psutil.virtual_memory().total * settings.get(TILE_MEMORY_PERCENT) / 100)


def tiles_for_opening(settings: Settings, opened: Iterable[Document]) -> MappedTiles:
    """Where the tiles of the next document go, with these open already."""
    left = picture_budget(settings) - sum(memory_of(document) for document in opened)
    return MappedTiles(scratch_dir(settings), max(left, 0))


def live_limit(settings: Settings) -> LiveLimit:
    """What one document may hold in memory; what painting adds beyond it goes to scratch files."""
    return LiveLimit(picture_budget(settings), MappedTiles(scratch_dir(settings)).place)


def memory_of(document: Document) -> int:
    """Bytes of a document's tiles that are in memory, each counted once."""
    tiles = (tile for tiles in tile_maps(document) for tile in tiles.stored().values())
    held = {id(tile): tile.nbytes for tile in tiles if isinstance(tile, np.ndarray) and not is_mapped(tile)}
    return sum(held.values())


def check_new_size(settings: Settings, size: Size, depth: Depth = 8) -> None:
    """UserError for a new picture, or a new canvas, one layer of which would not fit into memory."""
    _check(settings, size, size.area * bytes_per_pixel(depth))


def check_resized(settings: Settings, document: Document, content_bytes: int, size: Size) -> None:
    """UserError for a size at which a document's layers would not fit into memory together.

    `content_bytes` is what `content_bytes_of` says of the document. It may always become smaller.
    """
    if size.area > document.size.area:
        _check(settings, size, content_bytes * size.area // document.size.area)


def content_bytes_of(document: Document) -> int:
    """What layers, masks and selections take once each is scaled: no tile is shared then. At least one full layer."""
    canvas = document.size
    content = 0
    for tiles in tile_maps(document):
        area = sum(
            _covered(column, canvas.width) * _covered(row, canvas.height) for column, row in list(tiles.stored())
        )
        content += area * tiles.channels * tiles.dtype.itemsize
    return max(content, canvas.area * bytes_per_pixel(document.depth))


def bytes_per_pixel(depth: Depth) -> int:
    return 4 * dtype_of_depth(depth).itemsize


def _covered(index: int, length_px: int) -> int:
    """Pixels of a column or row of tiles that count: those on the canvas, or all where it lies beside it."""
    start = index * TILE
    on_canvas = min(start + TILE, length_px) - max(start, 0)
    return on_canvas if on_canvas > 0 else TILE


def _check(settings: Settings, size: Size, needed: int) -> None:
    limit = picture_budget(settings)
    if needed > limit:
        raise UserError(
            "document.too_large",
            width=size.width,
            height=size.height,
            needed=f"{needed / GIB:.1f}",
            limit=f"{limit / GIB:.1f}",
        )
