"""Small documents and pictures for tests, made from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from desktop.core.color import Depth, dtype_of_depth
from desktop.core.document import Document
from desktop.core.geometry import Size
from desktop.core.layers import Layer, Mask, RasterLayer
from desktop.core.tiles import TileMap


def noise(width: int, height: int, *, seed: int = 0, depth: Depth = 8, channels: int = 4) -> Any:
    """Uniform random levels (height, width, channels)."""
    dtype = dtype_of_depth(depth)
    top = int(np.iinfo(dtype).max)
    return np.random.default_rng(seed).integers(0, top, (height, width, channels), dtype, endpoint=True)


def raster_layer(layer_id: int, pixels: Any, *, x: int = 0, y: int = 0, **fields: Any) -> RasterLayer:
    return RasterLayer(id=layer_id, name=f"Layer {layer_id}", tiles=TileMap.from_array(pixels, x, y), **fields)


def mask_from(levels: Any) -> Mask:
    """A layer mask from (H, W) uint8, white outside."""
    return Mask(TileMap.from_array(levels, default=255))


def document_with(*layers: Layer, width: int = 64, height: int = 48, depth: Depth = 8) -> Document:
    """Layers bottom first."""
    return Document(Size(width, height), depth=depth, layers=layers)


def noise_document(layers: int = 1, *, width: int = 64, height: int = 48, depth: Depth = 8) -> Document:
    """Opaque and translucent noise, one layer per seed."""
    made = [raster_layer(i + 1, noise(width, height, seed=i, depth=depth)) for i in range(layers)]
    return document_with(*made, width=width, height=height, depth=depth)
