"""Networks that write curves, as model folders: what is measured, beside what, and the card."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch import nn

from models.common.card import before_and_after
from models.common.cli import plain_values
from models.common.data import generated_blocks
from models.common.export import (
    PLANES,
    ModelExport,
    cpu_session,
    embedded_manifest,
    export_model,
    made_by,
    run_graph,
)
from models.common.fabric import commit_in_use
from models.common.metrics import psnr_8bit, ssim_8bit
from models.common.speed import measure_speed
from models.common.tone import PLAIN_WAYS, Rgb8, small_photos
from models.fetch_data import data_sources
from models.nets.curves import BEND, KNOTS, SEEN_PX

MEASURED_PX = 384
GOLDEN_PX = 256
PREVIEW_PX = 400
KNOTTED = {"knots": KNOTS, "bend": BEND}
THIS_MODEL, UNTOUCHED = "this model", "untouched"
GOOD = "good photographs, left as they are"

Spoil = Callable[[Rgb8, np.random.Generator], Rgb8]
Mend = Callable[[Rgb8], Rgb8]
Beside = Callable[[Mend], dict[str, Mend]]  # what is measured as well, made of the model's own way
About = tuple[dict[str, Any], str, Sequence[str]]  # manifest with a slider, what it does, where it is weak


class ToneConfig(Protocol):
    photos: tuple[Path, ...]
    held_out: Path
    run: Path
    smoke: bool


def nothing_beside(_mend: Mend) -> dict[str, Mend]:
    return {}


def export_tones(
    network: nn.Module,
    config: ToneConfig,
    folder: Path,
    about: About,
    spoil: Spoil,
    *,
    step: int,
    beside: Beside = nothing_beside,
) -> None:
    """Write the model folder of a network of curves; SPOIL is what it was trained to undo."""
    said, what, weaknesses = about
    photos = held_out_photos(config)
    made = made_by(said["source"], plain_values(config), data_sources(config.photos), commit_in_use())
    manifest = tone_manifest(said, network) | {"made_by": made}

    def measured(aside: Path) -> dict[str, Any]:
        rows = measure_tones(tone_runner(aside / "model.onnx"), photos, spoil, beside)
        print(tone_table(rows))
        speed = measure_speed(aside / "model.onnx") | whole_speed(aside / "model.onnx")
        return {"metrics": tone_metrics(rows, len(photos)), "speed": speed, "step": step, "rows": rows}

    sample = next((pixels for name, pixels in photos.items() if "coffee" in name), next(iter(photos.values())))
    golden = cv2.resize(sample, (GOLDEN_PX, GOLDEN_PX), interpolation=cv2.INTER_AREA)
    spoilt = spoil(golden, np.random.default_rng(3))
    shown = spoil(_preview_of(photos), np.random.default_rng(5))
    slider = said["slider"]
    export_model(
        ModelExport(
            network=network,
            manifest=manifest,
            golden_input=spoilt,
            golden_params={slider["id"]: slider["default"]},
            golden_clean=golden,
            measure=measured,
            card=lambda aside: tone_card(aside, manifest, what, weaknesses),
            pictures=lambda aside: {
                "preview.webp": before_and_after(shown, tone_runner(aside / "model.onnx")(shown)),
            },
        ),
        folder,
    )


def tone_manifest(said: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    slider = said["slider"]
    shared = {"format": 1, "version": "1.0.0", "licence": "Apache-2.0", "scale": 1, "color_space": "srgb"}
    image = {"name": "image", "part": "main", "role": "image", "size": [SEEN_PX, SEEN_PX], "fit": "stretch"}
    scalar = {"name": slider["id"], "part": "main", "role": "scalar", "param": slider["id"], "range": slider["range"]}
    param = {"id": slider["id"], "label": slider["label"], "type": "float", "unit": "%", "min": 0.0, "max": 100.0}
    middle = sum(slider["range"]) / 2 if slider["default"] == 50 else slider["range"][1]
    return {key: value for key, value in said.items() if key != "slider"} | shared | {
        "blend": "replace",
        "files": {"main": "model.onnx"},
        "inputs": [image | PLANES, scalar | {"default": middle}],
        "outputs": [{"name": "curves", "part": "main", "role": "curve", "layout": "NCHW"} | KNOTTED],
        "params": [param | {"default": slider["default"], "step": 1.0}],
    }  # fmt: skip


def held_out_photos(config: ToneConfig) -> dict[str, Rgb8]:
    if config.smoke:
        return {f"generated {index}": block for index, block in enumerate(generated_blocks(2))}
    return small_photos((config.held_out,), MEASURED_PX)


def tone_runner(graph: Path) -> Mend:
    session = cpu_session(graph)
    manifest = embedded_manifest(session)
    return lambda picture: run_graph(session, manifest, picture, {})


def measure_tones(
    mend: Mend, photos: dict[str, Rgb8], spoil: Spoil, beside: Beside = nothing_beside
) -> list[dict[str, Any]]:
    """One row per method: psnr, ssim and the mean CIE76 colour difference on what was spoilt; the last on good ones."""
    pairs = [(spoil(photo, np.random.default_rng((2, i))), photo) for i, photo in enumerate(photos.values())]
    rows = [{"method": UNTOUCHED} | scores(lambda picture: picture, pairs)]
    for name, (way, numbers) in PLAIN_WAYS.items():
        tried = {n: mean_psnr(lambda p, way=way, n=n: way(p, n), pairs) for n in numbers}
        number = max(tried, key=lambda n, tried=tried: tried[n])
        rows.append({"method": f"{name} ({number:g})"} | scores(lambda p, way=way, n=number: way(p, n), pairs))
    rows.append({"method": THIS_MODEL} | scores(mend, pairs))
    rows += [{"method": name} | scores(way, pairs) for name, way in beside(mend).items()]
    good = [(photo, photo) for photo in photos.values()]
    rows.append({"method": f"{THIS_MODEL}, {GOOD}"} | scores(mend, good))
    return rows


def scores(mend: Mend, pairs: Sequence[tuple[Rgb8, Rgb8]]) -> dict[str, float]:
    results = [(mend(poor), clean) for poor, clean in pairs]
    tensors = [tuple(as_batch(picture) for picture in pair) for pair in results]
    return {
        "psnr": round(float(np.mean([min(psnr_8bit(*pair), 99.0) for pair in tensors])), 3),
        "ssim": round(float(np.mean([ssim_8bit(*pair) for pair in tensors])), 4),
        "colour_difference": round(float(np.mean([colour_difference(*pair) for pair in results])), 3),
    }


def mean_psnr(mend: Mend, pairs: Sequence[tuple[Rgb8, Rgb8]]) -> float:
    errors = [np.square(mend(poor).astype(np.float32) - clean).mean() for poor, clean in pairs]
    return float(np.mean([10 * np.log10(255**2 / max(error, 1e-6)) for error in errors]))


def colour_difference(one: Rgb8, other: Rgb8) -> float:
    """Mean CIE76 ΔE of two pictures."""
    labs = [cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for picture in (one, other)]
    return float(np.sqrt(((labs[0] - labs[1]) ** 2).sum(axis=2)).mean())


def whole_speed(graph: Path, side: int = 1024, runs: int = 5) -> dict[str, Any]:
    """Seconds a megapixel of shrinking, asking and applying, two threads; the network alone sees 128 × 128."""
    mend, picture = tone_runner(graph), np.tile(generated_blocks(1)[0], (6, 6, 1))[:side, :side]
    before, seconds = torch.get_num_threads(), []
    torch.set_num_threads(2)
    for _ in range(runs):
        started = time.perf_counter()
        mend(picture)
        seconds.append(time.perf_counter() - started)
    torch.set_num_threads(before)
    return {"cpu_seconds_per_megapixel": round(min(seconds) / (side * side / 1e6), 3)}


def tone_metrics(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    own = next(row for row in rows if row["method"] == THIS_MODEL)
    rivals = [row for row in rows if not row["method"].startswith(THIS_MODEL)]
    data = f"{count} held-out photographs, spoilt by calculation"
    best, nearest = max(rivals, key=lambda row: row["psnr"]), min(rivals, key=lambda row: row["colour_difference"])
    return [
        {"data": data, "metric": "PSNR", "value": round(own["psnr"], 2), "unit": "dB"}
        | {"baseline": best["method"], "baseline_value": round(best["psnr"], 2)},
        {"data": data, "metric": "colour difference (CIE76)", "value": round(own["colour_difference"], 2)}
        | {"baseline": nearest["method"], "baseline_value": round(nearest["colour_difference"], 2)},
    ]


def tone_table(rows: list[dict[str, Any]]) -> str:
    lines = ["| method | PSNR, dB | SSIM | colour difference |", "|---|---|---|---|"]
    lines += [
        f"| {row['method']} | {row['psnr']:.2f} | {row['ssim']:.3f} | {row['colour_difference']:.2f} |" for row in rows
    ]
    return "\n".join(lines)


def tone_card(folder: Path, manifest: dict[str, Any], what: str, weaknesses: Sequence[str]) -> str:
    """Everything under the title of card.md; every number is read from metrics.json."""
    import json

    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    made, speed = manifest["made_by"], measured["speed"]
    kilobytes = (folder / manifest["files"]["main"]).stat().st_size / 1e3
    return "\n".join(
        [
            manifest["description"],
            "",
            "![Left as it was made for the measurement, right after the model](preview.webp)",
            "",
            what,
            "",
            "## Measured",
            "",
            "Printed by `models/evaluate.py` on photographs from packages that gave none to training, at most "
            f"{MEASURED_PX} px, spoilt by calculation, with noise and JPEG as a camera would store them; the number in "
            "brackets is the one that serves the rival best on these very pictures. PSNR and SSIM in RGB, colour "
            "difference is CIE76.",
            "",
            tone_table(measured["rows"]),
            "",
            f"On the golden sample of this folder: {measured['sample']['before']:.2f} dB before, "
            f"{measured['sample']['after']:.2f} dB after.",
            "",
            f"Size {kilobytes:.0f} kB. {speed['cpu_seconds_per_megapixel']:.2f} s a megapixel with the curves applied "
            f"({speed['cpu']}). On a GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in weaknesses),
            "",
            "## Made by",
            "",
            f"`{made['script']}` at commit {made['commit']}, {made['date']}, step {measured['step']}. "
            f"Licence of the weights: {manifest['licence']}. Trained on photographs from these packages:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
            "",
        ]
    )


def _preview_of(photos: dict[str, Rgb8]) -> Rgb8:
    chosen = next((pixels for name, pixels in photos.items() if "china" in name), next(iter(photos.values())))
    share = PREVIEW_PX / max(chosen.shape[:2])
    return cv2.resize(chosen, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


def as_batch(pixels: Rgb8) -> torch.Tensor:
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255
