"""Any exported model or checkpoint × any noise or enlargement × PSNR and SSIM, beside its rivals, as one table.

    python -m models.evaluate onnx/denoise-photo                       the exported graph, untiled, through onnxruntime
    python -m models.evaluate onnx/denoise-photo --through editor      the same through `python -m desktop run`, tiled
    python -m models.evaluate runs/denoise/best.pt                     EMA weights of a checkpoint, through torch
    python -m models.evaluate onnx/digits                              a generator: distances, coverage, judges
    python -m models.evaluate onnx/cutout                              a matte: beside GrabCut; curves: beside levels …
    python -m models.evaluate onnx/color-lines                         a translator: nearness, what is kept, failures
    python -m models.evaluate onnx/upscale-2x-faithful                 an upscaler: beside filters and foreign weights
    python -m models.evaluate onnx/denoise-photo --robust              what noise, FGSM and PGD on the input cost
    python -m models.evaluate runs/upscale-2x-fast/best.pt --method models.upscale

Everything is measured on pictures that were in no training package (DATA/photos/held_out), at the strength given, and
the model is told nothing about the noise. Pictures wider or higher than 1600 pixels are halved until they are not, then
the middle 256 × 256 is taken. Non-local means gets the strengths that serve it best on these very pictures.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
import tyro
from PIL import Image
from tqdm import tqdm

from models.common.checkpoints import CheckpointError
from models.common.cli import leave
from models.common.data import DataError, find_photos, read_photo
from models.common.degrade import NAMED_NOISES, Rgb8
from models.common.enlarge_measure import Eyes, measure_enlarging, torch_enlarger
from models.common.enlarge_measure import table as upscaler_table
from models.common.export import ExportError, cpu_session, embedded_manifest, planes_to_rgb8, run_graph
from models.common.generation import measure_generator
from models.common.generation import table as generator_table
from models.common.metrics import psnr_8bit, ssim_8bit
from models.common.robust import PICTURES as ROBUST_PICTURES
from models.common.robust import report
from models.common.translation_measure import measure_translator

LONG_SIDE_PX = 1600  # the held-out photographs are soft at their native 5 to 15 megapixels
CROP_PX = 256
UPSCALER_BASELINES = Path("data/upscaler-baselines.json")
BASELINE = "OpenCV non-local means, best strength"
BASELINE_START = {  # strength at which the search for the best one begins
    "white noise 15": 10.0,
    "white noise 25": 17.0,
    "white noise 50": 26.0,
    "camera noise": 6.0,
    "strong camera noise": 9.0,
    "camera noise, mosaic": 6.0,
}
H_FACTOR, COLOUR_FACTOR = 1.2, 1.5  # how far the search steps: h first with hColor = h, then hColor alone

Denoise = Callable[[Rgb8], Rgb8]


class EvaluationError(Exception):
    """A finished sentence for the person at the terminal."""


@dataclass(frozen=True)
class Score:
    psnr: float
    ssim: float


@dataclass(frozen=True)
class Row:
    noise: str
    noisy: Score
    baseline: Score
    baseline_strength: tuple[float, float]  # h, hColor
    model: Score

    @property
    def gain(self) -> float:
        return self.model.psnr - self.baseline.psnr


def main(
    model: Path,
    /,
    photos: Path = Path("data/photos/held_out"),
    method: str = "models.denoise",
    strength: float = 50.0,
    noises: tuple[str, ...] = tuple(NAMED_NOISES),
    limit: int | None = None,
    through: Literal["onnxruntime", "editor"] = "onnxruntime",
    baselines: Path = Path("data/baselines.json"),
    json_file: Path | None = None,
    inception: Path | None = None,
    robust: bool = False,
    write_card: bool = False,
) -> None:
    """Print the table of a model folder or a checkpoint.

    Args:
        model: folder of an exported model, or a checkpoint file.
        photos: folder of photographs that the model has not been trained on.
        method: module whose network a checkpoint holds.
        strength: 50 takes away what the model itself estimates.
        limit: only the first so many photographs.
        through: how a model folder is run.
        baselines: where the tuned baseline is kept, because it takes minutes.
        json_file: also write the numbers there.
        robust: instead, how much a restoring network loses to noise, FGSM and PGD on its input.
        write_card: with robust, also put that on the folder's card.
        inception: weights of torchvision's Inception v3; with them generators are also measured on its features.
    """
    try:
        if robust:
            report(model, held_out_crops(photos, limit=limit or 2 * ROBUST_PICTURES), write_card=write_card)
            return
        heading, text, numbers = _without_strength(model, photos, limit, method, through, inception) or _denoised(
            model, photos, limit, strength=strength, through=through, method=method, noises=noises, baselines=baselines
        )
    except (EvaluationError, DataError, CheckpointError, ExportError) as error:
        leave(error)
    print(f"{heading}\n\n{text}")
    if json_file is not None:
        json_file.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def _without_strength(
    model: Path, photos: Path, limit: int | None, method: str, through: str, inception: Path | None
) -> tuple[str, str, Any] | None:
    """(heading, table, numbers) of everything but a denoiser; None where MODEL is one."""
    if (method_of_model := own_measurement(model)) is not None:
        return str(model), *method_of_model(model)
    if is_generator(model):
        measured = measure_generator(model, inception=inception)
        return str(model), generator_table(measured), measured
    if _task_of(model) == "translate":
        measured = measure_translator(model)
        return str(model), generator_table(measured), measured
    if is_upscaler(model, method):
        clean = held_out_crops(photos, limit=limit)
        rows = evaluate_upscaler(model, clean, through=through)
        return f"{model}, {_crops(clean, photos)}", upscaler_table(rows), rows
    return None


def _denoised(
    model: Path,
    photos: Path,
    limit: int | None,
    *,
    strength: float,
    through: str,
    method: str,
    noises: tuple[str, ...],
    baselines: Path,
) -> tuple[str, str, Any]:
    clean = held_out_crops(photos, limit=limit)
    denoise = open_model(model, strength=strength, through=through, method=method)
    rows = measure(denoise, clean, noises=noises, baselines=baselines)
    return f"{model}, strength {strength:g}, {_crops(clean, photos)}", table(rows), as_json(rows, clean)


def _crops(clean: dict[str, Rgb8], photos: Path) -> str:
    return f"{len(clean)} crops of at most {CROP_PX} px, {photos}"


def own_measurement(model: Path) -> Callable[[Path], tuple[str, list[dict[str, Any]]]] | None:
    """What measures the folder of a method with a task of its own: its script's `evaluate`, if it has one."""
    graph = next(iter(sorted(model.glob("*.onnx"))), None) if model.is_dir() else None
    source = "" if graph is None else embedded_manifest(cpu_session(graph)).get("source", "")
    script = Path(source)
    if script.parent.as_posix() != "models" or not script.exists():
        return None
    return getattr(importlib.import_module(f"models.{script.stem}"), "evaluate", None)


def is_generator(model: Path) -> bool:
    """MODEL is the folder of a network that invents pictures."""
    return _task_of(model) == "generate"


def is_upscaler(model: Path, method: str) -> bool:
    """MODEL is the folder of a network that enlarges, or a checkpoint of one."""
    return _task_of(model) == "upscale" or (method == "models.upscale" and model.is_file())


def evaluate_upscaler(model: Path, clean: dict[str, Rgb8], *, through: str = "onnxruntime") -> list[dict[str, Any]]:
    """The rows of an upscaler's table: kinds of pictures × methods."""
    if model.is_file():
        network = importlib.import_module("models.upscale").trained_network(model)
        return measure_enlarging(
            torch_enlarger(network), clean, network.scale, kept=UPSCALER_BASELINES, eyes=Eyes.trained()
        )
    session = cpu_session(model / "model.onnx")
    manifest = embedded_manifest(session)
    by_editor = _editor_runner(manifest["id"], {})
    return measure_enlarging(
        by_editor if through == "editor" else lambda small: run_graph(session, manifest, small, {}),
        clean,
        manifest["scale"],
        kept=UPSCALER_BASELINES,
        eyes=Eyes.trained(),
        megabytes=(model / "model.onnx").stat().st_size / 1e6,
    )


def _task_of(model: Path) -> str | None:
    graph = next(iter(sorted(model.glob("*.onnx"))), None) if model.is_dir() else None
    return None if graph is None else embedded_manifest(cpu_session(graph))["task"]


def held_out_crops(photos: Path, *, limit: int | None = None) -> dict[str, Rgb8]:
    """Name → middle crop of each photograph."""
    return {path.name: middle_crop(read_photo(path)) for path in find_photos([photos])[:limit]}


def open_model(
    model: Path, *, strength: float, through: str = "onnxruntime", method: str = "models.denoise"
) -> Denoise:
    """Noisy → denoised for a model folder, its .onnx file or a checkpoint."""
    graph = model / "model.onnx" if model.is_dir() else model
    if not graph.exists():
        raise EvaluationError(f"There is no model and no checkpoint {graph}.")
    if graph.suffix == ".onnx":
        if through == "editor":
            return _editor_runner(embedded_manifest(cpu_session(graph))["id"], {"strength": strength})
        return _graph_runner(graph, strength)
    return _checkpoint_runner(model, strength, method)


def measure(
    denoise: Denoise, clean: dict[str, Rgb8], *, noises: tuple[str, ...] = tuple(NAMED_NOISES), baselines: Path
) -> list[Row]:
    """One row per kind of noise, means over all crops."""
    if unknown := [noise for noise in noises if noise not in NAMED_NOISES]:
        raise EvaluationError(f"There is no noise called {', '.join(unknown)}; there is {', '.join(NAMED_NOISES)}.")
    rows = []
    for noise in noises:
        pairs = noisy_pairs(noise, clean)
        baseline, best_strength = tuned_baseline(noise, pairs, baselines)
        results = [(denoise(noisy), target) for noisy, target in tqdm(pairs, desc=noise, leave=False)]
        rows.append(Row(noise, mean_score(pairs), baseline, best_strength, mean_score(results)))
    return rows


def noisy_pairs(noise: str, clean: dict[str, Rgb8]) -> list[tuple[Rgb8, Rgb8]]:
    """(noisy, clean) per crop; the noise of a crop depends on nothing but its place in the list."""
    return [NAMED_NOISES[noise](crop, np.random.default_rng((0, index))) for index, crop in enumerate(clean.values())]


def tuned_baseline(noise: str, pairs: list[tuple[Rgb8, Rgb8]], kept: Path) -> tuple[Score, tuple[float, float]]:
    """Non-local means with the (h, hColor) that has the best mean PSNR on these very pictures."""
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    key = f"{noise}, {len(pairs)} crops, {cv2.__version__}, {sum(int(noisy.sum()) for noisy, _ in pairs)}"
    if key not in known:
        start = BASELINE_START[noise]
        _, h = _climb(lambda h: _baseline_score(pairs, h, h), start, H_FACTOR)
        score, h_color = _climb(lambda h_color: _baseline_score(pairs, h, h_color), h, COLOUR_FACTOR)
        known[key] = (score.psnr, score.ssim, h, h_color)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
    psnr, ssim, h, h_color = known[key]
    return Score(psnr, ssim), (h, h_color)


def _climb(measure_at: Callable[[float], Score], start: float, factor: float) -> tuple[Score, float]:
    """(best score, where): step by FACTOR in whichever direction the PSNR rises until it no longer does."""
    best, where = measure_at(start), start
    for direction in (factor, 1 / factor):
        moved = False
        while (score := measure_at(where * direction)).psnr > best.psnr:
            best, where, moved = score, where * direction, True
        if moved:
            break
    return best, where


def _baseline_score(pairs: list[tuple[Rgb8, Rgb8]], h: float, h_color: float) -> Score:
    return mean_score([(non_local_means(noisy, h, h_color), clean) for noisy, clean in pairs])


def non_local_means(noisy: Rgb8, h: float, h_color: float) -> Rgb8:
    bgr = np.ascontiguousarray(noisy[..., ::-1])
    return cv2.fastNlMeansDenoisingColored(bgr, None, h, h_color, 7, 21)[..., ::-1]


def mean_score(pairs: list[tuple[Rgb8, Rgb8]]) -> Score:
    """Means of each picture's PSNR and SSIM."""
    tensors = [(_as_batch(result), _as_batch(clean)) for result, clean in pairs]
    return Score(
        psnr=float(np.mean([psnr_8bit(result, clean) for result, clean in tensors])),
        ssim=float(np.mean([ssim_8bit(result, clean) for result, clean in tensors])),
    )


def table(rows: list[Row]) -> str:
    """Markdown; PSNR in dB / SSIM."""
    lines = [
        "| noise | noisy | non-local means (h, hColor) | this model | gain |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        h, h_color = row.baseline_strength
        cells = [f"{score.psnr:.2f} / {score.ssim:.3f}" for score in (row.noisy, row.baseline, row.model)]
        cells[1] += f" ({h:.3g}, {h_color:.3g})"
        lines.append(f"| {row.noise} | {' | '.join(cells)} | {row.gain:+.2f} dB |")
    return "\n".join(lines)


def as_json(rows: list[Row], clean: dict[str, Rgb8]) -> dict[str, Any]:
    return {
        "pictures": list(clean),
        "rows": [
            {
                "noise": row.noise,
                "noisy_psnr": round(row.noisy.psnr, 3),
                "noisy_ssim": round(row.noisy.ssim, 4),
                "baseline": BASELINE,
                "baseline_strength": row.baseline_strength,
                "baseline_psnr": round(row.baseline.psnr, 3),
                "baseline_ssim": round(row.baseline.ssim, 4),
                "psnr": round(row.model.psnr, 3),
                "ssim": round(row.model.ssim, 4),
            }
            for row in rows
        ],
    }


def manifest_metrics(rows: list[Row], clean: dict[str, Rgb8]) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest."""
    data = f"middles ({CROP_PX} px) of {len(clean)} held-out photographs"
    return [
        {
            "data": data,
            "metric": f"PSNR, {row.noise}",
            "value": round(row.model.psnr, 2),
            "baseline": BASELINE,
            "baseline_value": round(row.baseline.psnr, 2),
            "unit": "dB",
        }
        for row in rows
    ]


def _graph_runner(graph: Path, strength: float) -> Denoise:
    session = cpu_session(graph)
    manifest = embedded_manifest(session)
    return lambda noisy: run_graph(session, manifest, noisy, {"strength": strength})


def _editor_runner(name: str, params: dict[str, float]) -> Denoise:
    """Through the editor's command line and its tiling; the model must be one that the editor lists."""

    def denoise(noisy: Rgb8) -> Rgb8:
        with tempfile.TemporaryDirectory() as scratch:
            source, result = Path(scratch) / "in.png", Path(scratch) / "out.png"
            Image.fromarray(noisy).save(source)
            command = [sys.executable, "-m", "desktop", "run", name, str(source), str(result)]
            command += [part for key, value in params.items() for part in ("--param", f"{key}={value:g}")] + ["--json"]
            outcome = subprocess.run(command, capture_output=True, text=True, check=False)
            if outcome.returncode:
                raise EvaluationError(f"The editor could not run {name}: {outcome.stderr.strip()}")
            return read_photo(result)

    return denoise


def _checkpoint_runner(path: Path, strength: float, method: str) -> Denoise:
    network = importlib.import_module(method).trained_network(path)
    scalar = torch.tensor([strength / 100])

    @torch.no_grad()
    def denoise(noisy: Rgb8) -> Rgb8:
        return planes_to_rgb8(network(_as_batch(noisy), scalar).numpy())

    return denoise


def middle_crop(pixels: Rgb8) -> Rgb8:
    """The middle of a photograph that was halved until it is small enough to be sharp."""
    while max(pixels.shape[:2]) > LONG_SIDE_PX:
        pixels = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)
    top, left = (max(0, (side - CROP_PX) // 2) for side in pixels.shape[:2])
    return pixels[top : top + CROP_PX, left : left + CROP_PX]


def _as_batch(pixels: Rgb8) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255


if __name__ == "__main__":
    tyro.cli(main)
