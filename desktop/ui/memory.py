"""How much memory pictures may take here, and which sizes are refused before anything is made."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.history import LiveLimit, tile_maps
from desktop.core.tiles import is_mapped
from desktop.io.mapped_tiles import MappedTiles
from desktop.paths import user_scratch_dir
from desktop.settings import SCRATCH_FOLDER, TILE_MEMORY_PERCENT, Settings

BYTES_PER_PIXEL = 4
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


def check_new_size(settings: Settings, size: Size) -> None:
    """UserError for a picture one layer of which would not fit into memory."""
    limit, needed = picture_budget(settings), size.area * BYTES_PER_PIXEL
    if needed > limit:
        raise UserError(
            "document.too_large",
            width=size.width,
            height=size.height,
            needed=f"{needed / GIB:.1f}",
            limit=f"{limit / GIB:.1f}",
        )
