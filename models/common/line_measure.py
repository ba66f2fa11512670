"""How well lines are found: against an artist's, beside Canny and differences of Gaussians at their best.

The picture is the drawing's colours without its lines, on white. What is found is thinned to one pixel; a pixel is
right when a line of the artist's runs within two pixels, and a pixel of the artist's is met when one that was found
does (as in Martin et al. 2004, without matching one to one). Each method gets the threshold that serves it best on
these very pictures.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from models.common.card import GAP_PX
from models.common.export import cpu_session, embedded_manifest, graph_inputs
from models.common.lines import Levels, Rgb8, line_ink, skeleton
from models.common.pairs import PairSet

TOLERANCE_PX = 2
MOST_DRAWINGS = 60
CANNY = tuple((low, high) for high in (40, 80, 120, 180, 260) for low in (high // 3, high // 2))
CANNY_BLURS = (0.0, 1.0, 1.8)
GAUSSIANS = ((0.8, 1.6), (1.2, 2.4))
THRESHOLDS = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75)

Lines = NDArray[np.bool_]  # (H, W), one pixel thin


class Asked(NamedTuple):
    picture: Rgb8
    truth: Lines


def measured_drawings(held_out: PairSet) -> list[Asked]:
    found = []
    for lines, colours in held_out.take(MOST_DRAWINGS).pairs:
        white = np.clip(colours[..., :3].astype(int) + 255 - colours[..., 3:], 0, 255).astype(np.uint8)
        truth = skeleton(lines.min(axis=2) < 128)
        if truth.any() and white.min() < 250:
            found.append(Asked(white, truth))
    return found


def measure_lines(graph: Path, drawings: Sequence[Asked], kept: Path) -> list[dict[str, Any]]:
    """One row per method: the best F-score over its settings, precision and recall there, seconds a picture."""
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    key = f"{len(drawings)} drawings, {cv2.__version__}, {sum(int(one.picture.sum()) for one in drawings)}"
    if key not in known:
        known[key] = [
            _best("Canny", {(b, *t): _canny(b, *t) for b in CANNY_BLURS for t in CANNY}, drawings),
            _best("difference of Gaussians", {(*s, t): _dog(*s, t) for s in GAUSSIANS for t in THRESHOLDS}, drawings),
        ]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
    draw = line_drawer(graph)
    inks = {id(one): 1 - draw(one.picture, 50.0).min(axis=2).astype(np.float32) / 255 for one in drawings}
    by_picture = {one.picture.ctypes.data: inks[id(one)] for one in drawings}
    ways = {(t,): _thresholded(lambda picture: by_picture[picture.ctypes.data], t) for t in THRESHOLDS}
    own = _best("this model", ways, drawings)
    started = time.perf_counter()
    for one in drawings[:10]:
        draw(one.picture, 50.0)
    own["seconds"] = round((time.perf_counter() - started) / max(len(drawings[:10]), 1), 4)
    return [*known[key], own]


def line_drawer(graph: Path) -> Callable[[Rgb8, float], Rgb8]:
    """(picture, detail) → dark lines on white through onnxruntime, at full strength of the line."""
    session = cpu_session(graph)
    manifest = embedded_manifest(session)

    def draw(picture: Rgb8, detail: float) -> Rgb8:
        (planes,) = session.run(None, graph_inputs(manifest, picture, {"detail": detail, "strength": 50.0}))
        return np.clip(np.rint(planes[0].transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)

    return draw


def f_score(found: Lines, truth: Lines) -> tuple[int, int, int, int]:
    """(found pixels near a true one, found pixels, true pixels near a found one, true pixels)."""
    near = [
        cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, 5) <= TOLERANCE_PX if lines.any() else lines
        for lines in (truth, found)
    ]
    return int((found & near[0]).sum()), int(found.sum()), int((truth & near[1]).sum()), int(truth.sum())


def line_table(rows: Sequence[dict[str, Any]]) -> str:
    lines = ["| method | F-score | precision | recall | seconds |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['method']} | {row['f']:.3f} | {row['precision']:.3f} | {row['recall']:.3f} | {row['seconds']:.3f} |"
        for row in rows
    ]
    return "\n".join(lines)


def line_metrics(rows: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest, beside the better of the classical ways."""
    own, rival = rows[-1], max(rows[:-1], key=lambda row: row["f"])
    data = f"{count} held-out drawings without their lines, {TOLERANCE_PX} px of tolerance"
    return [
        {"data": data, "metric": f"{name} of lines", "value": own[key]}
        | {"baseline": f"{rival['method']} at its best", "baseline_value": rival[key]}
        for name, key in (("F-score", "f"), ("precision", "precision"), ("recall", "recall"))
    ]


def golden_pair(drawings: Sequence[Asked]) -> tuple[Rgb8, Rgb8]:
    """(colours, the artist's lines at the model's width) of one drawing."""
    one = max(drawings[:12], key=lambda asked: int(asked.truth.sum()))
    distance = cv2.distanceTransform((~one.truth).astype(np.uint8), cv2.DIST_L2, 5)
    ink = np.rint(255 * (1 - line_ink(distance))).astype(np.uint8)
    return one.picture, np.repeat(ink[..., None], 3, axis=2)


def line_preview(graph: Path, photos: Sequence[Rgb8], drawings: Sequence[Asked]) -> Rgb8:
    """A photograph of no training and its lines, above two drawings and theirs."""
    draw = line_drawer(graph)
    photo = next((p for p in photos if p.shape[:2] == CHELSEA), photos[0])
    rows = [[photo, draw(photo, 50.0)]]
    rows.append(
        [picture for one in drawings[1:3] or drawings[:1] for picture in (one.picture, draw(one.picture, 50.0))]
    )
    joined = [np.concatenate([np.pad(p, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255) for p in row], axis=1)
              for row in rows]  # fmt: skip
    widest = max(row.shape[1] for row in joined)
    return np.concatenate(
        [np.pad(row, ((0, 0), (0, widest - row.shape[1]), (0, 0)), constant_values=255) for row in joined]
    )


CHELSEA = (300, 451)  # the cat of scikit-image
WHAT = (
    "Filter ▸ AI and the AI panel offer it; the lines are as wide at every size of picture, so a large photograph gets "
    "fine ones: make it smaller first for bold ones. Detail brings weaker edges or takes them away, line strength says "
    "how dark they are. What comes out is what the colouring model color-lines takes in."
)
WEAKNESSES = (
    "On flat colours, as in the table, Canny at its best finds lines as well. What the network adds is lines of one "
    "width with soft edges, one instead of two along a stroke, and fewer in textures.",
    "Illustrations come out best: that is where its exact lines come from. In photographs it follows contrast, as its "
    "teacher does, so a strong shadow is an outline too.",
    "It sees 32 pixels around: whether an edge belongs to an object or to its texture it can only guess from near by. "
    "Gravel, foliage and fur become a tangle; lower the detail, or make the picture smaller first.",
    "Lines that an artist drew where the colours say nothing (a fold inside one colour) cannot be found.",
)


def line_card(folder: Path, manifest: dict[str, Any]) -> str:
    """Everything under the title of card.md."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    made, speed = manifest["made_by"], measured["speed"]
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    return "\n".join(
        [
            manifest["description"],
            "",
            "![A photograph and two drawings that were in no training, and their lines](preview.webp)",
            "",
            WHAT,
            "",
            "## Measured",
            "",
            f"Printed by `models/evaluate.py` on {measured['pictures']} drawings that were in no training, shown "
            "without their lines, on white. What is found is thinned; a pixel counts as right within "
            f"{TOLERANCE_PX} pixels of a line that the artist drew. Each method has the settings that serve it best on "
            "these very pictures.",
            "",
            line_table(measured["rows"]),
            "",
            f"On the golden sample of this folder: {measured['sample']['before']:.2f} dB before, "
            f"{measured['sample']['after']:.2f} dB after, against the artist's lines drawn at the model's width.",
            "",
            f"Size {megabytes:.2f} MB. {speed['cpu_seconds_per_megapixel']:.2f} s a megapixel ({speed['cpu']}); "
            f"{speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled. On photographs and on a GPU: not "
            "measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in WEAKNESSES),
            "",
            "## Made by",
            "",
            f"`{made['script']}` at commit {made['commit']}, {made['date']}, step {measured['step']}. "
            f"Licence of the weights: {manifest['licence']}. Made from these packages:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
            "",
        ]
    )


def _best(
    method: str, ways: dict[tuple[float, ...], Callable[[Rgb8], Lines]], drawings: Sequence[Asked]
) -> dict[str, Any]:
    scored = {}
    for settings, way in tqdm(ways.items(), desc=method, leave=False):
        started = time.perf_counter()
        found = [way(one.picture) for one in drawings]
        seconds = (time.perf_counter() - started) / len(drawings)
        right, all_found, met, all_true = np.sum(
            [f_score(f, one.truth) for f, one in zip(found, drawings, strict=True)], axis=0
        )
        precision, recall = right / max(all_found, 1), met / max(all_true, 1)
        f = 2 * precision * recall / max(precision + recall, 1e-9)
        scored[settings] = {"f": round(float(f), 4), "precision": round(float(precision), 4)}
        scored[settings] |= {"recall": round(float(recall), 4), "seconds": round(seconds, 4)}
    settings = max(scored, key=lambda one: scored[one]["f"])
    return {"method": method, "settings": list(settings)} | scored[settings]


def _canny(blur_px: float, low: float, high: float) -> Callable[[Rgb8], Lines]:
    def find(picture: Rgb8) -> Lines:
        smooth = cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px else picture
        return np.any([cv2.Canny(np.ascontiguousarray(smooth[..., c]), low, high) > 0 for c in range(3)], axis=0)

    return find


def _dog(fine_px: float, coarse_px: float, threshold: float) -> Callable[[Rgb8], Lines]:
    def find(picture: Rgb8) -> Lines:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        ink = np.clip(12 * (cv2.GaussianBlur(grey, (0, 0), coarse_px) - cv2.GaussianBlur(grey, (0, 0), fine_px)), 0, 1)
        return skeleton(ink > threshold / 2)

    return find


def _thresholded(ink_of: Callable[[Rgb8], Levels], threshold: float) -> Callable[[Rgb8], Lines]:
    return lambda picture: skeleton(ink_of(picture) > threshold)
