"""How well what was pointed at is selected: held-out cut-outs on held-out photographs, beside GrabCut told the same.

Both begin with the same click or box; from then on each is helped where it is wrong itself, as is usual (Xu et al.
2016; Sofiiuk et al. 2022): the next click goes into the middle of the larger error. GrabCut (Rother et al. 2004;
OpenCV's) goes on from its own last answer; how far around a click it looks first is what serves it best here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from models.common.click_pool import draw_scene
from models.common.clicks import Question, add_box, inner_cell, next_click, rough_hint
from models.common.cutouts import Cutout
from models.common.export import cpu_session
from models.common.hand_masks import hand_cut_photos
from models.common.pasting import Rgb8
from models.common.speed import processor_name
from models.nets.clicking import CELL_PX, FED_PX, INSIDE, NO_POINT, OUTSIDE

SIDE_PX = 256
MOST_PICTURES = 24
MOST_CLICKS = 8
SHOWN_CLICKS = (1, 3, 5)
GOOD_IOU = 0.9
LEAST_SHARE = 0.015  # of the picture that is meant
SEED_PX = 4  # radius of what GrabCut is told for sure around a click
AROUND = (0.12, 0.25)  # of the side: where GrabCut may look around the first click
GRAB_ITERATIONS = 3

Alpha32 = NDArray[np.float32]  # (H, W), 0..1


class Asked(NamedTuple):
    picture: Rgb8
    truth: Alpha32


class Answerer:
    """One picture: `ask` takes clicks (x, y, label) in its pixels, and perhaps a rough mask, and returns alpha."""

    def ask(self, points: NDArray[np.float32], hint: Alpha32 | None = None) -> Alpha32:
        raise NotImplementedError


Begin = Callable[[Rgb8], Answerer]


@dataclass(frozen=True)
class Row:
    method: str
    first: str
    iou: tuple[float, ...]  # after each of SHOWN_CLICKS
    clicks: float  # to GOOD_IOU, at most MOST_CLICKS
    seconds: float  # an answer

    def as_json(self) -> dict[str, Any]:
        values = {f"iou_{count}": round(value, 4) for count, value in zip(SHOWN_CLICKS, self.iou, strict=True)}
        rest = {"clicks": round(self.clicks, 2), "seconds": round(self.seconds, 4)}
        return {"method": self.method, "first": self.first, **values, **rest}


def measured_pictures(cutouts: Sequence[Cutout], photos: Sequence[Rgb8], side: int = SIDE_PX) -> list[Asked]:
    """Pictures with one to three objects, one of which is meant; what they look like depends on their number only."""
    made: list[Asked] = []
    for number in range(6 * MOST_PICTURES):
        rng = np.random.default_rng((11, number))
        scene = draw_scene((cutouts,), photos, side, rng, 1.0, regions=False)
        rows, columns = (np.flatnonzero(scene.picture.any(axis=(axis, 2))) for axis in (1, 0))
        if not scene.targets or not len(rows):
            continue
        height, width = rows[-1] + 1, columns[-1] + 1
        target = scene.targets[rng.integers(len(scene.targets))][:height, :width].astype(np.float32) / 255
        if (target > 0.5).mean() > LEAST_SHARE:
            made.append(Asked(np.ascontiguousarray(scene.picture[:height, :width]), target))
        if len(made) == MOST_PICTURES:
            break
    return made


class GraphAnswerer(Answerer):
    """The exported parts through onnxruntime; the picture is fitted and padded as the editor does it."""

    def __init__(self, sessions: dict[str, Any], picture: Rgb8) -> None:
        self.sessions, self.size = sessions, picture.shape[:2]
        share = FED_PX / max(self.size)
        self.inner = tuple(max(round(side * share), 1) for side in self.size)
        self.embedding = dict(
            zip(
                [output.name for output in sessions["encoder"].get_outputs()],
                sessions["encoder"].run(None, {"image": self._planes(picture)}),
                strict=True,
            )
        )

    def ask(self, points: NDArray[np.float32], hint: Alpha32 | None = None) -> Alpha32:
        told = self.told_of(points, self.size, self.inner, hint)
        (mask,) = self.sessions["decoder"].run(None, self.embedding | told)
        height, width = self.size
        small = mask[0, 0, : self.inner[0], : self.inner[1]]
        method = cv2.INTER_AREA if height < self.inner[0] else cv2.INTER_CUBIC
        return np.clip(cv2.resize(small, (width, height), interpolation=method), 0, 1)

    @staticmethod
    def told_of(
        points: NDArray[np.float32], size: tuple[int, ...], inner: tuple[int, ...], hint: Alpha32 | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """What the decoder is fed beside the embedding."""
        moved = points[:, :2] * np.float32([inner[1] / size[1], inner[0] / size[0]])
        labels = points[:, 2]
        if not (labels >= 2).any():  # as the editor says that there is no box
            moved, labels = np.concatenate([moved, [[0, 0]]]), np.append(labels, NO_POINT)
        cells = FED_PX // CELL_PX
        earlier = np.zeros((1, 1, cells, cells), np.float32)
        if hint is not None:
            framed = np.zeros((FED_PX, FED_PX), np.float32)
            framed[: inner[0], : inner[1]] = cv2.resize(hint, inner[::-1], interpolation=cv2.INTER_AREA)
            earlier[0, 0] = (cv2.resize(framed, (cells, cells), interpolation=cv2.INTER_AREA) * 2 - 1) * 4
        return {
            "points": moved[None].astype(np.float32),
            "labels": labels[None].astype(np.float32),
            "hint": earlier,
            "has_hint": np.float32([hint is not None]),
        }

    def _planes(self, picture: Rgb8) -> NDArray[np.float32]:
        method = cv2.INTER_AREA if self.inner[0] < self.size[0] else cv2.INTER_CUBIC
        framed = np.zeros((FED_PX, FED_PX, 3), np.uint8)
        framed[: self.inner[0], : self.inner[1]] = cv2.resize(picture, self.inner[::-1], interpolation=method)
        return np.ascontiguousarray(framed.transpose(2, 0, 1)[None].astype(np.float32) / 255)


def graph_answerer(folder: Path, threads: int = 2) -> Begin:
    sessions = {part: cpu_session(folder / f"{part}.onnx", threads=threads) for part in ("encoder", "decoder")}
    return lambda picture: GraphAnswerer(sessions, picture)


class GrabCutAnswerer(Answerer):
    def __init__(self, picture: Rgb8, around: float) -> None:
        self.picture = np.ascontiguousarray(picture[..., ::-1])
        self.around_px = max(round(around * max(picture.shape[:2])), 2)
        self.mask: NDArray[np.uint8] | None = None

    def ask(self, points: NDArray[np.float32], hint: Alpha32 | None = None) -> Alpha32:
        if self.mask is None:
            self.mask = self._first(points)
        for x, y, label in points:
            if label in (INSIDE, OUTSIDE):
                told = cv2.GC_FGD if label == INSIDE else cv2.GC_BGD
                cv2.circle(self.mask, (round(float(x)), round(float(y))), SEED_PX, told, -1)
        if not np.isin(self.mask, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():  # a box that is the picture leaves none
            self.mask[[0, -1]] = cv2.GC_BGD
        cv2.setRNGSeed(0)
        models = [np.zeros((1, 65)) for _ in range(2)]
        if np.isin(self.mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).any():
            cv2.grabCut(self.picture, self.mask, None, *models, GRAB_ITERATIONS, cv2.GC_INIT_WITH_MASK)
        return np.isin(self.mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)

    def _first(self, points: NDArray[np.float32]) -> NDArray[np.uint8]:
        corners = points[points[:, 2] > INSIDE]
        if len(corners):
            mask = np.full(self.picture.shape[:2], cv2.GC_BGD, np.uint8)
            (left, top), (right, bottom) = (np.rint(corner[:2]).astype(int) for corner in corners)
            mask[max(top, 1) : max(bottom, 2), max(left, 1) : max(right, 2)] = cv2.GC_PR_FGD
            return mask
        mask = np.full(self.picture.shape[:2], cv2.GC_PR_BGD, np.uint8)
        for x, y, label in points:
            if label == INSIDE:
                cv2.circle(mask, (round(float(x)), round(float(y))), self.around_px, cv2.GC_PR_FGD, -1)
        return mask


def measure_clicks(begin: Begin, pictures: Sequence[Asked], kept: Path) -> list[dict[str, Any]]:
    """One row per method and first word. GrabCut takes minutes: KEPT is the file where its rows stay."""
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    key = f"{len(pictures)} pictures, {cv2.__version__}, {sum(int(one.picture.sum()) for one in pictures)}"
    if key not in known:
        around = best_around(pictures)
        rivals = [
            measured(lambda picture: GrabCutAnswerer(picture, around), pictures, method="GrabCut", first=first)
            for first in ("click", "box")
        ]
        known[key] = [row.as_json() for row in rivals]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
    own = [measured(begin, pictures, method="this model", first=first) for first in ("click", "box")]
    return [*known[key], *(row.as_json() for row in own)]


def photographs(held_out: Path) -> list[Asked]:
    """Those whose subjects were outlined by hand, as large as the network sees them."""
    found = hand_cut_photos(held_out, FED_PX).values()
    return [Asked(one.picture, one.alpha.astype(np.float32) / 255) for one in found]


def measured_folder(
    folder: Path, pictures: Sequence[Asked], kept: Path, photos: Sequence[Asked] = ()
) -> dict[str, Any]:
    """Everything that the card of an exported folder says in numbers; `photos` are the ones cut out by hand."""
    begin = graph_answerer(folder)
    rows = measure_clicks(begin, pictures, kept)
    of_photos = measure_clicks(begin, photos, kept) if photos else []
    rough, mended = rough_masks(begin, pictures)
    seconds = answer_seconds(folder)
    return {
        "metrics": [
            *click_metrics(
                rows, f"{len(pictures)} pictures of held-out cut-outs on held-out photographs, {SIDE_PX} px"
            ),
            *click_metrics(of_photos, f"{len(photos)} photographs cut out by hand, {FED_PX} px"),
        ],
        "speed": {"cpu_seconds_per_megapixel": round(seconds["encode"] / (FED_PX**2 / 1e6), 3), "cpu": seconds["cpu"]},
        "seconds": seconds,
        "rows": rows,
        "by_hand": {"pictures": len(photos), "rows": of_photos},
        "rough": round(rough, 4),
        "mended": round(mended, 4),
        "pictures": len(pictures),
    }


def answer_seconds(folder: Path, *, threads: int = 2, runs: int = 15) -> dict[str, Any]:
    """The quickest of RUNS: whatever else the machine does only ever adds time. Three clicks are answered."""
    begin = graph_answerer(folder, threads)
    picture = np.random.default_rng(0).integers(0, 256, (FED_PX, FED_PX, 3), np.uint8)
    points = np.float32([[100, 100, INSIDE], [200, 120, INSIDE], [30, 300, OUTSIDE]])
    encode, click = [], []
    for _ in range(runs):
        started = time.perf_counter()
        answerer = begin(picture)
        encode.append(time.perf_counter() - started)
        answerer.ask(points)
        click.append(time.perf_counter() - started - encode[-1])
    about = f"{threads} threads, {processor_name()}, quickest of {runs}"
    return {"encode": round(min(encode), 4), "click": round(min(click), 4), "cpu": about}


def best_around(pictures: Sequence[Asked]) -> float:
    scores = {
        around: np.mean([_overlap(GrabCutAnswerer(one.picture, around).ask(_first(one, "click")), one.truth)
                         for one in tqdm(pictures, desc="GrabCut, first look", leave=False)])
        for around in AROUND
    }  # fmt: skip
    return max(scores, key=lambda around: scores[around])


def measured(begin: Begin, pictures: Sequence[Asked], *, method: str, first: str) -> Row:
    """A person who stops at MOST_CLICKS; a box counts as one click."""
    overlaps, clicks, seconds = [], [], []
    for one in tqdm(pictures, desc=f"{method}, {first}", leave=False):
        answerer, points = begin(one.picture), _first(one, first)
        found: list[float] = []
        for _ in range(MOST_CLICKS):
            started = time.perf_counter()
            alpha = answerer.ask(points)
            seconds.append(time.perf_counter() - started)
            found.append(_overlap(alpha, one.truth))
            if len(found) >= max(SHOWN_CLICKS) and max(found) >= GOOD_IOU:
                break
            more = _mended(points, alpha, one.truth)
            if more is None:
                found += [found[-1]] * (MOST_CLICKS - len(found))
                break
            points = more
        overlaps.append([found[count - 1] for count in SHOWN_CLICKS])
        clicks.append(next((i + 1 for i, iou in enumerate(found) if iou >= GOOD_IOU), MOST_CLICKS))
    means = np.mean(overlaps, axis=0)
    return Row(method, first, tuple(float(m) for m in means), float(np.mean(clicks)), float(np.mean(seconds)))


def rough_masks(begin: Begin, pictures: Sequence[Asked]) -> tuple[float, float]:
    """IoU of rough masks as a hurried hand paints them, and of the answers to them alone."""
    before, after = [], []
    for number, one in enumerate(pictures):
        cells = cv2.resize(one.truth, (FED_PX // CELL_PX,) * 2, interpolation=cv2.INTER_AREA)
        hint = rough_hint(cells, np.random.default_rng((12, number)))
        rough = (cv2.resize(hint, one.truth.shape[::-1]) > 0).astype(np.float32)
        if not rough.any():
            continue
        before.append(_overlap(rough, one.truth))
        after.append(_overlap(begin(one.picture).ask(np.zeros((0, 3), np.float32), rough), one.truth))
    return float(np.mean(before)), float(np.mean(after))


def tables(measured: dict[str, Any]) -> str:
    """Of `measured_folder`: pasted pictures, and photographs where there were any."""
    by_hand = measured["by_hand"]["rows"]
    return table(measured["rows"]) + (f"\n\nPhotographs cut out by hand:\n\n{table(by_hand)}" if by_hand else "")


def table(rows: Sequence[dict[str, Any]]) -> str:
    shown = " | ".join(f"IoU after {count}" for count in SHOWN_CLICKS)
    lines = [
        f"| method | first | {shown} | clicks to {GOOD_IOU:.0%} IoU | seconds an answer |",
        "|" + "---|" * (4 + len(SHOWN_CLICKS)),
    ]
    for row in rows:
        overlaps = " | ".join(f"{row[f'iou_{count}']:.3f}" for count in SHOWN_CLICKS)
        lines.append(f"| {row['method']} | {row['first']} | {overlaps} | {row['clicks']:.1f} | {row['seconds']:.2f} |")
    return "\n".join(lines)


def click_metrics(rows: Sequence[dict[str, Any]], data: str) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest; none without rows."""
    found = []
    for first in ("click", "box") if rows else ():
        own, rival = (
            next(r for r in rows if r["first"] == first and r["method"] == m) for m in ("this model", "GrabCut")
        )
        entries = [(f"IoU after 1 {first}", "iou_1"), (f"clicks to {GOOD_IOU:.0%} IoU, first a {first}", "clicks")]
        entries += [("IoU after 3 clicks", "iou_3")] if first == "click" else []
        found += [
            {"data": data, "metric": metric, "value": own[key], "baseline": "GrabCut", "baseline_value": rival[key]}
            for metric, key in entries
        ]
    return found


def _first(one: Asked, first: str) -> NDArray[np.float32]:
    """Both methods are told this: a click into the middle, or the true box."""
    question = Question()
    if first == "box":
        add_box(question, one.truth, None)
    elif (cell := inner_cell(one.truth > 0.5, None)) is not None:
        question.add(cell, INSIDE)
    return _in_pixels(question)


def _mended(points: NDArray[np.float32], alpha: Alpha32, truth: Alpha32) -> NDArray[np.float32] | None:
    question = Question()
    if not next_click(question, alpha, truth, None):
        return None
    return np.concatenate([points, _in_pixels(question)])


def _in_pixels(question: Question) -> NDArray[np.float32]:
    """Questions count cells; here a cell is one pixel."""
    places = np.array(question.points, np.float32).reshape(-1, 2) / CELL_PX
    return np.column_stack([places, np.array(question.labels, np.float32)]).astype(np.float32)


def _overlap(alpha: Alpha32, truth: Alpha32) -> float:
    hard, true = alpha > 0.5, truth > 0.5
    return float((hard & true).sum() / max((hard | true).sum(), 1))
