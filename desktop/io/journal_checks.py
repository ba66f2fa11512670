"""What a document of a journal must hold to be one of ours, beyond the types of its fields. A journal is untrusted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from desktop.core.color import dtype_of_depth
from desktop.core.document import Document
from desktop.core.layers import Layer, RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.journal_records import BadRecordError, Commit
from desktop.io.journal_values import BadValueError

LATEST_TIME_S = 32_503_593_600.0  # the year 3000: every system can still say which day that is
FARTHEST_TILE = 1 << 22  # columns and rows: as far as 32-bit pixel coordinates reach, with room to spare
FARTHEST_GUIDE_PX = 1e9


def check_commit(commit: Commit) -> None:
    """BadRecordError for a time that is none and a path that no file can have."""
    if not 0 <= commit.time <= LATEST_TIME_S:  # also when it is not a number
        raise BadRecordError
    if commit.place is not None and "\0" in str(commit.place):
        raise BadRecordError


def check_document(document: Document) -> None:
    """BadValueError when layers share a number, opacities are none, or pixels are of another kind than the document."""
    pixel_type = dtype_of_depth(document.depth)
    seen: set[int] = set()
    for layer in document.iter_layers():
        if layer.id in seen or layer.id < 1:
            raise BadValueError(f"layer {layer.id} is not the only one of its number")
        seen.add(layer.id)
        _check_layer(layer, pixel_type)
    if document.selection is not None:
        _check_tiles(document.selection, 1, np.uint8)
    for channel in document.channels:
        _check_tiles(channel.tiles, 1, np.uint8)
    if any(abs(guide.position_px) > FARTHEST_GUIDE_PX for guide in document.guides):
        raise BadValueError("a guide out of reach")


def _check_layer(layer: Layer, pixel_type: npt.DTypeLike) -> None:
    if not 0 <= layer.opacity <= 1:
        raise BadValueError(f"an opacity of {layer.opacity}")
    if isinstance(layer, RasterLayer):
        _check_tiles(layer.tiles, 4, pixel_type)
    if layer.mask is not None:
        _check_tiles(layer.mask.tiles, 1, np.uint8)


def _check_tiles(tiles: TileMap, channels: int, dtype: npt.DTypeLike) -> None:
    """A map without tiles may be of the other depth: there is nothing in it that could be read wrongly."""
    stored = tiles.stored()
    if tiles.channels != channels or (stored and tiles.dtype != np.dtype(dtype)):
        raise BadValueError(f"tiles of {tiles.channels} channels of {tiles.dtype}")
    if any(max(abs(column), abs(row)) > FARTHEST_TILE for column, row in stored):
        raise BadValueError("a tile out of reach")
