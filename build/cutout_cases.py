"""The twelve fixed cases of the guide's page on cutting out: `python build/cutout_cases.py`.

Each pair shows a photograph, and what Remove background leaves of it on a plain ground, with nothing retried. Failures
are among them on purpose. Ten of the photographs are fetched, not shipped: `python -m models.fetch_data` first; the
network has learned from none of the twelve.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from desktop import paths  # noqa: E402
from desktop.run_commands import result_of  # noqa: E402
from desktop.runtime.catalog import Catalog  # noqa: E402
from desktop.runtime.jobs import WorkerRunner  # noqa: E402
from desktop.runtime.runner import Request, run_and_wait  # noqa: E402
from desktop.tools.backgrounds import cut_out_pixels  # noqa: E402

SAMPLES, FETCHED = ROOT / "resources" / "samples", ROOT / "data" / "photos" / "held_out"
TARGETS = tuple(ROOT / "resources" / "guide" / "pictures" / language for language in ("en", "zh_CN"))
CELL = (228, 171)  # width and height of one picture on the sheet
LONGEST_PX = 1600  # of what the network is shown
GAP_PX = 6
PAIRS_A_ROW = 3
GROUND = (92, 112, 148)
QUALITY = 82


@dataclass(frozen=True)
class Case:
    name: str
    photo: Path


LOMIRI, SKIMAGE = FETCHED / "lomiri-wallpapers-16.04", FETCHED / "python3-skimage"
CASES = (
    Case("kingfisher on a branch", SAMPLES / "kingfisher.jpg"),
    Case("cat that fills the picture", SKIMAGE / "dist-packages-skimage-data-chelsea.png"),
    Case("person before a flag", SKIMAGE / "dist-packages-skimage-data-astronaut.png"),
    Case("cup on a table", SKIMAGE / "dist-packages-skimage-data-coffee.png"),
    Case("flower", FETCHED / "scikit-learn" / "sklearn-datasets-images-flower.jpg"),
    Case("dragonfly among leaves", LOMIRI / "usr-share-backgrounds-Dragonfly_by_Bolly.jpg"),
    Case("drum and bottle", LOMIRI / "usr-share-backgrounds-Wine_by_Jakkub_Mede.jpg"),
    Case("two dogs", LOMIRI / "usr-share-backgrounds-friends_by_Aitzol_Berasategi.jpg"),
    Case("dandelion", LOMIRI / "usr-share-backgrounds-seeding_by_Clements_Engelhardt.jpg"),
    Case("brushes", SAMPLES / "brushes.jpg"),
    Case("bridge", LOMIRI / "usr-share-backgrounds-Bridge_by_Sander_Klootwijk.jpg"),
    Case("temple", FETCHED / "scikit-learn" / "sklearn-datasets-images-china.jpg"),
)


def main() -> None:
    missing = next((case.photo for case in CASES if not case.photo.exists()), None)
    if missing is not None:
        raise SystemExit(f"{missing} is missing: python -m models.fetch_data brings it.")
    catalog = Catalog(paths.model_folders())
    runner = WorkerRunner(catalog)
    try:
        pairs = [pair_of(case, catalog, runner) for case in CASES]
    finally:
        runner.close()
    rows = []
    for start in range(0, len(pairs), PAIRS_A_ROW):
        cells = [cell for pair in pairs[start : start + PAIRS_A_ROW] for cell in pair]
        rows.append(np.concatenate([padded(cell) for cell in cells], axis=1))
    sheet = np.concatenate(rows)
    for folder in TARGETS:
        Image.fromarray(sheet).save(folder / "cutout-cases.webp", quality=QUALITY, method=6)
    print(f"{sheet.shape[1]} × {sheet.shape[0]} pixels in {len(TARGETS)} folders")


def pair_of(case: Case, catalog: Catalog, runner: WorkerRunner) -> list[np.ndarray]:
    """The photograph, and its subject on the ground, as the page shows them."""
    image = Image.open(case.photo).convert("RGBA")
    image.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    pixels, model = np.asarray(image).copy(), catalog.verified("cutout")
    result = result_of(run_and_wait(runner, Request(model.id, model.sha256, {"image": pixels})))
    cut = cut_out_pixels(pixels, np.array(result.outputs["mask"]))
    share = cut[..., 3:].astype(np.float32) / 255
    shown = np.rint(cut[..., :3] * share + np.array(GROUND, np.float32) * (1 - share)).astype(np.uint8)
    return [filling(pixels[..., :3]), filling(shown)]


def filling(pixels: np.ndarray) -> np.ndarray:
    """The middle of the picture at the shape of a cell."""
    height, width = pixels.shape[:2]
    scale = max(CELL[0] / width, CELL[1] / height)
    size = (max(round(width * scale), CELL[0]), max(round(height * scale), CELL[1]))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    left, top = (size[0] - CELL[0]) // 2, (size[1] - CELL[1]) // 2
    return small[top : top + CELL[1], left : left + CELL[0]]


def padded(cell: np.ndarray) -> np.ndarray:
    return np.pad(cell, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255)


if __name__ == "__main__":
    main()
