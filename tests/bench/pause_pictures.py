"""The pictures that bench_pauses.py works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop.core.document import Document
from desktop.core.layers import RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.formats import ImageFile
from desktop.io.image_files import write_image
from desktop.io.openraster import save_openraster
from tests.bench.bench_raster import layers_of, soft_noise
from tests.builders import document_with

LAYERS = 6
MANY = 200
PHOTO = (6000, 4000)  # 24 megapixels


@dataclass
class Files:
    """What the scenarios open, made beforehand."""

    folder: Path
    layered: Path
    photo: Path
    side: int

    @staticmethod
    def made_in(folder: Path, side: int) -> Files:
        files = Files(folder, folder / "layers.ora", folder / "photo.tif", side)
        save_openraster(document_with(*layers_of(side, LAYERS), width=side, height=side), files.layered)
        small = np.random.default_rng(3).integers(0, 256, (PHOTO[1] // 8, PHOTO[0] // 8, 4), np.uint8)
        small[..., 3] = 255
        levels = np.kron(small, np.full((8, 8, 1), 257, np.uint16))
        write_image(files.photo, ImageFile(levels))
        return files


def many_layers(side: int) -> Document:
    """Each with a patch of its own; pixels are shared, so that 200 of them fit anywhere."""
    patch = soft_noise(side // 4, 5, 4)
    tiles = TileMap.from_array(patch)
    span = side // 256 - len({column for column, _ in tiles.stored()})
    layers = [
        RasterLayer(
            id=index + 1,
            name=f"Layer {index + 1}",
            tiles=tiles.translated_by_tiles(index * 7 % (span + 1), index * 3 % (span + 1)),
            opacity=0.7,
        )
        for index in range(MANY)
    ]
    return document_with(*layers, width=side, height=side)
