"""Measures translators between kinds of small pictures: two kinds without pairs (CycleGAN), several domains (StarGAN).

A judge of its own for each set says what a result is taken for; beside it stands what it says of real pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.common.export_translator import Translator, grid_of, on_white
from models.common.gan_metrics import eye_or_pixels
from models.common.generation import Line
from models.common.judge import Judge, as_rgb, judged, kept_judge, train_judge
from models.common.painting import planes_to_rgba, rgba_to_planes, without_haze
from models.common.picture_sets import PictureSet, Planes, as_planes, on_paper
from models.common.translation_measure import evenness, feature_distance, finished, nearness, short, worst_first

MOST = 300  # pictures measured of each kind
COLUMNS, ROWS = 16, 2
SMOKE_SEEN = 256

Rgba8 = NDArray[np.uint8]  # (N, H, W, 4) straight
Translate = Callable[[Rgba8], Rgba8]


class OfPlanes(nn.Module):
    """What ships of a network that learned planes: straight RGBA 0..1 → straight RGBA 0..1, both at its side."""

    def __init__(self, network: nn.Module, planes: Planes, *, has_label: bool) -> None:
        super().__init__()
        self.network, self.planes, self.has_label = network, planes, has_label

    def forward(self, image: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        seen = rgba_to_planes(image, self.planes)
        learned = self.network(seen, label) if self.has_label else self.network(seen)
        rgba = planes_to_rgba(learned, self.planes)
        return torch.cat([rgba[:, :3], without_haze(rgba[:, 3:])], dim=1)


def straight_of(kind: PictureSet) -> Rgba8:
    """The pictures of a set as an editor would hand them in."""
    rgba = planes_to_rgba(as_planes(kind.pictures), kind.planes)
    return np.ascontiguousarray((rgba * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())


def through_torch(network: OfPlanes) -> Translate:
    @torch.no_grad()
    def translate(pictures: Rgba8) -> Rgba8:
        result = network(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)
        return (result * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()

    return translate


def through_file(folder: Path, choice: int = 0) -> Translate:
    run = Translator(folder)
    return lambda pictures: np.stack([run(picture, choice) for picture in pictures])


def some_of(kind: PictureSet, seed: int = 0) -> PictureSet:
    return kind.take(np.random.default_rng(seed).permutation(len(kind))[:MOST])


def measure_kinds(
    folder: Path,
    training: tuple[PictureSet, PictureSet],  # of the kind translated from, of the kind wanted
    held_out: tuple[PictureSet, PictureSet],
    names: tuple[str, str],
    back: Translate | None,  # the way home; None when only this direction is at hand
    *,
    is_smoke: bool,
) -> dict[str, Any]:
    source, wanted = (some_of(kind) for kind in held_out)
    pictures = straight_of(source)
    made = through_file(folder)(pictures)
    paper, real = on_white(made), on_paper(wanted.pictures)
    others = on_paper(some_of(training[1]).pictures[: len(real)])
    data = f"{len(source)} held-out {names[0]}, {len(wanted)} held-out {names[1]}"
    lines = nearness(eye_or_pixels(), real, paper, others, data)
    kinds = _judge_of(training, is_smoke=is_smoke)
    lines.append(
        Line(
            f"taken for {names[1]} rather than {names[0]}",
            100 * float((judged(kinds, paper) == 1).mean()),
            short(100 * float((judged(kinds, real) == 1).mean())),
            "%",
            data,
        )
    )
    by_class = _judge(training[1], is_smoke=is_smoke)
    found = judged(by_class, paper)
    shares = np.bincount(found, minlength=len(wanted.classes)) / len(found)
    real_shares = np.bincount(judged(by_class, real), minlength=len(wanted.classes)) / len(real)
    lines.append(Line(f"evenness of {names[1]}", evenness(shares), short(evenness(real_shares)), data=data))
    lines.append(
        Line(f"one of {names[0]} becomes the same of {names[1]}", 100 * _constancy(source, found), None, "%", data)
    )
    if back is not None:
        home = back(made)
        off = np.abs(on_white(home).astype(int) - on_white(pictures)).mean()
        own = _judge(training[0], is_smoke=is_smoke)
        kept = judged(own, on_white(home)) == source.labels
        before = judged(own, on_white(pictures)) == source.labels
        lines.append(Line("there and back, off", float(off), None, "levels", data))
        told = short(100 * float(before.mean()))
        lines.append(Line("there and back, still the same", 100 * float(kept.mean()), told, "%", data))
    used = {name: round(float(share), 4) for name, share in zip(wanted.classes, shares, strict=True)}
    return finished(
        lines,
        preview=f"Held-out {names[0]} above, what the model makes of each below; not chosen",
        failures="The sixteen results that a judge is least sure of, below what they were made from",
    ) | {"class histogram": used}


def picture_kinds(folder: Path, training: PictureSet, source: PictureSet, *, is_smoke: bool) -> dict[str, Any]:
    """preview.webp and failures.webp."""
    some = some_of(source)
    pictures = straight_of(some)
    made = on_white(through_file(folder)(pictures))
    before = on_white(pictures)
    rows = []
    for start in range(0, ROWS * COLUMNS, COLUMNS):
        if len(before[start : start + COLUMNS]) == COLUMNS:
            rows += [list(_larger(before[start : start + COLUMNS])), list(_larger(made[start : start + COLUMNS]))]
    rows = rows or [list(_larger(before[:4])), list(_larger(made[:4]))]
    sure = _sureness(_judge(training, is_smoke=is_smoke), made)
    worst = worst_first([-value for value in sure], min(COLUMNS, len(made)))
    failures = [list(_larger(before[worst])), list(_larger(made[worst]))]
    return {"preview.webp": grid_of(rows), "failures.webp": grid_of(failures)}


def measure_domains(folder: Path, training: PictureSet, held_out: PictureSet, *, is_smoke: bool) -> dict[str, Any]:
    features, domains, run = eye_or_pixels(), held_out.classes, Translator(folder)
    judge = _judge(training, is_smoke=is_smoke)
    told: list[list[float]] = []
    lines: list[Line] = []
    for wanted, domain in enumerate(domains):
        shown = held_out.take(_evenly(np.flatnonzero(held_out.labels != wanted), MOST))
        real = on_paper(held_out.take(held_out.labels == wanted).pictures)
        others = on_paper(training.take(_evenly(np.flatnonzero(training.labels == wanted), len(real))).pictures)
        made = through_file(folder, wanted)(straight_of(shown))
        paper, data = on_white(made), f"{len(shown)} held-out pictures of other domains"
        near = nearness(features, real, paper, others, data)
        lines += [Line(f"{line.metric}, to {domain}", line.value, line.real, line.unit, line.data) for line in near]
        count = min(len(shown), MOST // 3)
        home = np.stack([run(made[i], int(shown.labels[i])) for i in range(count)])
        first = on_white(straight_of(shown))
        told.append(
            [
                100 * float((judged(judge, paper) == wanted).mean()),
                100 * float((judged(judge, real) == wanted).mean()),
                float(np.abs(on_white(home).astype(int) - first[: len(home)]).mean()),
                *_content(features, held_out, shown, paper, wanted),
            ]
        )
    means = np.array(told).mean(axis=0)
    data = f"{len(domains)} domains, held-out pictures"
    lines += [
        Line("taken for the domain asked for", means[0], short(means[1]), "%", data),
        Line("there and back, off", means[2], None, "levels", data),
    ]
    if means[4] > 0:
        lines.append(Line(f"distance to the same picture there, {features.name}", means[3], None, data=data))
        lines.append(Line(f"distance to another picture there, {features.name}", means[4], None, data=data))
    return finished(
        lines,
        preview=f"Held-out pictures of {domains[0]} and of {domains[-1]} above, taken to each domain "
        f"({', '.join(domains)}) below; not chosen",
        failures="The twelve results that the judge is least willing to take for the wanted domain, below their input",
    )


def picture_domains(folder: Path, training: PictureSet, held_out: PictureSet, *, is_smoke: bool) -> dict[str, Any]:
    """preview.webp and failures.webp."""
    rows = []
    count = min(12, *(int((held_out.labels == label).sum()) for label in (0, len(held_out.classes) - 1)))
    for own in (0, len(held_out.classes) - 1):
        shown = straight_of(held_out.take(np.flatnonzero(held_out.labels == own)[:count]))
        rows.append(list(_larger(on_white(shown), 1)))
        for wanted in range(len(held_out.classes)):
            rows.append(list(_larger(on_white(through_file(folder, wanted)(shown)), 1)))
    judge = _judge(training, is_smoke=is_smoke)
    pairs = []
    for wanted in range(len(held_out.classes)):
        shown = straight_of(held_out.take(_evenly(np.flatnonzero(held_out.labels != wanted), 60)))
        made = on_white(through_file(folder, wanted)(shown))
        sure = _sureness(judge, made, wanted)
        pairs += list(zip(sure, on_white(shown), made, strict=True))
    pairs.sort(key=lambda pair: pair[0])
    worst = pairs[:count]
    failures = [[before for _, before, _ in worst], [after for *_, after in worst]]
    return {"preview.webp": grid_of(rows), "failures.webp": grid_of(failures)}


def _content(features: Any, held_out: PictureSet, shown: PictureSet, made: Any, wanted: int) -> tuple[float, float]:
    """Mean distance of results to the same picture in the wanted domain, and to another one; 0, 0 without partners."""
    places = {held_out.names[i].partition(":")[0]: i for i in np.flatnonzero(held_out.labels == wanted)}
    found = [
        (i, places[name.partition(":")[0]]) for i, name in enumerate(shown.names) if name.partition(":")[0] in places
    ]
    if len(found) < 2 or ":" not in shown.names[0]:
        return 0.0, 0.0
    results = made[[i for i, _ in found]]
    partners = on_paper(held_out.pictures[[place for _, place in found]])
    return (
        feature_distance(features, results, partners),
        feature_distance(features, results, np.roll(partners, len(partners) // 3 or 1, axis=0)),
    )


def _judge(kind: PictureSet, *, is_smoke: bool) -> Judge:
    paper, classes = on_paper(kind.pictures), len(kind.classes)
    return (
        train_judge(paper, kind.labels, classes, seen=SMOKE_SEEN)
        if is_smoke
        else kept_judge(paper, kind.labels, classes)
    )


def _judge_of(kinds: tuple[PictureSet, PictureSet], *, is_smoke: bool) -> Judge:
    """Tells one kind from the other."""
    papers = [on_paper(kind.pictures) for kind in kinds]
    count = min(len(paper) for paper in papers)
    both = np.concatenate([paper[_evenly(np.arange(len(paper)), count)] for paper in papers])
    labels = np.repeat(np.arange(2), count)
    return train_judge(both, labels, 2, seen=SMOKE_SEEN) if is_smoke else kept_judge(both, labels, 2)


@torch.no_grad()
def _sureness(judge: Judge, paper: NDArray[np.uint8], wanted: int | None = None) -> list[float]:
    shares = judge(as_rgb(paper)).softmax(dim=1)
    return (shares.max(dim=1).values if wanted is None else shares[:, wanted]).tolist()


def _constancy(source: PictureSet, found: NDArray[np.int64]) -> float:
    """Mean over the classes of the share of the commonest class they become."""
    shares = [
        np.bincount(found[source.labels == label]).max() / n
        for label in range(len(source.classes))
        if (n := int((source.labels == label).sum()))
    ]
    return float(np.mean(shares))


def _evenly(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return places[np.linspace(0, len(places) - 1, min(count, len(places))).round().astype(int)]


def _larger(pictures: NDArray[np.uint8], times: int = 2) -> NDArray[np.uint8]:
    return pictures.repeat(times, axis=1).repeat(times, axis=2)
