"""How well holes are filled: held-out photographs, three sizes of holes and outlines of objects, every method beside.

All methods run through the editor's own command, on pictures whose holes were painted grey before: nobody can peek.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tomlkit
import torch
from numpy.typing import NDArray
from PIL import Image

from models.common.data import find_photos, generated_blocks, read_photo
from models.common.export import cpu_session, embedded_manifest, sha256_of
from models.common.holes import Hole8, Shape8, load_shapes, object_hole
from models.common.lpips import Lpips, load_lpips
from models.common.metrics import ssim_8bit

Rgb8 = NDArray[np.uint8]  # (H, W, 3)

LONG_SIDE_PX = 1600  # larger held-out photographs are halved until they are not: they are soft at native size
SIDE_PX = 384  # of the middle that is measured
SIZES = {"small": (24, 48), "medium": (64, 96), "large": (128, 176)}  # sides of boxes in pixels
MARGIN_PX = 24  # around the hole, of what is compared
GREY = 128
EVERY = 3  # every third held-out photograph: patches take their time
PREVIEW_PX = 192
KINDS = (*SIZES, "object")
EDITOR_METHODS = {
    "network and patches": "guided",
    "network alone": "network",
    "patches": "patches",
    "Telea": "telea",
    "Navier-Stokes": "navier-stokes",
}
LIKE_A_PHOTO = "steps at the rim / the photo's"


@dataclass(frozen=True)
class Holed:
    """A photograph and the hole in it."""

    name: str
    photo: Rgb8
    hole: Hole8

    def spoilt(self) -> Rgb8:
        return np.where(self.hole[..., None] > 0, np.uint8(GREY), self.photo)


Fill = Callable[[Sequence[Holed]], list[Rgb8]]


def holed_photos(paths: Sequence[Path], shapes: Sequence[Shape8], kind: str) -> list[Holed]:
    """The middle of each photograph with one hole of a kind; the hole depends on the place in the list alone."""
    found = []
    for index, path in enumerate(paths):
        rng = np.random.default_rng((KINDS.index(kind), index))
        photo = middle_of(read_photo(path))
        found.append(Holed(path.name, photo, hole_of(kind, shapes, photo.shape[:2], rng)))
    return found


def middle_of(photo: Rgb8, side: int = SIDE_PX) -> Rgb8:
    while max(photo.shape[:2]) > LONG_SIDE_PX:
        photo = cv2.resize(photo, (photo.shape[1] // 2, photo.shape[0] // 2), interpolation=cv2.INTER_AREA)
    top, left = (max(0, (length - side) // 2) for length in photo.shape[:2])
    return np.ascontiguousarray(photo[top : top + side, left : left + side])


def hole_of(kind: str, shapes: Sequence[Shape8], size: tuple[int, int], rng: np.random.Generator) -> Hole8:
    height, width = size
    hole = np.zeros(size, np.uint8)
    if kind in SIZES:
        down, across = rng.integers(*SIZES[kind], 2)
        top, left = (
            rng.integers(length // 8, max(length * 7 // 8 - part, length // 8 + 1))
            for length, part in ((height, down), (width, across))
        )
        hole[top : top + down, left : left + across] = 255
        return hole
    side = min(size)
    while not hole.any():
        hole[:side, :side] = object_hole(shapes[rng.integers(len(shapes))], side, rng)
    return hole


def editor_fill(method: str, model: Path | None = None) -> tuple[Fill, Callable[[], float]]:
    """Through `python -m desktop remove` on folders; the second gives the mean seconds of a picture afterwards.

    MODEL: the folder of a network that may not be installed yet, such as one that is being exported.
    """
    seconds = [0.0]

    def fill(pictures: Sequence[Holed]) -> list[Rgb8]:
        with tempfile.TemporaryDirectory() as scratch_name:
            scratch = Path(scratch_name)
            for folder in ("in", "masks"):
                (scratch / folder).mkdir()
            for index, one in enumerate(pictures):
                Image.fromarray(one.spoilt()).save(scratch / f"in/{index:03}.png")
                Image.fromarray(one.hole).save(scratch / f"masks/{index:03}.png")
            environment = dict(os.environ)
            chosen: list[str] = []
            if model is not None:
                environment["SCUMBLE_HOME"] = str(scratch / "home")
                chosen = ["--model", installed(model, scratch / "home")]
            command = [sys.executable, "-m", "desktop", "remove", str(scratch / "in"), str(scratch / "out")]
            command += ["--mask", str(scratch / "masks"), "--method", method, "--json", *chosen]
            outcome = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            if outcome.returncode:
                raise RuntimeError(f"The editor could not fill by {method}: {outcome.stderr.strip()}")
            told = json.loads(outcome.stdout)["pictures"]
            seconds[0] = float(np.mean([one["seconds"] for one in told]))
            return [read_photo(scratch / f"out/{index:03}.png") for index in range(len(pictures))]

    return fill, lambda: seconds[0]


def installed(model: Path, home: Path) -> str:
    """Put a graph with its embedded manifest among the models of a home of the editor; under which id."""
    manifest = embedded_manifest(cpu_session(model / "model.onnx"))
    own_id = f"{manifest['id']}-measured"
    folder = home / "data/models" / own_id
    folder.mkdir(parents=True)
    shutil.copy(model / "model.onnx", folder / "model.onnx")
    manifest |= {"id": own_id, "sha256": {"main": sha256_of(folder / "model.onnx")}}
    manifest.pop("golden", None)
    (folder / "manifest.toml").write_text(tomlkit.dumps(manifest), encoding="utf-8")
    return own_id


def measured_pictures(held_out: Path, cutouts: Sequence[Path], cache: Path) -> dict[str, list[Holed]]:
    """Kind of hole → every so many held-out photographs with one each; only the outlines of cut-outs are used here."""
    paths, shapes = find_photos((held_out,))[::EVERY], load_shapes(cutouts, cache)
    return {kind: holed_photos(paths, shapes, kind) for kind in KINDS}


def generated_holes() -> dict[str, list[Holed]]:
    """For `--smoke`."""
    block = generated_blocks(1)[0]
    hole = np.zeros(block.shape[:2], np.uint8)
    hole[60:120, 70:130] = 255
    return {"medium": [Holed("generated", block, hole)]}


def measure_folder(folder: Path, pictures: dict[str, list[Holed]]) -> list[dict[str, Any]]:
    fills = {name: editor_fill(method, folder) for name, method in EDITOR_METHODS.items()}
    return measure_filling(pictures, fills, load_lpips())


def golden_part(hole: Hole8) -> tuple[slice, slice]:
    """A box of odd sides around the hole."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    top, left = max(int(rows[0]) - 37, 0), max(int(columns[0]) - 45, 0)
    return slice(top, int(rows[-1]) + 38), slice(left, int(columns[-1]) + 46)


def preview(methods: dict[str, str], folder: Path, pictures: dict[str, list[Holed]]) -> Rgb8:
    """Rows of: with its hole, the network alone, network and patches, as it was."""
    kinds = [kind for kind in ("large", "object") if kind in pictures] or list(pictures)
    chosen = [one for kind in kinds for one in pictures[kind][1::5]] or pictures[kinds[0]][:1]
    wanted = [methods[name] for name in ("network alone", "network and patches") if name in methods]
    ways = [editor_fill(method, folder)[0](chosen) for method in wanted]
    rows = []
    for index, one in enumerate(chosen):
        row = [one.spoilt(), *(way[index] for way in ways), one.photo]
        rows.append(np.concatenate([cv2.resize(shown, (PREVIEW_PX, PREVIEW_PX)) for shown in row], axis=1))
    return np.concatenate(rows)


def scores(filled: Sequence[Rgb8], pictures: Sequence[Holed], lpips: Lpips) -> dict[str, float]:
    """Means over the pictures: LPIPS, PSNR and SSIM of the box around the hole, PSNR of the hole itself, the rim."""
    found: dict[str, list[float]] = {"lpips": [], "psnr": [], "ssim": [], "rim": []}
    for result, one in zip(filled, pictures, strict=True):
        part = box_around(one.hole)
        pair = [as_batch(picture[part]) for picture in (result, one.photo)]
        found["lpips"].append(float(lpips(*pair)))
        found["ssim"].append(ssim_8bit(*pair))
        inside = one.hole > 0
        error = (result[inside].astype(np.float64) - one.photo[inside]) ** 2
        found["psnr"].append(float(10 * np.log10(255**2 / max(error.mean(), 1e-2))))
        found["rim"].append(steps_at_rim(result, one.hole) / max(steps_at_rim(one.photo, one.hole), 0.5))
    return {name: round(float(np.mean(values)), 4) for name, values in found.items()}


def steps_at_rim(picture: Rgb8, hole: Hole8) -> float:
    """Mean step in levels between neighbours of which one lies in the hole."""
    values, inside = picture.astype(np.float32), hole > 0
    steps = []
    for axis in (0, 1):
        crosses = np.diff(inside, axis=axis)
        steps.append(np.abs(np.diff(values, axis=axis)).mean(axis=2)[crosses])
    return float(np.concatenate(steps).mean())


def box_around(hole: Hole8) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    spans = []
    for places, length in ((rows, hole.shape[0]), (columns, hole.shape[1])):
        spans.append(slice(max(int(places[0]) - MARGIN_PX, 0), min(int(places[-1]) + 1 + MARGIN_PX, length)))
    return spans[0], spans[1]


def measure_filling(
    pictures: dict[str, list[Holed]], fills: dict[str, tuple[Fill, Callable[[], float]]], lpips: Lpips
) -> list[dict[str, Any]]:
    """One row per kind of hole and method."""
    rows = []
    for kind, holed in pictures.items():
        for method, (fill, seconds) in fills.items():
            filled = fill(holed)
            row = {"kind": kind, "method": method} | scores(filled, holed, lpips)
            rows.append(row | {"seconds": round(seconds(), 3), "pictures": len(holed)})
            print(" ".join(f"{value}" for value in rows[-1].values()), flush=True)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        f"| hole | method | LPIPS | PSNR in the hole, dB | SSIM | {LIKE_A_PHOTO} | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = f"{row['lpips']:.3f} | {row['psnr']:.2f} | {row['ssim']:.3f} | {row['rim']:.2f} | {row['seconds']:.2f}"
        lines.append(f"| {row['kind']} | {row['method']} | {cells} |")
    return "\n".join(lines)


def as_batch(pixels: Rgb8) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255
