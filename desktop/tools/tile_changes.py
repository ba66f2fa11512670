"""Changing all tiles of a layer, or of a whole document: pixels, masks, what is inside groups, the selection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from desktop.core.affine import IDENTITY, Affine
from desktop.core.document import Document, Guide
from desktop.core.geometry import Rect, Size
from desktop.core.layers import GroupLayer, Layer, RasterLayer
from desktop.core.tiles import TILE, StoredTile, TileKey, TileMap
from desktop.tools.made_layers import drawn_through, noted

ChangeTiles: TypeAlias = Callable[[TileMap], TileMap]


def with_layer_tiles(
    layer: Layer, change: ChangeTiles, *, all_masks: bool = False, through: Affine | None = None
) -> Layer:
    """The layer with its pixels or children and its linked mask changed; with `all_masks` unlinked ones too.

    `through` is what the change does to places: text and shape go along with it. IDENTITY says that pixels only move,
    so that a recipe is kept as well; without one whatever made the pixels is given up.
    """
    mask = layer.mask
    if mask is not None and (mask.linked or all_masks):
        mask = replace(mask, tiles=change(mask.tiles))
    if isinstance(layer, GroupLayer):
        children = tuple(
            with_layer_tiles(child, change, all_masks=all_masks, through=through) for child in layer.children
        )
        return layer.changed(mask=mask, children=children)
    if not isinstance(layer, RasterLayer):
        return layer.changed(mask=mask)
    if through is None:
        return layer.changed(mask=mask, tiles=change(layer.tiles), recipe=None, text=None, shape=None)
    made = layer if through is IDENTITY else drawn_through(layer, through)  # an equal one may cut pixels off
    return made.changed(mask=mask, tiles=change(layer.tiles))


def with_document_tiles(
    document: Document,
    change: ChangeTiles,
    size: Size,
    guides: tuple[Guide, ...] = (),
    *,
    through: Affine | None = None,
) -> Document:
    """Everything in a document changed in the same way, at another size of the canvas; `through` as for a layer."""
    selection = None if document.selection is None else change(document.selection)
    if selection is not None and selection.content_bounds().intersect(size.rect()).is_empty:
        selection = None  # one that lets nothing through looks like a broken brush
    layers = tuple(noted(with_layer_tiles(layer, change, all_masks=True, through=through)) for layer in document.layers)
    channels = tuple(replace(channel, tiles=change(channel.tiles)) for channel in document.channels)
    return document.changed(layers=layers, selection=selection, size=size, guides=guides, channels=channels)


def clipped(tiles: TileMap, rect: Rect) -> TileMap:
    """Only what lies inside a rectangle; tiles that lie in it whole are shared."""
    kept: dict[TileKey, StoredTile] = {}
    for key, stored in tiles.stored().items():
        place = Rect(key[0] * TILE, key[1] * TILE, TILE, TILE)
        inside = place.intersect(rect)
        if inside.is_empty:
            continue
        if inside == place:
            kept[key] = stored
            continue
        tile = tiles.tile(*key)
        assert tile is not None
        part = np.full(tile.shape, tiles.default, tile.dtype)
        x, y = inside.x - place.x, inside.y - place.y
        area = np.s_[y : y + inside.height, x : x + inside.width]
        part[area] = tile[area]
        part.flags.writeable = False
        kept[key] = part
    return TileMap(tiles.channels, tiles.dtype, tiles.default, kept)
