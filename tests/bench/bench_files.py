"""File benchmarks: OpenRaster and PNG at 4096², a 24-megapixel JPEG. Prints one JSON row per line.

Run ``python -m tests.bench.bench_files [--side 4096] [--layers 10]``; Krita is measured beside it where installed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from desktop.core.blend_modes import BlendMode
from desktop.core.document import Document
from desktop.core.edits import OpenDocument
from desktop.core.geometry import Size
from desktop.core.layers import Mask, RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.image_files import ImageFile, read_image, write_image
from desktop.io.openraster import load_openraster, save_openraster

MODES = (BlendMode.NORMAL, BlendMode.MULTIPLY, BlendMode.SCREEN, BlendMode.OVERLAY, BlendMode.SOFT_LIGHT)
GRAIN_LEVELS = 6  # about a camera's at a middle ISO: noise is what files are slow with
PHOTO_SIZE = (6000, 4000)
REPEATS = 3

# The design's gates: open and export against Krita's time, save with one layer changed against GIMP's.
KRITA_GATE = 0.5
XCF_SECONDS = 2.0  # GIMP 2.10, ten layers of 4096², two cores; not measured in the same run


def photo(width: int, height: int, seed: int, channels: int = 4) -> Any:
    """Soft shapes with grain."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(2, height // 40), max(2, width // 40), channels), np.uint8)
    pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(0, 2 * GRAIN_LEVELS + 1, (height, width, 1), np.uint8)
    return cv2.subtract(cv2.add(pixels, np.repeat(grain, channels, 2)), np.full_like(pixels, GRAIN_LEVELS))


def big_document(side: int, count: int) -> Document:
    layers = []
    for index in range(count):
        mask = Mask(TileMap.from_array(photo(side, side, 50 + index, 1), default=255)) if index % 5 == 4 else None
        tiles = TileMap.from_array(photo(side, side, index))
        mode = MODES[index % len(MODES)]
        layers.append(RasterLayer(id=index + 1, name=f"Layer {index}", tiles=tiles, mask=mask, blend_mode=mode))
    return Document(Size(side, side), layers=tuple(layers))


def best_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def changed_copy(document: Document) -> Document:
    """The document after a stroke on its topmost layer."""
    opened = OpenDocument(document)
    with opened.edit("Stroke") as edit:
        tile = edit.pixels(document.layers[-1].id).writable(1, 1)
        tile[...] = 255 - tile
        edit.touched(document.layers[-1].id, document.size.rect())
    return opened.document


def peak_of(statements: str) -> float:
    """Peak memory in MB of a fresh process that runs some statements (Linux; ru_maxrss would count its parent's)."""
    script = f"{statements}\nfrom pathlib import Path\nprint(Path('/proc/self/status').read_text())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found = re.search(r"VmHWM:\s*(\d+) kB", done.stdout)
    return int(found.group(1)) / 1000 if found else 0.0


def row(what: str, seconds: float, **more: Any) -> None:
    print(json.dumps({"what": what, "seconds": round(seconds, 2), **more}), flush=True)


def bench_layers(folder: Path, side: int, count: int) -> None:
    path = folder / "big.ora"
    document = big_document(side, count)
    title = f"OpenRaster {count} × {side}²"
    first = best_seconds(lambda: save_openraster(document, path.with_name(f"new{time.monotonic_ns()}.ora")), 2)
    for extra in folder.glob("new*.ora"):
        extra.unlink()
    save_openraster(document, path)
    size_mb = round(path.stat().st_size / 1e6)
    row(f"{title}: save as a new file", first, megabytes=size_mb)
    changed = [changed_copy(document), document]
    again = best_seconds(lambda: (changed.reverse(), save_openraster(changed[0], path)))
    row(f"{title}: save with one layer changed", again, megabytes=size_mb)
    ratio = round(again / XCF_SECONDS, 2)
    print(json.dumps({"save with one layer changed": "ratio to GIMP's XCF", "ratio": ratio, "gate": 1.0}), flush=True)
    row(f"{title}: load", best_seconds(lambda: load_openraster(path), 2), megabytes=size_mb)
    bench_against_krita(path, title, size_mb)


def bench_against_krita(path: Path, title: str, size_mb: int) -> None:
    ours = [sys.executable, "-m", "desktop", "convert", str(path), str(path.with_suffix(".png"))]
    seconds = best_seconds(lambda: subprocess.run(ours, check=True, capture_output=True), 2)
    row(f"{title}: scumble convert to PNG, whole process", seconds, megabytes=size_mb)
    if not (shutil.which("krita") and shutil.which("xvfb-run")):
        return
    target = str(path.with_suffix(".krita.png"))
    theirs = ["xvfb-run", "-a", "krita", str(path), "--export", "--export-filename", target]
    krita = best_seconds(lambda: subprocess.run(theirs, check=True, capture_output=True), 1)
    row(f"{title}: Krita to PNG, whole process", krita, megabytes=size_mb)
    print(json.dumps({"ratio to Krita": round(seconds / krita, 2), "gate": KRITA_GATE}), flush=True)


def bench_png(folder: Path, side: int) -> None:
    image = ImageFile(photo(side, side, 1))
    path = folder / "layer.png"
    row(f"PNG {side}² RGBA: write", best_seconds(lambda: write_image(path, image)), megabytes=size_of(path))
    row(f"PNG {side}² RGBA: read", best_seconds(lambda: read_image(path)), megabytes=size_of(path))
    bgra = np.ascontiguousarray(image.pixels[..., [2, 1, 0, 3]])
    theirs = folder / "theirs.png"
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    seconds = best_seconds(lambda: cv2.imwrite(str(theirs), bgra, options))
    row(f"PNG {side}² RGBA: OpenCV writes, level 1", seconds, megabytes=size_of(theirs))


def bench_photo(folder: Path) -> None:
    image = ImageFile(photo(*PHOTO_SIZE, 1), has_alpha=False)
    for path in (folder / "photo.jpg", folder / "photo.png", folder / "photo.tif"):
        title = f"24 megapixels {path.suffix}"
        row(f"{title}: write", best_seconds(partial(write_image, path, image)), megabytes=size_of(path))
        row(f"{title}: read", best_seconds(partial(read_image, path)), megabytes=size_of(path))
    start = "from pathlib import Path\nfrom desktop.io.image_files import *\n"
    read = f"image = read_image(Path({str(folder / 'photo.jpg')!r}))\n"
    for what, script in {
        "read a JPEG": start + read,
        "read a JPEG, write a PNG": start + read + f"write_image(Path({str(folder / 'out.png')!r}), image)",
        "read a JPEG, write a JPEG": start + read + f"write_image(Path({str(folder / 'out.jpg')!r}), image)",
    }.items():
        print(json.dumps({"24 megapixels, fresh process": what, "peak MB": round(peak_of(script))}), flush=True)


def size_of(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 1) if path.exists() else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        bench_png(Path(name), arguments.side)
        bench_photo(Path(name))
        # A process of its own: the layers take gigabytes.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(bench_layers, Path(name), arguments.side, arguments.layers).result()


if __name__ == "__main__":
    main()
