"""Measures exported translators: nearness to the wanted kind, what is kept of the input, and what goes wrong.

Everything is seen on white paper. Pictures are those held out of training; scripts say which, and what kept means.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.common.export import ExportError, cpu_session, embedded_manifest
from models.common.export_translator import Translator, grid_of, on_white
from models.common.gan_metrics import Features, coverage, eye_or_pixels, kernel_distance
from models.common.generation import Line
from models.common.pairs import PairSet, with_hints

Paper8 = NDArray[np.uint8]  # (N, H, W, 3) on white paper
HUES = 12
SHOWN, COLUMNS = 24, 12
MOST_MEASURED = 96  # pairs


def measure_translator(folder: Path) -> dict[str, Any]:
    """What the script that trained the model measures of its folder; ExportError when the folder names none."""
    manifest = embedded_manifest(cpu_session(folder / "model.onnx"))
    script = manifest["made_by"].get("script", "")
    if not script.startswith("models/"):
        raise ExportError(f"{folder} does not say which script made it, so there is no way to measure it.")
    return importlib.import_module(script.removesuffix(".py").replace("/", ".")).measured(folder)


def finished(lines: list[Line], *, preview: str, failures: str, **more: Any) -> dict[str, Any]:
    """As metrics.json holds it."""
    kept = [Line(line.metric, short(line.value), line.real, line.unit, line.data) for line in lines]
    told = [vars(line) for line in kept]
    metrics = [line.as_manifest() for line in kept]
    return {"lines": told, "metrics": metrics, "preview": preview, "failures": failures} | more


def nearness(features: Features, wanted: Paper8, made: Paper8, others: Paper8, data: str) -> list[Line]:
    """KID and coverage of what was made; OTHERS are further real pictures of the wanted kind."""
    real, seen, other = (features(opaque(pictures)) for pictures in (wanted, made, others))
    name = features.name
    return [
        Line(f"kid_{name}", kernel_distance(real, seen), short(kernel_distance(real, other)), data=data),
        Line(f"coverage_{name}", coverage(real, seen), short(coverage(real, other)), data=data),
    ]


def opaque(paper: Paper8) -> NDArray[np.uint8]:
    return np.concatenate([paper, np.full_like(paper[..., :1], 255)], axis=-1)


def short(value: float) -> float:
    """Four significant digits: more would pretend."""
    return float(f"{value:.4g}")


def main_hues(paper: Paper8) -> NDArray[np.float64]:
    """(13,): share of the pictures by their commonest hue, twelve around the circle, and those without colour."""
    counts = np.zeros(HUES + 1)
    for picture in paper:
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
        hues = hsv[..., 0][(hsv[..., 1] > 60) & (hsv[..., 2] > 60)]
        common = np.bincount(hues.astype(int) * HUES // 180, minlength=HUES) if len(hues) else None
        enough = common is not None and common.max() > 0.01 * picture.shape[0] * picture.shape[1]
        counts[common.argmax() if enough else HUES] += 1
    return counts / max(1, len(paper))


def evenness(shares: NDArray[np.float64]) -> float:
    """Entropy over its greatest value: 1 when every kind is as frequent, 0 when there is only one."""
    there = shares[shares > 0]
    return float(-(there * np.log(there)).sum() / np.log(len(shares)))


def measure_colouring(folder: Path, training: PairSet, held_out: PairSet, *, has_lines: bool) -> dict[str, Any]:
    """A translation of pairs that were held out; of drawings also with three dabs of the real colours."""
    run, features = Translator(folder), eye_or_pixels()
    side = held_out.pairs[0][0].shape[0]
    inputs = np.stack([drawing for drawing, _ in held_out.pairs])
    real = _real(held_out, has_lines)
    made = np.stack([on_white(run(on_paper_rgba(drawing))) for drawing in inputs])
    others = _real(training.take(len(real)), has_lines)
    data = f"{len(real)} held-out {'drawings' if has_lines else 'pairs'} at {side} px"
    before = "left uncoloured" if has_lines else "inputs as they are"
    areas = np.stack([colours[..., 3] > 127 for _, colours in held_out.pairs])
    lines = [
        *nearness(features, real, made, others, data),
        Line(f"kid_{features.name}, {'drawings ' * has_lines}{before}", _kernel_of(features, real, inputs), data=data),
        Line("colour off inside areas", _off(made, real, areas), unit="levels", data=data),
        Line(f"colour off inside areas, {before}", _off(inputs, real, areas), unit="levels", data=data),
    ]
    if has_lines:
        dabbed = [_hinted(pair, index) for index, pair in enumerate(held_out.pairs)]
        hinted = np.stack([on_white(run(on_paper_rgba(drawing))) for drawing in dabbed])
        off = _off(hinted, real, areas)
        lines.append(Line("colour off inside areas, three dabs given", off, unit="levels", data=data))
    lines.append(Line("evenness of main hues", evenness(main_hues(made)), short(evenness(main_hues(real))), data=data))
    with_dabs = ", what it makes of them with three dabs of colour" if has_lines else ""
    return finished(
        lines,
        preview=f"Held-out inputs, what the model makes of them{with_dabs}, and the real partners; from all over the "
        "set and not chosen",
        failures="Of the pairs measured the twelve whose colours are farthest off: input, model, real",
    )


def picture_colouring(folder: Path, held_out: PairSet, *, has_lines: bool) -> dict[str, NDArray[np.uint8]]:
    run = Translator(folder)
    inputs, real = [drawing for drawing, _ in held_out.pairs], list(_real(held_out, has_lines))
    made = [on_white(run(on_paper_rgba(drawing))) for drawing in inputs]
    rows: list[list[NDArray[np.uint8]]] = []
    shown = np.linspace(0, len(made) - 1, min(SHOWN, len(made))).round().astype(int)
    for start in range(0, len(shown), COLUMNS):
        some = shown[start : start + COLUMNS]
        rows += [[inputs[i] for i in some], [made[i] for i in some]]
        if has_lines:
            rows.append([on_white(run(on_paper_rgba(_hinted(held_out.pairs[i], int(i))))) for i in some])
        rows.append([real[i] for i in some])
    off = [float(np.abs(ours.astype(int) - theirs).mean()) for ours, theirs in zip(made, real, strict=True)]
    worst = np.argsort(off)[::-1][:COLUMNS]
    failures = [[inputs[i] for i in worst], [made[i] for i in worst], [real[i] for i in worst]]
    return {"preview.webp": grid_of(rows), "failures.webp": grid_of(failures)}


def _real(pairs: PairSet, has_lines: bool) -> Paper8:
    """The targets as seen on white paper, of drawings with their lines above."""
    seen = [coloured(drawing if has_lines else np.full_like(drawing, 255), colours) for drawing, colours in pairs.pairs]
    return np.stack(seen)


def coloured(drawing: NDArray[np.uint8], colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The drawing over its premultiplied colours, on white paper."""
    paper = colours[..., :3].astype(int) + 255 - colours[..., 3:]
    return (paper * (drawing.astype(int)) // 255).clip(0, 255).astype(np.uint8)


def on_paper_rgba(drawing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([drawing, np.full_like(drawing[..., :1], 255)], axis=-1)


def _hinted(pair: tuple[NDArray[np.uint8], NDArray[np.uint8]], seed: int) -> NDArray[np.uint8]:
    return with_hints(*pair, np.random.default_rng(seed), count=3)


def _off(made: Paper8, real: Paper8, areas: NDArray[np.bool_]) -> float:
    return float(np.abs(made.astype(int) - real).mean(axis=-1)[areas].mean()) if areas.any() else 0.0


def _kernel_of(features: Features, real: Paper8, others: Paper8) -> float:
    return short(kernel_distance(features(opaque(real)), features(opaque(others))))


def feature_distance(features: Features, first: Paper8, second: Paper8) -> float:
    """Mean distance of each picture to its partner, in the features."""
    one, other = features(opaque(first)), features(opaque(second))
    return float(torch.linalg.vector_norm(one - other, dim=1).mean())


def worst_first(badness: list[float], count: int) -> list[int]:
    return [int(i) for i in np.argsort(badness)[::-1][:count]]
