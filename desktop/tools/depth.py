"""Changing the depth of a whole picture: every tile of every layer, masks and selection stay as they are."""

from __future__ import annotations

from desktop.core.color import Depth, dtype_of_depth, to_depth
from desktop.core.document import Document
from desktop.core.layers import GroupLayer, Layer, RasterLayer
from desktop.core.tiles import StoredTile, TileKey, TileMap


def with_depth(document: Document, depth: Depth) -> Document:
    """The same picture with 8 or 16 bits a channel; the same object where it has them. A reading of one version."""
    if document.depth == depth:
        return document
    return document.changed(depth=depth, layers=tuple(_converted(layer, depth) for layer in document.layers))


def _converted(layer: Layer, depth: Depth) -> Layer:
    if isinstance(layer, GroupLayer):
        return layer.changed(children=tuple(_converted(child, depth) for child in layer.children))
    if not isinstance(layer, RasterLayer):
        return layer
    tiles: dict[TileKey, StoredTile] = {}
    for key in layer.tiles.stored():
        tile = layer.tiles.tile(*key)
        assert tile is not None
        converted = to_depth(tile, depth)
        converted.flags.writeable = False
        tiles[key] = converted
    return layer.changed(tiles=TileMap(4, dtype_of_depth(depth), 0, tiles))
