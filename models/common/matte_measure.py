"""How well a subject is cut out: held-out cut-outs on held-out photographs, beside GrabCut at its best.

GrabCut (Rother et al. 2004; OpenCV's) has to be told a rectangle. It is measured twice: with a frame of the picture
whose width serves it best on these very pictures, and with the true box around the subject, which a person would draw.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from models.common.cutouts import Cutout
from models.common.export import cpu_session, embedded_manifest, graph_inputs
from models.common.hand_masks import hand_cut_photos
from models.common.pasting import Pasted, Rgb8, paste

SIDE_PX = 256
PHOTO_PX = 320  # the longer side of photographs cut out by hand: at 640 GrabCut takes twenty seconds for each
MOST_PICTURES = 30  # GrabCut takes a second and more for each, many times over
MARGINS = (0.05, 0.12)  # of the side: the frames that GrabCut is offered
SOFTNESS_PX = (0.0, 1.5)  # blurs that its hard mask is offered
GRAB_ITERATIONS = 5

Alpha32 = NDArray[np.float32]  # (H, W), 0..1
CutOut = Callable[[Rgb8], Alpha32]


@dataclass(frozen=True)
class Score:
    """Means over the pictures: absolute error of alpha in percent, overlap, error of the gradients, seconds."""

    error: float
    iou: float
    gradient: float
    seconds: float


def measured_pictures(cutouts: Sequence[Cutout], photos: Sequence[Rgb8], side: int = SIDE_PX) -> list[Pasted]:
    """One picture of each cut-out that has a subject in it; what it looks like depends on its place in the list."""
    chosen = [cutouts[i] for i in np.random.default_rng(7).permutation(len(cutouts))[: 2 * MOST_PICTURES]]
    made = [
        paste([cutout], photos, side, np.random.default_rng((7, i)), hard_shadows=False)
        for i, cutout in enumerate(chosen)
    ]
    return [one for one in made if (one.alpha > 128).mean() > 0.005][:MOST_PICTURES]


def matte_runner(graph: Path) -> CutOut:
    """The exported graph through onnxruntime."""
    session = cpu_session(graph)
    manifest = embedded_manifest(session)
    return lambda picture: session.run(None, graph_inputs(manifest, picture, {}))[0][0, 0]


def measure_mattes(cut_out: CutOut, pictures: Sequence[Pasted], kept: Path) -> list[dict[str, Any]]:
    """One row per method, what is measured as in `Score`. Rivals take minutes: KEPT is the file where they stay."""
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    key = f"{len(pictures)} pictures, {cv2.__version__}, {sum(int(one.picture.sum()) for one in pictures)}"
    if key not in known:
        framed, (margin, soft) = best_grab_cut(pictures)
        rivals = {
            "nothing cut out": score(lambda picture: np.ones(picture.shape[:2], np.float32), pictures),
            f"GrabCut in a frame of {margin:.0%}, blur {soft:g}": framed,
            "GrabCut in the true box": grab_cut_in_true_box(pictures, soft),
        }
        known[key] = [_row(name, one) for name, one in rivals.items()]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return [*known[key], _row("this model", score(cut_out, pictures))]


def measure_by_hand(cut_out: CutOut, held_out: Path, kept: Path) -> dict[str, Any]:
    """Photographs cut out by hand: the rows of all methods, and what this model got on each; {} without photographs."""
    photos = hand_cut_photos(held_out, PHOTO_PX)
    if not photos:
        return {}
    each = {name: _row("this model", score(cut_out, [one])) for name, one in photos.items()}
    return {"rows": measure_mattes(cut_out, list(photos.values()), kept), "each": each}


def _row(name: str, measured: Score) -> dict[str, Any]:
    return {"method": name} | {key: round(value, 4) for key, value in asdict(measured).items()}


def score(cut_out: CutOut, pictures: Sequence[Pasted]) -> Score:
    rows = []
    for one in pictures:
        started = time.perf_counter()
        found = cut_out(one.picture)
        rows.append((*compared(found, one.alpha.astype(np.float32) / 255), time.perf_counter() - started))
    error, iou, gradient, seconds = (float(column) for column in np.mean(rows, axis=0))
    return Score(100 * error, iou, gradient, seconds)


def compared(found: Alpha32, truth: Alpha32) -> tuple[float, float, float]:
    """(mean absolute error, IoU at one half, root of the mean squared difference of Gaussian gradients × 100)."""
    hard, true = found > 0.5, truth > 0.5
    iou = float((hard & true).sum() / max((hard | true).sum(), 1))
    slopes = [np.hypot(*(cv2.Sobel(cv2.GaussianBlur(a, (0, 0), 1.4), cv2.CV_32F, *way) for way in ((1, 0), (0, 1))))
              for a in (found, truth)]  # fmt: skip
    return float(np.abs(found - truth).mean()), iou, float(100 * np.sqrt(np.mean((slopes[0] - slopes[1]) ** 2)))


def grab_cut(picture: Rgb8, box: tuple[int, int, int, int], softness_px: float) -> Alpha32:
    """(x, y, width, height) is told to hold the subject."""
    if min(box[2:]) < 2:
        return np.zeros(picture.shape[:2], np.float32)
    cv2.setRNGSeed(0)
    mask, models = np.zeros(picture.shape[:2], np.uint8), [np.zeros((1, 65)) for _ in range(2)]
    cv2.grabCut(np.ascontiguousarray(picture[..., ::-1]), mask, box, *models, GRAB_ITERATIONS, cv2.GC_INIT_WITH_RECT)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return cv2.GaussianBlur(found, (0, 0), softness_px) if softness_px else found


def best_grab_cut(pictures: Sequence[Pasted]) -> tuple[Score, tuple[float, float]]:
    """The (frame, softness) with the least error on these very pictures."""
    tried = {}
    for margin in tqdm(MARGINS, desc="GrabCut, frame", leave=False):
        tried[margin, 0.0] = score(
            lambda picture, margin=margin: grab_cut(picture, _frame(picture, margin), 0.0), pictures
        )
    margin = min(tried, key=lambda key: tried[key].error)[0]
    for soft in SOFTNESS_PX[1:]:
        tried[margin, soft] = score(
            lambda picture, soft=soft: grab_cut(picture, _frame(picture, margin), soft), pictures
        )
    best = min(tried, key=lambda key: tried[key].error)
    return tried[best], best


def grab_cut_in_true_box(pictures: Sequence[Pasted], softness_px: float) -> Score:
    boxes = {id(one.picture): cv2.boundingRect((one.alpha > 12).astype(np.uint8)) for one in pictures}
    return score(lambda picture: grab_cut(picture, _inside(boxes[id(picture)], picture.shape), softness_px), pictures)


def _frame(picture: Rgb8, margin: float) -> tuple[int, int, int, int]:
    edge = max(1, round(margin * picture.shape[0]))
    return edge, edge, picture.shape[1] - 2 * edge, picture.shape[0] - 2 * edge


def _inside(box: Sequence[int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """GrabCut needs some background: a box that is the picture leaves it none."""
    x, y, width, height = box
    return max(x, 1), max(y, 1), min(width, shape[1] - 2), min(height, shape[0] - 2)
