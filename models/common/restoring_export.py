"""What jpeg.py and deblur.py learned, as model folders: what is measured, beside what, and the card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from models.common.card import before_and_after
from models.common.cli import plain_values
from models.common.data import generated_blocks
from models.common.enlarge_measure import as_batch, psnr_luma
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
from models.common.restoring import Damage, RestoringConfig, without_idle_channels
from models.common.speed import measure_speed
from models.denoise import GOLDEN_SIZE, mosaic_of
from models.evaluate import CROP_PX, held_out_crops
from models.fetch_data import data_sources

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Mend = Callable[[Rgb8], Rgb8]
Way = tuple[Callable[[Rgb8, float], Rgb8], tuple[float, ...]]  # a plain method and the numbers it is tried with

UNTOUCHED, THIS_MODEL = "untouched", "this model"
CLEAN = "left as it was"  # a kind of damage, too: what does the network do to a good picture
WHOLE_STRENGTH = 50.0  # percent
BASELINES = Path("data/restoring-baselines.json")


@dataclass(frozen=True)
class About:
    """What a method says about itself. `shown` is the damage of the golden sample and of the card's picture."""

    model_id: str
    title: str
    description: str
    source: str
    icon: str
    what: str
    weaknesses: Sequence[str]
    shown: str
    receptive_field: int
    preview_of: str = "coffee"


def manifest_of(about: About) -> dict[str, Any]:
    """Everything but sha256, golden, speed, metrics and made_by."""
    strength = {"name": "strength", "part": "main", "role": "scalar", "param": "strength"}
    param = {"id": "strength", "label": "Strength", "type": "float", "unit": "%", "min": 0.0, "max": 100.0}
    return {
        "format": 1,
        "id": about.model_id,
        "title": about.title,
        "description": about.description,
        "task": "restore",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "source": about.source,
        "icon": about.icon,
        "scale": 1,
        "color_space": "srgb",
        "blend": "replace",
        "files": {"main": "model.onnx"},
        "inputs": [
            {"name": "image", "part": "main", "role": "image", "size": "any"} | PLANES,
            strength | {"range": [0.0, 1.0], "default": 0.5},
        ],
        "outputs": [
            {"name": "result", "part": "main", "role": "image", "channels": [0, 3], "activation": "none"} | PLANES
        ],
        "tile": {"tile": 640, "stride": 8, "receptive_field": about.receptive_field},
        "params": [param | {"default": WHOLE_STRENGTH, "step": 1.0}],
    }


def export_restorer(
    network: nn.Module,
    config: RestoringConfig,
    folder: Path,
    about: About,
    *,
    named: Mapping[str, Damage],
    ways: Mapping[str, Way],
    trained: dict[str, Any],
) -> None:
    """Write the model folder. TRAINED is the checkpoint's content: its step and the config it was trained with."""
    print("inner channels, before and after: ", without_idle_channels(network, config, named))
    clean = {"generated": generated_blocks(1)[0]} if config.smoke else held_out_crops(config.held_out)
    sources = data_sources(config.photos)
    for start in trained["config"]["start"]:
        name = f"starting weights: {Path(start).parent.name}, exported before"
        sources.append({"name": name, "licence": manifest_of(about)["licence"]})
    made = made_by(
        about.source, plain_values(config) | trained["config"] | {"prune": config.prune}, sources, commit_in_use()
    )
    manifest = manifest_of(about) | {"made_by": made}

    def measured(aside: Path) -> dict[str, Any]:
        rows = measure_restorer(restorer(aside / "model.onnx"), clean, named, ways)
        print(restorer_table(rows))
        speed = measure_speed(aside / "model.onnx", runs=1 if config.smoke else 12)
        metrics = restorer_metrics(rows, len(clean))
        return {"metrics": metrics, "speed": speed, "step": trained["step"], "pictures": list(clean), "rows": rows}

    sample = next((pixels for name, pixels in clean.items() if about.preview_of in name), next(iter(clean.values())))
    damaged, target = named[about.shown](sample, np.random.default_rng(config.seed))
    rows, columns = GOLDEN_SIZE
    export_model(
        ModelExport(
            network=network,
            manifest=manifest,
            golden_input=damaged[:rows, :columns],
            golden_params={"strength": WHOLE_STRENGTH},
            golden_clean=target[:rows, :columns],
            measure=measured,
            card=lambda aside: restorer_card(aside, manifest, about),
            pictures=lambda aside: {
                "preview.webp": before_and_after(damaged, restorer(aside / "model.onnx")(damaged)),
            },
            tiling_picture=named[about.shown](mosaic_of(list(clean.values())), np.random.default_rng(config.seed))[0],
            stores_eight_bits=True,
        ),
        folder,
    )


def restorer(graph: Path) -> Mend:
    session = cpu_session(graph)
    manifest = embedded_manifest(session)
    return lambda picture: run_graph(session, manifest, picture, {})


def measure_restorer(
    mend: Mend, clean: Mapping[str, Rgb8], named: Mapping[str, Damage], ways: Mapping[str, Way]
) -> list[dict[str, Any]]:
    """Rows of damage × method, means over all crops; the plain methods with the number that serves them best here."""
    rows = []
    for name, damage in named.items():
        pairs = [damage(crop, np.random.default_rng((5, index))) for index, crop in enumerate(clean.values())]
        rows.append({"damage": name, "method": UNTOUCHED} | scores(pairs))
        for way_name, way in tqdm(ways.items(), desc=name, leave=False):
            rows.append({"damage": name, "method": way_name} | _at_its_best(way_name, way, pairs))
        rows.append({"damage": name, "method": THIS_MODEL} | scores([(mend(poor), good) for poor, good in pairs]))
    change = [float(np.abs(mend(crop).astype(int) - crop).mean()) for crop in clean.values()]
    rows.append(
        {"damage": CLEAN, "method": THIS_MODEL}
        | {"mean_change": round(float(np.mean(change)), 3), "largest_mean_change": round(max(change), 3)}
    )
    return rows


def _at_its_best(name: str, way: Way, pairs: Sequence[tuple[Rgb8, Rgb8]]) -> dict[str, float]:
    """{"number", "psnr", …} of a plain method; kept in BASELINES, because tuning takes minutes and never changes."""
    method, numbers = way
    pixels = hashlib.sha256(b"".join(picture.tobytes() for pair in pairs for picture in pair)).hexdigest()[:16]
    key = f"{name} {numbers} {pixels}"
    known = json.loads(BASELINES.read_text(encoding="utf-8")) if BASELINES.exists() else {}
    if key not in known:
        best = max(numbers, key=lambda number: _mean_psnr([(method(poor, number), good) for poor, good in pairs]))
        known[key] = {"number": best} | scores([(method(poor, best), good) for poor, good in pairs])
        if BASELINES.parent.is_dir():
            BASELINES.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return known[key]


def _mean_psnr(pairs: Sequence[tuple[Rgb8, Rgb8]]) -> float:
    return float(np.mean([psnr_8bit(as_batch(result), as_batch(good)) for result, good in pairs]))


def scores(pairs: Sequence[tuple[Rgb8, Rgb8]]) -> dict[str, float]:
    tensors = [(as_batch(result), as_batch(good)) for result, good in pairs]
    return {
        "psnr": round(float(np.mean([psnr_8bit(*pair) for pair in tensors])), 3),
        "luma_psnr": round(float(np.mean([psnr_luma(*pair) for pair in tensors])), 3),
        "ssim": round(float(np.mean([ssim_8bit(*pair) for pair in tensors])), 4),
    }


def restorer_metrics(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The [[metrics]] of a manifest: beside the best of what is untouched and the plain methods."""
    data, metrics = f"middles ({CROP_PX} px) of {count} held-out photographs", []
    for name in dict.fromkeys(row["damage"] for row in rows if row["damage"] != CLEAN):
        of_kind = [row for row in rows if row["damage"] == name]
        own = next(row for row in of_kind if row["method"] == THIS_MODEL)
        rival = max((row for row in of_kind if row is not own), key=lambda row: row["psnr"])
        metrics.append(
            {"data": data, "metric": f"PSNR, {name}", "value": round(own["psnr"], 2), "unit": "dB"}
            | {"baseline": _method(rival), "baseline_value": round(rival["psnr"], 2)}
        )
    return metrics


def restorer_table(rows: list[dict[str, Any]]) -> str:
    """Markdown: PSNR of RGB / of luma in dB / SSIM."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    lines = [f"| | {' | '.join(methods)} | gain, RGB / luma |", "|---" * (len(methods) + 2) + "|"]
    for name in dict.fromkeys(row["damage"] for row in rows if row["damage"] != CLEAN):
        of_kind = {row["method"]: row for row in rows if row["damage"] == name}
        cells = [_cell(of_kind[method]) for method in methods]
        gain = [of_kind[THIS_MODEL][key] - of_kind[UNTOUCHED][key] for key in ("psnr", "luma_psnr")]
        lines.append(f"| {name} | {' | '.join(cells)} | {gain[0]:+.2f} / {gain[1]:+.2f} dB |")
    kept = next(row for row in rows if row["damage"] == CLEAN)
    return "\n".join(
        [
            *lines,
            "",
            f"The photographs as they are, without any damage, change by {kept['mean_change']:.2f} levels on average, "
            f"the one that changes most by {kept['largest_mean_change']:.2f}.",
        ]
    )


def restorer_card(folder: Path, manifest: dict[str, Any], about: About) -> str:
    """Everything under the title of card.md; every number is read from metrics.json."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    speed, made = measured["speed"], manifest["made_by"]
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    return "\n".join(
        [
            about.description,
            "",
            f"![Left {about.shown}, right after the model](preview.webp)",
            "",
            about.what,
            "",
            "## Measured",
            "",
            f"Printed by `models/evaluate.py` on {len(measured['pictures'])} photographs from packages that gave none "
            f"to training (middle {CROP_PX} × {CROP_PX} after halving to at most 1600 px), blind, at strength 50. The "
            "number in brackets is the one that serves a plain method best on these very pictures. PSNR of RGB / of "
            "luma in dB / SSIM.",
            "",
            restorer_table(measured["rows"]),
            "",
            f"On the golden sample of this folder: {measured['sample']['before']:.2f} dB before, "
            f"{measured['sample']['after']:.2f} dB after (`golden/clean.png` is what it was made from).",
            "",
            f"Size {megabytes:.1f} MB, weights stored in eight bits. {speed['cpu_seconds_per_megapixel']:.2f} s a "
            f"megapixel ({speed['cpu']}); {speed['peak_memory_mb']:.0f} MB of memory for one megapixel untiled. On a "
            "GPU: not measured.",
            "",
            "## Weaknesses",
            "",
            *(f"- {weakness}" for weakness in about.weaknesses),
            "",
            "## Made by",
            "",
            f"`{made['script']}` at commit {made['commit']}, {made['date']}, step {measured['step']}. "
            f"Licence of the weights: {manifest['licence']}. Made from:",
            "",
            *(f"- {source['name']}: {source['licence']}" for source in made["data"]),
            "",
            "Pictures measured on: " + ", ".join(measured["pictures"]) + ".",
            "",
        ]
    )


def _method(row: dict[str, Any]) -> str:
    return f"{row['method']} ({row['number']:g})" if "number" in row else row["method"]


def _cell(row: dict[str, Any]) -> str:
    number = f" ({row['number']:g})" if "number" in row else ""
    return f"{row['psnr']:.2f} / {row['luma_psnr']:.2f} / {row['ssim']:.3f}{number}"
