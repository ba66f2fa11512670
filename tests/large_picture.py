"""A picture larger than memory should be: ``python -m tests.large_picture make|edit FOLDER [--side N]``.

Prints the most memory that was in use: the program's own (anonymous), and all that was resident with pages of files,
which the system may take back at any time.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path

import cv2
import numpy as np

from desktop.core.brush import BrushSettings, Stroke
from desktop.core.composite import flatten
from desktop.core.compositor import Compositor
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point, Rect, Size
from desktop.core.layers import RasterLayer
from desktop.core.tiles import TILE, TileMap
from desktop.io.mapped_tiles import MappedTiles
from desktop.io.openraster import load_openraster, save_openraster
from desktop.io.scratch import ScratchFile

GIB = 1 << 30


class Watch:
    """Looks at this process's memory twenty times a second."""

    def __init__(self) -> None:
        self.most = {"anonymous_gib": 0.0, "resident_gib": 0.0}
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self.note()
            time.sleep(0.05)

    def note(self) -> None:
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        for key, name in (("anonymous_gib", "RssAnon"), ("resident_gib", "VmRSS")):
            self.most[key] = max(self.most[key], int(status[name].split()[0]) * 1024 / GIB)


def layer_tiles(side: int, seed: int, place: MappedTiles) -> TileMap:
    """Soft shapes with camera noise: what a codec finds in a photo."""
    small = np.random.default_rng(seed).integers(0, 256, (64, 64, 4), np.uint8)
    grain = np.random.default_rng(seed + 9).integers(0, 9, (TILE + 64, TILE + 64, 4), np.uint8)
    tiles = {}
    for row in range(-(-side // TILE)):
        for column in range(-(-side // TILE)):
            y, x = row * 5 % 48, column * 7 % 48
            tile = cv2.resize(small[y : y + 12, x : x + 12], (TILE, TILE), interpolation=cv2.INTER_CUBIC)
            shift = (row * 13 + column * 29) % 64
            tile = cv2.add(tile, grain[shift : shift + TILE, -shift - TILE : -shift or None])
            tile[max(side - row * TILE, 0) :] = 0
            tile[:, max(side - column * TILE, 0) :] = 0
            tiles[column, row] = place.place(tile)
    return TileMap(4, np.uint8, 0, tiles)


def make(path: Path, side: int, folder: Path) -> dict[str, object]:
    place = MappedTiles(folder)
    layers = tuple(
        RasterLayer(id=number, name=f"Layer {number}", opacity=0.7, tiles=layer_tiles(side, number, place))
        for number in (1, 2, 3)
    )
    save_openraster(Document(Size(side, side), layers=layers), path)
    return {"layers": len(layers)}


def edit(path: Path, side: int, folder: Path) -> dict[str, object]:
    """Opens it with a budget of 512 MiB for tiles, looks at all of it, paints on it, undoes, saves."""
    document = load_openraster(path, MappedTiles(folder, 512 << 20).place)
    opened = OpenDocument(document, history_bytes=256 << 20, store=ScratchFile(folder))
    compositor = Compositor(opened)
    for column in range(-(-side // TILE)):
        compositor.tile(0, column, column)
    for number in range(20):
        with opened.edit("Brush stroke") as change:
            stroke = Stroke(change.pixels(2), BrushSettings(diameter_px=500, color=(0.9, 0.1, 0.2)))
            for step in range(10):
                change.touched(2, stroke.to(Point(side * step / 10, side * number / 20)))
                compositor.refresh()
    for _ in range(3):
        opened.undo()
    compositor.close()
    save_openraster(opened.document, path)
    part = Rect(side // 3, side // 2, 300, 300)
    again = load_openraster(path, MappedTiles(folder).place)
    return {
        "layers": len(again.layers),
        "is_same": bool((flatten(again, part) == flatten(opened.document, part)).all()),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("make", "edit"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=20_000)
    arguments = parser.parse_args()
    watch, start = Watch(), time.monotonic()
    work = make if arguments.step == "make" else edit
    told = work(arguments.folder / "large.ora", arguments.side, arguments.folder / "scratch")
    watch.note()
    seconds = time.monotonic() - start
    print(json.dumps({**told, **{k: round(v, 3) for k, v in watch.most.items()}, "seconds": round(seconds, 1)}))
