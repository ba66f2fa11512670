"""A network that colours as a model folder: manifest, what is measured, the card."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from models.common.card import before_and_after
from models.common.colour_measure import (
    HINTS,
    colour_metrics,
    colour_runner,
    colour_table,
    dabs,
    grey_of,
    measure_colours,
)
from models.common.data import generated_blocks
from models.common.export import PLANES, ModelExport, export_model
from models.common.export_generator import rounded_to_half
from models.common.speed import measure_speed
from models.common.tone import Rgb8, small_photos
from models.nets.colouring import AB_UNIT, SHOWN_PX, VARIETIES, ColourDecoder, Colourise, Eye, folded

MEASURED_PX = 384
GOLDEN_PX = 256
PREVIEW_PX = 360
PREVIEWS = ("coffee", "china", "Tucan")  # names of photographs that make the preview, as far as they are there
MANIFEST: dict[str, Any] = {
    "format": 1,
    "id": "colourise",
    "title": "Colourise",
    "description": "Gives a grey photograph its colours; dabs of colour say which.",
    "task": "colourise",
    "version": "1.0.0",
    "licence": "Apache-2.0",
    "source": "models/colourise.py",
    "icon": "restore",
    "scale": 1,
    "color_space": "srgb",
    "blend": "replace",
    "files": {"main": "model.onnx"},
    "inputs": [
        {"name": "image", "part": "main", "role": "image", "size": [SHOWN_PX, SHOWN_PX], "fit": "stretch"} | PLANES,
        {"name": "hints", "part": "main", "role": "hints", "size": [SHOWN_PX, SHOWN_PX]}
        | {"layout": "NCHW", "order": "RGBA", "mean": [0.0], "std": [255.0]},
        {"name": "saturation", "part": "main", "role": "scalar", "param": "saturation", "range": [0.0, 2.0]}
        | {"default": 1.0},
        {"name": "variety", "part": "main", "role": "scalar", "param": "variety", "range": [0.0, 1.5], "default": 0.0},
        {"name": "noise", "part": "main", "role": "noise", "shape": [VARIETIES]},
    ],
    "outputs": [{"name": "ab", "part": "main", "role": "ab", "layout": "NCHW", "mean": [0.0], "std": [AB_UNIT]}],
    "params": [
        {"id": "saturation", "label": "Saturation", "type": "float", "unit": "%", "min": 0.0, "max": 200.0}
        | {"default": 100.0, "step": 1.0},
        {"id": "variety", "label": "Variety", "type": "float", "unit": "%", "min": 0.0, "max": 100.0}
        | {"default": 0.0, "step": 1.0},
    ],
}


def export_colours(
    eye: Eye, decoder: ColourDecoder, config: Any, folder: Path, made: dict[str, Any], *, step: int
) -> None:
    """Write the model folder, with the numbers measured on photographs from packages that taught nothing."""
    photos = held_out(config)
    manifest = MANIFEST | {"made_by": made}

    def measured(aside: Path) -> dict[str, Any]:
        rows = measure_colours(colour_runner(aside / "model.onnx"), photos)
        print(colour_table(rows))
        speed = measure_speed(aside / "model.onnx", runs=5) | whole_speed(aside / "model.onnx")
        return {"metrics": colour_metrics(rows, len(photos)), "speed": speed, "step": step, "rows": rows}

    sample = next((pixels for name, pixels in photos.items() if "coffee" in name), next(iter(photos.values())))
    golden = cv2.resize(sample, (GOLDEN_PX, GOLDEN_PX), interpolation=cv2.INTER_AREA)
    export_model(
        ModelExport(
            network=exported_network(eye, decoder),
            manifest=manifest,
            golden_input=grey_of(golden),
            golden_params={"saturation": 100.0, "variety": 0.0},
            golden_clean=golden,
            measure=measured,
            card=lambda aside: colour_card(aside, manifest),
            pictures=lambda aside: {"preview.webp": preview(aside / "model.onnx", photos)},
            golden_tolerance=2.0,  # a level of luma and colour each
            stores_half=True,
        ),
        folder,
    )


def exported_network(eye: Eye, decoder: ColourDecoder) -> nn.Module:
    network = Colourise(folded(eye), decoder).eval()
    return rounded_to_half(network)


def held_out(config: Any) -> dict[str, Rgb8]:
    if config.smoke:
        return {f"generated {index}": block for index, block in enumerate(generated_blocks(2))}
    return small_photos((config.held_out,), MEASURED_PX)


def whole_speed(graph: Path, side: int = 1024, runs: int = 5) -> dict[str, Any]:
    """Seconds a megapixel of shrinking, asking and colouring, two threads."""
    colour, picture = colour_runner(graph), np.tile(grey_of(generated_blocks(1)[0]), (6, 6, 1))[:side, :side]
    before, seconds = torch.get_num_threads(), []
    torch.set_num_threads(2)
    for _ in range(runs):
        started = time.perf_counter()
        colour(picture, None)
        seconds.append(time.perf_counter() - started)
    torch.set_num_threads(before)
    return {"cpu_seconds_per_megapixel": round(min(seconds) / (side * side / 1e6), 3)}


def preview(graph: Path, photos: dict[str, Rgb8]) -> Rgb8:
    """A photograph in grey, as the network colours it, and with hints."""
    photo = next((pixels for word in PREVIEWS for name, pixels in photos.items() if word in name), None)
    photo = next(iter(photos.values())) if photo is None else photo
    share = PREVIEW_PX / max(photo.shape[:2])
    photo = cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    colour, grey = colour_runner(graph), grey_of(photo)
    hinted = colour(grey, dabs(photo, np.random.default_rng(1)))
    return before_and_after(before_and_after(grey, colour(grey, None)), hinted)


def colour_card(folder: Path, manifest: dict[str, Any]) -> str:
    """Everything under the title of card.md; every number is read from metrics.json."""
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    made, speed = manifest["made_by"], measured["speed"]
    megabytes = (folder / manifest["files"]["main"]).stat().st_size / 1e6
    return "\n".join(
        [
            manifest["description"],
            "",
            f"![A photograph in grey, coloured, coloured with {HINTS} hints](preview.webp)",
            "",
            *WHAT,
            "",
            "## Measured",
            "",
            "Printed by `models/evaluate.py` on photographs from packages that gave none to training, at most "
            f"{MEASURED_PX} px, made grey. PSNR in RGB, colour difference is CIE76, colourfulness after Hasler and "
            f"Süsstrunk (2003). Hints are {HINTS} dabs of the true colour in places drawn by chance; the rival mixes "
            "them by nearness in place and in light.",
            "",
            colour_table(measured["rows"]),
            "",
            f"On the golden sample of this folder: {measured['sample']['before']:.2f} dB before, "
            f"{measured['sample']['after']:.2f} dB after.",
            "",
            f"Size {megabytes:.1f} MB. {speed['cpu_seconds_per_megapixel']:.2f} s a megapixel with the colours laid "
            f"({speed['cpu']}). On a GPU: not measured.",
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


WHAT: Sequence[str] = (
    "The luma of the picture stays as it is, at its own size and depth; only colour is added, and in the editor it "
    "lands as a layer of the blend mode Colour. Paint dabs of the colours you want on a layer and choose it under "
    "Hints: they are taken as painted, and the network carries them on to what belongs together. Variety 0 takes the "
    "likeliest colours; above it every proposal has another mood, most where the network is unsure.",
)
WEAKNESSES: Sequence[str] = (
    "It has learnt from some three hundred photographs, most of animals, monuments and landscapes: skies, greenery and "
    "fur it knows, people and things of every day it hardly does, and then it stays brownish or guesses wrong.",
    "With many hints it is hardly better than mixing them by nearness in place and in light, which is part of it.",
    "A colour may end in the middle of a thing, where it loses hold of it. Hints are the remedy.",
    "The eye sees 224 × 224 pixels of the whole picture: small things get the colour of what is around them.",
    "Which colour a thing really had cannot be known. These are plausible colours, not evidence.",
)
