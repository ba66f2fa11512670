"""The twelve fixed cases of the guide's page on removing: `python build/removal_cases.py`.

Each row of a sheet shows what was marked, and what came of it by the method that the editor takes by itself. Failures
are among them on purpose. The sheets are kept in resources/guide/pictures/<language>; the pictures are the same.
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

from desktop.core.remove import RemoveSettings, removed  # noqa: E402
from desktop.fill_commands import FillOptions, hole_network  # noqa: E402

SAMPLES = ROOT / "resources" / "samples"
TARGETS = tuple(ROOT / "resources" / "guide" / "pictures" / language for language in ("en", "zh_CN"))
CELL = (228, 171)  # width and height of one picture on the sheet
GAP_PX = 6
PAIRS_A_ROW = 3
MARK = (255, 60, 60)
QUALITY = 80


@dataclass(frozen=True)
class Case:
    """`box` (left, top, right, bottom) is what the page shows; `marks` are ellipses (x, y, half width, half height)."""

    name: str
    photo: str
    box: tuple[int, int, int, int]
    marks: tuple[tuple[int, int, int, int], ...]


CASES = (
    Case("cloud in the sky", "neuschwanstein", (380, 20, 700, 260), ((560, 105, 60, 22),)),
    Case("lamp before the sky", "gateway-of-india", (0, 340, 320, 580), ((61, 500, 22, 95),)),
    Case("man on the lawn", "gateway-of-india", (330, 540, 670, 768), ((498, 652, 34, 50),)),
    Case("sleeper at a corner", "gateway-of-india", (0, 560, 280, 768), ((60, 715, 62, 62),)),
    Case("trees of the wood: too soft", "neuschwanstein", (40, 440, 360, 680), ((190, 560, 50, 45),)),
    Case("village by the lake", "neuschwanstein", (0, 280, 240, 460), ((60, 390, 66, 26),)),
    Case("bird, beak and tail not marked", "kingfisher", (380, 60, 1180, 660), ((680, 420, 250, 360),)),
    Case("lichen on a branch", "kingfisher", (800, 520, 1600, 900), ((1090, 672, 80, 66),)),
    Case("small brush, its ferrule not marked", "brushes", (1000, 560, 1260, 780), ((1150, 660, 62, 72),)),
    Case("bristles", "brushes", (40, 40, 440, 340), ((200, 200, 70, 60),)),
    Case("pillar of the gate: fails", "gateway-of-india", (160, 380, 480, 620), ((318, 460, 30, 70),)),
    Case("tower of the castle", "neuschwanstein", (220, 60, 540, 300), ((325, 165, 34, 105),)),
)


def main() -> None:
    with hole_network(FillOptions("auto", 0)) as network:
        pairs = [pair_of(case, network) for case in CASES]
    rows = []
    for start in range(0, len(pairs), PAIRS_A_ROW):
        cells = [cell for pair in pairs[start : start + PAIRS_A_ROW] for cell in pair]
        rows.append(np.concatenate([padded(cell) for cell in cells], axis=1))
    sheet = np.concatenate(rows)
    for folder in TARGETS:
        Image.fromarray(sheet).save(folder / "removal-cases.webp", quality=QUALITY, method=6)
    print(f"{sheet.shape[1]} × {sheet.shape[0]} pixels in {len(TARGETS)} folders")


def pair_of(case: Case, network: object) -> list[np.ndarray]:
    """What was marked, and what came of it, as the page shows them."""
    pixels = np.asarray(Image.open(SAMPLES / f"{case.photo}.jpg").convert("RGBA"))
    mask = np.zeros(pixels.shape[:2], np.uint8)
    for x, y, across, down in case.marks:
        cv2.ellipse(mask, (x, y), (across, down), 0, 0, 360, 255, -1, cv2.LINE_AA)
    found = removed(pixels, mask, RemoveSettings(), imagine=network)  # type: ignore[arg-type]
    marked = pixels[..., :3] * 0.55 + np.array(MARK) * 0.45
    share = (mask / 255)[..., None]
    shown = np.rint(pixels[..., :3] * (1 - share) + marked * share).astype(np.uint8)
    left, top, right, bottom = case.box
    return [cv2.resize(p[top:bottom, left:right, :3], CELL, interpolation=cv2.INTER_AREA) for p in (shown, found)]


def padded(cell: np.ndarray) -> np.ndarray:
    return cv2.copyMakeBorder(cell, 0, GAP_PX, 0, GAP_PX, cv2.BORDER_CONSTANT, value=(255, 255, 255))


if __name__ == "__main__":
    main()
